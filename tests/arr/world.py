"""One *arr, one stand-in for jack and a network in memory between them."""

from __future__ import annotations

from random import Random
from typing import Any

from twisted.internet.task import Clock

from jackd.arr.client import ArrClient
from jackd.arr.registration import Registrar
from jackd.arr.webhook import webhook_url
from jackd.config.settings import AutoRegister, ServerSettings
from jackd.model.paths import PathMap
from jackd.model.secret import Secret
from jackd.model.server import ServerState
from jackd.web.auth import Mint
from jackd.web.outgoing import Outgoing
from tests.arr.jack import BASE_URL, NETLOC, StandIn
from tests.fakes.arr import FakeArr, FakeRadarr, FakeSonarr
from tests.fakes.arr_network import Network

ARR = "arr.test:7878"
PASSWORD = "sesame"


class World:
    """:ivar arr: up unless :meth:`down` was called."""

    def __init__(self, kind: str = "radarr", **options: Any) -> None:
        self.clock = Clock()
        self.network = Network()
        self.jack = StandIn(password=PASSWORD)
        self.arr: FakeArr = (FakeRadarr if kind == "radarr" else FakeSonarr)(self.network)
        defaults = {"url": f"http://{ARR}", "api_key": Secret("arr-key"), "path_map": PathMap()}
        self.server = ServerSettings(**{"name": "My Arr", "type": kind, **defaults, **options})
        self.mint = Mint(b"s" * 32)
        self.outgoing = Outgoing(self.network, self.clock)
        self.client = ArrClient(self.outgoing, self.server, 30.0)
        self.state = ServerState(
            id=self.server.id, name=self.server.name, type=kind, url=self.server.url, source=True, destination=True
        )
        self.network.serve(NETLOC, self.jack.resource())
        self.up()

    def up(self) -> None:
        self.network.serve(ARR, self.arr.resource())

    def down(self) -> None:
        self.network.remove(ARR)

    def registrar(
        self, *, password: str = PASSWORD, base_url: str = BASE_URL, grabs: bool = True, **autoregister: Any
    ) -> Registrar:
        """A new process's registrar."""
        if autoregister:
            from attrs import evolve

            server = evolve(self.server, autoregister=AutoRegister(**autoregister))
            self.client = ArrClient(self.outgoing, server, 30.0)
        return Registrar(
            client=self.client,
            state=self.state,
            base_url=base_url,
            credential=Secret(password) if grabs else None,
            webhook=webhook_url(base_url, self.server.id, self.mint),
            clock=self.clock,
            rng=Random(1),
        )
