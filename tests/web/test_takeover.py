"""Connections that are taken over, or left, in mid-answer."""

from __future__ import annotations

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from jackd.peer.remote import OpenedFile
from jackd.ports import RemoteFile
from jackd.web.outgoing import Outgoing, discard
from jackd.web.takeover import BUFFER_BYTES, TakenAnswer, TakeoverAgent
from jackd.web.unsealing import HandedProtocol
from tests.certificates import Trusting, self_signed
from tests.peer.support import ALICE, client
from tests.support import MATRIX

SIZE = 50_000_000


class Deaf(Protocol):
    """Sends on and on, and does not care for being asked to close."""

    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: "a"\r\n\r\n' % SIZE)
        transport.write(bytes(SIZE // 10))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.lost.callback(None)  # type: ignore[union-attr]


class Brief(Protocol):
    """Sends a little, and closes."""

    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nbytes")
        transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.lost.callback(None)  # type: ignore[union-attr]


class Paused(Protocol):
    """Reads nothing of the body, as under a limit."""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.pauseProducing()


class Whole(Protocol):
    """Takes all of it."""

    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended.callback(None)


@asynccontextmanager
async def opened(tmp_path: Path, kind: type[Protocol]) -> AsyncIterator[tuple[RemoteFile, Deferred[None]]]:
    """An answer through TLS; and what fires when the server's connection is lost."""
    chain, key = self_signed(tmp_path)
    factory: Any = Factory.forProtocol(kind)
    factory.lost = Deferred()
    context = DefaultOpenSSLContextFactory(str(key), str(chain))
    port = reactor.listenSSL(0, factory, context, interface="127.0.0.1")
    alice = evolve(ALICE, url=f"https://localhost:{port.getHost().port}")
    outgoing = Outgoing(TakeoverAgent(reactor, 5, Trusting()), reactor)
    try:
        yield await client(outgoing, reactor, alice).open(MATRIX.id), factory.lost
    finally:
        await port.stopListening()
        await deferLater(reactor, 0)


@pytest.mark.parametrize("delivered", [True, False])
async def test_an_answer_through_tls_that_nobody_wants_any_more_ends_at_once(tmp_path, delivered):
    """It would go on coming, beside every limit, and take the friend's slot: of TLS only the wish to end is heard."""
    async with opened(tmp_path, Deaf) as (remote, lost):
        if delivered:
            remote.deliver(Paused())
        remote.abort()
        await lost.addTimeout(10, reactor)


async def test_what_has_come_through_tls_is_not_lost_with_the_connection(tmp_path):
    """Twisted would decrypt it, for nobody, while a thread does."""
    async with opened(tmp_path, Deaf) as (remote, _):
        taken = await remote.take_over()
        wait = select.poll()
        wait.register(taken.connection, select.POLLIN)
        assert wait.poll(10_000)
        buffer = memoryview(bytearray(3))
        first = taken.unsealing.recv_into(buffer, 3)  # the rest of its record stays where it is
        assert first == 3
        remote._known._transport.connectionLost(Failure(connectionDone.value))
        assert taken.unsealing.recv_into(buffer, 3) == 3
        taken.connection.close()
        remote.abort()


async def test_a_taken_connection_is_not_negotiated_anew(tmp_path):
    """With another certificate, which a thread would have to look at."""
    async with opened(tmp_path, Deaf) as (remote, _):
        taken = await remote.take_over()
        assert remote._known._transport.getHandle().set_options(0) & SSL.OP_NO_RENEGOTIATION
        taken.connection.close()
        remote.abort()


async def test_a_line_that_has_ended_can_be_cut(tmp_path):
    """As every transfer does that has come to its end."""
    async with opened(tmp_path, Brief) as (remote, lost):
        receiver = Whole()
        remote.deliver(receiver)
        await receiver.ended.addTimeout(10, reactor)
        await lost.addTimeout(10, reactor)
        await deferLater(reactor, 0.05)
        remote.abort()


def test_without_a_descriptor_left_taking_over_fails_instead_of_hanging():
    def dup() -> None:
        raise OSError(24, "Too many open files")

    later: list[tuple[Any, ...]] = []
    clock = SimpleNamespace(callLater=lambda _, *call: later.append(call))
    transport = SimpleNamespace(reactor=clock, pauseProducing=lambda: None, getHandle=lambda: SimpleNamespace(dup=dup))
    answer = TakenAnswer(SimpleNamespace(length=5, deliverBody=lambda _: None), transport)
    failed: list[Failure] = []
    taken: Deferred[Any] = Deferred()
    taken.addErrback(failed.append)
    answer._hand_over(SimpleNamespace(ended=None, data=b""), taken)
    assert failed[0].check(OSError)


@pytest.mark.parametrize("tls", [True, False])
def test_what_is_delivered_comes_in_large_pieces(tls):
    line = Line()
    transport: Any = line
    if tls:
        transport = HandedProtocol(None, None)
        transport.transport = line
    delivered: list[Any] = []
    answer = TakenAnswer(SimpleNamespace(deliverBody=delivered.append), transport)
    answer.deliverBody(Whole)
    assert (line.bufferSize, delivered) == (BUFFER_BYTES, [Whole])


class Line:
    """A transport that knows only whether it was cut, and how much it takes at once."""

    def __init__(self) -> None:
        self.cut = 0
        self.bufferSize = 65536

    def abortConnection(self) -> None:
        self.cut += 1

    def loseConnection(self) -> None:
        """Which a server need not heed."""


def test_whoever_gives_up_a_file_cuts_the_line():
    """nginx does not heed the end that TLS announces."""
    line, receiver = Line(), SimpleNamespace(transport=Line())
    answer = TakenAnswer(SimpleNamespace(length=5, deliverBody=lambda _: None), line)
    remote = OpenedFile(answer, size=5, start=0, etag=None)
    remote.deliver(receiver)
    remote.abort()
    assert line.cut == 1


def test_an_answer_that_is_not_wanted_cuts_the_line():
    line = Line()
    discard(TakenAnswer(SimpleNamespace(length=5, deliverBody=lambda _: None), line))
    assert line.cut == 1
