"""
What every part of the daemon stands on: threads, database, keys, the way to call others, and the states of the servers.

:mod:`jackd.assembly` builds the features upon it.
"""

from __future__ import annotations

from typing import Any, TypeVar

from attrs import define, field
from twisted.application.service import IService
from twisted.web.client import Agent, HTTPConnectionPool

from jackd.arr.client import ArrClient
from jackd.config import ServerSettings, Settings
from jackd.model.server import ServerState
from jackd.ops.history import History
from jackd.ops.lifecycle import Stack
from jackd.storage.database import Database
from jackd.storage.history import HistoryStore
from jackd.storage.kept import KeptSettings
from jackd.storage.reading import LANES
from jackd.storage.threads import ThreadWorkers
from jackd.web.auth import Keys, Mint
from jackd.web.friends import FriendKeys
from jackd.web.outgoing import Outgoing
from jackd.web.speed import SpeedLimits
from jackd.web.trust import Trust
from jackd.web.uploads import Uploads

S = TypeVar("S", bound=IService)

CONNECT_SECONDS = 10

BACKGROUND = 10
"""How nice the threads are that compute digests of what is shared, and write what friends share."""

BEHIND = 5
"""
How nice the threads are that move and compare files' bytes: where all wait for a processor, requests are answered
first.
"""

KEPT_CONNECTIONS = 8
"""Idle connections that are kept open to each *arr and friend."""


@define
class Jack:
    """What everything else is made of. Services start in the order in which they are added, and stop in reverse."""

    reactor: Any
    settings: Settings
    services: Stack = field(factory=Stack)
    mint: Mint = field(init=False)
    keys: Keys = field(factory=Keys)
    friends: FriendKeys = field(init=False)
    trust: Trust = field(init=False)
    outgoing: Outgoing = field(init=False)
    disk: ThreadWorkers = field(init=False)
    parsers: ThreadWorkers = field(init=False)
    database: Database = field(init=False)
    speed: SpeedLimits = field(init=False)
    history: History = field(init=False)
    uploads: Uploads = field(init=False)
    states: dict[str, ServerState] = field(init=False)
    clients: dict[str, ArrClient] = field(init=False)

    def __attrs_post_init__(self) -> None:
        state_dir = self.settings.jack.state_dir
        self.mint = Mint.load(state_dir / "secret")
        self.friends = FriendKeys(self.keys, self.mint)
        pool = HTTPConnectionPool(self.reactor)
        pool.maxPersistentPerHost = KEPT_CONNECTIONS
        self.trust = Trust({peer.netloc: peer.pin for peer in self.settings.peers if peer.pin})
        agent = Agent(self.reactor, self.trust, pool=pool, connectTimeout=CONNECT_SECONDS)
        self.outgoing = Outgoing(agent, self.reactor)
        self.disk = self.start(ThreadWorkers(self.reactor, "disk", 16))
        self.parsers = self.start(ThreadWorkers(self.reactor, "parser", 2))
        writer = self.start(ThreadWorkers(self.reactor, "sql-writer", 1))
        readers = self.start(ThreadWorkers(self.reactor, "sql-reader", LANES))
        self.database = self.start(Database(str(state_dir / "jack.db"), writer, readers))
        self.database.open()
        owners = {server.id: server.name for server in self.settings.servers}
        store = HistoryStore(self.database)
        self.history = self.start(History(store=store, clock=self.reactor, owners=owners))
        self._limit()
        self.states = {server.id: _state(server) for server in self.settings.servers}
        timeout = self.settings.environment.http_timeout_ms / 1000
        arrs = [server for server in self.settings.servers if server.type != "folder"]
        self.clients = {server.id: ArrClient(self.outgoing, server, timeout) for server in arrs}

    def _limit(self) -> None:
        """What all transfers share: how fast, and how many."""
        limits, kept = self.settings.limits, KeptSettings(self.database)
        self.speed = self.start(SpeedLimits(settings=limits, kept=kept, clock=self.reactor, peers=self.settings.peers))
        self.speed.load()
        self.uploads = self.start(
            Uploads(
                clock=self.reactor,
                limits=self.speed.up,
                total=limits.max_uploads,
                each=limits.max_uploads_per_peer,
                streamed=self.history.streamed,
            )
        )

    def start(self, service: S) -> S:
        """Have ``service`` start next."""
        service.setServiceParent(self.services)
        return service


def _state(server: ServerSettings) -> ServerState:
    return ServerState(
        id=server.id,
        name=server.name,
        type=server.type,
        url=server.url,
        source=server.source,
        destination=server.destination,
    )
