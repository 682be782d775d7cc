"""F46 with real daemons: several friends serve one film; one is slow, one is killed, one lies."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import pytest
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.protocols import portforward

from jackd.model.manifest import BLOCK_BYTES
from tests.integration.conftest import MIB, World, content, finished, friend, put, soon
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator
from tests.integration.test_dying import DYING
from tests.integration.test_verified import Line, only, state

pytestmark = pytest.mark.slow

NAME = "The Matrix (1999) {tmdb-603}/The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"
RATE = 12 * 1024
NARROW = 4_000_000
"""Bytes/s of each connection over a :class:`Narrow` line."""


def sharer(world: World, name: str, data: bytes, **limits: int) -> Daemon:
    """A friend with that film."""
    folder = world.home / "films" / name
    put(folder / NAME, data)
    blocks = {"limits": limits} if limits else {}
    return world.jack(name, servers=[{"name": "films", "type": "folder", "path": str(folder)}], **blocks)


async def knowing(world: World, *friends: Daemon, urls: Sequence[str] = (), step: str = "") -> Daemon:
    """Bob, who has reached all of them; they run, and have digests of their films."""
    bob = world.jack("bob")
    if step:
        bob.twistd = [sys.executable, "-P", DYING, step]
    peers = [{**friend(jack), "name": jack.name} for jack in friends]
    for peer, url in zip(peers, urls, strict=False):
        peer["url"] = url
    bob.configure(
        downloads={"completedPath": str(bob.completed), "retryBaseDelayMs": 100, "retryMaxDelayMs": 500}, peers=peers
    )
    await world.start(*friends)
    for jack in friends:
        await soon(lambda jack=jack: deferToThread(lambda: jack.json("/items")["items"]))
        await soon(lambda jack=jack: deferToThread(digests, jack))
    await world.start(bob)
    await soon(lambda: deferToThread(lambda: all(p["reachable"] for p in bob.json("/peers")["peers"])))
    return bob


def digests(jack: Daemon) -> bool:
    """Whether they are there; asking has them computed."""
    item = jack.json("/peer/search?limit=1")["items"][0]["id"]
    return b'"root"' in jack.get(f"/peer/items/{item}/manifest", key=True)


async def grab(bob: Daemon) -> str:
    """All friends' films are one release."""
    operator = Operator(bob)
    [link] = await soon(lambda: deferToThread(operator.links))
    return await deferToThread(operator.grab, link)


async def received(bob: Daemon, hash: str, least: int) -> None:
    await soon(lambda: deferToThread(lambda: Operator(bob).row(hash)["completed"] >= least))


async def gave(bob: Daemon) -> dict[str, int]:
    """Bytes by friend, of the only download there ever was."""
    history = await deferToThread(lambda: bob.json("/history"))
    [record] = history["history"]
    return {friend["name"]: friend["bytes"] for friend in record["friends"]}


async def test_two_friends_give_one_film(world: World) -> None:
    """F46"""
    data = content(1, 160 * MIB + 4321)
    friends = [sharer(world, name, data, uploadKiBs=RATE) for name in ("alice", "carol")]
    bob = await knowing(world, *friends)
    hash = await grab(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert ", verified:" in bob.log
    shares = await gave(bob)
    assert shares.keys() == {"alice", "carol"}
    assert min(shares.values()) > 16 * MIB
    assert sum(shares.values()) == len(data), "no byte came twice"


async def test_the_slow_one_gives_less(world: World) -> None:
    data = content(2, 160 * MIB)
    slow, fast = sharer(world, "slow", data, uploadKiBs=2048), sharer(world, "fast", data, uploadKiBs=RATE)
    bob = await knowing(world, slow, fast)
    hash = await grab(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    shares = await gave(bob)
    assert 0 < 2 * shares["slow"] < shares["fast"]


async def test_one_is_killed_in_the_middle(world: World) -> None:
    """F15: the one by whose file it goes; nobody tries again, the other one brings the rest."""
    data = content(3, 160 * MIB)
    alice, carol = (sharer(world, name, data, uploadKiBs=RATE) for name in ("alice", "carol"))
    bob = await knowing(world, alice, carol)
    hash = await grab(bob)
    await soon(lambda: "carol has the same file and helps" in bob.log)
    await received(bob, hash, 40 * MIB)
    await deferToThread(alice.kill)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert ", verified:" in bob.log
    assert " waits " not in bob.log, "no other attempt was needed"
    assert "Traceback" not in bob.log


async def test_a_kill_while_several_give(world: World) -> None:
    """F1: what was there with all its holes goes on."""
    data = content(4, 240 * MIB)
    friends = [sharer(world, name, data, uploadKiBs=RATE) for name in ("alice", "carol", "dan")]
    bob = await knowing(world, *friends)
    hash = await grab(bob)
    await soon(lambda: "dan has the same file and helps" in bob.log)
    await received(bob, hash, 100 * MIB)
    await deferToThread(bob.kill)
    assert finished(bob) == []
    await world.start(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert ", verified:" in bob.log
    shares = await gave(bob)
    assert len(shares) == 3
    assert sum(shares.values()) < len(data) + 64 * MIB


async def test_a_liar_among_them(world: World) -> None:
    """F25: two wrong blocks, and he is not asked any more."""
    data = content(5, 160 * MIB)
    alice, liar = (sharer(world, name, data, uploadKiBs=RATE) for name in ("alice", "liar"))
    wrong = [number * BLOCK_BYTES + 5 for number in range(len(data) // BLOCK_BYTES)]
    line = Line(liar.port, wrong, always=True)
    bob = await knowing(world, alice, liar, urls=[alice.url, world.serve(line)])
    hash = await grab(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert ", verified:" in bob.log
    assert "liar is not asked any more: his bytes were wrong twice" in bob.log


class Narrow(portforward.ProxyFactory):
    """
    A long way to a friend: each connection is slow, all together are not.

    :ivar most: how many connections carried a file's bytes at the same time.
    """

    noisy = False

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self.flowing: set[object] = set()
        self.most = 0


class NarrowClient(portforward.ProxyClient):
    """Takes a little at a time."""

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        line = self.peer.factory
        if b"application/octet-stream" in data[:2000]:
            line.flowing.add(self)
            line.most = max(line.most, len(line.flowing))
        if self in line.flowing:
            self.transport.pauseProducing()
            reactor.callLater(len(data) / NARROW, self._resume)

    def _resume(self) -> None:
        if self.transport.connected:
            self.transport.resumeProducing()

    def connectionLost(self, reason: object = None) -> None:
        self.peer.factory.flowing.discard(self)
        super().connectionLost(reason)


class NarrowClientFactory(portforward.ProxyClientFactory):
    protocol = NarrowClient
    noisy = False


class NarrowEntrance(portforward.ProxyServer):
    clientProtocolFactory = NarrowClientFactory


Narrow.protocol = NarrowEntrance


async def test_more_connections_to_one_friend_where_each_is_slow(world: World) -> None:
    """Tried one after the other, and kept, for they pay."""
    data = content(8, 100 * MIB)
    alice = sharer(world, "alice", data)
    line = Narrow(alice.port)
    bob = await knowing(world, alice, urls=[world.serve(line)], step="eager")
    hash = await grab(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert ", verified:" in bob.log
    assert 2 <= line.most <= 4
    assert (await gave(bob)) == {"alice": len(data)}


async def test_another_film_of_the_same_size(world: World) -> None:
    """Only a search takes it for the same."""
    data = content(6, 40 * MIB)
    alice, other = sharer(world, "alice", data, uploadKiBs=RATE), sharer(world, "other", os.urandom(len(data)))
    bob = await knowing(world, alice, other)
    hash = await grab(bob)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert (await gave(bob)).keys() == {"alice"}


async def test_the_first_is_not_there_at_all(world: World) -> None:
    """F46"""
    data = content(7, 10 * MIB)
    alice, carol = sharer(world, "alice", data), sharer(world, "carol", data)
    bob = await knowing(world, alice, carol)
    operator = Operator(bob)
    [link] = await soon(lambda: deferToThread(operator.links))
    await deferToThread(alice.kill)
    hash = await deferToThread(operator.grab, link)
    await state(bob, hash, "pausedUP")
    assert only(bob).read_bytes() == data
    assert (await gave(bob)).keys() == {"carol"}
