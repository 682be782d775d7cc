"""Questions are answered in their order, several in one go; one that takes long or fails is nobody else's trouble."""

from __future__ import annotations

import sqlite3

import pytest
from twisted.internet.defer import Deferred, fail

from jackd.model.errors import Unavailable
from jackd.storage import reading
from jackd.storage.reading import LANES, PATIENCE_SECONDS, TOGETHER, Readers
from tests.support import result_of


class Hands:
    """Workers whose jobs are done when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Deferred, object, tuple[object, ...]]] = []

    def run(self, job, *args):
        result: Deferred = Deferred()
        self.jobs.append((result, job, args))
        return result

    def do(self, number: int = 0) -> None:
        result, job, args = self.jobs.pop(number)
        result.callback(job(*args))


class Room:
    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.said: list[str] = []
        self.connection.set_trace_callback(self.said.append)
        self.hands = Hands()
        self.now = 100.0
        self.readers = Readers(self.hands, lambda: self.connection, lambda: self.now)

    def ask(self, number: int) -> Deferred[int]:
        return self.readers.ask(lambda db: db.execute(f"SELECT {number}").fetchone()[0])


@pytest.fixture
def room():
    room = Room()
    yield room
    room.connection.close()


def test_one_who_is_alone_is_answered_at_once(room):
    answer = room.ask(1)
    room.hands.do()
    assert result_of(answer) == 1
    assert not room.hands.jobs


def test_those_who_wait_are_taken_together_in_their_order(room):
    answers = [room.ask(number) for number in range(TOGETHER + 2)]
    room.hands.do()  # the first, who came when nobody was waiting
    assert len(room.hands.jobs) == 1
    room.said.clear()
    room.hands.do()
    assert room.said == ["BEGIN", *(f"SELECT {number}" for number in range(1, TOGETHER + 1)), "ROLLBACK"]
    room.hands.do()
    assert [result_of(answer) for answer in answers] == list(range(TOGETHER + 2))


def test_one_that_fails_fails_alone(room):
    first, wrong, right = room.ask(1), room.readers.ask(lambda db: 1 // 0), room.ask(3)
    room.hands.do()
    room.hands.do()
    assert (result_of(first), result_of(right)) == (1, 3)
    with pytest.raises(ZeroDivisionError):
        result_of(wrong)


def test_nobody_waits_long_for_one_that_takes_its_time(room):
    """A disk that is cold, or a question for everything."""
    slow = room.ask(0)
    waiting = room.ask(1)
    assert len(room.hands.jobs) == 1
    room.now += PATIENCE_SECONDS * 1.1
    late = room.ask(2)
    assert len(room.hands.jobs) == LANES == 2
    room.hands.do(1)
    assert (result_of(waiting), result_of(late)) == (1, 2)
    assert not slow.called
    room.hands.do()
    assert result_of(slow) == 0


def test_no_more_lanes_than_there_are_threads(room):
    for number in range(2 * LANES):
        room.now += 1
        room.ask(number)
    assert len(room.hands.jobs) == LANES


def test_more_than_may_wait_are_refused(room, monkeypatch):
    monkeypatch.setattr(reading, "MAX_WAITING", 3)
    answers = [room.ask(number) for number in range(5)]
    with pytest.raises(Unavailable):
        result_of(answers.pop())
    while room.hands.jobs:
        room.hands.do()
    assert [result_of(answer) for answer in answers] == [0, 1, 2, 3]


def test_workers_who_refuse_are_told_to_all_and_the_next_is_asked_again(room, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(room.hands, "run", lambda job, *args: fail(Unavailable("too much")))
        with pytest.raises(Unavailable):
            result_of(room.ask(1))
    answer = room.ask(2)
    room.hands.do()
    assert result_of(answer) == 2
