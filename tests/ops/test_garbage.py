"""The garbage collector's long look comes when nothing goes on."""

from __future__ import annotations

import gc

import pytest
from twisted.internet.task import Clock

from jackd.ops import garbage
from jackd.ops.garbage import LOOK_SECONDS, THRESHOLDS, WORTH, QuietCollector


class Collected:
    """A garbage collector that only counts."""

    def __init__(self) -> None:
        self.young = 0
        self.looks = 0

    def get_count(self) -> tuple[int, int, int]:
        return 0, 0, self.young

    def set_threshold(self, *thresholds: int) -> None:
        self.thresholds = thresholds

    def collect(self) -> None:
        self.looks += 1
        self.young = 0


@pytest.fixture
def collected(monkeypatch):
    collected = Collected()
    monkeypatch.setattr(garbage, "gc", collected)
    return collected


@pytest.fixture
def clock():
    clock = Clock()
    service = QuietCollector(clock=clock)
    service.startService()
    yield clock
    service.stopService()
    assert not clock.getDelayedCalls()


def looks(collected: Collected, clock: Clock, young: int) -> int:
    """How many there were when so many collections of what is young were seen."""
    collected.young = young
    clock.advance(LOOK_SECONDS)
    return collected.looks


def test_it_looks_when_there_is_something_to_find_and_nothing_goes_on(collected, clock):
    assert collected.thresholds == THRESHOLDS
    assert [looks(collected, clock, WORTH) for _ in range(2)] == [0, 1]
    assert [looks(collected, clock, WORTH - 1) for _ in range(3)] == [1, 1, 1]


def test_it_waits_while_something_goes_on(collected, clock):
    assert [looks(collected, clock, WORTH + n) for n in range(5)] == [0] * 5
    assert looks(collected, clock, WORTH + 4) == 1


def test_what_is_there_at_the_start_is_not_looked_at_again():
    try:
        garbage.settle()
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
