"""
Connections that can be taken over: HTTP is spoken by Twisted as ever, then the body's bytes go from the socket to where
they belong without passing through the reactor.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.components import proxyForInterface
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, ResponseDone
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IAgent, IAgentEndpointFactory, IBodyProducer, IPolicyForHTTPS, IResponse
from zope.interface import implementer

from jackd.ports import Taken
from jackd.web.connection import is_bare
from jackd.web.unsealing import HandedEndpoint, HandedProtocol, Unsealing

BUFFER_BYTES = 256 * 1024
"""Received at once by the reactor. With 1 MiB the memory for it, which is new each time, costs more than it saves."""


class TakenAnswer(proxyForInterface(IResponse, "_response")):  # type: ignore[misc]
    """An answer that knows its connection."""

    def __init__(self, response: IResponse, transport: Any) -> None:
        super().__init__(response)
        self._transport: Any = transport

    def take_over(self) -> Deferred[Taken] | None:
        """
        The rest of the answer, as a socket; ``None`` when that is not to be had (a body of unknown length), the body is
        then delivered as ever. The connection itself is closed by :meth:`hang_up`.
        """
        response, transport = self._response, self._transport
        if response.length == UNKNOWN_LENGTH or not is_bare(_below(transport)):
            return None
        prefix = _Prefix()
        response.deliverBody(prefix)
        transport.pauseProducing()
        taken: Deferred[Taken] = Deferred()
        # The reactor may still have a read of this very turn to do; what it brings goes into the prefix too.
        transport.reactor.callLater(0, self._hand_over, prefix, taken)
        return taken

    def deliverBody(self, protocol: IProtocol) -> None:
        """See ``IResponse``. Twisted takes less at once, for its own time in Python that is too little of a film."""
        _below(self._transport).bufferSize = BUFFER_BYTES
        self._response.deliverBody(protocol)

    def hang_up(self) -> None:
        """Close the connection at once; fine at any time, of which TLS itself knows nothing."""
        _below(self._transport).abortConnection()

    def _hand_over(self, prefix: _Prefix, taken: Deferred[Taken]) -> None:
        if taken.called:
            return
        if prefix.ended is not None:
            whole = prefix.ended.check(ResponseDone)
            taken.callback(Taken(prefix=bytes(prefix.data), connection=None)) if whole else taken.errback(prefix.ended)
            return
        try:
            connection, unsealing = _handed(self._transport)
        except OSError:
            taken.errback()  # no descriptors are left
        else:
            taken.callback(Taken(prefix=bytes(prefix.data), connection=connection, unsealing=unsealing))


def _below(transport: Any) -> Any:
    """What is beneath TLS, if that is what it is."""
    return transport.transport if isinstance(transport, HandedProtocol) else transport


def _handed(transport: Any) -> tuple[socket.socket, Unsealing | None]:
    if isinstance(transport, HandedProtocol):
        return transport.hand_over()
    return transport.getHandle().dup(), None


class _Prefix(Protocol):
    """Takes what comes before the connection changes hands."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.ended: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended = reason


@implementer(IAgent)
class TakeoverAgent:
    """An agent that makes a new connection for each request, and gives :class:`TakenAnswer`."""

    def __init__(self, reactor: Any, connect_timeout: float, trust: IPolicyForHTTPS) -> None:
        self._reactor = reactor
        self._timeout = connect_timeout
        self._trust = trust

    def request(
        self, method: bytes, uri: bytes, headers: Headers | None = None, bodyProducer: IBodyProducer | None = None
    ) -> Deferred[IResponse]:
        dialler = _Dialler(self._reactor, self._timeout, self._trust)
        agent = Agent.usingEndpointFactory(self._reactor, dialler)
        answered: Deferred[IResponse] = agent.request(method, uri, headers, bodyProducer)
        return answered.addCallback(lambda response: TakenAnswer(response, dialler.transport))


@implementer(IAgentEndpointFactory)
class _Dialler:
    """Remembers the transport of the one connection that is made for it."""

    def __init__(self, reactor: Any, timeout: float, trust: IPolicyForHTTPS) -> None:
        self._reactor = reactor
        self._timeout = timeout
        self._trust = trust
        self.transport: Any = None

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        endpoint: Any = HostnameEndpoint(self._reactor, uri.host, uri.port, timeout=self._timeout)
        if uri.scheme == b"https":
            endpoint = HandedEndpoint(self._trust.creatorForNetloc(uri.host, uri.port), endpoint)
        return _Watched(endpoint, self)


@implementer(IStreamClientEndpoint)
class _Watched:
    def __init__(self, endpoint: IStreamClientEndpoint, dialler: _Dialler) -> None:
        self._endpoint = endpoint
        self._dialler = dialler

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        return self._endpoint.connect(protocolFactory).addCallback(self._remember)

    def _remember(self, protocol: Any) -> Any:
        self._dialler.transport = protocol.transport
        return protocol
