"""Two real ends on real sockets: what only a connection can show."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from attrs import define, evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.web.client import Agent, ResponseDone
from twisted.web.server import Site as PlainSite

from jackd.peer.client import PeerClient
from jackd.storage.threads import ThreadWorkers
from jackd.web.outgoing import Outgoing
from jackd.web.sending import FileReader
from jackd.web.site import Mount, Site
from tests.fakes.original import MATRIX_RELEASE, OriginalJack
from tests.peer.support import ALICE, Shelf, app, client
from tests.support import MATRIX


class Received(Protocol):
    """Keeps what comes; ``some`` fires at the first bytes, and then pauses if told to."""

    transport: Any

    def __init__(self, *, pause: bool = False) -> None:
        self.data = bytearray()
        self.pause = pause
        self.some: Deferred[None] = Deferred()
        self.done: Deferred[Any] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        if not self.some.called:
            if self.pause:
                self.transport.pauseProducing()
            self.some.callback(None)

    def connectionLost(self, reason: Any = None) -> None:
        self.done.callback(reason.check(ResponseDone) is not None)


@define
class Pair:
    client: PeerClient
    app: Any


@asynccontextmanager
async def pair(root: Path) -> AsyncIterator[Pair]:
    disk = ThreadWorkers(reactor, "test-disk", 4)
    disk.startService()
    served = app(Shelf([MATRIX], root), reactor, disk)
    port = reactor.listenTCP(0, Site([Mount(["/handshake", "/peer"], served)], reactor), interface="127.0.0.1")
    alice = evolve(ALICE, url=f"http://127.0.0.1:{port.getHost().port}")
    try:
        yield Pair(client(Outgoing(Agent(reactor), reactor), reactor, alice), served)
        await until(lambda: not served.files.uploads.slots.running)
    finally:
        await port.stopListening()
        await disk.stopService()


async def until(condition: Any) -> None:
    """Reactor turns until it holds; a bound only so that a broken test ends."""
    for _ in range(2000):
        if condition():
            return
        await deferLater(reactor, 0.005)
    raise AssertionError("it never came to that")


async def test_a_file_goes_over_whole_and_is_continued(tmp_path):
    data = os.urandom(3_000_000)
    (tmp_path / MATRIX.filename).write_bytes(data)
    async with pair(tmp_path) as both:
        first = await both.client.open(MATRIX.id)
        whole, rest = Received(), Received()
        first.deliver(whole)
        assert await whole.done
        assert bytes(whole.data) == data
        second = await both.client.open(MATRIX.id, start=1_000_001, etag=first.etag)
        second.deliver(rest)
        assert await rest.done
        assert bytes(rest.data) == data[1_000_001:]


async def test_pausing_the_receiver_stops_the_friends_disk(tmp_path, monkeypatch):
    """Backpressure from one end to the other: only the kernel's buffers and a few blocks lie in between."""
    size = 512 * 2**20
    with (tmp_path / MATRIX.filename).open("wb") as made:
        made.truncate(size)
    read: list[int] = []
    real = FileReader.read

    def counted(self: FileReader, start: int, length: int) -> bytes:
        read.append(length)
        return real(self, start, length)

    monkeypatch.setattr(FileReader, "read", counted)
    async with pair(tmp_path) as both:
        remote = await both.client.open(MATRIX.id)
        receiver = Received(pause=True)
        remote.deliver(receiver)
        await receiver.some
        held = -1
        while held != len(read):  # until nothing moves any more
            held = len(read)
            await deferLater(reactor, 0.1)
        assert sum(read) < 32 * 2**20
        remote.abort()
        assert not await receiver.done


async def test_an_answer_that_nobody_wants_ends_at_the_friend(tmp_path):
    with (tmp_path / MATRIX.filename).open("wb") as made:
        made.truncate(64 * 2**20)
    async with pair(tmp_path) as both:
        for _ in range(5):
            remote = await both.client.open(MATRIX.id)
            remote.abort()
        await until(lambda: not both.app.files.uploads.slots.running)


async def test_a_friend_who_breaks_off_is_noticed(tmp_path):
    """F14, F20"""
    path = tmp_path / MATRIX.filename
    with path.open("wb") as made:
        made.truncate(64 * 2**20)
    async with pair(tmp_path) as both:
        remote = await both.client.open(MATRIX.id)
        receiver = Received(pause=True)
        remote.deliver(receiver)
        await receiver.some
        os.truncate(path, 1000)
        receiver.transport.resumeProducing()
        assert not await receiver.done
        assert len(receiver.data) < 64 * 2**20


async def test_an_original_friend_on_a_real_socket():
    data = os.urandom(1_000_000)
    served = OriginalJack([MATRIX_RELEASE], files={MATRIX_RELEASE["id"]: data})
    port = reactor.listenTCP(0, PlainSite(served.resource()), interface="127.0.0.1")
    alice = evolve(ALICE, url=f"http://127.0.0.1:{port.getHost().port}")
    bob = client(Outgoing(Agent(reactor), reactor), reactor, alice)
    try:
        assert (await bob.handshake()).version == "0.1.0"
        assert (await bob.item(MATRIX_RELEASE["id"])).title == MATRIX.title
        remote = await bob.open(MATRIX_RELEASE["id"], start=600_000)
        receiver = Received()
        remote.deliver(receiver)
        assert await receiver.done
        assert (remote.start, bytes(receiver.data)) == (600_000, data[600_000:])
    finally:
        await port.stopListening()
