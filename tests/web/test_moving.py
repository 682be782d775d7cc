"""F56: the machine slept, or a friend has moved to another address. On real sockets, with a DNS of the test's own."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from twisted.internet.protocol import Factory, Protocol
from twisted.web.client import Agent, HTTPConnectionPool
from zope.interface import implementer

from jackd.web.outgoing import CallFailed, Outgoing
from jackd.web.takeover import TakeoverAgent
from jackd.web.trust import Trust
from tests.web.test_files import until


@implementer(IHostResolution)
class Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        pass


@implementer(IHostnameResolver)
class Names:
    """:ivar address: of every host; :ivar asked: for which, in order."""

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[str] = []

    def resolveHostName(self, receiver: Any, hostName: str, portNumber: int = 0, *_: Any, **__: Any) -> Resolution:
        self.asked.append(hostName)
        resolution = Resolution(hostName)
        receiver.resolutionBegan(resolution)
        receiver.addressResolved(IPv4Address("TCP", self.address, portNumber))
        receiver.resolutionComplete()
        return resolution


class Answering(Protocol):
    """Answers with its factory's name, until the way to it is cut: nothing ever comes back then, not even a reset."""

    def connectionMade(self) -> None:
        self.factory.open += 1

    def dataReceived(self, data: bytes) -> None:
        if not self.factory.cut:
            name = self.factory.name
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(name), name))

    def connectionLost(self, reason: Any = None) -> None:
        self.factory.open -= 1


def machine(name: bytes) -> Factory:
    factory = Factory.forProtocol(Answering)
    factory.name, factory.cut, factory.open = name, False, 0
    return factory


@pytest.fixture
def names():
    names = Names()
    before = reactor.installNameResolver(names)
    yield names
    reactor.installNameResolver(before)


@pytest.mark.parametrize("kind", ["pooled", "taken over"])
async def test_an_address_that_changes_is_asked_for_again(names, kind):
    """F56: the dead connection ends with the call that found it dead, no address outlives it."""
    old, new = machine(b"old"), machine(b"new")
    first = reactor.listenTCP(0, old, interface="127.0.0.2")
    number = first.getHost().port
    second = reactor.listenTCP(number, new, interface="127.0.0.3")
    pool = HTTPConnectionPool(reactor)
    agent = Agent(reactor, pool=pool) if kind == "pooled" else TakeoverAgent(reactor, 5, Trust())
    outgoing = Outgoing(agent, reactor)

    async def call(timeout: float = 10) -> bytes:
        url = f"http://alice.test:{number}/"
        return (await outgoing.call("GET", url, headers={}, timeout=timeout, limit=100)).body

    try:
        names.address = "127.0.0.2"
        assert [await call(), await call()] == [b"old", b"old"]
        assert len(names.asked) == (1 if kind == "pooled" else 2)
        old.cut = True
        with pytest.raises(CallFailed) as caught:
            await call(timeout=0.3)
        assert caught.value.late
        await until(lambda: old.open == 0)
        names.address = "127.0.0.3"
        assert await call() == b"new"
    finally:
        await pool.closeCachedConnections()
        await first.stopListening()
        await second.stopListening()
