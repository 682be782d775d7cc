"""S6: who tries keys is slowed down, and nobody with a right one ever notices."""

from __future__ import annotations

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from jackd.web import limits
from jackd.web.guesses import MAX_ADDRESSES, SECONDS_A_TRY, TRIES, Guesses
from jackd.web.request import Head
from tests.web.test_limits import GOOD, Line, status

WRONG = GOOD.replace(b"right", b"wrong")
BASIC = GOOD.replace(b"X-Api-Key: right", b"Authorization: Basic OnB3")
QUERY = b"GET /echo/hi?apikey=wrong HTTP/1.1\r\nHost: jack\r\n\r\n"
NONE = GOOD.replace(b"X-Api-Key: right\r\n", b"")


def answer(line: Line, request: bytes) -> int | None:
    """The status; ``None`` while the answer is kept back."""
    line.wire.clear()
    said = line.send(request)
    return status(said) if said else None


def guessed(times: int = TRIES) -> Line:
    line = Line()
    for n in range(times):
        assert answer(line, (WRONG, BASIC, QUERY)[n % 3]) == 401
    return line


def test_the_first_wrong_keys_are_answered_at_once_and_the_next_late():
    line = guessed()
    assert answer(line, WRONG) is None
    line.clock.advance(limits.SLOW_SECONDS)
    assert status(line.wire.value()) == 429
    assert f"retry-after: {SECONDS_A_TRY:.0f}".encode() in line.wire.value().lower()


def test_a_right_key_is_let_in_whatever_came_before():
    line = guessed()
    assert answer(line, WRONG) is None
    assert answer(Line(line.site), GOOD) == 200


def test_one_more_try_after_a_while():
    line = guessed()
    line.clock.advance(SECONDS_A_TRY)
    assert answer(line, WRONG) == 401
    assert answer(line, WRONG) is None


def test_no_key_at_all_is_no_try():
    line = guessed()
    assert [answer(line, NONE) for _ in range(3)] == [401] * 3


def test_the_answer_that_is_kept_back_goes_with_the_connection():
    line = guessed()
    assert answer(line, WRONG) is None
    line.protocol.connectionLost(Failure(ConnectionDone()))
    line.clock.advance(limits.SLOW_SECONDS)
    assert line.wire.value() == b""


def test_the_operator_reads_it_once(said):
    line = guessed()
    for _ in range(3):
        answer(line, WRONG)
        line.clock.advance(limits.SLOW_SECONDS)
    assert said == [
        "info: a wrong key from 192.0.2.9 for /echo/hi",
        "warn: too many wrong keys from 192.0.2.9: slowed down",
    ]


def test_only_so_many_addresses_are_remembered():
    guesses = Guesses(Clock())
    for n in range(MAX_ADDRESSES + 5):
        head = Head(method="GET", path="/", query={}, headers={"x-api-key": "wrong"}, client=str(n))
        guesses.judged(head, ValueError())
    assert len(guesses._suspects) == MAX_ADDRESSES


def test_strangers_get_few_connections_and_friends_many():
    """F19: who is let in does not count any more, and other addresses never did."""
    line = Line()
    strangers = [Line(line.site) for _ in range(limits.MAX_STRANGERS - 1)]
    assert line.site.buildProtocol(line.wire.getPeer()) is None
    assert line.site.buildProtocol(None) is not None
    assert answer(line, GOOD) == 200
    assert line.site.buildProtocol(line.wire.getPeer()) is not None
    strangers[0].protocol.connectionLost(Failure(ConnectionDone()))
    assert line.site.buildProtocol(line.wire.getPeer()) is not None
