"""
The fast way to send a file: in a thread of its own, by ``sendfile(2)`` from the page cache into the socket without a
copy in Python; through TLS the same thread encrypts (:class:`~jackd.web.tls.SealedWay`). The reactor keeps HTTP,
authorisation and the notice of a reader that goes away.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IConsumer, IPullProducer
from zope.interface import implementer

from jackd.model.errors import Unavailable
from jackd.storage.threads import Workers
from jackd.web.connection import is_bare
from jackd.web.ranges import Range
from jackd.web.rate import Flow
from jackd.web.sending import STALLED_SECONDS, FileReader, ReaderStalled, Sender, TransferBroken
from jackd.web.tls import SealedWay

QUANTUM = 16 * 1024 * 1024
"""Bytes between two looks at whether the file is still the same (F32)."""


class Way(Protocol):
    """
    How a thread gets a file's bytes into a connection.

    :ivar transport: whose socket it is, to be empty before and left alone meanwhile.
    """

    transport: Any

    def hold(self, held: bool) -> None:
        """Whether a thread moves bytes, and the reactor must send none."""

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

    def move(self, out: socket.socket, source: int, at: int, count: int) -> int:
        """See :meth:`Way.move`."""
        return os.sendfile(out.fileno(), source, at, count)


def _way(transport: Any) -> Way | None:
    if is_bare(transport):
        return PlainWay(transport)
    return SealedWay(transport) if SealedWay.fits(transport) else None


class SendfileSender:
    """
    For TCP on Linux, plain or with our own TLS; anything else is left to ``fallback``.

    :param workers: threads for nothing else: each holds one for as long as its transfer takes.
    """

    def __init__(self, workers: Workers, fallback: Sender) -> None:
        self._workers = workers
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
        try:
            await self._pump(_Pump(file, part, way, flow))
        finally:
            way.hold(False)
            if transport.connected:
                way.transport.unregisterProducer()
                transport.registerProducer(channel, True)

    async def _pump(self, pump: _Pump) -> None:
        try:
            await self._workers.run(pump.run)
        except CancelledError:
            pump.stop()
            raise
        except Unavailable:
            pump.close()
            raise


async def _headers_sent(consumer: Any, transport: Any, below: Any) -> None:
    drained = _Drained()
    transport.unregisterProducer()
    below.registerProducer(drained, False)
    consumer.write(b"")
    await drained.done


class _Pump:
    """
    One transfer's thread. It has a descriptor of its own and is the only one to close it: the reactor's may be closed,
    and its number given to another connection, while the thread sends.
    """

    def __init__(self, file: FileReader, part: Range, way: Way, flow: Flow) -> None:
        self._file, self._part, self._way, self._flow = file, part, way, flow
        self._stopped = threading.Event()
        self._out = way.transport.getHandle().dup()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Blocks. Raises ``TransferBroken``, ``ReaderStalled``, ``OSError``."""
        try:
            with self._file.descriptor() as source:
                self._send(source)
        finally:
            self.close()

    def stop(self) -> None:
        """Wake the thread up, wherever it waits; from the reactor."""
        self._stopped.set()
        with self._lock, suppress(OSError):
            self._out.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._out.close()

    def _send(self, source: int) -> None:
        ready = select.poll()
        ready.register(self._out, select.POLLOUT)
        at, looked = self._part.start, self._part.start
        while at < self._part.stop:
            if at - looked >= QUANTUM:
                self._file.check()
                looked = at
            allowed = self._flow.await_turn(min(QUANTUM, self._part.stop - at), self._stopped)
            if not allowed:
                raise TransferBroken("nobody wants the file any more")
            try:
                sent = self._way.move(self._out, source, at, allowed)
            except BlockingIOError:
                if not ready.poll(STALLED_SECONDS * 1000):
                    raise ReaderStalled from None
                continue
            if not sent:
                raise TransferBroken
            at += sent
            self._flow.move(sent)
        self._file.check()


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
