"""A jack that shares a few items, friends made of it, and peers that say whatever a test wants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen
from treq.testing import RequestTraversalAgent
from twisted.internet.task import Clock
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from jackd.catalogue.extras import extra_beside, extras_beside
from jackd.model.errors import NotFound
from jackd.model.feed import Changes
from jackd.model.item import Extra, Item, split_extra_id
from jackd.model.manifest import Manifest
from jackd.model.peer import Peer
from jackd.model.search import Query, matches
from jackd.model.secret import Secret
from jackd.peer.app import PeerApp
from jackd.peer.client import PeerClient
from jackd.peer.network import Network
from jackd.ports import Feed, Location, Manifests
from jackd.storage.database import MIRROR, Database
from jackd.storage.mirror import MirrorStore
from jackd.storage.threads import InlineWorkers, Workers
from jackd.web.auth import Account, Keys, Mint, Scope
from jackd.web.outgoing import Outgoing
from jackd.web.site import Mount
from tests.support import Web

NOW = 1_800_000_000.0
ALICE = Peer(name="Alice", url="http://alice.test:5225", key=Secret("k"))


class Shelf:
    """:class:`jackd.ports.Shared` over a list. ``locate`` gives the file beneath ``root``."""

    def __init__(self, items: Sequence[Item], root: Path = Path("/nowhere")) -> None:
        self.items = list(items)
        self.root = root
        self.searched: list[tuple[Query, int, int]] = []

    async def search(self, query: Query, *, limit: int, offset: int = 0) -> Sequence[Item]:
        self.searched.append((query, limit, offset))
        found = sorted((i for i in self.items if matches(query, i)), key=lambda i: i.published, reverse=True)
        return found[offset : offset + limit]

    async def item(self, item_id: str) -> Item:
        for item in self.items:
            if item.id == item_id:
                return item
        raise NotFound

    async def extras(self, item_id: str) -> Sequence[Extra]:
        return extras_beside(await self.locate(item_id)) if self.root.is_dir() else ()

    async def locate(self, item_id: str) -> Location:
        item_id, suffix = split_extra_id(item_id)
        item = await self.item(item_id)
        location = Location(path=self.root / item.filename, roots=[self.root])
        return location if suffix is None else extra_beside(location, suffix)


@frozen
class Everybody:
    """:class:`jackd.ports.Views` without rules."""

    shelf: Shelf

    def of(self, peer: str | None) -> Shelf:
        return self.shelf


def keys() -> Keys:
    made = Keys()
    made.add("k", Account(name="bob", scopes=frozenset({Scope.PEER}), peer="bob"))
    made.add("other", Account(name="radarr", scopes=frozenset({Scope.TORZNAB})))
    return made


class Sums:
    """:class:`jackd.ports.Manifests` that gives ``answer``, whatever lies there."""

    def __init__(self, answer: Manifest | None = None) -> None:
        self.answer = answer

    async def of(self, location: Location, *, who: str = "") -> Manifest | None:
        return self.answer


class ShelfFeed:
    """:class:`jackd.ports.Feed` of a shelf: begins anew whenever that has changed, and never waits."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    async def changes(self, since: str, *, viewer: str | None, limit: int, wait: float) -> Changes:
        cursor = hashlib.sha256(repr(self.shelf.items).encode()).hexdigest()
        if since == cursor:
            return Changes(cursor=cursor)
        return Changes(items=self.shelf.items, cursor=cursor, reset=True)


def app(
    shelf: Shelf,
    clock: Any = None,
    disk: Workers | None = None,
    manifests: Manifests | None = None,
    feed: Feed | None = None,
) -> PeerApp:
    return PeerApp(
        views=Everybody(shelf),
        feed=feed or ShelfFeed(shelf),
        manifests=manifests or Sums(),
        keys=keys(),
        mint=Mint(b"s" * 32),
        disk=disk or InlineWorkers(),
        clock=clock or Clock(),
    )


def web(shelf: Shelf, clock: Clock | None = None, manifests: Manifests | None = None) -> Web:
    clock = clock or Clock()
    return Web(Mount(["/handshake", "/peer"], app(shelf, clock, manifests=manifests)), clock=clock)


def client(outgoing: Outgoing, clock: Clock | None = None, peer: Peer = ALICE) -> PeerClient:
    return PeerClient(outgoing=outgoing, peer=peer, workers=InlineWorkers(), clock=clock or Clock(), now=lambda: NOW)


def network(outgoing: Outgoing, clock: Clock, *peers: Peer, mirror: MirrorStore | None = None) -> Network:
    return Network(
        peers=peers or (ALICE,),
        outgoing=outgoing,
        workers=InlineWorkers(),
        mirror=mirror or MirrorStore(Database.in_memory(MIRROR)),
        clock=clock,
        now=lambda: NOW,
        rng=Random(1),
    )


def plain(resource: Resource, clock: Clock | None = None) -> Outgoing:
    """jack's client, connected to any resource."""
    return Outgoing(RequestTraversalAgent(resource), clock or Clock())


class Hosts:
    """An agent for several friends: each host has its own, a missing one never answers."""

    def __init__(self, **resources: Any) -> None:
        self.agents = {name: RequestTraversalAgent(made.resource()) for name, made in resources.items()}

    def request(self, method: bytes, uri: bytes, headers: Any = None, body: Any = None) -> Any:
        host = uri.decode().split("/")[2].split(".")[0]
        return self.agents[host].request(method, uri, headers, body)

    def outgoing(self, clock: Clock) -> Outgoing:
        return Outgoing(self, clock)


class Liar(Resource):
    """
    Answers every request with what ``answer`` gives for its path: ``(status, headers, body)``, or ``None`` for silence.
    ``asked`` is every path.
    """

    isLeaf = True

    def __init__(self, answer: Callable[[str], tuple[int, Mapping[str, str], bytes] | None]) -> None:
        super().__init__()
        self._answer = answer
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    def resource(self) -> Resource:
        return self

    def render(self, request: Request) -> Any:
        self.asked.append(request.uri.decode())
        self.headers.append({k.decode().lower(): v[0].decode() for k, v in request.requestHeaders.getAllRawHeaders()})
        answer = self._answer(request.path.decode())
        if answer is None:
            return NOT_DONE_YET
        status, headers, body = answer
        request.setResponseCode(status)
        request.setHeader("content-type", "application/octet-stream")
        for name, value in headers.items():
            request.setHeader(name, value)
        return body


JSON = {"content-type": "application/json"}
HANDSHAKE = (200, JSON, b'{"name":"jack","version":"0.1.0","features":["query"]}')


def liar(search: bytes | tuple[int, Mapping[str, str], bytes] | None) -> Liar:
    """Shakes hands well, and answers a search with that."""
    answer = (200, JSON, search) if isinstance(search, bytes) else search
    return Liar(lambda path: HANDSHAKE if path == "/handshake" else answer)
