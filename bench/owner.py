"""The owner's half of :mod:`bench.search`: a large library that is read, read again, and searched."""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.library import EPISODES, SEASONS, Title, put
from bench.probe import percentile
from bench.processes import Program, forget_peak, free_port, memory
from bench.table import Row
from jackd.model.ids import MediaIds
from jackd.model.item import Kind
from jackd.model.search import Query
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.database import Database
from jackd.storage.threads import InlineWorkers
from tests.integration import probed
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator

KEY = "0123456789abcdef0123456789abcdef"
MIB = 1 << 20
READ_SECONDS = 1800.0
TIMES = 300
"""How often each question is asked."""


@dataclass
class Lag:
    """What the probe in a daemon's reactor wrote; see :mod:`tests.integration.probed`."""

    report: Path

    def worst(self, since: float) -> float:
        """Milliseconds since that moment, without waits for a processor."""
        if not self.report.exists():
            return 0.0
        lines = [json.loads(line) for line in self.report.read_text().splitlines()]
        return 1000 * max((lag - waited for at, lag, waited in lines if at >= since), default=0.0)


@dataclass
class Owner:
    """Alice with a large Radarr and a large Sonarr."""

    home: Path
    movies: int
    shows: int
    daemon: Daemon = field(init=False)
    lag: Lag = field(init=False)
    _servers: list[Program] = field(default_factory=list)

    def start(self) -> None:
        """The *arrs; the daemon not yet."""
        blocks = []
        for name, kind, count in (("Radarr", "radarr", self.movies), ("Sonarr", "sonarr", self.shows)):
            root, port = self.home / kind, free_port()
            if not root.exists():
                put(kind, count, root)
            command = [sys.executable, "-m", "bench.library", str(port), kind, str(count), str(root.absolute())]
            program = Program(command, self.home / f"{kind}.log")
            program.wait_for_port(port)
            self._servers.append(program)
            url = f"http://127.0.0.1:{port}"
            blocks.append(
                {"name": name, "type": kind, "url": url, "apiKey": KEY, "destination": False}
                | {"autoregister": {"enable": False}}
            )
        self.daemon = Daemon(self.home, "alice", servers=blocks)
        self.daemon.configure(downloads={"completedPath": str(self.daemon.completed)})
        self.lag = Lag(self.daemon.home / "lag")
        self.daemon.twistd = [sys.executable, "-P", probed.__file__, str(self.lag.report)]

    @property
    def pid(self) -> int:
        assert self.daemon.process is not None
        return self.daemon.process.pid

    def items(self) -> int:
        """How many are in the index after both libraries were read as a whole; 0 before."""
        servers = self.daemon.json("/servers/health")["servers"]
        return sum(s["items"] for s in servers) if all(s["readAt"] for s in servers) else 0

    def stop(self) -> None:
        if hasattr(self, "daemon"):
            self.daemon.stop()
        for program in self._servers:
            program.stop()


def measure(home: Path, movies: int, episodes: int) -> Iterator[Row]:
    """Line by line, as they are measured."""
    owner = Owner(home, movies, episodes // (SEASONS * EPISODES))
    try:
        owner.start()
        yield from _measure(owner)
    finally:
        owner.stop()


def _measure(owner: Owner) -> Iterator[Row]:
    for name in ("first", "second"):
        yield from _reading(owner, name)
    database = owner.daemon.home / "state" / "jack.db"
    yield Row("database", database.stat().st_size / MIB, "MiB")
    owner.daemon.stop()
    began = time.monotonic()
    owner.daemon.start(LOG_LEVEL="info")
    owner.daemon.json("/peer/search?q=night&limit=10")
    yield Row("from the start to the first answer to a search", time.monotonic() - began, "s")
    began = time.monotonic()
    owner.daemon.json("/peer/search?q=love&limit=10")
    yield Row("a search right after the start", time.monotonic() - began, "s", 1.0)
    owner.daemon.stop()
    yield from _queries(database, owner)


def _reading(owner: Owner, name: str) -> Iterator[Row]:
    """A whole reading from the start of the daemon, while somebody searches and writes."""
    began = time.monotonic()
    owner.daemon.start(LOG_LEVEL="info")
    since = time.time()
    forget_peak(owner.pid)
    with _writing(owner) as writes:
        owner.daemon.wait(owner.items, READ_SECONDS)
    took, items = time.monotonic() - began, owner.items()
    yield Row(f"{name} reading of {items} items", took, "s")
    yield Row(f"{name} reading: the reactor's largest lag", owner.lag.worst(since), "ms", 50)
    yield Row(f"{name} reading: a write of somebody else, p99", percentile(writes, 0.99), "ms", 250)
    yield Row(f"{name} reading: most memory", memory(owner.pid, "VmHWM") / MIB, "MiB", 300)
    if name == "first":
        owner.daemon.stop()


@contextmanager
def _writing(owner: Owner) -> Iterator[list[float]]:
    """Something that must be on the disk before it is answered, as a grab must, over and over; milliseconds."""
    taken: list[float] = []
    over = threading.Event()
    operator = Operator(owner.daemon)

    def write() -> None:
        while not over.wait(0.1):
            began = time.perf_counter()
            operator.post("torrents/createTags", tags=f"tag-{len(taken) % 50}-{time.time()}")
            taken.append((time.perf_counter() - began) * 1000)
            operator.post("torrents/deleteTags", tags=",".join(json.loads(operator.post("torrents/tags"))))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


UNASKED = {"one common word", "season and episode alone"}
"""What no *arr asks."""


def questions(movies: int, shows: int) -> Mapping[str, Callable[[int], Query]]:
    """Every form in which *arrs and friends ask, by name; each a question for a number."""

    def film(n: int) -> Title:
        return Title(n * 7919 % movies + 1)

    def show(n: int) -> Title:
        return Title(n * 7919 % shows + 1)

    def tv(n: int) -> MediaIds:
        return MediaIds(tvdb=200_000 + show(n).number)

    movie, episode = Kind.MOVIE, Kind.EPISODE
    return {
        "movie by tmdb and imdb": lambda n: Query(
            kind=movie, ids=MediaIds(tmdb=100_000 + film(n).number, imdb=f"tt{1_000_000 + film(n).number}")
        ),
        "movie by imdb": lambda n: Query(kind=movie, ids=MediaIds(imdb=f"tt{1_000_000 + film(n).number}")),
        "movie by title and year": lambda n: Query(text=f"{film(n).name} {film(n).year}"),
        "one common word": lambda n: Query(text=film(n).name.split()[-2]),
        "series by tvdb": lambda n: Query(kind=episode, ids=tv(n)),
        "season": lambda n: Query(kind=episode, ids=tv(n), season=n % SEASONS + 1),
        "episode": lambda n: Query(kind=episode, ids=tv(n), season=n % SEASONS + 1, episode=n % EPISODES + 1),
        "episode by title": lambda n: Query(kind=episode, text=show(n).name, season=1, episode=n % EPISODES + 1),
        "daily season": lambda n: Query(kind=episode, ids=tv(n), season=2001),
        "special": lambda n: Query(text=f"{show(n).name} Part {n % EPISODES + 1}"),
        "season and episode alone": lambda n: Query(kind=episode, season=n % SEASONS + 1, episode=n % EPISODES + 1),
        "nothing of that name": lambda n: Query(text=f"nothing like that {n}"),
        "newest movies": lambda _: Query(kind=movie),
        "newest episodes": lambda _: Query(kind=episode),
        "newest of all": lambda _: Query(),
    }


def _queries(path: Path, owner: Owner) -> Iterator[Row]:
    database = Database(str(path), InlineWorkers(), InlineWorkers())
    database.open()
    store = CatalogueStore(database)
    for name, query in questions(owner.movies, owner.shows).items():
        taken = []
        for n in range(TIMES):
            began = time.thread_time()
            store.search(query(n), limit=100)
            taken.append((time.thread_time() - began) * 1000)
        what = f"{name}: CPU, p99 (median {statistics.median(taken):.2f} ms)"
        yield Row(what, percentile(taken, 0.99), "ms", None if name in UNASKED else 10)
    database.close()
