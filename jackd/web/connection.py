"""One connection to the listener, from its first byte to its end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from twisted.internet import tcp
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.http import HTTPChannel

from jackd.web.auth import Account
from jackd.web.limits import HEADER_SECONDS


class Channel(HTTPChannel):
    """
    HTTP/1.1 without continued header lines: Twisted joins them, other programs do not, and where two programs see two
    different heads in the same bytes a request can hide (S18, RFC 9112 section 5.2).
    """

    transport: Any

    def lineReceived(self, line: bytes) -> None:
        if line[:1] in (b" ", b"\t"):
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            self.loseConnection()
            return
        super().lineReceived(line)


class Connection:
    """
    Cuts a connection off whose first request line does not come in time, and tells when the connection ends.

    Twisted's own timer starts anew with every byte, so it never fires for a sender that drips.

    :ivar host: whose it is.
    :ivar account: who was let in on it last; ``None`` as long as nobody was.
    """

    def __init__(self, protocol: Any, host: str, clock: IReactorTime, left: Callable[[Connection], None]) -> None:
        self.host = host
        self.account: Account | None = None
        self._clock, self._left = clock, left
        self._deadline: IDelayedCall | None = None
        self._transport: Any = None
        self._connect, self._lose, self._request = (
            protocol.makeConnection,
            protocol.connectionLost,
            protocol.requestFactory,
        )
        protocol.makeConnection, protocol.connectionLost = self._connected, self._lost
        protocol.requestFactory = self._first_line

    def abort(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abortConnection()

    def _connected(self, transport: Any) -> None:
        self._transport = transport
        self._deadline = self._clock.callLater(HEADER_SECONDS, transport.abortConnection)
        self._connect(transport)

    def _first_line(self, *args: Any, **kwargs: Any) -> Any:
        self._stop()
        request = self._request(*args, **kwargs)
        request.connection = self
        return request

    def _lost(self, reason: object) -> None:
        self._stop()
        self._left(self)
        self._lose(reason)

    def _stop(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()


def is_bare(transport: object) -> bool:
    """Whether the kernel alone can move bytes through it (``sendfile``, ``splice``): plain TCP, on Linux."""
    linux = sys.platform.startswith("linux")
    return linux and isinstance(transport, tcp.Connection) and not getattr(transport, "TLS", False)
