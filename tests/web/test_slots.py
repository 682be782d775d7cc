"""Who may read a file, who waits, and who comes next (S8)."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from twisted.internet.task import Clock

from jackd.web.slots import GRACE_SECONDS, MAX_WAIT_SECONDS, MAX_WAITING, Busy, Slots


class World:
    def __init__(self, total: int = 2, each: int = 2) -> None:
        self.clock = Clock()
        self.slots = Slots(total=total, each=each, now=self.clock.seconds)
        self.held: dict[tuple[str, str], ExitStack] = {}

    def ask(self, who: str, what: str) -> int:
        """0: has a slot now; else the place in the queue."""
        stack = ExitStack()
        try:
            stack.enter_context(self.slots.taken(who, what))
        except Busy as busy:
            assert busy.retry_after == min(MAX_WAIT_SECONDS, 5 * busy.place)
            return busy.place
        self.held[who, what] = stack
        return 0

    def leave(self, who: str, what: str) -> None:
        self.held.pop((who, what)).close()


def test_as_many_as_there_are_slots():
    world = World(total=2)
    assert [world.ask("a", "1"), world.ask("b", "1"), world.ask("c", "1")] == [0, 0, 1]
    world.leave("a", "1")
    assert world.ask("c", "1") == 0
    assert dict(world.slots.running) == {"b": 1, "c": 1}


def test_first_come_first_served_and_a_place_is_kept():
    world = World(total=1)
    world.ask("x", "1")
    assert [world.ask(who, "1") for who in "abc"] == [1, 2, 3]
    world.leave("x", "1")
    assert [world.ask(who, "1") for who in "cb"] == [3, 2]
    assert world.ask("a", "1") == 0
    assert world.ask("d", "1") == 3
    assert world.slots.waiting == 3


def test_who_asks_for_much_does_not_go_before_who_asks_for_little():
    world = World(total=2, each=2)
    world.ask("x", "1")
    world.ask("x", "2")
    assert [world.ask("greedy", str(n)) for n in range(5)] == [1, 2, 3, 4, 5]
    assert world.ask("modest", "1") == 2
    world.leave("x", "1")
    assert world.ask("greedy", "0") == 0
    world.leave("x", "2")
    assert world.ask("greedy", "1") == 2
    assert world.ask("modest", "1") == 0


def test_a_key_has_its_own_bound_and_holds_nobody_up():
    world = World(total=3, each=1)
    assert world.ask("a", "1") == 0
    assert world.ask("a", "2") == 1
    assert world.ask("b", "1") == 0
    world.leave("a", "1")
    assert world.ask("a", "2") == 0


def test_who_does_not_come_back_loses_the_place():
    world = World(total=1)
    world.ask("x", "1")
    world.ask("a", "1")
    world.clock.advance(5 + GRACE_SECONDS + 1)
    world.leave("x", "1")
    assert world.ask("b", "1") == 0


def test_the_queue_is_bounded():
    world = World(total=1)
    world.ask("x", "1")
    for n in range(MAX_WAITING):
        world.ask("a", str(n))
    assert world.ask("a", "late") == MAX_WAITING + 1
    assert world.slots.waiting == MAX_WAITING


def test_a_slot_is_free_again_whatever_happened():
    world = World(total=1)
    with pytest.raises(ZeroDivisionError), world.slots.taken("a", "1"):
        raise ZeroDivisionError
    assert world.ask("b", "1") == 0


def test_fewer_slots_send_nobody_away_and_more_let_the_next_in():
    """F43: the configuration is read again."""
    world = World(total=3, each=3)
    assert [world.ask("a", "1"), world.ask("b", "1"), world.ask("b", "2")] == [0, 0, 0]
    world.slots.resize(total=1, each=1)
    assert world.slots.running.total() == 3
    assert world.ask("c", "1") == 1
    world.leave("a", "1")
    world.leave("b", "1")
    assert world.ask("c", "1") == 1
    world.slots.resize(total=2, each=1)
    assert world.ask("c", "1") == 0
    world.slots.resize(total=9, each=1)
    assert world.ask("c", "2") == 1
    world.slots.resize(total=9, each=2)
    assert world.ask("c", "2") == 0
