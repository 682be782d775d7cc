"""More connections to the same friend: only while it is slow, and only when they pay."""

from __future__ import annotations

from jackd.transfer.tuner import AGAIN_SECONDS, MAX_EACH, MIN_LEFT, SLOW_RATE, Tuner


class Line:
    """A download whose speed is what ``rate`` makes of the number of connections."""

    def __init__(self, rate, *, left: int = 100 * MIN_LEFT, limited: bool = False) -> None:
        self.tuner = Tuner()
        self.rate = rate
        self.left = left
        self.limited = limited
        self.at = 0.0
        self.moved = 0
        self.seen = [1]

    def run(self, seconds: int) -> list[int]:
        """How many connections there were, each number once in a row."""
        for _ in range(seconds):
            self.at += 1
            self.moved += int(self.rate(self.tuner.lanes))
            self.tuner.look(self.at, self.moved, left=self.left, limited=self.limited)
            if self.seen[-1] != self.tuner.lanes:
                self.seen.append(self.tuner.lanes)
        return self.seen


def test_where_each_connection_is_slow_there_are_as_many_as_pay():
    assert Line(lambda lanes: 2_000_000 * lanes).run(200) == [1, 2, 3, 4]
    assert MAX_EACH == 4


def test_where_the_line_is_full_one_more_is_tried_and_given_up():
    line = Line(lambda lanes: 2_000_000)
    assert line.run(200) == [1, 2, 1]
    assert line.run(int(AGAIN_SECONDS)) == [1, 2, 1, 2, 1]


def test_what_does_not_pay_any_more_is_given_up():
    assert Line(lambda lanes: 2_000_000 * min(lanes, 2)).run(200) == [1, 2, 3, 2]


def test_what_is_fast_is_left_alone():
    assert Line(lambda lanes: SLOW_RATE + 1).run(200) == [1]


def test_what_is_soon_done_is_left_alone():
    assert Line(lambda lanes: 1000, left=MIN_LEFT - 1).run(200) == [1]


def test_a_limit_of_ours_is_no_reason():
    line = Line(lambda lanes: 1000 * lanes, limited=True)
    assert line.run(200) == [1]
    line.limited = False
    line.run(15)
    assert line.tuner.lanes == 2
    line.limited = True
    line.run(1)
    assert line.tuner.lanes == 1
