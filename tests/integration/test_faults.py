"""What goes wrong in mid-download, with real daemons: the file arrives whole, or the grab fails visibly."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

import pytest
from twisted.internet.threads import deferToThread

from tests.integration.conftest import MIB, World, content, finished, soon, two
from tests.integration.operator import Operator

pytestmark = pytest.mark.slow

REPEATED = 64 * MIB
"""So much is fetched again after a crash, at the most (F1)."""


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def started(operator: Operator, least: int = 0) -> str:
    """The only movie, grabbed and more than ``least`` bytes of it there."""
    [link] = await soon(lambda: deferToThread(operator.links))
    hash = await deferToThread(operator.grab, link)
    await soon(lambda: deferToThread(lambda: operator.row(hash)["completed"] > least))
    return hash


async def arrived(operator: Operator, hash: str) -> None:
    await soon(lambda: deferToThread(lambda: operator.row(hash)["state"] == "pausedUP"))


async def test_the_receiver_is_killed_in_mid_download(world: World):
    """F1, F4, F6: kill -9 of Bob, again and again; what was there is not fetched again, and the file is right."""
    alice, bob, data = await two(world, content(7, 900 * MIB))
    operator = Operator(bob)
    hash = await started(operator)
    seen = 0
    for _ in range(3):
        await soon(lambda least=seen + 130 * MIB: deferToThread(lambda: operator.row(hash)["completed"] > least))
        seen += 130 * MIB
        await deferToThread(bob.kill)
        assert finished(bob) == []
        await world.start(bob)
        row = await deferToThread(operator.row, hash)
        assert row["completed"] >= seen - REPEATED
    await arrived(operator, hash)
    [file] = finished(bob)
    assert file.read_bytes() == data
    assert "206" in alice.log


async def test_the_sender_is_killed_in_mid_download(world: World):
    """F15: Alice dies and comes back; Bob goes on where he was, by himself."""
    alice, bob, data = await two(world, content(8, 400 * MIB))
    operator = Operator(bob)
    hash = await started(operator, MIB)
    await deferToThread(alice.kill)
    assert finished(bob) == []
    await world.start(alice)
    await arrived(operator, hash)
    [file] = finished(bob)
    assert file.read_bytes() == data


async def test_a_restart_stops_cleanly_and_goes_on(world: World):
    """F5: SIGTERM ends in time and cleanly (twistd then ends by that very signal); the queue goes on after it."""
    _, bob, data = await two(world, content(9, 400 * MIB))
    operator = Operator(bob)
    hash = await started(operator, MIB)
    assert await deferToThread(bob.stop) in (0, -signal.SIGTERM)
    assert "Traceback" not in bob.log
    await world.start(bob)
    assert (await deferToThread(operator.row, hash))["completed"] >= MIB
    await arrived(operator, hash)
    [file] = finished(bob)
    assert file.read_bytes() == data


def four_gib(path: Path) -> None:
    """Mostly holes, so that the test costs no disk on Alice's side; the ends differ from file to file."""
    with path.open("wb") as file:
        file.write(os.urandom(MIB))
        file.truncate(4 * 1024 * MIB)
        file.seek(-MIB, os.SEEK_END)
        file.write(os.urandom(MIB))


async def test_a_file_of_4_gib_needs_no_memory(world: World):
    """P4: RSS of both daemons grows by less than 32 MiB, whatever the file's size."""
    alice, bob, _ = await two(world, four_gib)
    [shared] = (world.home / "films").rglob("*.mkv")
    before = alice.rss, bob.rss
    operator = Operator(bob)
    hash = await started(operator)
    peak = [0, 0]

    def done() -> bool:
        peak[:] = max(peak[0], alice.rss), max(peak[1], bob.rss)
        return operator.row(hash)["state"] == "pausedUP"

    await soon(lambda: deferToThread(done), 240)
    growth = [(now - then) / MIB for now, then in zip(peak, before, strict=True)]
    print(f"RSS grew by {growth[0]:.1f} MiB (sender) and {growth[1]:.1f} MiB (receiver)")
    [file] = finished(bob)
    assert await deferToThread(sha256, file) == await deferToThread(sha256, shared)
    assert max(growth) < 32
