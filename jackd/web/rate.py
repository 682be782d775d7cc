"""
Speed limits. A :class:`Bucket` is one limit; a :class:`Flow` is one stream that several of them hold for: the whole
daemon's, a friend's, a download's. Threads and the reactor use the same ones.

A stream asks before it moves bytes. Where a limit holds it is given a *quantum* and a place in each bucket's queue: it
may move those bytes once the bucket has earned up to that place. So streams take turns, in the order in which they
asked, and what all of them move never exceeds what was earned.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from attrs import frozen
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

MAX_RATE = 2**40
"""Bytes/s."""

QUANTUM_SECONDS = 0.05
"""A quantum is what the tightest limit earns in this time; it makes limits exact, and wakes threads up so often."""

MIN_QUANTUM, MAX_QUANTUM = 512, 1024 * 1024
"""Bytes."""

BURST_SECONDS = 0.25
"""What was not used may be made up for, so far: a thread that wakes up late loses nothing. 2.5 % of 10 s."""

TICK_SECONDS = 1e-4
"""Nobody waits for less than this."""

LOOK_SECONDS = 0.5
"""Who waits looks again after this, because the limit may be another by then."""


@frozen
class _Place:
    """So many bytes in the queue of ``bucket``, as it was then."""

    bucket: Bucket
    epoch: int
    size: int
    end: float


class Bucket:
    """
    One limit, in bytes/s; 0 is none.

    :param clock: seconds that never go back.
    :param changed: called when it is another.
    """

    def __init__(
        self, rate: int = 0, *, clock: Callable[[], float] = time.monotonic, changed: Callable[[], None] = lambda: None
    ) -> None:
        self.rate = rate
        self.epoch = 0
        self._changed = changed
        self._clock = clock
        self._lock = threading.Lock()
        self._asked = 0.0
        self._earned = 0.0
        self._at = clock()

    def set(self, rate: int) -> None:
        """The limit from now on. Places in the queue are void when it is another."""
        rate = max(0, rate)
        with self._lock:
            if rate == self.rate:
                return
            self.rate = rate
            self.epoch += 1
            self._asked = self._earned = 0.0
            self._at = self._clock()
        self._changed()

    def queue(self, size: int) -> _Place:
        """A place behind everybody else's."""
        with self._lock:
            self._earn()
            self._asked += size
            return _Place(self, self.epoch, size, self._asked)

    def wait(self, place: _Place) -> float:
        """Seconds until it is the turn of ``place``."""
        with self._lock:
            if not self.rate or place.epoch != self.epoch:
                return 0.0
            self._earn()
            return max(0.0, (place.end - self._earned) / self.rate)

    def unused(self) -> float:
        """Bytes that could be moved at once and that nobody has asked for."""
        with self._lock:
            self._earn()
            return max(0.0, self._earned - self._asked)

    def give_back(self, place: _Place, size: int) -> None:
        """``size`` bytes of ``place`` will not be moved."""
        with self._lock:
            if place.epoch == self.epoch:
                self._earn()
                self._earned = min(self._most(), self._earned + size)

    def _earn(self) -> None:
        now = self._clock()
        self._earned = min(self._most(), self._earned + (now - self._at) * self.rate)
        self._at = now

    def _most(self) -> float:
        return self._asked + self.rate * BURST_SECONDS


class Flow:
    """
    One stream. Used by one thread at a time; :attr:`moved` may be read by any.

    :ivar moved: bytes so far.
    """

    def __init__(self, *buckets: Bucket) -> None:
        self.moved = 0
        self._buckets = buckets
        self._places: list[_Place] = []
        self._left = 0
        self._epoch = 0

    @property
    def limited(self) -> bool:
        """Whether any limit holds just now. Takes no lock."""
        return any(bucket.rate for bucket in self._buckets)

    def ask(self, most: int) -> tuple[int, float]:
        """
        How many of ``most`` bytes may be moved now, at least one, or 0 and the seconds after which to ask again. Tell
        with :meth:`move` how many it were.
        """
        if not self.limited:
            if self._left:
                self.close()
            return most, 0.0
        epoch = sum(bucket.epoch for bucket in self._buckets)
        if epoch != self._epoch:
            self.close()
            self._epoch = epoch
        if not self._left:
            self._left = min(self._quantum(), most)
            self._places = [bucket.queue(self._left) for bucket in self._buckets if bucket.rate]
        wait = max((place.bucket.wait(place) for place in self._places), default=0.0)
        return (0, min(wait, LOOK_SECONDS)) if wait > TICK_SECONDS else (min(most, self._left), 0.0)

    def move(self, count: int) -> None:
        """``count`` bytes were moved."""
        self.moved += count
        self._left = max(0, self._left - count)

    def close(self) -> None:
        """Give back what was granted and is not needed."""
        if self._left:
            for place in self._places:
                place.bucket.give_back(place, self._left)
        self._places, self._left = [], 0

    def await_turn(self, most: int, stopped: threading.Event) -> int:
        """:meth:`ask` for a thread: sleeps until at least one byte may be moved; 0 when ``stopped`` is set first."""
        allowed, seconds = self.ask(most)
        while not allowed:
            if stopped.wait(seconds):
                return 0
            allowed, seconds = self.ask(most)
        return allowed

    async def turn(self, most: int, clock: IReactorTime) -> int:
        """:meth:`ask` for the reactor: returns when at least one byte may be moved."""
        allowed, seconds = self.ask(most)
        while not allowed:
            await deferLater(clock, seconds)
            allowed, seconds = self.ask(most)
        return allowed

    def _quantum(self) -> int:
        """By the tightest limit, and what was left unused of that: waiting for others costs nothing."""
        tightest = min((bucket for bucket in self._buckets if bucket.rate), key=_rate, default=None)
        earned = tightest.rate * QUANTUM_SECONDS + tightest.unused() if tightest else MAX_QUANTUM
        return max(MIN_QUANTUM, min(MAX_QUANTUM, int(earned)))


def _rate(bucket: Bucket) -> int:
    return bucket.rate


class Direction:
    """
    All limits of one direction, up or down.

    :param peers: bytes/s by whatever names a friend in this direction.
    :ivar total: of all streams together.
    :ivar watchers: are called when any limit is another: who moves much at once is to ask anew.
    """

    def __init__(self, peers: Mapping[str, int] | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.watchers: list[Callable[[], None]] = []
        self.total = self.bucket()
        self._peers: dict[str, Bucket] = {}
        self.limit_peers(peers or {})

    def limit_peers(self, rates: Mapping[str, int]) -> None:
        """Their limits from now on, also for streams that are there. Who is not named has none any more."""
        for name, bucket in self._peers.items():
            bucket.set(rates.get(name, 0))
        fresh = rates.keys() - self._peers.keys()
        self._peers |= {name: self.bucket(rates[name]) for name in fresh}

    def bucket(self, rate: int = 0) -> Bucket:
        """A further limit, for the streams that are made with it."""
        return Bucket(rate, clock=self._clock, changed=self._changed)

    def _changed(self) -> None:
        for watcher in self.watchers:
            watcher()

    def flow(self, peer: str, *own: Bucket) -> Flow:
        """A new stream to or from that friend, that the limits ``own`` hold for as well."""
        theirs = self._peers.get(peer)
        return Flow(self.total, *([theirs] if theirs else ()), *own)
