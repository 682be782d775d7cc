"""The same over real sockets: bodies that are sent piece by piece, answers that break off."""

from __future__ import annotations

from contextlib import asynccontextmanager
from random import Random

import pytest
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.web.client import Agent
from twisted.web.server import Site

from jackd.arr.client import ArrClient
from jackd.arr.registration import Registrar
from jackd.config.settings import ServerSettings
from jackd.model.errors import LibraryUnavailable
from jackd.model.secret import Secret
from jackd.model.server import ServerState
from jackd.web.outgoing import Outgoing
from tests.arr.jack import StandIn
from tests.fakes.arr import FakeRadarr
from tests.fakes.arr_providers import values


@asynccontextmanager
async def listening(factory):
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    try:
        yield f"http://127.0.0.1:{port.getHost().port}"
    finally:
        await port.stopListening()


def client(url: str) -> ArrClient:
    server = ServerSettings(name="Radarr", type="radarr", url=url, api_key=Secret("arr-key"))
    return ArrClient(Outgoing(Agent(reactor), reactor), server, 10.0)


async def test_registration():
    arr, jack = FakeRadarr(Agent(reactor)), StandIn(password="sesame")
    async with listening(arr.site()) as arr_url, listening(Site(jack.resource())) as jack_url:
        made = client(arr_url)
        state = ServerState(id=made.server.id, name="Radarr", type="radarr", url=arr_url, source=True, destination=True)
        registrar = Registrar(
            client=made,
            state=state,
            base_url=jack_url,
            credential=Secret("sesame"),
            webhook=f"{jack_url}/webhook/{made.server.id}?token=t",
            clock=reactor,
            rng=Random(1),
        )
        assert await registrar.register()
        assert not await registrar.register()
    assert values(arr.indexers.named("Jack"))["baseUrl"] == f"{jack_url}/torznab"
    assert arr.indexers.named("Jack")["downloadClientId"] == 1


class Broken(Protocol):
    """Says how much comes, and sends less."""

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"appName": "Radarr"}')
        self.transport.loseConnection()


async def test_an_answer_that_breaks_off_is_a_typed_error():
    """F38"""
    async with listening(Factory.forProtocol(Broken)) as url:
        with pytest.raises(LibraryUnavailable, match="Radarr can't be reached: the answer broke off"):
            await client(url).status()
