"""Which app answers under which path, and the factory that lets requests in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.web import server
from twisted.web.resource import IResource, Resource

from jackd.model.errors import JackError
from jackd.web.auth import Account
from jackd.web.limits import BODY_SECONDS, HEADER_SECONDS, KEEP_ALIVE_SECONDS, MAX_BODY, MAX_CONNECTIONS
from jackd.web.request import Head, JackRequest

__all__ = ["App", "Head", "Mount", "Site"]


class App(Protocol):
    """A feature's HTTP side."""

    def resource(self) -> IResource:
        """What Twisted asks for the answer; sees the whole path, also the part it is mounted under."""

    def admit(self, head: Head) -> Account | None:
        """Who may go on (``None``: anybody, on an open route). Raises ``Unauthorized``, ``Forbidden``, …"""

    def errors(self, request: server.Request, error: JackError) -> bytes:
        """The answer to a failed request in the app's own dialect: sets status and headers, returns the body."""


@frozen
class Mount:
    """
    An app and the path prefixes it answers for.

    :ivar paths: each a whole path segment or several: ``/peer`` is for ``/peer`` and ``/peer/x``, not ``/peers``.
    """

    paths: Sequence[str]
    app: App
    max_body: int = MAX_BODY


class Site(server.Site):
    """
    All apps on one listener. Paths that no mount has go to the last mount, which so gives the 404.

    :ivar fallback: the last mount.
    """

    def __init__(self, mounts: Sequence[Mount], reactor: IReactorTime) -> None:
        super().__init__(_Root(self), requestFactory=JackRequest, timeout=KEEP_ALIVE_SECONDS, reactor=reactor)
        self._mounts = mounts
        self.fallback = mounts[-1]
        self._clock = reactor
        self._open: set[_Connection] = set()

    def log(self, request: object) -> None:
        """Twisted's access log shows whole URIs with their keys; :class:`JackRequest` writes its own line."""

    def startFactory(self) -> None:
        """No access log file."""

    def stopFactory(self) -> None:
        """Jack stops: break off what is under way, so that no reader takes half a file for a whole one (F5)."""
        for connection in list(self._open):
            connection.abort()

    def mount_for(self, path: str) -> Mount:
        """The mount with the longest fitting prefix."""
        fitting = [(len(p), m) for m in self._mounts for p in m.paths if path == p or path.startswith(f"{p}/")]
        return max(fitting, key=lambda pair: pair[0])[1] if fitting else self.fallback

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Refuses connections beyond the limit by closing them at once."""
        if len(self._open) >= MAX_CONNECTIONS:
            return None
        protocol: Any = super().buildProtocol(addr)
        self._open.add(_Connection(protocol, self._clock, self._open.discard))
        return protocol

    def watch(self, request: JackRequest) -> IDelayedCall:
        """Drop ``request`` unless its headers are complete in time."""
        return self._clock.callLater(HEADER_SECONDS, request.drop)

    def watch_body(self, request: JackRequest) -> IDelayedCall:
        """Drop ``request`` unless its body is complete in time."""
        return self._clock.callLater(BODY_SECONDS, request.drop)


class _Root(Resource):
    """Gives every request to its mount's app, the path still whole."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site

    def getChildWithDefault(self, path: bytes, request: JackRequest) -> IResource:
        assert request.postpath is not None
        assert request.prepath is not None
        request.postpath.insert(0, path)
        request.prepath.pop()
        mount = request._mount or self._site.fallback
        return mount.app.resource()


class _Connection:
    """
    Cuts a connection off whose first request line does not come in time, and tells when the connection ends.

    Twisted's own timer starts anew with every byte, so it never fires for a sender that drips.
    """

    def __init__(self, protocol: Any, clock: IReactorTime, left: Callable[[_Connection], None]) -> None:
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
        return self._request(*args, **kwargs)

    def _lost(self, reason: object) -> None:
        self._stop()
        self._left(self)
        self._lose(reason)

    def _stop(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
