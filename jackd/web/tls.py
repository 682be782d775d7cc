"""
The listener's TLS. Twisted speaks it in the reactor; a file's bytes are encrypted by the thread that sends them
(:class:`SealedWay`), and both use one :class:`SharedConnection`.
"""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IAddress, IOpenSSLServerConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer

from jackd.model.errors import JackError
from jackd.web.certificate import Certificate
from jackd.web.connection import is_bare

BLOCK = 128 * 1024
"""Bytes that are encrypted at once."""

SEALED_BLOCK = BLOCK + 64 * 1024
"""Room for a block's records, and for what the reactor has to say in between."""


class Unsealed(JackError):
    """The other end has closed the TLS connection, or broken its rules."""


class SharedConnection(SSL.Connection):
    """
    A TLS connection in memory that a thread may write to while the reactor goes on reading. OpenSSL's is for one thread
    at a time, hence the lock; and what is encrypted must reach the socket in one order, hence :meth:`hold`.
    """

    def __init__(self, context: SSL.Context) -> None:
        super().__init__(context, None)
        self._lock = threading.Lock()
        self._held = False

    def hold(self, held: bool) -> None:
        """Whether all that is to be sent is given to :meth:`seal` alone, also what the reactor brings about."""
        self._held = held

    def seal(self, data: memoryview) -> bytes:
        """For who holds it: what must be sent, so that ``data`` arrives. Raises ``Unsealed``."""
        with self._lock:
            try:
                while data:  # a record at a time, that is how pyOpenSSL sets it
                    data = data[super().send(data) :]
                return super().bio_read(SEALED_BLOCK)
            except SSL.Error:
                raise Unsealed("the reader has closed the connection") from None

    def bio_read(self, bufsiz: int) -> bytes:
        with self._lock:
            if self._held:
                raise SSL.WantReadError
            return super().bio_read(bufsiz)

    def bio_write(self, buf: Any) -> int:
        with self._lock:
            return super().bio_write(buf)

    def bio_shutdown(self) -> None:
        with self._lock:
            super().bio_shutdown()

    def send(self, buf: Any, flags: int = 0) -> int:
        with self._lock:
            return super().send(buf, flags)

    def recv(self, bufsiz: int, flags: int | None = None) -> bytes:
        with self._lock:
            return super().recv(bufsiz, flags)

    def do_handshake(self) -> None:
        with self._lock:
            super().do_handshake()

    def shutdown(self) -> bool:
        with self._lock:
            return super().shutdown()


@implementer(IOpenSSLServerConnectionCreator)
class Identity:
    """
    Who jack is to those who connect.

    :ivar certificate: in force for connections from now on; those that are there go on with theirs.
    """

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """See the interface."""
        return SharedConnection(self.certificate.context)


class TlsFactory(TLSMemoryBIOFactory):
    """A site behind TLS. Does not gather small writes, as Twisted's own would: what is written is on its way."""

    protocol = TLSMemoryBIOProtocol

    def __init__(self, identity: Identity, site: Any, clock: Any) -> None:
        super().__init__(identity, False, site, clock)

    def buildProtocol(self, addr: IAddress | None) -> TLSMemoryBIOProtocol | None:  # type: ignore[override]
        """A site that refuses a connection gives no protocol."""
        protocol = self.wrappedFactory.buildProtocol(addr)
        return None if protocol is None else self.protocol(self, protocol)


class SealedWay:
    """Through TLS: a :class:`~jackd.web.sendfile.Way` that encrypts in the thread."""

    def __init__(self, transport: TLSMemoryBIOProtocol) -> None:
        self.transport: Any = transport.transport
        self._connection: SharedConnection = transport.getHandle()
        self._block = memoryview(bytearray(BLOCK))
        self._count = 0
        self._sealed = memoryview(b"")

    @staticmethod
    def fits(transport: object) -> bool:
        """Whether it can be used."""
        if not isinstance(transport, TLSMemoryBIOProtocol):
            return False
        return isinstance(transport.getHandle(), SharedConnection) and is_bare(transport.transport)

    def hold(self, held: bool) -> None:
        """See :class:`~jackd.web.sendfile.Way`."""
        self._connection.hold(held)

    def wait(self, out: socket.socket, waits: bool) -> bool:
        """There is a block to be encrypted after each call."""
        return False

    def move(self, out: socket.socket, source: int, at: int, count: int) -> int:
        """See :class:`~jackd.web.sendfile.Way`. A block counts once all of it is sent."""
        if not self._sealed:
            self._count = os.preadv(source, [self._block[:count]], at)
            if not self._count:
                return 0
            self._sealed = memoryview(self._connection.seal(self._block[: self._count]))
        self._sealed = self._sealed[out.send(self._sealed) :]
        if self._sealed:
            raise BlockingIOError
        return self._count
