"""One *arr, one stand-in for jack and a network in memory between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.task import Clock

from jackd.arr.client import ArrClient
from jackd.arr.registration import Registrar
from jackd.arr.sight import Absence, Seen, Sight, Sighting
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
MODIFIED = 1_700_000_000_000_000_000


class AllThere(Sight):
    """
    Sees every file below a root folder, as large as the *arr tells.

    :ivar sizes: of other files than those of one byte, by name.
    :ivar absent: names of files that are not seen, each with why.
    """

    def __init__(self, arr: FakeArr) -> None:
        self._arr = arr
        self.sizes: dict[str, int] = {}
        self.absent: dict[str, Absence] = {}

    def look(self, paths: Iterable[Path | None], roots: Sequence[Path]) -> list[Sighting]:
        return [self._one(path) if path else Absence.GONE for path in paths]

    def _one(self, path: Path) -> Sighting:
        if path.name in self.absent:
            return self.absent[path.name]
        return Seen(size=self.sizes.get(path.name) or self._told(path.name), modified=MODIFIED)

    def _told(self, name: str) -> int:
        arr: Any = self._arr
        files = arr.files.values() if arr.type == "sonarr" else [m.get("movieFile", {}) for m in arr.movies.values()]
        return next(file["size"] for file in files if str(file.get("path", "")).endswith(name))


class World:
    """:ivar arr: up unless :meth:`down` was called."""

    def __init__(self, kind: str = "radarr", **options: Any) -> None:
        self.clock = Clock()
        self.network = Network()
        self.jack = StandIn(password=PASSWORD)
        self.arr: FakeArr = (FakeRadarr if kind == "radarr" else FakeSonarr)(self.network)
        defaults = {"url": f"http://{ARR}", "api_key": Secret("arr-key"), "path_map": PathMap()}
        self.sight = AllThere(self.arr)
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
