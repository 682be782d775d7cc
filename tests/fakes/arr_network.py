"""How the fake *arrs call others, and a network in memory for all of them and jack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import treq
from attrs import define, field, frozen
from treq.testing import RequestTraversalAgent
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer
from twisted.web.resource import IResource
from zope.interface import implementer


@implementer(IBodyProducer)
class Whole:
    """A request's body, sent at once."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.length = len(body)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        consumer.write(self.body)
        return succeed(None)

    def stopProducing(self) -> None: ...
    def pauseProducing(self) -> None: ...
    def resumeProducing(self) -> None: ...


@implementer(IAgent)
class Network:
    """
    Hosts in memory, by ``host:port``; connections to any other are refused.

    :ivar seen: every request that was made, as ``GET http://host:port/path?query``.
    """

    def __init__(self) -> None:
        self._hosts: dict[str, Any] = {}
        self.seen: list[str] = []

    def serve(self, netloc: str, resource: IResource) -> None:
        """Put a resource behind a plain Twisted site."""
        self._hosts[netloc] = RequestTraversalAgent(resource)

    def attach(self, netloc: str, agent: Any) -> None:
        """Put an in-memory agent there, as :attr:`tests.support.Web.agent`."""
        self._hosts[netloc] = agent

    def remove(self, netloc: str) -> None:
        """The host goes down."""
        self._hosts.pop(netloc, None)

    def flush(self) -> None:
        """Move what was written since, for answers that had to wait for something."""
        for agent in self._hosts.values():
            agent.flush()

    def forget(self) -> None:
        """Count requests from now on."""
        self.seen.clear()

    def count(self, method: str) -> int:
        """How many requests of that method were made."""
        return sum(line.startswith(f"{method} ") for line in self.seen)

    def request(self, method: bytes, uri: bytes, headers: Any = None, bodyProducer: Any = None) -> Deferred[Any]:
        self.seen.append(f"{method.decode()} {uri.decode()}")
        agent = self._hosts.get(urlsplit(uri.decode()).netloc)
        if agent is None:
            return fail(ConnectionRefusedError())
        if bodyProducer is not None and not isinstance(bodyProducer, Whole):
            # FileBodyProducer would want a running reactor.
            bodyProducer = Whole(bodyProducer._inputFile.read())
        return agent.request(method, uri, headers, bodyProducer)


@frozen(kw_only=True)
class Reply:
    """An answer, read."""

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def header(self, name: str) -> str | None:
        found = self.headers.getRawHeaders(name)
        return found[0] if found else None


@define
class Caller:
    """Sends exactly what it is told; follows nothing, unpacks nothing."""

    agent: Any
    sent: list[tuple[str, str, dict[str, str], bytes]] = field(factory=list)

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        self.sent.append((method, url, dict(headers), body or b""))
        producer = None if body is None else Whole(body)
        raw = Headers({name: [value] for name, value in headers.items()})
        response = await self.agent.request(method.encode(), url.encode("ascii"), raw, producer)
        return Reply(status=response.code, headers=response.headers, body=await treq.content(response))
