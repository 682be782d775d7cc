"""Friends with catalogues that change, who come and go, and a network that follows them; all in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from treq.testing import RequestTraversalAgent
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.task import Clock

from jackd.catalogue.bell import Bell
from jackd.catalogue.feed import CatalogueFeed
from jackd.model.item import Item
from jackd.model.peer import Peer
from jackd.model.search import Query
from jackd.model.secret import Secret
from jackd.peer.mirror import Freshness
from jackd.peer.network import Network
from jackd.ports import Batch
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.changes import ChangeStore
from jackd.storage.database import MIRROR, Database
from jackd.storage.mirror import MirrorStore
from jackd.storage.threads import InlineWorkers
from jackd.web.outgoing import Outgoing
from jackd.web.site import Mount
from tests.peer.support import NOW, Shelf, app
from tests.support import SiteAgent, result_of

EVERYTHING = Query()


class Host:
    """What stands at one friend's address. ``asked`` is every path; while ``away`` nobody answers."""

    def __init__(self, agent: RequestTraversalAgent) -> None:
        self.agent = agent
        self.away = False
        self.asked: list[str] = []

    def count(self, path: str) -> int:
        return sum(asked.startswith(path) for asked in self.asked)


class Owner(Host):
    """A friend's jack, with a catalogue and its feed."""

    def __init__(self, clock: Clock, *items: Item) -> None:
        self.bell = Bell(clock)
        database = Database.in_memory()
        self.store = CatalogueStore(database, changed=self.bell.ring)
        self.feed = CatalogueFeed(store=ChangeStore(database), bell=self.bell, clock=clock)
        self.feed.startService()
        self.shelf = Shelf([])
        served = app(self.shelf, clock, feed=self.feed)
        super().__init__(SiteAgent([Mount(["/handshake", "/peer"], served)], clock))
        self.share(*items)

    def share(self, *items: Item) -> None:
        """From now on all that there is."""
        self.shelf.items = list(items)
        result_of(self.store.replace("library", Batch(group="all", items=items)))


class Street:
    """
    A network of the friends with those names.

    :param made: each friend's host, or a resource.
    """

    def __init__(self, mirror: Database | None = None, freshness: Freshness | None = None) -> None:
        self.clock = Clock()
        self.hosts: dict[str, Host] = {}
        self.mirror = mirror or Database.in_memory(MIRROR)
        self._freshness = freshness or Freshness()

    def now(self) -> float:
        return NOW + self.clock.seconds()

    def owner(self, name: str, *items: Item) -> Owner:
        made = self.hosts[name] = Owner(self.clock, *items)
        return made

    def resource(self, name: str, made: Any) -> Host:
        """A friend who is nothing but a resource."""
        host = self.hosts[name] = Host(RequestTraversalAgent(made.resource()))
        return host

    def start(self, *names: str) -> Network:
        self.network = Network(
            peers=[peer(name) for name in names or self.hosts],
            outgoing=Outgoing(self, self.clock),
            workers=InlineWorkers(),
            mirror=MirrorStore(self.mirror),
            freshness=self._freshness,
            clock=self.clock,
            now=self.now,
        )
        self.network.startService()
        self.settle()
        return self.network

    def request(self, method: bytes, uri: bytes, headers: Any = None, body: Any = None) -> Deferred[Any]:
        """``IAgent``."""
        name = uri.decode().split("/")[2].split(".")[0]
        host = self.hosts[name]
        host.asked.append(uri.decode().split(":1", 1)[1])
        if host.away:
            return fail(ConnectionRefusedError())
        return host.agent.request(method, uri, headers, body)

    def settle(self, seconds: float = 0.0) -> None:
        """Let time pass, and everything arrive."""
        left = seconds
        while True:
            for _ in range(3):
                for host in self.hosts.values():
                    host.agent.flush()
                self.clock.advance(0)
            if left <= 0:
                return
            step = min(0.5, left)
            self.clock.advance(step)
            left -= step

    def find(self, query: Query = EVERYTHING, **kwargs: Any) -> list[str]:
        """``friend: title`` of each release."""
        done = Deferred.fromCoroutine(self.network.search(query, **kwargs))
        self.settle()
        return [f"{release.peer_name}: {release.item.title}" for release in result_of(done)]

    def until(self, look: Callable[[], Any], seconds: float) -> None:
        """Let time pass until ``look`` is true."""
        for _ in range(int(seconds * 2)):
            if look():
                return
            self.settle(0.5)
        raise AssertionError(f"not within {seconds} s")


def peer(name: str) -> Peer:
    return Peer(name=name, url=f"http://{name}.test:1", key=Secret("k"))
