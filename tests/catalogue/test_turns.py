from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError, Deferred

from jackd.catalogue.turns import Turns


class Crowd:
    """Who wants a turn, and has had one."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.had: list[str] = []
        self.ends: dict[str, Deferred] = {}
        self.all: dict[str, Deferred] = {}

    def want(self, *names: str) -> None:
        """``a1`` is what ``a`` wants first."""
        for name in names:
            self.all[name] = Deferred.fromCoroutine(self._have(name))

    async def _have(self, name: str) -> None:
        async with self.turns.turn(name[0]):
            self.had.append(name)
            self.ends[name] = Deferred()
            await self.ends[name]

    def end(self, count: int = 1) -> None:
        for _ in range(count):
            self.ends[self.had[-1]].callback(None)


def test_one_at_a_time_and_whoever_wants_less_need_not_wait_for_all_that_another_one_wants():
    crowd = Crowd()
    crowd.want("a1", "a2", "a3", "a4", "b1", "c1", "b2")
    assert crowd.had == ["a1"]
    crowd.end(6)
    assert crowd.had == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]
    crowd.end()
    crowd.want("d1")
    assert crowd.had[-1] == "d1"


@pytest.mark.parametrize("gone", ["a2", "b1"])
def test_who_waits_no_more_is_passed_over(gone):
    crowd = Crowd()
    crowd.want("a1", "a2", "b1", "b2")
    crowd.all[gone].addErrback(lambda failure: failure.trap(CancelledError)).cancel()
    crowd.end(2)
    assert crowd.had == ["a1", *(name for name in ("a2", "b1", "b2") if name != gone)]


def test_whoever_is_stopped_in_his_turn_gives_it_on():
    crowd = Crowd()
    crowd.want("a1", "b1")
    crowd.all["a1"].addErrback(lambda failure: failure.trap(CancelledError)).cancel()
    assert crowd.had == ["a1", "b1"]
