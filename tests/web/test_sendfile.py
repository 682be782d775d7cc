"""The fast path on real sockets: what a thread sends, plain or by TLS, must be what the slow path would have sent."""

from __future__ import annotations

import os
import random
import socket
import threading
import time

import pytest

from jackd.storage import pumps
from jackd.web import sendfile
from jackd.web.sending import BlockSender
from jackd.web.slots import MAX_STREAMS_PER_KEY
from tests.web.test_files import Raw, serving, until

SIZE = 3_000_000


@pytest.fixture
def root(tmp_path):
    (tmp_path / "b.mkv").write_bytes(os.urandom(SIZE))
    return tmp_path


def request(start: int, stop: int) -> bytes:
    return f"GET /files/b.mkv HTTP/1.1\r\nHost: x\r\nX-Api-Key: bob\r\nRange: bytes={start}-{stop - 1}\r\n\r\n".encode()


class Keeper(Raw):
    """Keeps all bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    def dataReceived(self, data: bytes) -> None:
        self.data += data
        self.count += len(data)


def bodies(stream: bytes, lengths: list[int]) -> list[bytes]:
    """The bodies of answers that follow each other on one connection."""
    found = []
    for length in lengths:
        head, _, rest = bytes(stream).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 206"), head[:60]
        found.append(rest[:length])
        stream = rest[length:]
    assert not stream
    return found


def test_a_connection_waits_a_moment_when_it_may_and_not_when_others_need_the_thread(root):
    """And is left as the reactor needs it: one that blocks would stop everything."""
    out, reader = socket.socketpair()
    with (root / "b.mkv").open("rb") as file, out, reader:
        out.setblocking(False)
        way = sendfile.PlainWay(None)
        assert way.wait(out, True)
        assert os.get_blocking(out.fileno())
        sent = way.move(out, file.fileno(), 0, SIZE)
        assert 0 < sent < SIZE, "the reader takes nothing: what found room was sent, and the rest not waited for"
        with pytest.raises(BlockingIOError):
            way.move(out, file.fileno(), sent, SIZE - sent)
        assert not way.wait(out, False)
        assert not os.get_blocking(out.fileno())


def test_a_wait_ends_when_others_need_the_thread(root):
    """The reader takes little, but again and again: the kernel would go on until he has all."""
    out, reader = socket.socketpair()
    sent: list[int] = []
    with (root / "b.mkv").open("rb") as file, out, reader:
        way = sendfile.PlainWay(None)
        way.wait(out, True)
        sending = threading.Thread(target=lambda: sent.append(way.move(out, file.fileno(), 0, SIZE)))
        sending.start()
        reader.recv(65536)
        way.wait(out, False)
        for _ in range(20):
            sending.join(0.02)
            if sending.is_alive():
                reader.recv(32768)
        assert not sending.is_alive()
        assert 0 < sent[0] < SIZE


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("pipelined", [False, True])
async def test_many_ranges_on_one_connection(root, pipelined, tls, monkeypatch):
    """Not one byte goes through the reactor, and the connection is as good as before afterwards."""
    monkeypatch.setattr(BlockSender, "send", None)
    data = (root / "b.mkv").read_bytes()
    rng = random.Random(4)
    ranges = [tuple(sorted(rng.sample(range(SIZE), 2))) for _ in range(30)]
    async with serving(root, fast=True, tls=tls) as served:
        client = await served.connect(Keeper())
        if pipelined:
            client.transport.write(b"".join(request(*r) for r in ranges))
        else:
            for start, stop in ranges:
                before = client.count
                client.transport.write(request(start, stop))
                await until(lambda want=before + stop - start: client.count > want)
                await until(lambda: not served.files.uploads.slots.running)
        await until(lambda: not served.files.uploads.slots.running and client.count > sum(b - a for a, b in ranges))
        client.transport.loseConnection()
        await client.lost
        assert bodies(client.data, [b - a for a, b in ranges]) == [data[a:b] for a, b in ranges]


class Hasty(Keeper):
    """Closes as soon as it has all of the file."""

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        if self.data.partition(b"\r\n\r\n")[2][5:]:
            self.transport.abortConnection()


async def test_what_a_reader_has_got_counts_though_he_closes_at_once(root, monkeypatch):
    """Before the thread that sent it has said so; subtitles would be in no history."""
    move = sendfile.PlainWay.move

    def slow(way, out, source, at, count):
        sent = move(way, out, source, at, count)
        time.sleep(0.1)
        return sent

    monkeypatch.setattr(sendfile.PlainWay, "move", slow)
    async with serving(root, fast=True) as served:
        client = await served.connect(Hasty())
        client.transport.write(request(0, 6))
        await client.lost
        await until(lambda: not served.files.uploads.slots.running)
        assert served.files.uploads.sent == 6


@pytest.mark.parametrize("tls", [False, True])
async def test_a_reader_that_takes_nothing_is_dropped(root, tls, monkeypatch):
    """F18"""
    monkeypatch.setattr(sendfile, "STALLED_SECONDS", 0.05)
    with (root / "b.mkv").open("wb") as made:
        made.truncate(64 * 2**20)
    async with serving(root, fast=True, tls=tls) as served:
        client = await served.raw("b.mkv")
        await client.first
        await until(served.clock.getDelayedCalls)
        served.clock.advance(0)
        client.transport.resumeProducing()
        await client.lost
        assert client.count < 64 * 2**20
        await until(lambda: not served.files.uploads.slots.running)


async def test_all_of_many_readers_get_on(root, monkeypatch):
    """More of them than threads, of a file that none of them gets to the end of meanwhile."""
    monkeypatch.setattr(pumps, "SHARE", 65536)
    with (root / "b.mkv").open("wb") as made:
        made.truncate(2**30)
    async with serving(root, fast=True) as served:
        clients = [await served.raw("b.mkv") for _ in range(MAX_STREAMS_PER_KEY)]
        for client in clients:
            await client.first
            client.transport.resumeProducing()
        await until(lambda: min(client.count for client in clients) > 2**20)
        assert served.files.uploads.slots.running["bob"] == len(clients)
        for client in clients:
            client.transport.loseConnection()
        await until(lambda: not served.files.uploads.slots.running)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("fault", ["shorter", "rewritten"])
async def test_a_file_that_changes_breaks_the_connection(root, fault, tls, monkeypatch):
    """F14, F32: never padded, never ended cleanly."""
    monkeypatch.setattr(sendfile, "QUANTUM", 65536)
    with (root / "b.mkv").open("wb") as made:
        made.truncate(64 * 2**20)
    async with serving(root, fast=True, tls=tls) as served:
        client = await served.raw("b.mkv")
        await client.first
        if fault == "shorter":
            os.truncate(root / "b.mkv", 1000)
        else:
            os.utime(root / "b.mkv", ns=(1, 1))
        client.transport.resumeProducing()
        await until(served.clock.getDelayedCalls)
        served.clock.advance(0)
        await client.lost
        assert client.count < 64 * 2**20
        await until(lambda: not served.files.uploads.slots.running)
