"""Nothing holds a reactor while a large file goes from one daemon to the other."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from attrs import frozen
from twisted.internet.threads import deferToThread

from tests.integration import probed
from tests.integration.conftest import MIB, World, friend, put, soon
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator

pytestmark = pytest.mark.slow

GIB = 1024 * MIB
BOUND = 0.050
"""Seconds. What the thread waited for a processor does not count: on a busy machine that may be anything."""

TRIES = 4
"""
A machine that stands still for a moment, as virtual ones do, makes every reactor late; it does not do so in every
transfer. What holds the reactor itself does.
"""

NAME = "The.Matrix.1999.1080p.BluRay.x264-GRP"


@frozen
class Lag:
    """One turn of a reactor that came late. ``own`` is the lag without the wait for a processor; all in seconds."""

    at: float = 0.0
    whole: float = 0.0
    waited: float = 0.0

    @property
    def own(self) -> float:
        return max(0.0, self.whole - self.waited)


class Probed:
    """A daemon with a probe in its reactor."""

    def __init__(self, daemon: Daemon) -> None:
        self.name = daemon.name
        self._report = daemon.home / "lag"
        daemon.twistd = [sys.executable, "-P", probed.__file__, str(self._report)]

    def worst(self, since: float, until: float) -> float:
        """The largest lag between two moments; prints it."""
        lags = [Lag(*json.loads(line)) for line in self._report.read_text().splitlines()]
        lags = [lag for lag in lags if since <= lag.at <= until] or [Lag()]
        own, whole = max(lag.own for lag in lags), max(lag.whole for lag in lags)
        print(
            f"{self.name}: at most {own * 1000:.0f} ms late, {whole * 1000:.0f} ms with waits for a processor", end="; "
        )
        return own


def share(folder: Path) -> None:
    """1 GiB, written out before anything is measured."""
    file = put(folder / "The Matrix (1999) {tmdb-603}" / f"{NAME}.mkv", b"")
    block = os.urandom(MIB)
    with file.open("wb") as out:
        for _ in range(GIB // MIB):
            out.write(block)
        os.fsync(out.fileno())


async def transferred(operator: Operator, link: str) -> tuple[float, float]:
    """When a transfer began and when it was done. What came is deleted."""
    began = time.time()
    hash = await deferToThread(operator.grab, link)
    await soon(lambda: deferToThread(lambda: operator.row(hash)["state"] == "pausedUP"), 240)
    done = time.time()
    assert operator.row(hash)["completed"] == GIB
    await deferToThread(operator.post, "torrents/delete", hashes=hash, deleteFiles="true")
    print(f"{GIB / MIB / (done - began):.0f} MiB/s", end="; ")
    return began, done


async def test_no_reactor_lags_while_1_gib_is_streamed(world: World):
    """Both daemons answer within 50 ms at any time, so polls and searches do not notice that a file is on its way."""
    folder = world.home / "films"
    await deferToThread(share, folder)
    alice = world.jack("alice", servers=[{"name": "films", "type": "folder", "path": str(folder)}])
    bob = world.jack("bob")
    bob.configure(downloads={"completedPath": str(bob.completed)}, peers=[friend(alice)])
    probes = [Probed(alice), Probed(bob)]
    await world.start(alice, bob)
    await soon(lambda: deferToThread(lambda: alice.json("/items")["items"]))
    operator = Operator(bob)
    [link] = await soon(lambda: deferToThread(operator.links))
    print()
    for _ in range(TRIES):
        times = await transferred(operator, link)
        worst = max([probe.worst(*times) for probe in probes])
        print("polled meanwhile every 50 ms")
        if worst < BOUND:
            break
    assert worst < BOUND
