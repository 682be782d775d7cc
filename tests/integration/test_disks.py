"""
Disks that fill, vanish, become read-only or fail, under a real daemon: the operator makes room, or mounts what was
missing, and does nothing else. File systems are mounted for it, which only root may do.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from tests.integration import dying
from tests.integration.conftest import MIB, World, content, finished, soon, two
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator
from tests.integration.test_dying import leftovers, restarted, sha256, torrent, upload

pytestmark = pytest.mark.slow

SIZE = 40 * MIB


class Mounts:
    """File systems that are gone after the test."""

    def __init__(self) -> None:
        self._there: list[Path] = []

    def tmpfs(self, path: Path, size: int) -> None:
        """A disk in memory, of so many MiB."""
        path.mkdir(parents=True, exist_ok=True)
        self._mount("-t", "tmpfs", "-o", f"size={size}m", "tmpfs", path)

    def bind(self, what: Path, path: Path) -> None:
        self._mount("--bind", what, path)

    def _mount(self, *words: Any) -> None:
        try:
            self.again(*words)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"may not mount: {error.stderr.decode().strip()}")
        self._there.append(words[-1])

    def again(self, *words: Any) -> None:
        """``mount`` with these words: other options for what is there."""
        subprocess.run(["mount", *map(str, words)], check=True, capture_output=True)

    def unmount(self, path: Path) -> None:
        subprocess.run(["umount", "-l", str(path)], check=True, capture_output=True)
        self._there.remove(path)

    def unmount_all(self) -> None:
        for path in reversed(self._there[:]):
            self.unmount(path)


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    mounts = Mounts()
    yield mounts
    mounts.unmount_all()


async def bob_on(world: World, disk: str, mount: Callable[[Path], None] = lambda path: None) -> tuple[Daemon, str]:
    """Bob on a disk of :mod:`tests.integration.dying`, his completed folder mounted; and what a film is to be."""
    _, bob, data = await two(world, content(21, SIZE))
    await deferToThread(bob.stop)
    shutil.rmtree(bob.completed)
    shutil.rmtree(bob.home / "state", ignore_errors=True)
    bob.completed.mkdir()
    mount(bob.completed)
    await restarted(world, bob, disk)
    await soon(lambda: deferToThread(Operator(bob).links))
    return bob, hashlib.sha256(data).hexdigest()


async def grabbed(bob: Daemon) -> str:
    """The movie, just now; the hash of its row."""
    before = {row["hash"] for row in await deferToThread(Operator(bob).rows)}
    stub = await deferToThread(torrent, bob)
    assert await deferToThread(upload, bob, stub) == b"Ok."
    [new] = {row["hash"] for row in await deferToThread(Operator(bob).rows)} - before
    return str(new)


async def waits(bob: Daemon, hash: str, reason: str) -> None:
    """It does, and the log says why."""
    await soon(lambda: deferToThread(lambda: reason in bob.log))
    row = await deferToThread(Operator(bob).row, hash)
    assert row["state"] in ("stalledDL", "downloading", "queuedDL")


async def arrives(bob: Daemon, hash: str, wanted: str) -> None:
    await soon(lambda: deferToThread(lambda: Operator(bob).row(hash)["state"] == "pausedUP"))
    [file] = finished(bob)
    assert await deferToThread(sha256, file) == wanted
    assert leftovers(bob) == []


async def test_a_disk_that_fills_and_recovers(world: World, mounts: Mounts):
    """F7: it is full in mid-download; what was written stays, and it goes on by itself once there is room."""
    bob, wanted = await bob_on(world, "unforeseen", lambda path: mounts.tmpfs(path, 30))
    hash = await grabbed(bob)
    await waits(bob, hash, "the disk is full")
    assert finished(bob) == []
    mounts.again("-o", "remount,size=80m", bob.completed)
    await arrives(bob, hash, wanted)


async def test_a_disk_that_is_too_small(world: World, mounts: Mounts):
    """F8: nothing is written, and it says why; two that do not fit together come one after the other."""
    bob, wanted = await bob_on(world, "quick", lambda path: mounts.tmpfs(path, 30))
    hash = await grabbed(bob)
    await waits(bob, hash, "not enough space")
    assert not any(path.is_file() for path in (bob.completed / ".jack" / hash).glob("*"))
    mounts.again("-o", "remount,size=60m", bob.completed)
    await arrives(bob, hash, wanted)


async def test_a_disk_that_becomes_read_only(world: World, mounts: Mounts):
    """F10, F11: it waits; when the disk can be written again it goes on by itself."""
    bob, wanted = await bob_on(world, "quick", lambda path: mounts.tmpfs(path, 80))
    mounts.again("-o", "remount,ro", bob.completed)
    hash = await grabbed(bob)
    await waits(bob, hash, "read-only")
    mounts.again("-o", "remount,rw", bob.completed)
    await arrives(bob, hash, wanted)


async def test_a_disk_that_is_not_mounted(world: World, mounts: Mounts):
    """F10: the bare mount point stays empty; nothing is lost, and it goes on when the disk is back."""
    disk = world.home / "disk"
    disk.mkdir()
    bob, wanted = await bob_on(world, "quick", lambda path: mounts.bind(disk, path))
    first = await grabbed(bob)
    await arrives(bob, first, wanted)
    mounts.unmount(bob.completed)
    assert list(bob.completed.iterdir()) == []
    hash = await grabbed(bob)
    await waits(bob, hash, "not mounted")
    await restarted(world, bob, "quick")
    await waits(bob, hash, "not mounted")
    assert list(bob.completed.iterdir()) == []
    mounts.bind(disk, bob.completed)
    await soon(lambda: deferToThread(lambda: Operator(bob).row(hash)["state"] == "pausedUP"))
    assert {sha256(file) for file in finished(bob)} == {wanted}
    assert len(finished(bob)) == 2


@pytest.mark.parametrize("disk", [name for name in dying.DISKS if name.startswith("E")])
async def test_a_disk_that_errs_twice(world: World, disk: str):
    """F7: EIO, EDQUOT and EFBIG pass too."""
    bob, wanted = await bob_on(world, disk)
    await arrives(bob, await grabbed(bob), wanted)
    assert "waits" in bob.log


async def test_the_database_s_disk_is_full(world: World, mounts: Mounts):
    """F9: a grab is refused with ``Fails.``, no row is lost, and when there is room again it is taken."""
    _, bob, data = await two(world, content(22, MIB))
    await deferToThread(bob.stop)
    state = bob.home / "state"
    shutil.rmtree(state, ignore_errors=True)
    mounts.tmpfs(state, 4)
    bob.configure(jack={"baseUrl": bob.url, "apiKey": bob.key, "stateDir": str(state)})
    await world.start(bob)
    await soon(lambda: deferToThread(Operator(bob).links))
    hash = await grabbed(bob)
    await soon(lambda: deferToThread(lambda: Operator(bob).row(hash)["state"] == "pausedUP"))
    filler = state / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    refused = await deferToThread(torrent, bob)
    for _ in range(3):
        assert await deferToThread(upload, bob, refused) == b"Fails."
    assert [row["hash"] for row in await deferToThread(Operator(bob).rows)] == [hash]
    await deferToThread(bob.kill)
    filler.unlink()
    await world.start(bob)
    assert [row["hash"] for row in await deferToThread(Operator(bob).rows)] == [hash]
    assert await deferToThread(upload, bob, refused) == b"Ok."
    assert len(await deferToThread(Operator(bob).rows)) == 2
    await soon(lambda: len(finished(bob)) == 2)
    assert {file.read_bytes() for file in finished(bob)} == {data}
