"""Categories: one that every *arr has from the start, and those that clients make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Protocol

from jackd.model.errors import BadRequest, Conflict
from jackd.model.paths import PathMap
from jackd.ports import Downloads
from jackd.qbittorrent.calls import Actions, Answer, Call
from jackd.qbittorrent.queue import Queue
from jackd.qbittorrent.wire import View
from jackd.storage.labels import Labels

MAX_NAME_BYTES = 200
"""A category is a folder as well: no part of its name may be longer than file systems take."""

INCORRECT = "Incorrect category name"

_RESERVED = re.compile(r"jack-[0-9a-f]{8}(/|$)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Server(Protocol):
    """What must be known of a configured server here."""

    @property
    def path_map(self) -> PathMap:
        """How it names jack's folders."""


def own_category(server: str) -> str:
    """The category of the *arr with that id."""
    return f"jack-{server}"


def valid_category(name: str) -> bool:
    r"""
    The rule of qBittorrent (no ``\``, no ``//``, no ``/`` at either end), and what a folder's name must not be: hidden,
    ``.`` or ``..``, endless, or with control characters.
    """
    parts = name.split("/")
    return (
        "\\" not in name
        and _CONTROL.search(name) is None
        and all(part.strip() and not part.startswith(".") and len(part.encode()) <= MAX_NAME_BYTES for part in parts)
        and len(name.encode()) <= 2 * MAX_NAME_BYTES
    )


class Categories:
    """
    Categories of torrents. An *arr sees its own ``jack-<server id>`` and what clients made; the operator all. Names of
    the form ``jack-<8 hex>`` belong to the servers and can't be made, changed or removed.
    """

    actions: ClassVar[Actions] = Actions()

    def __init__(
        self, labels: Labels, downloads: Downloads, queue: Queue, servers: Mapping[str, Server], completed_path: str
    ) -> None:
        self._labels = labels
        self._downloads = downloads
        self._queue = queue
        self._servers = servers
        self._completed_path = completed_path

    async def seen(self, view: View) -> dict[str, str]:
        """Name to save path, as the account sees them."""
        made = await self._labels.categories()
        servers = self._servers if view.server is None else [view.server]
        own = {own_category(s): view.path(f"{self._completed_path}/{own_category(s)}") for s in servers}
        return {**made, **own}

    async def for_grab(self, name: str, view: View) -> str:
        """The category that a grab with ``category=<name>`` gets: made when it is new, the *arr's own for none."""
        default = own_category(view.server) if view.server else ""
        if name not in await self.seen(view):
            if not valid_category(name) or _RESERVED.match(name):
                return default
            await self._labels.save_category(name, "", view.server)
        return name

    @actions.read("torrents/categories")
    async def list(self, call: Call) -> Answer:
        """All of them, by name."""
        return wire(await self.seen(call.view))

    @actions.change("torrents/createCategory")
    async def create(self, call: Call) -> Answer:
        """``category``, ``savePath``; 409 for one that is there."""
        name = self._name(call)
        if not valid_category(name):
            raise Conflict(INCORRECT)
        if _RESERVED.match(name) or name in await self.seen(call.view):
            raise Conflict("Unable to create category")
        await self._labels.save_category(name, call.params.get("savePath", ""), call.view.server)
        return ""

    @actions.change("torrents/editCategory")
    async def edit(self, call: Call) -> Answer:
        """``category``, ``savePath``; 409 for one that is not there, and for a server's own."""
        name, path = self._name(call), call.need("savePath")[0]
        if name not in await self._labels.categories():
            raise Conflict("Unable to edit category")
        await self._labels.save_category(name, path)
        return ""

    @actions.change("torrents/removeCategories")
    async def remove(self, call: Call) -> Answer:
        """``categories``, one a line; what was in them is in none then."""
        call.need("categories")
        made = await self._labels.categories()
        names = [name for name in call.words("categories", "\n") if name in made]
        await self._labels.remove_categories(names)
        await self._downloads.set_category([d.hash for d in self._queue.seen(call.view) if d.category in names], "")
        return ""

    @actions.change("torrents/setCategory")
    async def set(self, call: Call) -> Answer:
        """``hashes``, ``category``; empty for none."""
        _, name = call.need("hashes", "category")
        if name and name not in await self.seen(call.view):
            raise Conflict(INCORRECT)
        await self._downloads.set_category(self._queue.hashes(call), name)
        return ""

    def _name(self, call: Call) -> str:
        (name,) = call.need("category")
        if not name:
            raise BadRequest("Category cannot be empty")
        return name


def wire(categories: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """As ``torrents/categories`` and ``sync/maindata`` show them."""
    return {name: {"name": name, "savePath": path} for name, path in sorted(categories.items())}
