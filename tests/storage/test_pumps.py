"""Streams take turns on a few threads; who hangs holds nobody up. Real threads and descriptors; counts, no times."""

from __future__ import annotations

import os
import select
import threading
import time
from collections import Counter
from contextlib import asynccontextmanager

import pytest
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.task import deferLater

from jackd.storage import pump as pump_module
from jackd.storage import pumps as pumps_module
from jackd.storage.pump import LONG_SECONDS, Stalled
from jackd.storage.pumps import ALONE, SHARE, Pumps
from jackd.storage.threads import ThreadWorkers

NEVER = 1000.0
"""Seconds."""


class Stream:
    """
    Always ready: nobody has written into its pipe. Counts its turns, and does what ``act`` does in each.

    :ivar left: turns until it is done.
    :ivar patient: whether its turns wait for the descriptor by themselves.
    """

    def __init__(self, turns: int, act=lambda stream: None, *, ready: bool = True) -> None:
        self.reader, self.descriptor = os.pipe()
        self.events = select.EPOLLOUT if ready else 0
        self.left, self.act = turns, act
        self.asked: list[int] = []
        self.waited: list[bool] = []
        self.closed = 0
        self.wait = 0.0
        self.waiting = 0
        self.patient = False
        self.hurried = threading.Event()

    def turn(self, most: int) -> float | None:
        assert not self.closed
        self.asked.append(most)
        self.act(self)
        self.left -= 1
        return self.wait if self.left else None

    def alone(self, alone: bool) -> bool:
        assert not self.closed
        self.waited.append(alone)
        if not alone:
            self.hurried.set()
        return self.patient

    def waits(self) -> int:
        return self.waiting

    def close(self) -> None:
        self.closed += 1
        os.close(self.reader)
        os.close(self.descriptor)


@asynccontextmanager
async def running(places: int):
    workers = ThreadWorkers(reactor, "test-pumps", 8)
    workers.startService()
    try:
        yield Pumps(workers, reactor, places)
    finally:
        await workers.stopService()  # which waits for every thread: none may be left at work


async def until(condition) -> None:
    while not condition():
        await deferLater(reactor, 0.005)


async def test_streams_take_turns_of_the_same_size():
    """Whoever has had a turn goes behind all others: nobody is ever more than a turn ahead."""
    order: list[int] = []
    streams = [Stream(20, lambda stream: order.append(id(stream))) for _ in range(30)]
    async with running(1) as pumps:
        with pytest.MonkeyPatch.context() as nobody_begins:
            nobody_begins.setattr(pumps, "_man", lambda: None)
            done = gatherResults([pumps.run(stream, NEVER) for stream in streams])
        pumps._man()
        await done
    for count in range(1, len(order)):
        turns = Counter(order[:count])
        assert max(turns.values()) - min(turns[id(stream)] for stream in streams) <= 1
    assert {most for stream in streams[:-1] for most in stream.asked[:-1]} == {SHARE}
    assert all(stream.closed == 1 for stream in streams)


async def test_who_is_alone_gets_large_turns():
    stream = Stream(12)
    async with running(2) as pumps:
        await pumps.run(stream, NEVER)
    assert stream.asked[:3] == [SHARE, 2 * SHARE, 4 * SHARE]
    assert stream.asked[-1] == ALONE
    assert stream.waited == [True, False]


async def test_turns_get_smaller_when_they_take_long():
    """Whoever comes must not wait for sixteen MiB to a slow reader."""
    stream = Stream(4, lambda _: time.sleep(1.1 * LONG_SECONDS))
    async with running(1) as pumps:
        await pumps.run(stream, NEVER)
    assert stream.asked == [SHARE, SHARE // 2, SHARE // 4, SHARE // 8]


async def test_who_is_alone_keeps_his_thread_until_another_one_comes():
    """To queue up for nobody costs more than the turn; but the newcomer must not wait for the end."""
    looked = []

    class Counting(Pumps):
        def _next(self):
            looked.append(self)
            return super()._next()

    workers = ThreadWorkers(reactor, "test-pumps", 8)
    workers.startService()
    try:
        pumps = Counting(workers, reactor, 1)
        await pumps.run(Stream(500), NEVER)
        assert len(looked) == 1
        endless, other = Stream(10**9), Stream(3)
        going = pumps.run(endless, NEVER)
        await until(lambda: endless.asked)
        await pumps.run(other, NEVER)
        assert set(other.asked) <= {SHARE, ALONE}
        going.addErrback(lambda failure: failure.trap(CancelledError)).cancel()
        await until(lambda: endless.closed)
    finally:
        await workers.stopService()


async def test_who_comes_does_not_wait_for_the_long_turn_of_who_was_alone(monkeypatch):
    monkeypatch.setattr(pumps_module, "PATIENCE_SECONDS", NEVER)
    over = threading.Event()
    async with running(1) as pumps:
        first = pumps.run(long := Stream(2, lambda _: over.wait()), NEVER)
        await until(lambda: long.asked)
        await pumps.run(Stream(50), NEVER)
        assert long.left == 2
        over.set()
        await first
        await until(lambda: not pumps._threads)


async def test_a_long_turn_ends_soon_when_another_limit_holds():
    """And the next one may be as long again."""
    ended: list[bool] = []
    async with running(1) as pumps:
        done = pumps.run(slow := Stream(2, lambda stream: ended.append(stream.hurried.wait(10))), NEVER)
        await until(lambda: slow.asked)
        pumps.hurry()
        await done
    assert ended == [True, True]
    assert slow.waited == [True, False, False, True, False]


async def test_a_long_turn_that_is_overdue_is_ended(monkeypatch):
    """Its reader has become slow, and nobody knows how far it is."""
    monkeypatch.setattr(pumps_module, "OVERDUE_SECONDS", 0.05)
    ended: list[bool] = []
    async with running(1) as pumps:
        done = pumps.run(slow := Stream(1, lambda stream: ended.append(stream.hurried.wait(10))), NEVER)
        await done
    assert ended == [True]
    assert slow.waited == [True, False, False]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_long_turn_ends_soon_when_somebody_else_comes_or_nobody_wants_it(cancelled):
    """Also when the reader has become slow in it."""
    ended: list[bool] = []
    async with running(1) as pumps:
        done = pumps.run(slow := Stream(2, lambda stream: ended.append(stream.hurried.wait(10))), NEVER)
        await until(lambda: slow.asked)
        if cancelled:
            done.addErrback(lambda failure: failure.trap(CancelledError)).cancel()
        else:
            await pumps.run(Stream(1), NEVER)
        await done
        await until(lambda: slow.closed)
        assert all(ended)


async def test_who_was_hurried_is_not_asked_until_he_is_ready():
    """Even when the one who came has gone again: the turn no longer waits, and would be asked without end."""
    gone = threading.Event()

    def act(stream: Stream) -> None:
        assert stream.hurried.wait(10)
        assert gone.wait(10)
        fill(stream)

    async with running(1) as pumps:
        done = pumps.run(slow := Stream(10**9, act), NEVER)
        slow.patient = True
        await until(lambda: slow.asked)
        await pumps.run(Stream(1), NEVER)
        gone.set()
        await until(lambda: not any(stream.turning for stream in pumps._streams.values()))
        assert len(slow.asked) == 1
        done.addErrback(lambda failure: failure.trap(CancelledError)).cancel()


async def test_a_thread_that_hangs_holds_nobody_up():
    """F50: a disk that does not answer, under two streams on two places."""
    answered = threading.Event()
    hanging = [Stream(1, lambda _: answered.wait()) for _ in range(2)]
    async with running(2) as pumps:
        hung = [pumps.run(stream, NEVER) for stream in hanging]
        await until(lambda: all(stream.asked for stream in hanging))
        await gatherResults([pumps.run(Stream(50), NEVER) for _ in range(10)])
        assert not any(stream.left == 0 for stream in hanging)
        answered.set()
        await gatherResults(hung)


async def test_no_more_threads_than_places_once_those_that_hung_are_back():
    answered = threading.Event()
    async with running(2) as pumps:
        hung = [pumps.run(Stream(1, lambda _: answered.wait()), NEVER) for _ in range(4)]
        going = pumps.run(endless := Stream(10**9), NEVER)
        await until(lambda: len(pumps._threads) > 2 and endless.asked)
        answered.set()
        await gatherResults(hung)
        await until(lambda: len(pumps._threads) <= 2)
        going.addErrback(lambda failure: failure.trap(CancelledError)).cancel()


async def test_a_stream_that_waits_is_cancelled_at_once():
    stream = Stream(1, ready=False)
    async with running(1) as pumps:
        done: Deferred[None] = pumps.run(stream, NEVER)
        done.cancel()
        with pytest.raises(CancelledError):
            await done
        assert stream.closed == 1
        await pumps.run(Stream(2), NEVER)
    assert not stream.asked


async def test_a_turn_that_has_begun_ends_before_anything_is_closed():
    """A descriptor that is closed under a thread may be another file's a moment later."""
    go_on = threading.Event()
    stream = Stream(5, lambda _: go_on.wait())
    async with running(1) as pumps:
        done = pumps.run(stream, NEVER)
        await until(lambda: stream.asked)
        done.cancel()
        with pytest.raises(CancelledError):
            await done
        assert not stream.closed
        go_on.set()
        await until(lambda: stream.closed)
    assert len(stream.asked) == 1


def fill(stream: Stream) -> None:
    """From now on it is not ready."""
    os.set_blocking(stream.descriptor, False)
    try:
        while True:
            os.write(stream.descriptor, bytes(4096))
    except BlockingIOError:
        pass


async def test_turns_that_wait_by_themselves_are_not_waited_for():
    """Every wait for a descriptor is a thread that falls asleep and wakes up."""
    stream = Stream(20, fill)
    stream.patient = True
    async with running(1) as pumps:
        await pumps.run(stream, NEVER)
    assert len(stream.asked) == 20


@pytest.mark.parametrize(("patient", "seconds"), [(False, 0.0), (True, 2 * LONG_SECONDS)])
async def test_who_is_not_ready_is_not_asked(patient, seconds):
    """F18: neither when turns don't wait, nor when one has waited in vain."""

    def act(stream: Stream) -> None:
        fill(stream)
        time.sleep(seconds)

    stream = Stream(20, act)
    stream.patient = patient
    async with running(1) as pumps:
        with pytest.raises(Stalled):
            await pumps.run(stream, 0.2)
    assert len(stream.asked) == 1


async def test_a_failure_ends_one_stream():
    def fail(stream: Stream) -> None:
        raise OSError("the disk errs")

    bad, good = Stream(3, fail), Stream(30)
    async with running(2) as pumps:
        ended = pumps.run(good, NEVER)
        with pytest.raises(OSError, match="errs"):
            await pumps.run(bad, NEVER)
        await ended
    assert (len(bad.asked), bad.closed, good.closed) == (1, 1, 1)


async def test_who_is_not_ready_for_too_long_is_dropped():
    """F18; a stream that is told to wait is not one that is not ready."""
    patient = Stream(3)
    patient.wait = 0.1
    async with running(2) as pumps:
        waits = pumps.run(patient, 0.01)
        with pytest.raises(Stalled):
            await pumps.run(Stream(1, ready=False), 0.01)
        await waits
    assert len(patient.asked) == 3


@pytest.mark.parametrize(("taken", "stalled"), [(0, True), (500, True), (2000, False), (8000, False)])
def test_who_takes_little_takes_something(monkeypatch, taken, stalled):
    """
    F18: Linux calls a connection ready when a third of what it holds was taken, which may be megabytes.

    :param taken: bytes a second.
    """
    pump, ended = Stream(1), []
    pumps = Pumps(None, None)
    monkeypatch.setattr(pumps, "_end", lambda _, failure: ended.append(failure))
    stream = pump_module.Stream(pump, 60.0, Deferred(), 0.0)
    for second in range(15, 450):
        pump.waiting = max(0, 4_000_000 - taken * second)
        pumps._look_at(stream, float(second))
    pump.close()
    assert bool(ended) is stalled


async def test_who_has_to_wait_is_not_asked_meanwhile():
    waiting, other = Stream(2), Stream(200)
    waiting.wait = NEVER
    async with running(1) as pumps:
        held = pumps.run(waiting, NEVER)
        await pumps.run(other, NEVER)
        assert len(waiting.asked) == 1
        held.addErrback(lambda failure: failure.trap(CancelledError)).cancel()
    assert waiting.closed == 1
