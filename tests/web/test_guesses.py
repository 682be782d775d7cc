"""S6: who tries keys is slowed down, and nobody with a right one ever notices."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address
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
    address = IPv4Address("TCP", "9.9.9.9", 4242)
    first = Line(host=address.host)
    others = [Line(first.site, host=address.host) for _ in range(limits.MAX_STRANGERS - 1)]
    assert first.site.buildProtocol(address) is None
    assert first.site.buildProtocol(IPv4Address("TCP", "9.9.9.10", 4242)) is not None
    assert answer(first, GOOD) == 200
    assert first.site.buildProtocol(address) is not None
    assert first.site.buildProtocol(address) is None
    others[0].protocol.connectionLost(Failure(ConnectionDone()))
    assert first.site.buildProtocol(address) is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "172.18.0.2", "100.64.0.1"])
def test_a_proxy_in_the_house_is_no_crowd(host):
    """S6: all who come through it have its address."""
    site = Line().site
    for _ in range(limits.MAX_STRANGERS + 1):
        assert site.buildProtocol(IPv4Address("TCP", host, 4242)) is not None
