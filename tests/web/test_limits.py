"""What a stranger may do to the listener before he is let in: raw bytes against the real Site, in memory."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from jackd.web import limits
from jackd.web.site import Mount, Site
from tests.web.test_site import Echo


class Wire(StringTransport):
    """A transport that knows that it was closed."""

    def __init__(self) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", "192.0.2.9", 4242))
        self.aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.loseConnection()


class Line:
    """One connection to a Site."""

    def __init__(self, site: Site | None = None, host: str = "192.0.2.9") -> None:
        self.clock = Clock()
        self.site = site or Site([Mount(["/echo"], Echo())], self.clock)
        self.protocol = self.site.buildProtocol(IPv4Address("TCP", host, 4242))
        self.wire = Wire()
        self.protocol.makeConnection(self.wire)

    def send(self, data: bytes) -> bytes:
        self.protocol.dataReceived(data)
        return self.wire.value()

    @property
    def closed(self) -> bool:
        return self.wire.disconnecting or self.wire.aborted


GOOD = b"GET /echo/hi HTTP/1.1\r\nHost: jack\r\nX-Api-Key: right\r\n\r\n"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_good_request_is_answered_and_the_line_stays_open():
    line = Line()
    assert status(line.send(GOOD)) == 200
    assert not line.closed


def test_an_answer_does_not_say_what_software_made_it():
    """S1"""
    assert b"Twisted" not in Line().send(GOOD)


def test_pipelined_requests_are_answered_in_order():
    """S18: CVE-2023-46137"""
    answer = Line().send(GOOD + GOOD.replace(b"/hi", b"/ho"))
    assert answer.index(b'"hi"') < answer.index(b'"ho"')


@pytest.mark.parametrize(
    "head",
    [
        b"GET /echo/hi HTTP/1.1\r\nX-Api-Key: right\r\n\r\n",
        b"GET /echo/hi HTTP/1.1\r\nHost: a\r\nHost: b\r\nX-Api-Key: right\r\n\r\n",
        b"GET http://elsewhere/echo/hi HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\n\r\n",
        b"GET /echo/hi?" + b"a=1&" * 200 + b" HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\n\r\n",
        b"GET /echo/" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\n\r\n",
        b"GET /echo/hi HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\n"
        + b"".join(b"A%d: 1\r\n" % i for i in range(150))
        + b"\r\n",
        b"GET /echo/hi HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\n" + b"A: 1\r\n" * 150 + b"\r\n",
        b"POST /echo/form HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /echo/form HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        b"POST /echo/form HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /echo/form HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello",
        b"GET /echo/hi HTTP/1.1\r\nHost : a\r\nX-Api-Key: right\r\n\r\n",
        b"GET /echo/hi HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\nA: \0\r\n\r\n",
        b"GET /echo/hi HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\nA: 1\r\n 2\r\n\r\n",
        b"GET /echo/hi HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\nA: 1\r\n\t\r\n\r\n",
        b"GET /echo/hi HTTP/1.1\r\n X-Api-Key: right\r\nHost: a\r\n\r\n",
        b" GET /echo/hi HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\n\r\n",
    ],
    ids=[
        "no-host",
        "two-hosts",
        "absolute",
        "arguments",
        "long",
        "headers",
        "equal-headers",
        "length+coding",
        "signed-length",
        "two-lengths",
        "hexadecimal-length",
        "blank-before-colon",
        "nul",
        "continued",
        "continued-with-nothing",
        "continued-first",
        "blank-at-the-start",
    ],
)
def test_odd_requests_get_400(head):
    """S18"""
    assert status(Line().send(head)) == 400


def test_nothing_is_read_behind_a_continued_header():
    """S18: what another program takes for a body, or for one more request."""
    line = Line()
    answer = line.send(GOOD.replace(b"\r\n\r\n", b"\r\nA: 1\r\n 2\r\n\r\n") + GOOD)
    assert answer.count(b"HTTP/1.1") == 1
    assert line.closed


def test_a_chunked_body_is_refused_and_hung_up_on():
    """S17: its length can't be judged at header time."""
    line = Line()
    head = b"POST /echo/form HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert status(line.send(head)) == 413
    assert line.closed


def test_a_huge_body_is_refused_at_its_headers_and_never_stored():
    """S17"""
    line = Line()
    answer = line.send(b"POST /echo/form HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\nContent-Length: 300000000\r\n\r\n")
    assert status(answer) == 413
    assert line.closed
    line.send(b"x" * 100_000)
    assert line.wire.value() == answer


def test_a_stranger_with_a_big_body_is_hung_up_on():
    """S17: authenticated at header time."""
    line = Line()
    head = b"POST /echo/form HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"
    assert status(line.send(head)) == 401
    assert line.closed


def test_a_dripping_header_is_cut_off():
    """F19: the deadline counts from the first line, whatever trickles in."""
    line = Line()
    line.send(b"GET /echo/hi HTTP/1.1\r\n")
    for _ in range(int(limits.HEADER_SECONDS) + 1):
        line.send(b"A: b\r\n")
        line.clock.advance(1)
    assert line.closed


def test_a_dripping_first_line_is_cut_off():
    """F19"""
    line = Line()
    for _ in range(int(limits.HEADER_SECONDS) + 1):
        line.send(b"G")
        line.clock.advance(1)
    assert line.closed


def test_a_dripping_body_is_cut_off():
    """F19"""
    line = Line()
    line.send(b"POST /echo/form HTTP/1.1\r\nHost: a\r\nX-Api-Key: right\r\nContent-Length: 500\r\n\r\n")
    for _ in range(int(limits.BODY_SECONDS) + 1):
        line.send(b"x")
        line.clock.advance(1)
    assert line.closed


def test_an_answered_request_has_no_deadline_left():
    line = Line()
    line.send(GOOD)
    line.send(GOOD)
    assert len(line.clock.getDelayedCalls()) <= 1  # keep-alive


def test_connections_are_limited_and_counted_back():
    """F19, F60"""
    site = Line().site
    lines = [site.buildProtocol(None) for _ in range(limits.MAX_CONNECTIONS - 1)]
    assert site.buildProtocol(None) is None
    lines[0].makeConnection(Wire())
    lines[0].connectionLost(Failure(ConnectionDone()))
    assert site.buildProtocol(None) is not None
