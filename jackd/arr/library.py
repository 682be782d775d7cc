"""What the libraries of Radarr and Sonarr have in common: asking for changes, and where files lie."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import Any, Final

from attrs import evolve

from jackd.arr import wire
from jackd.arr.changes import changed_groups
from jackd.arr.client import ArrClient, ArrError
from jackd.arr.lists import elements
from jackd.arr.missing import Missing
from jackd.arr.sight import Seen, Sight, Sighting
from jackd.arr.tags import Tags
from jackd.arr.wire import Held
from jackd.model.errors import LibraryUnavailable, NotFound
from jackd.model.item import Item, Kind
from jackd.model.server import ServerState
from jackd.model.sharing import Facts
from jackd.ports import Batch, Location
from jackd.storage.threads import Workers

ROOTS_SECONDS: Final = 600.0
"""How long the root folders are believed to stay the same."""

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How much earlier than asked the history is looked at: the *arr's clock is not ours."""

_ENTITY: Final = re.compile(r"[1-9][0-9]{0,9}")
"""The *arrs count their records from 1, in 32 bits. One record has one id here: no leading zeros."""


class ArrLibrary:
    """
    The part of :class:`jackd.ports.Library` that does not depend on what is in the library.

    :param workers: long lists are parsed there.
    :param disk: files are looked at there.
    :param state: is told the server's version.
    """

    _group_key: str
    """What the history calls a group's id; with an "s" behind, what the tags call several."""

    def __init__(
        self,
        *,
        client: ArrClient,
        workers: Workers,
        disk: Workers,
        state: ServerState,
        sight: Sight | None = None,
        now: Callable[[], float] = time,
    ) -> None:
        self._client = client
        self._workers = workers
        self._disk = disk
        self._state = state
        self._sight = sight or Sight()
        self._missing = Missing(client.server.name)
        self._now = now
        self._tags = Tags(client, f"{self._group_key}s")
        self._paths = client.server.path_map
        self._roots: tuple[Path, ...] = ()
        self._roots_until = float("-inf")

    @property
    def id(self) -> str:
        """See :class:`jackd.ports.Library`."""
        return self._client.server.id

    @property
    def name(self) -> str:
        """See :class:`jackd.ports.Library`."""
        return self._client.server.name

    async def changed(self, since: datetime) -> Sequence[str] | None:
        """
        The groups whose files changed, from ``/history/since``, and those whose tags did. What was removed from the
        library has no history any more, so only a whole reading notices that. ``None`` also when files were out of
        sight: when they come back nobody tells.
        """
        if self._missing.unseen:
            return None
        date = (since.astimezone(UTC) - CLOCK_SKEW).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            body = await self._client.page("/history/since", {"date": date})
        except ArrError as error:
            if error.is_missing:
                return None
            raise
        changed = await self._workers.run(lambda: changed_groups(elements(body), self._group_key))
        # Last: which tags are other ones is told once, and nothing may fail after it.
        return list(dict.fromkeys([*changed, *await self._tags.refresh()]))

    async def _check(self) -> None:
        """Make sure before a whole reading that it is the right program, and know its tags."""
        self._state.version = await self._client.status()
        self._missing.begin()
        await self._tags.refresh()

    async def _batch(self, group: str, held: Sequence[Held]) -> Batch:
        """The batch of what its records hold."""
        [batch] = await self._batches([(group, held)])
        return batch

    async def _batches(self, groups: Sequence[tuple[str, Sequence[Held]]]) -> list[Batch]:
        """
        The batches of what the records of several groups hold, as far as the disk has it. What is only out of sight
        stays as it was, and everything is read again before long.
        """
        every = [each for _, held in groups for each in held]
        await self._tags.know(number for each in every for number in each.tags)
        roots = await self._root_folders() if every else ()
        paths = [self._ours(each.path) for each in every]
        seen = iter(await self._disk.run(self._sight.look, paths, roots))
        return [self._seen(group, [(each, next(seen)) for each in held]) for group, held in groups]

    def _seen(self, group: str, held: Sequence[tuple[Held, Sighting]]) -> Batch:
        there = [(self._as_it_is(each.item, seen), each, seen) for each, seen in held if isinstance(seen, Seen)]
        return Batch(
            group=group,
            items=[item for item, _, _ in there],
            facts={
                item.id: Facts(folder=each.folder or "", tags=self._tags.labels(each.tags), modified=seen.modified)
                for item, each, seen in there
            },
            unseen=self._missing.note(held),
        )

    def _as_it_is(self, item: Item, seen: Seen) -> Item:
        if item.size == seen.size:
            return item
        self._missing.differs(item, seen)
        return evolve(item, size=seen.size)

    def _ours(self, theirs: str | None) -> Path | None:
        path = Path(self._paths.ours(theirs)) if theirs else None
        return path if path and path.is_absolute() else None

    def _entity(self, item_id: str, kind: Kind) -> int:
        """The *arr's own id in an item's id. Raises ``NotFound`` for an id that this library did not make."""
        entity = item_id.removeprefix(f"{self.id}:{kind.value}:")
        if entity == item_id or not _ENTITY.fullmatch(entity):
            raise NotFound
        return int(entity)

    async def _one(self, path: str) -> Any:
        """What is at ``path`` now. Raises ``NotFound`` or ``LibraryUnavailable``."""
        try:
            return await self._client.get(path, interactive=True)
        except ArrError as error:
            if error.is_missing:
                raise NotFound from None
            raise

    async def _location(self, file: object) -> Location:
        theirs = wire.file_path(file)
        if theirs is None:
            raise NotFound
        path = self._ours(theirs)
        if path is None:
            raise LibraryUnavailable(f"{self.name}: pathMappings has no folder of ours for {theirs}")
        return Location(path=path, roots=await self._root_folders())

    async def _root_folders(self) -> tuple[Path, ...]:
        """Asked every ten minutes; what was known before has to do while the *arr does not answer."""
        if self._now() >= self._roots_until:
            try:
                folders = await self._client.get("/rootfolder", interactive=True)
            except LibraryUnavailable:
                if not self._roots:
                    raise
                return self._roots
            self._roots = tuple(_absolute(self._paths.ours(path) for path in wire.root_paths(folders)))
            self._roots_until = self._now() + ROOTS_SECONDS
        return self._roots


def _absolute(paths: Iterable[str]) -> Iterable[Path]:
    return [path for path in map(Path, paths) if path.is_absolute()]
