"""
A real daemon is killed at each step of the commit protocol; and two of them, in turn, at every tenth of a file. Nothing
is lost, nothing is there twice, nothing is left over.
"""

from __future__ import annotations

import hashlib
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.protocols.portforward import ProxyClient, ProxyClientFactory, ProxyFactory, ProxyServer

from tests.integration import dying
from tests.integration.conftest import MIB, World, content, finished, friend, soon, two
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator
from tests.support import files_below

pytestmark = pytest.mark.slow

TWISTD = str(Path(sys.executable).with_name("twistd"))
DYING = str(Path(dying.__file__))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder: Path) -> set[str]:
    """What the films in it hold."""
    return {sha256(path) for path in files_below(folder) if path.suffix == ".mkv" and ".jack" not in path.parts}


def torrent(bob: Daemon) -> bytes:
    """One stub, which an *arr would upload, and upload again when it had no answer."""
    [link] = Operator(bob).links()
    with urllib.request.urlopen(link, timeout=10) as answer:
        data: bytes = answer.read()
        return data


def upload(bob: Daemon, data: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="torrents"; filename="a.torrent"\r\n'
    body = head + b"Content-Type: application/x-bittorrent\r\n\r\n" + data + b"\r\n--x--\r\n"
    request = urllib.request.Request(f"{bob.url}/api/v2/torrents/add", body)
    request.add_header("Authorization", f"Bearer {bob.key}")
    request.add_header("Content-Type", "multipart/form-data; boundary=x")
    with urllib.request.urlopen(request, timeout=20) as answer:
        said: bytes = answer.read()
        return said


def leftovers(bob: Daemon) -> list[str]:
    """Everything that is not finished, not a marker and not a folder of a category."""
    files = [path for path in bob.completed.rglob("*") if path.name != "marker" and path not in finished(bob)]
    return [str(path) for path in files if path.is_file() or path.parent.name == ".jack"]


@contextmanager
def told(step: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(f"killed {step}")
        raise


async def restarted(world: World, bob: Daemon, step: str | None = None) -> None:
    """Bob anew, about to die at that step; he may have died before he answers."""
    await deferToThread(bob.stop)
    bob.twistd = [TWISTD] if step is None else [sys.executable, "-P", DYING, step]
    with suppress(*([] if step is None else [AssertionError])):
        await world.start(bob)


async def dies(bob: Daemon, call: Any, *args: Any) -> None:
    """The call is made, which may not be answered; then he is dead."""
    with suppress(OSError):
        await deferToThread(call, *args)
    process = bob.process
    assert process is not None
    assert await deferToThread(process.wait, 20) == -9
    bob.process = None


async def test_killed_at_each_step_of_a_download(world: World):
    """F1, F2, F3: the grab is uploaded again, as an *arr does; one row, the right bytes, and nothing is left over."""
    _, bob, data = await two(world, content(11, 60 * MIB))
    wanted = hashlib.sha256(data).hexdigest()
    operator = Operator(bob)
    for step in dying.STEPS:
        with told(step):
            stub = await deferToThread(torrent, bob)
            await restarted(world, bob, step)
            await dies(bob, upload, bob, stub)
            assert [sha256(file) for file in finished(bob)] in ([], [wanted])
            await restarted(world, bob)
            assert await deferToThread(upload, bob, stub) == b"Ok."
            [row] = await deferToThread(operator.rows)
            hash = row["hash"]
            await soon(lambda hash=hash: deferToThread(lambda: operator.row(hash)["state"] == "pausedUP"))
            [file] = finished(bob)
            assert await deferToThread(sha256, file) == wanted
            assert leftovers(bob) == []
            await deferToThread(lambda hash=hash: operator.post("torrents/delete", hashes=hash, deleteFiles="true"))
            assert await deferToThread(operator.rows) == finished(bob) == leftovers(bob) == []


async def test_killed_at_each_step_of_a_deletion(world: World):
    """F47: asked again, it is done; no file appears later."""
    _, bob, _ = await two(world, content(12, MIB))
    operator = Operator(bob)
    for step in dying.DELETING:
        with told(step):
            stub = await deferToThread(torrent, bob)
            await deferToThread(upload, bob, stub)
            [row] = await deferToThread(operator.rows)
            hash = row["hash"]
            await soon(lambda: deferToThread(lambda: finished(bob)))
            await soon(lambda hash=hash: deferToThread(lambda: operator.row(hash)["state"] == "pausedUP"))
            await restarted(world, bob, step)

            def delete(hash: str = hash) -> bytes:
                return operator.post("torrents/delete", hashes=hash, deleteFiles="true")

            await dies(bob, delete)
            await restarted(world, bob)
            await deferToThread(delete)
            assert await deferToThread(operator.rows) == finished(bob) == leftovers(bob) == []


class SlowClient(ProxyClient):
    """From Alice to Bob, not faster than :data:`RATE`."""

    def dataReceived(self, data: bytes) -> None:
        self.peer.transport.write(data)
        self.transport.pauseProducing()
        reactor.callLater(len(data) / RATE, self.go_on)

    def go_on(self) -> None:
        if self.transport is not None and not self.transport.disconnecting:
            self.transport.resumeProducing()


RATE = 40 * MIB
TENTHS = 10


class SlowRoad(ProxyFactory):
    """Every connection to it goes on to Alice."""

    class protocol(ProxyServer):
        class clientProtocolFactory(ProxyClientFactory):
            protocol = SlowClient


async def test_killed_at_every_tenth_in_turn(world: World):
    """F1, F6, F15: Alice and Bob are killed in turn at every tenth of 300 MiB; the trees hold the same in the end."""
    alice, bob, _ = await two(world, content(13, 300 * MIB))
    await deferToThread(bob.stop)
    bob.configure(peers=[{**friend(alice), "url": world.serve(SlowRoad("127.0.0.1", alice.port))}])
    await world.start(bob)
    operator = Operator(bob)
    [link] = await soon(lambda: deferToThread(operator.links))
    hash = await deferToThread(operator.grab, link)
    for tenth in range(1, TENTHS):
        await soon(lambda at=tenth / TENTHS: deferToThread(lambda: operator.row(hash)["progress"] >= at))
        victim = (alice, bob)[tenth % 2]
        await deferToThread(victim.kill)
        assert finished(bob) == []
        await world.start(victim)
    await soon(lambda: deferToThread(lambda: operator.row(hash)["state"] == "pausedUP"))
    assert await deferToThread(tree, bob.completed) == await deferToThread(tree, world.home / "films")
    assert leftovers(bob) == []
