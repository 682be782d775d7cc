"""Which app answers under which path, and the factory that lets requests in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from ipaddress import ip_address
from typing import Any, Protocol

from attrs import frozen
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.web import server
from twisted.web.resource import IResource, Resource

from jackd.model.errors import JackError
from jackd.web.auth import Account
from jackd.web.connection import Channel, Connection
from jackd.web.guesses import Guesses
from jackd.web.limits import (
    BODY_SECONDS,
    HEADER_SECONDS,
    KEEP_ALIVE_SECONDS,
    MAX_BODY,
    MAX_CONNECTIONS,
    MAX_STRANGERS,
    SLOW_SECONDS,
)
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

    protocol: Any = Channel

    def __init__(self, mounts: Sequence[Mount], reactor: IReactorTime) -> None:
        super().__init__(_Root(self), requestFactory=JackRequest, timeout=KEEP_ALIVE_SECONDS, reactor=reactor)
        self._mounts = mounts
        self.fallback = mounts[-1]
        self.guesses = Guesses(reactor)
        self._clock = reactor
        self._open: set[Connection] = set()

    def log(self, request: object) -> None:
        """Twisted's access log shows whole URIs with their keys; :class:`JackRequest` writes its own line."""

    def startFactory(self) -> None:
        """No access log file."""

    def stopFactory(self) -> None:
        """Jack stops: break off what is under way, so that no reader takes half a file for a whole one (F5)."""
        for connection in list(self._open):
            connection.abort()

    def hang_up(self, accounts: Collection[Account]) -> None:
        """Break off at once what runs for any of ``accounts``: their keys open nothing any more (S3)."""
        for connection in list(self._open):
            if connection.account in accounts:
                connection.abort()

    def mount_for(self, path: str) -> Mount:
        """The mount with the longest fitting prefix."""
        fitting = [(len(p), m) for m in self._mounts for p in m.paths if path == p or path.startswith(f"{p}/")]
        return max(fitting, key=lambda pair: pair[0])[1] if fitting else self.fallback

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Refuses connections beyond the limits by closing them at once."""
        host = getattr(addr, "host", "")  # a socket file has none
        if len(self._open) >= MAX_CONNECTIONS or self._is_crowd(host):
            return None
        protocol: Any = super().buildProtocol(addr)
        self._open.add(Connection(protocol, host, self._clock, self._open.discard))
        return protocol

    def _is_crowd(self, host: str) -> bool:
        """Not of an address inside the house: that may be the proxy that everybody comes through (S6)."""
        strangers = sum(known.account is None and known.host == host for known in self._open)
        return strangers >= MAX_STRANGERS and _is_public(host)

    def watch(self, request: JackRequest) -> IDelayedCall:
        """Drop ``request`` unless its headers are complete in time."""
        return self._clock.callLater(HEADER_SECONDS, request.drop)

    def watch_body(self, request: JackRequest) -> IDelayedCall:
        """Drop ``request`` unless its body is complete in time."""
        return self._clock.callLater(BODY_SECONDS, request.drop)

    def keep_back(self, answer: Callable[[JackError], None], error: JackError) -> IDelayedCall:
        """Give ``error`` as the answer, but not at once."""
        return self._clock.callLater(SLOW_SECONDS, answer, error)


def _is_public(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return False


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
