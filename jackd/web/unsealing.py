"""
Our end of a TLS connection that is taken over. Twisted speaks TLS as ever, in the reactor, until an answer's body
comes; from then on the thread that writes the file decrypts what belongs into it.
"""

from __future__ import annotations

import errno
import socket
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

SEALED_BYTES = 128 * 1024
"""Taken from the connection at once."""

RECORD_BYTES = 16 * 1024
"""OpenSSL gives one record at a time, which never has more."""

LIGHT, BURDEN = 1024 * 1024, 64
"""
Bytes through TLS, at the most: so many, and so many for each one that is given. There are records that say nothing, and
no end of them, and each costs time. A record of one byte has 23.
"""


class HandedProtocol(TLSMemoryBIOProtocol):
    """Twisted's TLS until :meth:`hand_over`. Then it leaves OpenSSL's connection, which is for one thread, alone."""

    handed = False

    def hand_over(self) -> tuple[socket.socket, Unsealing]:
        """
        The socket, as one of our own, and what comes from it in clear. Nothing must be read or written here any more.
        Raises ``OSError``.
        """
        connection = self.transport.getHandle().dup()  # type: ignore[union-attr]
        self.handed = True
        tls = self.getHandle()
        if hasattr(tls, "set_options"):  # an older pyOpenSSL has none; certificates are the reactor's business
            tls.set_options(SSL.OP_NO_RENEGOTIATION)
        return connection, Unsealing(tls, connection)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See ``IProtocol``. Twisted would take what has come and was not decrypted yet."""
        if self.handed:
            self.connected = False
            ProtocolWrapper.connectionLost(self, reason)
        else:
            super().connectionLost(reason)


class _Handing(TLSMemoryBIOFactory):
    protocol = HandedProtocol


@implementer(IStreamClientEndpoint)
class HandedEndpoint:
    """TLS upon another endpoint, as ``wrapClientTLS`` makes it, but by :class:`HandedProtocol`."""

    def __init__(self, creator: Any, endpoint: Any) -> None:
        self._creator, self._endpoint = creator, endpoint

    def connect(self, protocolFactory: IProtocolFactory) -> Any:
        """See the interface."""
        connecting = self._endpoint.connect(_Handing(self._creator, True, protocolFactory))
        return connecting.addCallback(_wrapped)


def _wrapped(protocol: HandedProtocol) -> IProtocol | None:
    return protocol.wrappedProtocol


class Unsealing:
    """
    Implements :class:`jackd.ports.Unsealing`.

    :ivar pending: whether there may be more without another byte from the connection.
    """

    def __init__(self, tls: SSL.Connection, connection: socket.socket) -> None:
        self.pending = True
        self._tls = tls
        self._connection = connection
        self._sealed = memoryview(bytearray(SEALED_BYTES))
        self._ended = False
        self._error: OSError | None = None
        self._came = self._given = self._left = 0

    def recv_into(self, buffer: memoryview, most: int) -> int:
        """See the port. What comes before an error is given before it is raised."""
        if self._error is not None:
            raise self._error
        count, self._left = 0, most + SEALED_BYTES
        try:
            while count < most and (read := self._read(buffer[count:], most - count)):
                count += read
        except OSError as error:
            self._error = error
            if not count:
                raise
        self._given += count
        self.pending = count == most or self._left <= 0 or self._ended or self._error is not None
        if not count and not self._ended:
            raise BlockingIOError
        return count

    def _read(self, buffer: memoryview, most: int) -> int:
        """Of one record; 0 when no whole one is there, or none will be."""
        while not self._ended:
            try:
                return self._tls.recv_into(buffer, min(most, RECORD_BYTES))
            except SSL.WantReadError:
                self._answer()
                if not self._take():
                    return 0
            except SSL.ZeroReturnError:
                self._ended = True
            except SSL.Error:
                raise OSError(errno.EPROTO, "what came through TLS can't be decrypted") from None
        return 0

    def _take(self) -> bool:
        """What has come, whether it is enough or not; ``False`` when nothing has, or others should have their turn."""
        if self._left <= 0:
            return False
        try:
            count = self._connection.recv_into(self._sealed)
        except BlockingIOError:
            return False
        self._ended = not count
        self._left -= count
        self._came += count
        if self._came > LIGHT + BURDEN * self._given:
            raise OSError(errno.EPROTO, "next to nothing comes through TLS")
        if count:
            self._tls.bio_write(self._sealed[:count])
        return bool(count)

    def _answer(self) -> None:
        """What came may want one: TLS speaks of itself as well."""
        try:
            said = self._tls.bio_read(SEALED_BYTES)
        except SSL.WantReadError:
            return
        try:
            self._connection.sendall(said)
        except BlockingIOError:
            raise OSError(errno.ENOBUFS, "it takes no answers") from None
