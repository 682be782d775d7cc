"""What lies already where a download would put it is compared and kept, not fetched again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from jackd.model.download import State
from jackd.model.errors import PeerError
from jackd.storage.downloads import DownloadStore
from jackd.storage.manifests import ManifestStore
from jackd.transfer.verification import PATIENCE_SECONDS
from tests.support import result_of
from tests.transfer.test_verification import BLOCK, flipped, manifest_of
from tests.transfer.world import CONTENT, World, a_season


@pytest.fixture
def world(tmp_path):
    """One who has fetched the film, has taken it off the list without its files, and has lost his database since."""
    world = World(tmp_path).start()
    world.files.manifests = [manifest_of()]
    removed(world, world.add())
    world = World(tmp_path).start()
    world.files.manifests = [manifest_of()]
    return world


def removed(world: World, download) -> None:
    world.do("delete", [download.hash], delete_files=False)
    world.wait(1)


def season(world: World):
    world.do("add", a_season(), owner="x", category="jack-x")
    return world.queue.get(a_season().hash)


def film(world: World):
    [file] = world.finished()
    return world.completed / file


def test_what_is_there_and_right_is_not_fetched_again(world):
    before = film(world).stat()
    download = world.add()
    assert download.state is State.COMPLETED
    assert download.verified
    [row] = DownloadStore(world.database).all()
    assert row.verified
    assert result_of(ManifestStore(world.database).kept(download.hash)) == manifest_of()
    assert world.files.asked == []
    assert (film(world).stat().st_ino, film(world).stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("offset", [0, BLOCK * 9 + 1, len(CONTENT) - 1])
def test_what_is_not_right_is_left_alone(world, offset):
    """F12: and what was grabbed comes beside it."""
    film(world).write_bytes(flipped(offset))
    old, wrong = film(world), flipped(offset)
    download = world.add()
    assert download.verified
    assert len(world.files.asked) == 1
    assert sorted(map(len, [old.read_bytes(), CONTENT])) == [len(CONTENT)] * 2
    assert old.read_bytes() == wrong
    [other] = [name for name in world.finished() if world.completed / name != old]
    assert (world.completed / other).read_bytes() == CONTENT


def test_another_size_is_not_even_compared(world):
    film(world).write_bytes(CONTENT[:-1])
    assert world.add().verified
    assert world.files.manifests_asked == 1, "only the one that what is fetched is compared with"
    assert len(world.files.asked) == 1


@pytest.mark.parametrize("answer", [None, PeerError("no", temporary=False), manifest_of(CONTENT[: 2 * BLOCK])])
def test_without_a_manifest_nobody_knows_and_it_is_fetched(world, answer):
    world.files.manifests = [answer]
    assert world.add().state is State.COMPLETED
    assert len(world.files.asked) == 1
    assert len(world.finished()) == 2


def test_a_friend_who_does_not_answer_is_not_waited_for_long(world):
    world.files.manifests = [Deferred(), None]
    download = world.add()
    assert world.files.asked == []
    world.wait(PATIENCE_SECONDS + 1)
    assert download.state is State.COMPLETED
    assert len(world.files.asked) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux tells which files are open")
def test_nothing_stays_open(world):
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert world.add().verified
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_it_can_be_paused_meanwhile(world):
    world.files.manifests = [Deferred()]
    download = world.add()
    world.do("pause", [download.hash])
    world.wait(1)
    assert download.state is State.PAUSED
    world.files.manifests = [manifest_of()]
    world.do("resume", [download.hash])
    world.wait(1)
    assert download.verified
    assert world.files.asked == []


def test_of_a_season_only_what_is_missing_is_fetched(tmp_path):
    world = World(tmp_path).start()
    world.files.manifests = [manifest_of()]
    removed(world, season(world))
    assert len(world.finished()) == 4
    gone = world.completed / next(name for name in world.finished() if name.endswith("S01E02.mkv"))
    gone.unlink()
    world.files.asked.clear()
    world.files.manifests = [manifest_of(), manifest_of(), None]
    download = season(world)
    assert download.state is State.COMPLETED
    assert len(world.files.asked) == 1
    assert len(world.finished()) == 4
    assert gone.read_bytes() == CONTENT
    assert [file.checked for file in download.files] == [len(CONTENT)] * 2 + [0] * 2, "no digests of what lies beside"


def test_nothing_else_is_taken_for_it(world):
    """S14: a link, a pipe."""
    path = film(world)
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    os.truncate(elsewhere, len(CONTENT))
    assert world.add().verified
    assert len(world.files.asked) == 1
