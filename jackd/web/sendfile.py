"""
The fast way to send a file: in threads of their own, by ``sendfile(2)`` from the page cache into the socket without a
copy in Python; through TLS the same threads encrypt (:class:`~jackd.web.tls.SealedWay`). The reactor keeps HTTP,
authorisation and the notice of a reader that goes away.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import sys
import termios
from contextlib import ExitStack, suppress
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IConsumer, IPullProducer
from zope.interface import implementer

from jackd.storage.pump import LONG_SECONDS, Stalled
from jackd.storage.pumps import Pumps
from jackd.web.connection import is_bare
from jackd.web.ranges import Range
from jackd.web.rate import Flow
from jackd.web.sending import STALLED_SECONDS, FileReader, ReaderStalled, Sender, TransferBroken
from jackd.web.tls import SealedWay

QUANTUM = 64 * 1024 * 1024
"""Bytes between two looks at whether the file is still the same (F32)."""


_A_MOMENT = struct.pack("@ll", 0, int(LONG_SECONDS * 1_000_000))
"""A ``struct timeval``."""


class Way(Protocol):
    """
    How a thread gets a file's bytes into a connection.

    :ivar transport: whose socket it is, to be empty before and left alone meanwhile.
    """

    transport: Any

    def hold(self, held: bool) -> None:
        """Whether a thread moves bytes, and the reactor must send none."""

    def wait(self, out: socket.socket, waits: bool) -> bool:
        """Whether :meth:`move` may wait a moment for the connection to take more. Returns whether it will."""

    def move(self, out: socket.socket, source: int, at: int, count: int) -> int:
        """
        Up to ``count`` bytes from the offset ``at`` of the file ``source``; how many, 0 at its end. Called again with
        the same ``at`` after ``BlockingIOError``, which is raised when the connection takes no more just now.
        """


class PlainWay:
    """Without TLS: all is the kernel's work."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport

    def hold(self, held: bool) -> None:
        """Nobody else sends anything in between."""

    def wait(self, out: socket.socket, waits: bool) -> bool:
        """In the kernel, which then does many a turn in one. Meanwhile the reactor sends nothing that could wait."""
        if waits:
            out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _A_MOMENT)
        os.set_blocking(out.fileno(), waits)
        return waits

    def move(self, out: socket.socket, source: int, at: int, count: int) -> int:
        """See :meth:`Way.move`."""
        return os.sendfile(out.fileno(), source, at, count)


def _way(transport: Any) -> Way | None:
    if is_bare(transport):
        return PlainWay(transport)
    return SealedWay(transport) if SealedWay.fits(transport) else None


class SendfileSender:
    """For TCP on Linux, plain or with our own TLS; anything else is left to ``fallback``."""

    def __init__(self, pumps: Pumps, fallback: Sender) -> None:
        self._pumps = pumps
        self._fallback = fallback

    async def send(self, file: FileReader, part: Range, consumer: IConsumer, flow: Flow) -> None:
        """See :meth:`~jackd.web.sending.Sender.send`."""
        channel: Any = getattr(consumer, "channel", None)
        transport: Any = getattr(channel, "transport", None)
        way = _way(transport)
        if way is None:
            await self._fallback.send(file, part, consumer, flow)
            return
        await _headers_sent(consumer, transport, way.transport)
        way.hold(True)
        pump = _FilePump(file, part, way, flow)
        try:
            await self._pumps.run(pump, STALLED_SECONDS)
        except Stalled:
            raise ReaderStalled from None
        except CancelledError:
            await pump.closed  # a thread may be in the turn by which the reader has all
            raise
        finally:
            way.hold(False)
            if transport.connected:
                way.transport.unregisterProducer()
                transport.registerProducer(channel, True)


async def _headers_sent(consumer: Any, transport: Any, below: Any) -> None:
    drained = _Drained()
    transport.unregisterProducer()
    below.registerProducer(drained, False)
    consumer.write(b"")
    await drained.done


class _FilePump:
    """
    A :class:`~jackd.storage.pump.Pump` from a file into a connection. It has a descriptor of its own and is the only
    one to close it: the reactor's may be closed, and its number given to another connection, while a thread sends.

    :ivar closed: fires in the reactor when no thread is at it any more.
    """

    def __init__(self, file: FileReader, part: Range, way: Way, flow: Flow) -> None:
        self._file, self._way, self._flow = file, way, flow
        self._at, self._stop = part.start, part.stop
        self._looked = part.start
        with ExitStack() as held:
            self._out: socket.socket = held.enter_context(way.transport.getHandle().dup())
            self._source = held.enter_context(file.descriptor())
            self._held = held.pop_all()
        self._reactor = way.transport.reactor
        self.closed: Deferred[None] = Deferred()
        self.descriptor, self.events = self._out.fileno(), select.EPOLLOUT

    def turn(self, most: int) -> float | None:
        """See :meth:`~jackd.storage.pump.Pump.turn`. Raises ``TransferBroken``, ``OSError``."""
        if self._at - self._looked >= QUANTUM:
            self._file.check()
            self._looked = self._at
        if self._at < self._stop:
            allowed, seconds = self._flow.ask(min(most, self._stop - self._at))
            if not allowed:
                return seconds
            self._send(allowed)
            if self._at < self._stop:
                return 0.0
        self._file.check()
        return None

    def _send(self, count: int) -> None:
        try:
            sent = self._way.move(self._out, self._source, self._at, count)
        except BlockingIOError:
            return
        if not sent:
            raise TransferBroken
        self._at += sent
        self._flow.move(sent)

    def alone(self, alone: bool) -> bool:
        """See :meth:`~jackd.storage.pump.Pump.alone`."""
        return self._way.wait(self._out, alone)

    def waits(self) -> int:
        """See :meth:`~jackd.storage.pump.Pump.waits`: what the connection holds until the reader has it."""
        with suppress(OSError):
            return int.from_bytes(fcntl.ioctl(self.descriptor, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
        return 0

    def close(self) -> None:
        """See :meth:`~jackd.storage.pump.Pump.close`."""
        self._held.close()
        self._reactor.callFromThread(self.closed.callback, None)


@implementer(IPullProducer)
class _Drained:
    """Learns when the transport's buffer has run empty, which is when the headers are on the wire."""

    def __init__(self) -> None:
        self.done: Deferred[None] = Deferred()
        self._asked = False

    def resumeProducing(self) -> None:
        # A pull producer is asked once when it is registered, before anything was written.
        if self._asked and not self.done.called:
            self.done.callback(None)
        self._asked = True

    def stopProducing(self) -> None:
        """The connection is lost: the handler is cancelled for it."""
