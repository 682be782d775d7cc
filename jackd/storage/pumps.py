"""
A few threads that move the bytes of many streams, in turns.

A thread for each stream would be simpler, but two hundred that are awake at the same moment fight for the processors
and for Python's lock, and whoever answers a request waits behind all of them. Here the kernel keeps the queue: epoll
gives a descriptor that is ready to one thread, which moves a share of its bytes and puts it back behind all others that
are ready. So streams take turns of the same size, and who is slow costs nothing until there is something to do for it.

A disk that is cold, busy or gone (F50) blocks the thread that reads it. After :data:`PATIENCE_SECONDS` that one does
not count any more and another one takes its place, up to as many threads as there are.
"""

from __future__ import annotations

import heapq
import os
import select
import threading
import time
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from jackd.storage.pump import LONG_SECONDS, Pump, Stalled, Stream
from jackd.storage.threads import Workers

log = Logger(namespace="jackd.pumps")

PLACES = max(1, min(8, (os.cpu_count() or 1) // 2))
"""Threads of one direction that move bytes at the same moment; with more, whoever answers requests waits for them."""

MAX_THREADS = 256
"""Those included that wait for a disk."""

PATIENCE_SECONDS = 0.05
"""After so long a thread that has not come back is taken for one that waits for a disk."""

SHARE = 128 * 1024
"""Bytes of one turn while there are others."""

LEAST, ALONE = 16 * 1024, 64 * 1024 * 1024
"""
Bytes of one turn when there is nobody else: as many as take no longer than :data:`~jackd.storage.pump.LONG_SECONDS`,
for then it is seen what else there is to do. Whoever comes meanwhile gets a thread of his own.
"""

LOOKS = 4
"""In so many parts of the time in which a stream must go on, it is seen whether it does."""

SLOWEST = 1024
"""Bytes per second; who takes fewer is one who takes nothing."""

LOOK_SECONDS = 0.25
"""Threads with nothing to do look so often whether there will be nothing any more; nobody watches them more often."""

OVERDUE_SECONDS = 1.0
"""A long turn that takes longer has met a reader who became slow: it is ended, to see how far it is."""


@define(eq=False)
class _Thread:
    """
    One that serves.

    :ivar since: when its turn began; 0 while it waits for a stream.
    :ivar alone: whether its turns are long, for there was nobody else.
    """

    since: float = field(default=0.0)
    alone: bool = field(default=False)


class Pumps:
    """
    Runs pumps.

    :param workers: threads for nothing else, at least ``places``.
    :param reactor: where results arrive, and who sees that a thread does not come back.
    :param places: threads that move bytes at the same moment.
    """

    def __init__(self, workers: Workers, reactor: Any, places: int = PLACES) -> None:
        self._workers = workers
        self._reactor = reactor
        self._places = places
        self._lock = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._later: list[tuple[float, int]] = []
        self._threads: set[_Thread] = set()
        self._epoll: Any = None
        self._watching: Any = None

    def run(self, pump: Pump, idle: float) -> Deferred[None]:
        """
        Fires when ``pump`` is done, or with what it raised, or with ``Stalled`` when its descriptor was not ready for
        ``idle`` seconds. Can be cancelled, without waiting for a turn that has begun.
        """
        stream = Stream(pump, idle, Deferred(lambda _: self._cancel(stream)), time.monotonic())
        with self._lock:
            self._epoll = self._epoll or select.epoll()
            if len(self._streams) == 1:
                next(iter(self._streams.values())).hurry()
            self._streams[pump.descriptor] = stream
            self._epoll.register(pump.descriptor, pump.events | select.EPOLLONESHOT)
        self._man()
        if self._watching is None or self._watching.getTime() - self._reactor.seconds() > self._pause():
            self._watch()
        return stream.done

    def hurry(self) -> None:
        """Have long turns end soon: something else holds from now on."""
        with self._lock:
            for stream in self._streams.values():
                stream.hurry()

    # In the reactor

    def _cancel(self, stream: Stream) -> None:
        with self._lock:
            stream.cancelled = True
            stream.hurry()
            if not stream.turning and not stream.ended:
                self._remove(stream)

    def _man(self) -> None:
        """Another thread, if there is work for it."""
        with self._lock:
            if self._counted() >= min(self._places, len(self._streams)) or len(self._threads) >= MAX_THREADS:
                return
            thread = _Thread()
            self._threads.add(thread)
        self._workers.run(self._serve, thread).addErrback(self._unmanned, thread)

    def _unmanned(self, failure: Failure, thread: _Thread) -> None:
        log.failure("a thread that moves bytes has ended", failure)
        with self._lock:
            self._threads.discard(thread)

    def _watch(self) -> None:
        if self._watching is not None and self._watching.active():
            self._watching.cancel()
        self._watching = None
        if self._streams:
            self._man()
            self._drop_stalled()
            if self._is_overdue():
                self.hurry()
            self._watching = self._reactor.callLater(self._pause(), self._watch)

    def _pause(self) -> float:
        """How long not to watch: short when streams may have to wait for a thread."""
        with self._lock:
            if len(self._streams) > self._places:
                return PATIENCE_SECONDS
            idle = min((stream.idle for stream in self._streams.values()), default=0.0)
            return min(max(LOOK_SECONDS, idle / LOOKS), OVERDUE_SECONDS)

    def _is_overdue(self) -> bool:
        late = time.monotonic() - OVERDUE_SECONDS
        with self._lock:
            return any(thread.alone and thread.since < late for thread in self._threads)

    def _drop_stalled(self) -> None:
        now = time.monotonic()
        with self._lock:
            for stream in list(self._streams.values()):
                if now - stream.heard > stream.idle / LOOKS and not stream.turning and not stream.later:
                    self._look_at(stream, now)

    def _look_at(self, stream: Stream, now: float) -> None:
        """A descriptor is ready again when much of what waits was taken: a slow reader may need minutes for that."""
        waits = stream.pump.waits()
        if stream.waiting - waits >= SLOWEST * (now - stream.heard):
            stream.heard, stream.waiting = now, waits
        elif waits > stream.waiting:
            stream.waiting = waits
        elif now - stream.heard > stream.idle:
            self._end(stream, Failure(Stalled()))

    # In the threads

    def _serve(self, thread: _Thread) -> None:
        """Until there is nothing to do any more, or too many do it."""
        while self._wanted(thread):
            descriptor = self._next()
            if descriptor is not None:
                self._turn(thread, descriptor)

    def _wanted(self, thread: _Thread) -> bool:
        with self._lock:
            thread.since = 0.0
            wanted = bool(self._streams) and self._counted() <= self._places
            if not wanted:
                self._threads.discard(thread)
            return wanted

    def _next(self) -> int | None:
        """The descriptor whose turn it is; ``None`` when none was ready for a while."""
        now, wait = time.monotonic(), LOOK_SECONDS
        with self._lock:
            if self._later:
                wait = min(wait, max(0.0, self._later[0][0] - now))
                if not wait:
                    return heapq.heappop(self._later)[1]
        ready = self._epoll.poll(wait, 1)
        return ready[0][0] if ready else None

    def _turn(self, thread: _Thread, descriptor: int) -> None:
        stream = self._begun(thread, descriptor)
        if stream is None:
            return
        failure: Failure | None = None
        wait: float | None = None
        try:
            wait = stream.pump.turn(SHARE) if len(self._streams) > 1 else self._turns_alone(thread, stream)
        except Exception:
            failure = Failure()
        with self._lock:
            stream.turning = False
            if stream.cancelled:
                self._remove(stream)
            elif wait is None:
                self._end(stream, failure)
            else:
                self._again(stream, wait)

    def _turns_alone(self, thread: _Thread, stream: Stream) -> float | None:
        """As many as come one soon after the other: to queue up for nobody would cost more than many a turn."""
        pump, most = stream.pump, SHARE
        waits = pump.alone(True)
        thread.alone = True
        wait: float | None = 0.0
        try:
            while wait == 0 and not stream.hurried:
                wait = pump.turn(most)
                now = time.monotonic()
                took, stream.heard, thread.since = now - thread.since, now, now
                if wait == 0 and (not waits or took >= LONG_SECONDS) and not _is_ready(pump):
                    break
                most = _fitting(most, took)
            return wait
        finally:
            thread.alone = False
            pump.alone(False)

    def _begun(self, thread: _Thread, descriptor: int) -> Stream | None:
        """Its stream, unless that has ended meanwhile. If the number is another's by now, that one is asked early."""
        with self._lock:
            stream = self._streams.get(descriptor)
            if stream is None or stream.turning:
                return None
            stream.turning, stream.later, stream.hurried = True, False, False
            stream.heard = thread.since = time.monotonic()
            return stream

    # With the lock

    def _counted(self) -> int:
        """Threads that are at work or wait for it, not for a disk or for one stream while there are several."""
        late = time.monotonic() - PATIENCE_SECONDS
        counted = (thread for thread in self._threads if not (thread.alone and len(self._streams) > 1))
        return sum(not thread.since or thread.since > late for thread in counted)

    def _again(self, stream: Stream, wait: float) -> None:
        stream.heard, stream.later = time.monotonic(), wait > 0
        if wait > 0:
            heapq.heappush(self._later, (stream.heard + wait, stream.pump.descriptor))
        else:
            self._epoll.modify(stream.pump.descriptor, stream.pump.events | select.EPOLLONESHOT)

    def _end(self, stream: Stream, result: Failure | None) -> None:
        self._remove(stream)
        self._reactor.callFromThread(self._tell, stream, result)

    def _remove(self, stream: Stream) -> None:
        stream.ended = True
        del self._streams[stream.pump.descriptor]
        self._epoll.unregister(stream.pump.descriptor)
        stream.pump.close()

    def _tell(self, stream: Stream, result: Failure | None) -> None:
        if not stream.cancelled:
            stream.done.callback(result)  # a failure goes to the errbacks


def _is_ready(pump: Pump) -> bool:
    """Or becomes so in the time of a long turn."""
    ready = select.poll()
    ready.register(pump.descriptor, pump.events)
    return bool(ready.poll(LONG_SECONDS * 1000))


def _fitting(most: int, took: float) -> int:
    """The bytes of the next turn, when one of ``most`` took so many seconds."""
    if took > LONG_SECONDS:
        return max(LEAST, most // 2)
    return min(ALONE, most * 2) if took < LONG_SECONDS / 2 else most
