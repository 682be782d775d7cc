"""F25 with real daemons: between them sits a line that changes a byte now and then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from twisted.internet.threads import deferToThread
from twisted.protocols import portforward

from jackd.model.manifest import BLOCK_BYTES
from tests.integration.conftest import MIB, World, content, finished, friend, soon, two
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator

pytestmark = pytest.mark.slow


class Line(portforward.ProxyFactory):
    """
    Passes on what comes. Of each answer with a file's bytes, the byte at the offset of the file that is next in
    ``wrong`` arrives with another bit.

    :ivar sent: bytes that came from the server.
    """

    noisy = False

    def __init__(self, port: int, wrong: list[int], *, always: bool = False) -> None:
        super().__init__("127.0.0.1", port)
        self.wrong = wrong
        self.always = always
        self.sent = 0


class Garbler(portforward.ProxyClient):
    """Reads heads of answers only as far as it must to know where the file's bytes begin."""

    def connectionMade(self) -> None:
        super().connectionMade()
        self.at: int | None = None
        self.head = b""

    def dataReceived(self, data: bytes) -> None:
        line = self.peer.factory
        line.sent += len(data)
        if self.at is None:
            data = self._behind_the_head(data)
        if self.at is not None:
            data = self._garbled(data, line)
        super().dataReceived(data)

    def _behind_the_head(self, data: bytes) -> bytes:
        head, found, body = data.partition(b"\r\n\r\n")
        lower = head.lower()
        if not found or b"application/octet-stream" not in lower:
            return data
        start = lower.partition(b"content-range: bytes ")[2].partition(b"-")[0]
        self.at = int(start or 0)
        self.peer.transport.write(head + found)
        return body

    def _garbled(self, data: bytes, line: Line) -> bytes:
        assert self.at is not None
        changed = bytearray(data)
        for offset in [w for w in line.wrong if self.at <= w < self.at + len(data)]:
            changed[offset - self.at] ^= 0x10
            if not line.always:
                line.wrong.remove(offset)
        self.at += len(data)
        return bytes(changed)


class GarblerFactory(portforward.ProxyClientFactory):
    protocol = Garbler
    noisy = False


class Entrance(portforward.ProxyServer):
    clientProtocolFactory = GarblerFactory


Line.protocol = Entrance


async def garbled(world: World, data: bytes, wrong: list[int], *, always: bool = False) -> tuple[Daemon, Daemon, Line]:
    """As :func:`two`, but Bob reaches Alice over a :class:`Line`."""
    alice, bob, _ = await two(world, data)
    line = Line(alice.port, wrong, always=always)
    url = world.serve(line)
    await deferToThread(bob.stop)
    bob.configure(peers=[{**friend(alice), "url": url}])
    await world.start(bob)
    await soon(lambda: deferToThread(lambda: bob.json("/peers")["peers"][0]["reachable"]))
    return alice, bob, line


async def grabbed(bob: Daemon) -> str:
    operator = Operator(bob)
    [link] = await soon(lambda: deferToThread(operator.links))
    return await deferToThread(operator.grab, link)


async def state(bob: Daemon, hash: str, wanted: str) -> None:
    await soon(lambda: deferToThread(lambda: Operator(bob).row(hash)["state"] == wanted))


def only(bob: Daemon) -> Path:
    [file] = finished(bob)
    return file


async def test_two_jacks_verify_by_themselves(world: World):
    _, bob, data = await two(world, content(1, 40 * MIB + 12345))
    hash = await grabbed(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert ", verified:" in bob.log


async def test_a_byte_that_changes_on_the_wire_costs_one_block(world: World):
    size = 60 * MIB + 777
    data = content(2, size)
    wrong = [0, 5 * BLOCK_BYTES, 9 * BLOCK_BYTES - 1, size - 1]
    alice, bob, line = await garbled(world, data, list(wrong))
    hash = await grabbed(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert line.wrong == []
    assert bob.log.count("are not those of the manifest; fetched again") == 4
    assert ", verified:" in bob.log
    again = 3 * BLOCK_BYTES + size % BLOCK_BYTES
    assert size + again <= line.sent < size + again + MIB
    assert "Traceback" not in alice.log + bob.log


async def test_a_line_that_is_always_wrong_brings_no_file(world: World):
    _, bob, _ = await garbled(world, content(3, 20 * MIB), [7 * MIB], always=True)
    hash = await grabbed(bob)
    await state(bob, hash, "error")
    assert finished(bob) == []
    assert "the friend's bytes do not match his own manifest" in bob.log
    assert "Traceback" not in bob.log


async def test_a_crash_while_it_flows_ends_verified(world: World):
    """F1: what was not compared before the crash is compared after it."""
    size = 200 * MIB
    data = content(4, size)
    _, bob, line = await garbled(world, data, [30 * MIB, 150 * MIB])
    hash = await grabbed(bob)
    await soon(lambda: deferToThread(lambda: Operator(bob).row(hash)["completed"] > 50 * MIB))
    await deferToThread(bob.kill)
    assert finished(bob) == []
    await world.start(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert line.wrong == []
    assert ", verified:" in bob.log


async def test_jack_verify_finds_the_damage(world: World):
    _, bob, data = await two(world, content(5, 10 * MIB))
    hash = await grabbed(bob)
    await state(bob, hash, "pausedUP")
    path = only(bob)
    assert (await deferToThread(verify, bob, hash)).startswith("OK ")
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert (await deferToThread(verify, bob, str(path))).startswith("BAD ")


def verify(jack: Daemon, what: str) -> str:
    """What the command says, beside the running daemon."""
    command = [str(Path(sys.executable).with_name("jack")), "verify", what, "--config", str(jack.home / "config.jsonc")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=jack.home)
    return done.stdout
