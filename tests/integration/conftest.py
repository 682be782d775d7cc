"""A little world: Alice with her Radarr and Sonarr and files, Bob with his, a jack each, all on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.web.client import Agent, HTTPConnectionPool

from tests.fakes.arr import FakeArr, FakeRadarr, FakeSonarr, media_file
from tests.integration.daemon import Daemon
from tests.support import files_below

MIB = 1024 * 1024
KEY = "0123456789abcdef0123456789abcdef"
SECONDS = 60.0


async def soon(look: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """What ``look`` gives as soon as it is true; it may be a coroutine function. Fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        found = await found if hasattr(found, "__await__") else found
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        await deferLater(reactor, 0.05)


class World:
    """:ivar arrs: every fake by name; :ivar daemons: every jack by name. All stop at the test's end."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.daemons: dict[str, Daemon] = {}
        self._pool = HTTPConnectionPool(reactor)
        self._ports: list[Any] = []

    def arr(self, kind: type[FakeArr], name: str) -> Any:
        """A fake on a port of its own, with a library folder; ``.server`` is its block of a jack's configuration."""
        root = self.home / "libraries" / name
        root.mkdir(parents=True)
        fake = kind(Agent(reactor, pool=self._pool), key=KEY, root=root)
        fake.server = {"name": name, "type": kind.type, "url": self.serve(fake.site()), "apiKey": KEY}
        return fake

    def serve(self, factory: Any) -> str:
        """Have a server of the test's own on a port until the test's end; its URL."""
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self._ports.append(port)
        return f"http://127.0.0.1:{port.getHost().port}"

    def jack(self, name: str, **blocks: Any) -> Daemon:
        """A daemon, not yet started."""
        self.daemons[name] = daemon = Daemon(self.home, name, **blocks)
        return daemon

    async def start(self, *daemons: Daemon) -> None:
        """Start them, while the fakes go on answering."""
        for daemon in daemons:
            await deferToThread(daemon.start)

    async def stop(self) -> None:
        """Everything, the daemons each by its own pid."""
        for daemon in self.daemons.values():
            await deferToThread(daemon.stop)
        for port in self._ports:
            await port.stopListening()
        await self._pool.closeCachedConnections()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """See :class:`World`."""
    world = World(tmp_path)
    yield world
    pytest_twisted.blockon(ensureDeferred(world.stop()))


def friend(alice: Daemon) -> dict[str, Any]:
    """Alice, as Bob's configuration has her."""
    return {"name": "Alice", "url": alice.url, "apiKey": alice.key}


def content(seed: int, size: int) -> bytes:
    """``size`` bytes that differ for each seed."""
    block = b"".join((seed * 1_000_003 + i).to_bytes(8, "little") for i in range(8192))
    return (block * (size // len(block) + 1))[:size]


def put(path: Path, data: bytes) -> Path:
    """A file with that content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class Neighbours:
    """
    Alice shares a movie and a season of a show; Bob's *arrs want them. The road's usual start.

    :ivar movie, episodes: Alice's files.
    """

    def __init__(self, world: World, size: int = 3 * MIB) -> None:
        self.world = world
        self.alices_radarr: FakeRadarr = world.arr(FakeRadarr, "alices-radarr")
        self.alices_sonarr: FakeSonarr = world.arr(FakeSonarr, "alices-sonarr")
        self.radarr: FakeRadarr = world.arr(FakeRadarr, "radarr")
        self.sonarr: FakeSonarr = world.arr(FakeSonarr, "sonarr")
        self.movie = self._share_movie(size)
        self.episodes = self._share_season(size)
        self.radarr.add_movie("The Matrix", 1999, tmdb=603, imdb="tt0133093")
        wanted = self.sonarr.add_series("Some Show", tvdb=81189, year=2008)
        for number in (1, 2, 3):
            self.sonarr.add_episode(wanted, 1, number, title=f"Part {number}")
        sources = [{**arr.server, "destination": False} for arr in (self.alices_radarr, self.alices_sonarr)]
        self.alice = world.jack("alice", servers=sources)
        self.bob = world.jack("bob")
        self.bob.configure(
            servers=[{**self.radarr.server, "source": False}, {**self.sonarr.server, "source": False}],
            downloads={"completedPath": str(self.bob.completed), "retryBaseDelayMs": 100, "retryMaxDelayMs": 500},
            peers=[friend(self.alice)],
        )

    def _share_movie(self, size: int) -> Path:
        name = "The.Matrix.1999.1080p.BluRay.x264-GRP"
        path = put(self.alices_radarr.root / "The Matrix (1999)" / f"{name}.mkv", content(1, size))
        file = media_file(str(path), id=1, size=size, quality="Bluray-1080p", sceneName=name)
        self.alices_radarr.add_movie("The Matrix", 1999, tmdb=603, imdb="tt0133093", file=file)
        return path

    def _share_season(self, size: int) -> list[Path]:
        arr, paths = self.alices_sonarr, []
        series = arr.add_series("Some Show", tvdb=81189, year=2008)
        for number in (1, 2, 3):
            name = f"Some.Show.S01E0{number}.720p.WEB-DL.x264-GRP"
            path = put(arr.root / "Some Show" / "Season 01" / f"{name}.mkv", content(10 + number, size))
            file = arr.add_file(
                series, 1, media_file(str(path), id=number, size=size, quality="WEBDL-720p", sceneName=name)
            )
            arr.add_episode(series, 1, number, file=file, title=f"Part {number}")
            paths.append(path)
        return paths

    async def start(self) -> None:
        """Both jacks; returns when Alice's library is read and Bob is registered."""
        await self.world.start(self.alice, self.bob)
        await self.start_rest()

    async def start_rest(self) -> None:
        """What follows once both daemons run."""
        await soon(self.ready)

    async def ready(self) -> bool:
        """Whether Alice has something to give and Bob can ask for it."""
        sources = (await deferToThread(self.alice.json, "/servers/health"))["servers"]
        friends = (await deferToThread(self.bob.json, "/peers"))["peers"]
        registered = all(arr.indexers.enabled("enableRss") for arr in (self.radarr, self.sonarr))
        return registered and all(s["items"] for s in sources) and all(f["reachable"] for f in friends)


async def imported(arr: FakeArr, hash: str) -> list[Path]:
    """The files of a grab, once the *arr has them."""

    async def look() -> list[Path]:
        await arr.poll()
        return await arr.import_completed()

    return await soon(look)


async def gone(arr: FakeArr, hash: str) -> bool:
    """Whether the download client lists it no more."""

    async def look() -> bool:
        return hash not in {seen.hash for seen in await arr.poll()}

    return await soon(look)


async def two(world: World, data: bytes | Callable[[Path], None], **downloads: Any) -> tuple[Daemon, Daemon, bytes]:
    """
    Alice shares a plain folder with one movie of that content (or written by that function), Bob has no *arr: he works
    with the operator's key.

    Both run, her folder is read and he has reached her when this returns.
    """
    folder = world.home / "films"
    path = folder / "The Matrix (1999) {tmdb-603}" / "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"
    put(path, data if isinstance(data, bytes) else b"")
    if not isinstance(data, bytes):
        data(path)
    alice = world.jack("alice", servers=[{"name": "films", "type": "folder", "path": str(folder)}])
    bob = world.jack("bob")
    bob.configure(
        downloads={"completedPath": str(bob.completed), "retryBaseDelayMs": 100, "retryMaxDelayMs": 500, **downloads},
        peers=[friend(alice)],
    )
    await world.start(alice, bob)
    await soon(lambda: deferToThread(lambda: alice.json("/items")["items"]))
    await soon(lambda: deferToThread(lambda: bob.json("/peers")["peers"][0]["reachable"]))
    return alice, bob, data if isinstance(data, bytes) else b""


def finished(bob: Daemon) -> list[Path]:
    """The files that are there under their final names."""
    return [p for p in files_below(bob.completed) if p.suffix == ".mkv" and ".jack" not in p.parts]
