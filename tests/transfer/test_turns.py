"""One change at a time for each key."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from jackd.transfer.turns import Turns
from tests.support import result_of


def holder(turns: Turns, keys: list[str], log: list[str], name: str) -> tuple[Deferred[None], Deferred[None]]:
    release: Deferred[None] = Deferred()

    async def hold() -> None:
        async with turns.take(keys):
            log.append(name)
            await release

    return Deferred.fromCoroutine(hold()), release


def test_in_the_order_of_asking_and_nothing_is_kept():
    turns, log = Turns(), []
    holders = [holder(turns, ["a"], log, name) for name in "xyz"]
    assert (log, "a" in turns) == (["x"], True)
    for number, (done, release) in enumerate(holders, 1):
        release.callback(None)
        result_of(done)
        assert log == list("xyz"[: number + 1])
    assert "a" not in turns


def test_nobody_waits_for_ever_whatever_the_order_of_the_keys():
    turns, log = Turns(), []
    first = holder(turns, ["b"], log, "first")
    second = holder(turns, ["b", "a"], log, "second")
    third = holder(turns, ["a", "b"], log, "third")
    for done, release in (first, second, third):
        release.callback(None)
        result_of(done)
    assert log == ["first", "second", "third"]
    assert "a" not in turns
    assert "b" not in turns


def test_an_error_gives_the_turn_back():
    turns = Turns()
    done, release = holder(turns, ["a"], [], "x")
    release.errback(ValueError())
    done.addErrback(lambda failure: failure.trap(ValueError) and None)
    assert "a" not in turns
