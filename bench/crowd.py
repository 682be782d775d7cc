"""Many at once: uploads to many readers and many downloads, and whether each gets its share. Then the long lists."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.ground import BenchFailed, Film
from bench.jacks import JackClient, JackServer, targets
from bench.probe import Prober, Target
from bench.small import reactor_milliseconds, requests_per_second

FEED = 100
ASKED = 40
LINKS_AT_ONCE = 32
BEGIN_SECONDS = 60.0


@dataclass
class Crowd:
    """
    What was found.

    :ivar uploads, downloads: bytes that each got; -1 for who was refused.
    :ivar idle, latencies: milliseconds by what was asked, before and meanwhile.
    :ivar pings: answered a second, when nothing else is asked.
    :ivar reactor: milliseconds by the name of the list.
    """

    uploads: list[int] = field(default_factory=list)
    downloads: list[int] = field(default_factory=list)
    idle: dict[str, list[float]] = field(default_factory=dict)
    latencies: dict[str, list[float]] = field(default_factory=dict)
    pings: float = 0.0
    reactor: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Extent:
    """
    How many, and for how many seconds.

    :ivar size: bytes of the films that are fetched: more than a download gets in that time, and together little enough
        for the page cache.
    """

    uploads: int
    downloads: int
    rows: int
    seconds: float
    size: int


def measure(
    home: Path, library: Path, films: Sequence[Film], extent: Extent, found: Crowd, control: Sequence[Target] = ()
) -> None:
    """
    By two daemons of their own, into ``found``. ``films`` are :data:`FEED`, and large.

    :param control: asked meanwhile as well, though nothing else is wanted of them: how long the machine itself takes.
    """
    alice, bob = JackServer(home, library), JackClient(home)
    try:
        alice.start(films)
        bob.start(alice, films[:1], maxConcurrentDownloads=extent.downloads)
        asked = [*targets(alice.daemon, bob.daemon), *control]
        found.idle = _probed(asked, lambda: time.sleep(extent.seconds))
        found.pings = requests_per_second(alice.port, "/ping", extent.seconds)
        found.latencies = _probed(asked, lambda: _all_at_once(alice, bob, films, extent, found))
        bob.discard()
        found.reactor = _long_lists(bob, films[0], extent.rows)
    finally:
        bob.stop()
        alice.stop()


def _probed(asked: Sequence[Target], work: Callable[[], object]) -> dict[str, list[float]]:
    prober = Prober(asked)
    try:
        work()
    finally:
        measured = prober.stop()
    return measured


def _all_at_once(alice: JackServer, bob: JackClient, films: Sequence[Film], extent: Extent, found: Crowd) -> None:
    """
    The readers read the first film, Bob grabs the others. What he got before all readers were there is not counted: the
    first of his downloads had everything for itself for a moment.
    """
    links = [bob.links(film)[0] for film in films[1 : extent.downloads + 1]]
    path = alice.url(films[0]).removeprefix(alice.daemon.url)
    told = [str(alice.port), path, alice.daemon.key, str(extent.uploads), str(extent.seconds)]
    bob.operator.post("torrents/add", urls="\n".join(links))
    bob.daemon.wait(lambda: min(_received(bob).values()) > 0, BEGIN_SECONDS)
    with subprocess.Popen([sys.executable, "-m", "bench.readers", *told], stdout=subprocess.PIPE) as readers:
        assert readers.stdout is not None
        readers.stdout.readline()
        before = _received(bob)
        out, _ = readers.communicate(timeout=extent.seconds + 120)
    found.downloads = [count - before[hash] for hash, count in _received(bob).items()]
    found.uploads = json.loads(out)


def _received(bob: JackClient) -> dict[str, int]:
    return {row["hash"]: row["completed"] for row in bob.operator.rows()}


def _long_lists(bob: JackClient, film: Film, rows: int) -> dict[str, float]:
    """``torrents/info`` with so many rows, each time after a change; a feed of :data:`FEED` offers."""
    [link] = bob.links(film)
    for start in range(0, rows, LINKS_AT_ONCE):
        count = min(LINKS_AT_ONCE, rows - start)
        # The same link twice in one request is one grab.
        bob.operator.post("torrents/add", urls="\n".join(f"{link}&n={n}" for n in range(count)), paused="true")
    there = [row["hash"] for row in bob.operator.rows()]
    if len(there) != rows:
        raise BenchFailed(f"{rows} rows were added, {len(there)} are there")
    offers = bob.operator.links("t=movie&limit=100")
    if len(offers) != FEED:
        raise BenchFailed(f"the feed has {len(offers)} offers instead of {FEED}")
    return {
        f"torrents/info, {rows} rows": reactor_milliseconds(
            bob.pid,
            lambda: bob.operator.post("torrents/info"),
            ASKED,
            lambda: bob.operator.post("torrents/topPrio", hashes=there[-1]),
        ),
        f"torrents/info, {rows} rows, unchanged": reactor_milliseconds(
            bob.pid, lambda: bob.operator.post("torrents/info"), ASKED, lambda: None
        ),
        f"Torznab feed, {FEED} offers": reactor_milliseconds(
            bob.pid, lambda: bob.operator.links("t=movie&limit=100"), ASKED, lambda: None
        ),
    }
