"""Speed limits, by a clock of the test's own: what may be moved when, and who goes first."""

from __future__ import annotations

import heapq
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from jackd.web.rate import BURST_SECONDS, LOOK_SECONDS, MAX_QUANTUM, TICK_SECONDS, Bucket, Direction, Flow
from tests.support import result_of

KIB = 1024
FAR = 10**12
"""Streams that never end."""


class World:
    """Streams that are as fast as they may; time is what the test makes it."""

    def __init__(self, rate: int = 0, peers: dict[str, int] | None = None) -> None:
        self.clock = Clock()
        self.direction = Direction(peers, clock=self.clock.seconds)
        self.direction.total.set(rate)
        self.waiting: list[tuple[float, int, Flow, float]] = []
        self.flows: list[Flow] = []

    def stream(self, peer: str = "", *own: Bucket, lag: float = 0.0) -> Flow:
        """``lag``: seconds that it comes late each time."""
        flow = self.direction.flow(peer, *own)
        self.flows.append(flow)
        heapq.heappush(self.waiting, (self.clock.seconds(), len(self.flows), flow, lag))
        return flow

    def run(self, seconds: float) -> None:
        end = self.clock.seconds() + seconds
        while self.waiting and self.waiting[0][0] <= end:
            at, number, flow, lag = heapq.heappop(self.waiting)
            self.clock.advance(max(0.0, at - self.clock.seconds()))
            allowed, delay = flow.ask(FAR)
            assert bool(allowed) != bool(delay)
            if flow.limited:
                flow.move(allowed)
                heapq.heappush(
                    self.waiting, (self.clock.seconds() + delay + (lag if allowed else 0.0), number, flow, lag)
                )
            else:
                heapq.heappush(self.waiting, (self.clock.seconds() + LOOK_SECONDS, number, flow, lag))
        self.clock.advance(end - self.clock.seconds())

    @property
    def moved(self) -> int:
        return sum(flow.moved for flow in self.flows)


@settings(max_examples=50)
@given(rate=st.integers(KIB, 50_000_000), streams=st.integers(1, 30), seconds=st.floats(0.5, 20))
def test_never_more_than_the_limit_and_a_burst(rate, streams, seconds):
    world = World(rate)
    for _ in range(streams):
        world.stream()
    world.run(seconds)
    assert world.moved <= rate * (seconds + BURST_SECONDS + TICK_SECONDS) + 1


@pytest.mark.parametrize("rate", [2 * KIB, 100 * KIB, 10_000_000, 1_000_000_000])
@pytest.mark.parametrize("streams", [1, 7, 50])
def test_within_5_percent_over_10_seconds_summed_over_all_streams(rate, streams):
    world = World(rate)
    for _ in range(streams):
        world.stream()
    world.run(10)
    assert world.moved == pytest.approx(rate * 10, rel=0.05)


def test_who_wakes_up_late_loses_nothing():
    world = World(1_000_000)
    world.stream(lag=0.1)
    world.run(10)
    assert world.moved == pytest.approx(10_000_000, rel=0.05)


def test_what_was_not_used_is_not_saved_up():
    world = World(1_000_000)
    world.clock.advance(3600)
    world.stream()
    world.run(10)
    assert world.moved <= 10_000_000 + BURST_SECONDS * 1_000_000


def test_all_streams_get_the_same():
    world = World(1_000_000)
    for number in range(20):
        world.stream(f"friend {number % 3}", lag=0.001 * number)
    world.run(30)
    counts = [flow.moved for flow in world.flows]
    assert min(counts) >= 0.8 * max(counts)


def test_a_stream_that_begins_later_gets_its_share_at_once():
    world = World(1_000_000)
    for _ in range(10):
        world.stream()
    world.run(10)
    late = world.stream()
    world.run(11)
    assert late.moved == pytest.approx(1_000_000, rel=0.1)


def test_every_limit_holds_and_a_slow_friend_holds_nobody_up():
    world = World(1_000_000, {"Alice": 100_000, "Bob": 0})
    alice = [world.stream("Alice") for _ in range(3)]
    single = world.stream("Bob", world.direction.bucket(50_000))
    world.stream("Bob")
    world.run(10)
    assert sum(flow.moved for flow in alice) == pytest.approx(1_000_000, rel=0.05)
    assert single.moved == pytest.approx(500_000, rel=0.05)
    assert world.moved == pytest.approx(10_000_000, rel=0.05)


@pytest.mark.parametrize(("before", "after"), [(100_000_000, 100 * KIB), (KIB, 10_000_000), (0, 500_000), (500_000, 1)])
def test_a_new_limit_holds_within_a_second(before, after):
    """Also for those who wait for their turn under the old one."""
    world = World(before)
    for _ in range(20):
        world.stream()
    world.run(5)
    world.direction.total.set(after)
    world.run(1)
    moved = world.moved
    world.run(10)
    assert world.moved - moved <= after * (10 + BURST_SECONDS) + 1
    assert world.moved - moved >= after * 10 * 0.95 - 512


def test_without_a_limit_everybody_goes_on_at_once():
    world = World(1)
    flow = world.stream()
    world.run(1)
    assert flow.ask(FAR)[0] == 0
    world.direction.total.set(0)
    assert flow.ask(FAR) == (FAR, 0.0)


def test_without_a_limit_no_lock_is_taken():
    world = World()
    flow = world.stream("", world.direction.bucket())
    for bucket in flow._buckets:
        bucket._lock = None  # type: ignore[assignment]
    assert flow.ask(FAR) == (FAR, 0.0)
    flow.move(1)


def test_what_was_granted_and_is_not_needed_goes_to_others():
    world = World(100_000)
    leaver, stayer = world.direction.flow(""), world.direction.flow("")
    leaver.ask(FAR)
    assert stayer.ask(5000)[1] > 0.05
    leaver.close()
    leaver.close()
    world.clock.advance(0.0501)
    assert stayer.ask(5000) == (5000, 0.0)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=100))
def test_coming_and_going_never_earns_anything(steps):
    world = World(100_000)
    total = 0
    for wait, use in steps:
        world.clock.advance(wait)
        flow = world.direction.flow("")
        allowed, _ = flow.ask(FAR)
        moved = allowed if use else 0
        flow.move(moved)
        total += moved
        flow.close()
    assert total <= 100_000 * (world.clock.seconds() + BURST_SECONDS) + 1


def test_quanta_are_bounded():
    """So that a limit that is lowered is not overrun by what was granted before."""
    world = World(10**12)
    world.clock.advance(1)
    assert world.stream().ask(FAR)[0] <= MAX_QUANTUM


def test_a_thread_that_waits_for_its_turn_stops_when_told():
    bucket, stopped = Bucket(1), threading.Event()
    flow, got = Flow(bucket), []
    thread = threading.Thread(target=lambda: got.append(flow.await_turn(FAR, stopped)))
    thread.start()
    stopped.set()
    thread.join(30)
    assert got == [0]


def test_a_thread_gets_its_turn():
    flow = Flow(Bucket(10_000_000))
    assert [flow.await_turn(100, threading.Event()) for _ in range(3)] == [100, 100, 100]


def test_a_coroutine_gets_its_turn_and_can_be_cancelled():
    world = World(1000)
    flow = world.direction.flow("")
    first = Deferred.fromCoroutine(flow.turn(100, world.clock))
    assert not first.called
    world.clock.pump([0.05, 0.05, 0.05])
    assert result_of(first) == 100
    flow.move(100)
    second = Deferred.fromCoroutine(flow.turn(100, world.clock))
    second.addErrback(lambda _: None)
    second.cancel()
    assert not world.clock.getDelayedCalls()


def test_what_is_allowed_does_not_depend_on_when_it_is_looked_at():
    """Bytes by time, for one stream: each quantum when it is earned, not before."""
    world = World(1000)
    flow = world.stream()
    times = []
    for _ in range(10):
        while not (asked := flow.ask(50))[0]:
            world.clock.advance(asked[1])
        flow.move(50)
        times.append(world.clock.seconds())
    assert [b - a for a, b in pairwise(times)] == pytest.approx([0.05] * 9, abs=0.001)


def test_who_watches_is_told_of_every_limit_that_is_another():
    """Of the same one again he is not."""
    told = []
    direction = Direction({"alice": 5})
    direction.watchers.append(lambda: told.append(direction.total.rate))
    own = direction.bucket(1)
    for change in (
        lambda: direction.total.set(7),
        lambda: direction.limit_peers({"alice": 6}),
        lambda: own.set(2),
        lambda: direction.limit_peers({}),
    ):
        before = len(told)
        change()
        assert len(told) == before + 1
        change()
        assert len(told) == before + 1
    assert told == [7] * 4
