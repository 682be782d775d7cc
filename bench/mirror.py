"""
Fifty friends whose catalogues are kept here. How fast Torznab answers from the copies, with all friends well and with
most of them hanging or mad; what a refresh costs on the wire; and what the original's way costs, which asks every
friend, who reads his whole library for it.

The first friend has all items, the others :data:`OTHERS` each: with as many everywhere it would take hours to fill, and
no question would find more.
"""

from __future__ import annotations

import statistics
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from attrs import evolve

from bench.asking import asked
from bench.friends import EPISODES, MOVIES, item, pages
from bench.library import Title
from bench.probe import percentile
from bench.processes import Program, cpu_seconds, free_port
from bench.table import Row
from jackd.peer.feed import MAX_CHANGES, write_feed
from jackd.ports import Batch
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.changes import ChangeStore
from jackd.storage.database import Database
from tests.integration.daemon import Daemon
from tests.support import result_of

FRIENDS = 50
OTHERS = 4000
FILL_SECONDS = 1800.0
AT_ONCE = 20
TIMES = 10_000
"""So many that one hiccup of the machine, in which all who ask wait, is not the hundredth part of them."""

BURST = 200
SETTLE = 5.0
"""Seconds until what comes with a start or a whole reading is over."""

HEAD = 300
"""Bytes of an answer's head, about."""


@dataclass
class Bob:
    """A jack with many friends; they are all one program."""

    home: Path
    items: int
    others: int
    daemon: Daemon = field(init=False)
    _port: int = field(default_factory=free_port)

    def start(self) -> None:
        """The friends, and Bob."""
        sizes = (self._port, FRIENDS, self.items, self.others)
        self._program = Program([sys.executable, "-m", "bench.friends", *map(str, sizes)], self.home / "friends.log")
        self._program.wait_for_port(self._port)
        self.daemon = Daemon(self.home, "bob")
        self.daemon.configure(
            peers=[
                {"name": f"friend {n}", "url": f"http://127.0.0.1:{self._port}/{n}", "apiKey": "0123456789abcdef"}
                for n in range(FRIENDS)
            ]
        )
        self.daemon.start(LOG_LEVEL="info")

    def restart(self, mode: str) -> None:
        """With friends who behave like that from now on."""
        self.daemon.stop()
        self.tell(f"set/{mode}")
        self.daemon.start(LOG_LEVEL="info")

    def tell(self, path: str) -> bytes:
        """Something to the friends' program."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/{path}", timeout=60) as answer:
            body: bytes = answer.read()
            return body

    def ask(self, query: str) -> bytes:
        """A Torznab question."""
        return self.daemon.get(f"/torznab/api?{query}", key=True)

    def stop(self) -> None:
        if hasattr(self, "daemon"):
            self.daemon.stop()
        if hasattr(self, "_program"):
            self._program.stop()


def questions(items: int) -> list[Callable[[int], str]]:
    """As Radarr and Sonarr ask: by ids, and by words when ids find nothing."""
    movies, shows = items // MOVIES, items // EPISODES

    def film(n: int) -> int:
        return n * 7919 % movies

    def show(n: int) -> int:
        return n * 7919 % (shows - shows // MOVIES)

    return [
        lambda n: f"t=movie&tmdbid={100_000 + film(n)}&imdbid={1_000_000 + film(n)}",
        lambda n: f"t=search&cat=2000&q={quote(f'{Title(film(n)).name} {Title(film(n)).year}')}",
        lambda n: f"t=tvsearch&tvdbid={200_000 + show(n)}&season={n % 5 + 1}&ep={n % 10 + 1}",
        lambda n: f"t=tvsearch&q={quote(Title(show(n)).name)}&season={n % 5 + 1}&ep={n % 10 + 1}",
    ]


def answered(bob: Bob, queries: Iterable[str], at_once: int = 1) -> list[float]:
    """Milliseconds of each, so many at any time."""
    return asked(bob.daemon.port, bob.daemon.key, [f"/torznab/api?{query}" for query in queries], at_once)


def together(bob: Bob, times: int) -> list[float]:
    """Milliseconds of each of so many questions, :data:`AT_ONCE` at any time."""
    forms = questions(bob.items)
    return answered(bob, (forms[n % len(forms)](n) for n in range(times)), AT_ONCE)


def measure(home: Path, movies: int, episodes: int) -> Iterator[Row]:
    """The friends' half."""
    items = movies + episodes
    bob = Bob(home, items, min(OTHERS, items // 10))
    try:
        bob.start()
        yield from _searches(bob)
    finally:
        bob.stop()
    yield from _feed(bob.items)


def _searches(bob: Bob) -> Iterator[Row]:
    began = time.monotonic()
    bob.daemon.wait(lambda: bob.daemon.log.count(" items") >= FRIENDS, FILL_SECONDS)
    count = bob.items + (FRIENDS - 1) * bob.others
    yield Row(f"reading {count} items of {FRIENDS} friends", time.monotonic() - began, "s")
    yield Row("mirror.db", (bob.daemon.home / "state" / "mirror.db").stat().st_size / 2**20, "MiB")
    time.sleep(SETTLE)
    yield from _questions(bob, f"{FRIENDS} friends")
    yield from _burst(bob)
    polls = answered(bob, ("t=tvsearch&cat=5030,5040" for _ in range(300)))[1:]
    yield Row(
        f"RSS poll with nothing new, p99 (median {statistics.median(polls):.2f} ms)", percentile(polls, 0.99), "ms", 5
    )
    began = time.monotonic()
    bob.tell("set/import")
    bob.daemon.wait(lambda: b"New.0" in bob.ask("t=movie"), 60)
    yield Row("a new import of a friend is in my RSS after", time.monotonic() - began, "s", 5)
    for mode in ("hang", "rubbish"):
        bob.restart(mode)
        time.sleep(SETTLE)
        yield from _questions(bob, f"{FRIENDS - 1} of {FRIENDS} {mode}")
    yield from _original(bob)


def _questions(bob: Bob, who: str) -> Iterator[Row]:
    times = min(TIMES, bob.items)
    together(bob, min(200, times))
    assert bob.daemon.process is not None
    before = cpu_seconds(bob.daemon.process.pid)
    taken = together(bob, times)
    each = (cpu_seconds(bob.daemon.process.pid) - before) / times * 1000
    what = f"{AT_ONCE} at once, {who}: p99 (median {statistics.median(taken):.1f} ms)"
    yield Row(what, percentile(taken, 0.99), "ms", 25)
    yield Row(f"{who}: processor time of a question", each, "ms")


def _episodes(series: int) -> Iterator[str]:
    return (f"t=tvsearch&tvdbid={200_000 + series}&season={n // 40 + 1}&ep={n % 40 + 1}" for n in range(BURST))


def _burst(bob: Bob) -> Iterator[Row]:
    before = int(bob.tell("asked"))
    taken = answered(bob, _episodes(7))
    yield Row(f"{BURST} episodes of a series in a row: requests to friends", int(bob.tell("asked")) - before, "", 0)
    yield Row(f"{BURST} episodes of a series in a row: each, p99", percentile(taken, 0.99), "ms")


def _original(bob: Bob) -> Iterator[Row]:
    """The same question, answered from the mirror and in the original's way; one friend, for he has it all."""
    movies = [f"t=movie&tmdbid={100_000 + n * 7919 % (bob.items // MOVIES)}" for n in range(20)]
    mirrored = statistics.median(answered(bob, movies))
    bob.daemon.configure(peers=bob.daemon.blocks["peers"][:1])
    bob.restart("original")
    time.sleep(2)
    live = statistics.median(answered(bob, movies))
    yield Row(
        f"one question, {bob.items // MOVIES} movies: original's way / mirror = {live:.0f} / {mirrored:.2f} ms",
        live / mirrored,
        "times",
    )
    before = int(bob.tell("asked"))
    answered(bob, _episodes(7))
    yield Row(f"{BURST} episodes in a row, one original friend: requests", int(bob.tell("asked")) - before, "", 1)


def _feed(items: int) -> Iterator[Row]:
    """What a friend's refresh costs on the wire. The head is counted with :data:`HEAD` bytes."""
    database = Database.in_memory()
    store, changes = CatalogueStore(database), ChangeStore(database)
    result_of(changes.begin())
    for number, page in enumerate(pages(item(n) for n in range(items))):
        result_of(store.replace("library", Batch(group=str(number), items=page)))
    cursor, length = "", 0
    while True:
        told = result_of(changes.page(cursor, limit=MAX_CHANGES))
        length += len(write_feed(told)) + HEAD
        cursor = told.cursor
        if not told.more:
            break
    yield Row(f"the feed of {items} items, whole", length / 2**20, "MiB")
    yield Row(
        "a refresh with nothing changed",
        len(write_feed(result_of(changes.page(cursor, limit=MAX_CHANGES)))) + HEAD,
        "bytes",
        1023,
    )
    first = [evolve(item(n), size=n + 1) if n < 10 else item(n) for n in range(min(items, MAX_CHANGES))]
    result_of(store.replace("library", Batch(group="0", items=first)))
    told = result_of(changes.page(cursor, limit=MAX_CHANGES))
    assert len(told.items) == 10
    yield Row("a refresh with 10 items changed", len(write_feed(told)) + HEAD, "bytes", 8191)
