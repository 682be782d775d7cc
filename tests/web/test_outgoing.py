"""jack's own client against servers that misbehave, on real sockets."""

from __future__ import annotations

import gzip

import pytest
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, ensureDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater
from twisted.web.client import Agent

from jackd.web.outgoing import CallFailed, Outgoing


class Canned(Protocol):
    """Says one thing to whoever asks, and remembers what was asked."""

    def dataReceived(self, data: bytes) -> None:
        self.factory.asked.append(data)
        self.transport.write(self.factory.answer)
        if self.factory.hang_up:
            self.transport.loseConnection()


async def ask(answer: bytes, *, hang_up: bool = True, timeout: float = 5, limit: int = 1000):
    factory = Factory.forProtocol(Canned)
    factory.answer, factory.asked, factory.hang_up = answer, [], hang_up
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
    url = f"http://127.0.0.1:{port.getHost().port}/x"
    try:
        outgoing = Outgoing(Agent(reactor), reactor)
        got = await outgoing.call("GET", url, headers={"X-Api-Key": "k"}, timeout=timeout, limit=limit)
        return got, factory.asked
    finally:
        await port.stopListening()


async def test_an_answer_is_read_whole():
    got, asked = await ask(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\n{}")
    assert (got.status, got.ok, got.json(), got.header("x-a")) == (200, True, {}, "b")
    assert b"X-Api-Key: k" in asked[0]
    assert b"Accept-Encoding: identity" in asked[0]


async def test_a_redirect_is_an_answer_and_not_followed():
    """F28: the key goes nowhere else."""
    got, asked = await ask(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    assert (got.status, got.ok, len(asked)) == (302, False, 1)


async def test_too_much_is_cut_off():
    """S19"""
    with pytest.raises(CallFailed, match="too large"):
        await ask(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)


async def test_a_body_cut_short_is_no_answer():
    """F20"""
    with pytest.raises(CallFailed):
        await ask(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nshort")


async def test_silence_ends_at_the_deadline():
    """F16"""
    with pytest.raises(CallFailed) as caught:
        await ask(b"", hang_up=False, timeout=0.2)
    assert caught.value.late


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"])
async def test_whoever_cancels_a_call_is_told_just_that(answer):
    """F47: a job that is told to stop must not take it for a peer's failure, and try again."""
    asking = ensureDeferred(ask(answer, hang_up=False))
    await deferLater(reactor, 0.05)
    asking.cancel()
    with pytest.raises(CancelledError):
        await asking


async def test_half_a_body_and_silence_ends_at_the_deadline():
    """F17"""
    with pytest.raises(CallFailed) as caught:
        await ask(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", hang_up=False, timeout=0.2)
    assert caught.value.late


async def test_nobody_there_is_said_plainly():
    outgoing = Outgoing(Agent(reactor), reactor)
    with pytest.raises(CallFailed, match="refused or lost"):
        await outgoing.call("GET", "http://127.0.0.1:1/", headers={}, timeout=5, limit=10)


async def test_an_encoded_body_is_not_inflated():
    """F27: 1 KiB must not become a gigabyte."""
    body = gzip.compress(b"[" + b" " * 100_000 + b"]")
    with pytest.raises(CallFailed, match="content coding 'gzip'"):
        await ask(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def test_html_is_quoted_on_one_line():
    """F29"""
    got, _ = await ask(b"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n<html>\r\n\x1b[2JLog in</html>")
    with pytest.raises(CallFailed, match=r"not JSON: <html> \[2JLog in</html"):
        got.json()
