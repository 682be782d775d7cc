"""The fast path of receiving, on real sockets, plain and through TLS: HTTP by Twisted, the bytes by threads."""

from __future__ import annotations

import gc
import os
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import DefaultOpenSSLContextFactory
from twisted.internet.task import deferLater

from jackd.model.errors import PeerError
from jackd.model.peer import Peer
from jackd.model.secret import Secret
from jackd.peer.client import PeerClient
from jackd.storage.pumps import Pumps
from jackd.storage.threads import InlineWorkers, ThreadWorkers
from jackd.transfer import body
from jackd.transfer.cached import Piped
from jackd.transfer.checkpoint import AT_ONCE_BYTES
from jackd.transfer.direct import Memory
from jackd.transfer.disk import Disk, DiskTrouble
from jackd.transfer.part import Part
from jackd.transfer.sink import Stopped
from jackd.transfer.splice import SpliceSink
from jackd.web.certificate import load_certificate
from jackd.web.outgoing import Outgoing
from jackd.web.takeover import TakeoverAgent
from jackd.web.trust import Trust
from jackd.web.unsealing import Unsealing
from tests.certificates import self_signed

DATA = os.urandom(3_000_000)

pytestmark = pytest.mark.usefixtures("line")


class Line:
    """How everybody is connected just now."""

    tls = False


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def line(request, monkeypatch):
    monkeypatch.setattr(Line, "tls", request.param)


class Friend(Protocol):
    """Sends ``factory.data`` under a head that announces ``factory.announced`` bytes; then does ``factory.then``."""

    def dataReceived(self, data: bytes) -> None:
        f = self.factory
        f.connections.append(self)
        length = "" if f.announced is None else f"Content-Length: {f.announced}\r\n"
        self.transport.write(f'HTTP/1.1 200 OK\r\n{length}ETag: "a"\r\n\r\n'.encode() + f.data)
        if f.hang_up:
            self.transport.loseConnection()


class Portable:
    """Stands in for the slow way; a test that needs the fast one fails when it is used."""

    def __init__(self) -> None:
        self.used = False

    async def receive(self, remote, part, *, offset, size, account) -> None:
        self.used = True
        remote.abort()

    def stop(self) -> None: ...

    def shorten(self, stop: int) -> int:
        return stop


class Receiving:
    def __init__(self, tmp_path, friend, url, trust, pumps) -> None:
        self.friend = friend
        self.portable = Portable()
        self.offsets = []
        self.most = AT_ONCE_BYTES
        self.path = tmp_path / "part"
        peer = Peer(name="Alice", url=url, key=Secret("k"))
        streams = Outgoing(TakeoverAgent(reactor, 5, trust), reactor)
        self.client = PeerClient(outgoing=streams, peer=peer, workers=InlineWorkers(), clock=reactor)
        self.sink = SpliceSink(
            pumps=Pumps(pumps, reactor),
            disk=Disk(InlineWorkers()),
            memory=Memory(),
            portable=self.portable,
            idle_timeout=0.3,
        )
        folder = os.open(tmp_path, os.O_RDONLY)
        self.part = Part.open(folder, 0)
        os.close(folder)

    async def written(self, offset: int) -> None:
        self.offsets.append(offset)

    def room(self) -> int:
        return self.most

    async def receive(self, size: int = len(DATA)) -> bytes:
        remote = await self.client.open("x:movie:1", announced=size)
        await self.sink.receive(remote, self.part, offset=0, size=remote.size, account=self)
        return self.path.read_bytes()


def listening(tmp_path, friend):
    """A port, its URL, and whom to trust there."""
    if not Line.tls:
        port = reactor.listenTCP(0, friend, interface="127.0.0.1")
        return port, f"http://127.0.0.1:{port.getHost().port}", Trust()
    chain, key = self_signed(tmp_path / "tls")
    context = DefaultOpenSSLContextFactory(str(key), str(chain))
    port = reactor.listenSSL(0, friend, context, interface="127.0.0.1")
    number = port.getHost().port
    return port, f"https://localhost:{number}", Trust({("localhost", number): load_certificate(chain, key).pin})


@asynccontextmanager
async def receiving(tmp_path, data=DATA, *, announced: int | None = len(DATA), hang_up=False):
    friend = Factory.forProtocol(Friend)
    friend.data, friend.announced, friend.hang_up, friend.connections = data, announced, hang_up, []
    port, url, trust = listening(tmp_path, friend)
    pumps = ThreadWorkers(reactor, "test-pumps", 2)
    pumps.startService()
    receiving = Receiving(tmp_path, friend, url, trust, pumps)
    try:
        yield receiving
    finally:
        for connection in friend.connections:
            if connection.transport.connected:
                connection.transport.abortConnection()
        await port.stopListening()
        await pumps.stopService()
        receiving.part.close()
        await deferLater(reactor, 0)


def fds() -> set[tuple[str, str]]:
    """Which are open, and on what: a pipe or socket never has the name of another one."""
    return {(fd.name, str(fd.readlink())) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink()}


@pytest.mark.parametrize("size", [1, 100, 70_000, len(DATA)])
async def test_every_byte_arrives_whatever_was_read_before_the_connection_changed_hands(tmp_path, size):
    async with receiving(tmp_path, DATA[:size], announced=size) as r:
        assert await r.receive() == DATA[:size]
        assert r.offsets[-1] == size
        assert not r.portable.used


async def test_what_comes_late_is_waited_for(tmp_path):
    async with receiving(tmp_path, DATA[:1000]) as r:
        reactor.callLater(0.1, lambda: r.friend.connections[0].transport.write(DATA[1000:]))
        assert await r.receive() == DATA


async def test_a_body_cut_short_is_an_error_and_what_came_is_kept(tmp_path):
    """F20"""
    async with receiving(tmp_path, DATA[:200_000], hang_up=True) as r:
        with pytest.raises(PeerError, match="lost") as caught:
            await r.receive()
        assert caught.value.temporary
        assert r.path.read_bytes() == DATA[:200_000]
        assert r.offsets[-1] == 200_000


async def test_more_than_was_announced_is_not_taken(tmp_path):
    """F21, F24"""
    async with receiving(tmp_path, DATA, announced=200_000) as r:
        assert await r.receive() == DATA[:200_000]


async def test_silence_ends_it(tmp_path):
    """F17; F56: as it is with a connection that died while the machine slept."""
    async with receiving(tmp_path, DATA[:200_000]) as r:
        with pytest.raises(PeerError, match="no byte came"):
            await r.receive()
        assert r.offsets[-1] == 200_000


async def test_silence_that_is_full_of_tls_ends_it_too(tmp_path, monkeypatch):
    """F17: there is always something to decrypt, and never a byte of the body in it."""

    def nothing(*_: object) -> int:
        raise BlockingIOError

    if not Line.tls:
        monkeypatch.setattr(Piped, "take", nothing)
    monkeypatch.setattr(Unsealing, "recv_into", nothing)
    async with receiving(tmp_path, DATA[:200_000]) as r:
        with pytest.raises(PeerError, match="no byte came"):
            await r.receive()


async def test_it_stops_when_told(tmp_path):
    """F47: when it has stopped nothing is written any more."""
    async with receiving(tmp_path, DATA[:200_000]) as r:

        def stop_then() -> None:
            if r.path.stat().st_size < 200_000:
                reactor.callLater(0.01, stop_then)
            else:
                r.sink.stop()

        stop_then()
        with pytest.raises(Stopped):
            await r.receive()
        assert r.offsets[-1] == 200_000


async def test_it_goes_no_further_when_it_is_shortened(tmp_path, monkeypatch):
    """Another lane writes what follows; the connection is given up. What may be under way is not taken away."""
    monkeypatch.setattr(body, "SLICE_BYTES", 100_000)
    async with receiving(tmp_path, DATA[:150_000]) as r:

        def shorten() -> None:
            assert r.sink.shorten(120_000) == 200_000
            r.friend.connections[0].transport.write(DATA[150_000:])

        reactor.callLater(0.1, shorten)
        assert await r.receive() == DATA[:200_000]
        assert r.offsets[-1] == 200_000


async def test_it_may_be_shortened_before_it_begins(tmp_path):
    async with receiving(tmp_path) as r:
        assert r.sink.shorten(1000) == 1000
        assert await r.receive() == DATA[:1000]


async def test_a_disk_that_does_not_take_it(tmp_path, monkeypatch):
    """F7"""

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    async with receiving(tmp_path) as r:
        for way in ("splice", "write"):
            monkeypatch.setattr(r.part, way, full)
        with pytest.raises(DiskTrouble, match="full"):
            await r.receive()


async def test_a_body_without_length_goes_the_portable_way(tmp_path):
    """F22"""
    async with receiving(tmp_path, announced=None) as r:
        await r.receive()
        assert r.portable.used


async def test_nothing_stays_open(tmp_path):
    """Not a descriptor, on whatever way out."""
    gc.collect()  # each receiving has pumps of its own, and they an epoll
    before = fds()
    for announced, hang_up in ((len(DATA), False), (len(DATA) + 1, True)):
        async with receiving(tmp_path, announced=announced, hang_up=hang_up) as r:
            await ensureDeferred(r.receive()).addErrback(lambda f: f.trap(PeerError))
        del r
        for _ in range(100):
            gc.collect()
            if not fds() - before:
                break
            await deferLater(reactor, 0.01)
        assert not fds() - before
