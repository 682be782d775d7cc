"""What a friend or a disk can do wrong, by number; each as the friend's answers look behind the port."""

from __future__ import annotations

import errno

import pytest

from jackd.model.download import State
from jackd.model.errors import ItemGone, NotFound, PeerError
from jackd.transfer import completed, inbox
from jackd.transfer.part import Part
from tests.transfer.world import CONTENT, GIB, FakeFile, World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path).start()


def whole(world: World) -> bool:
    (file,) = world.finished()
    assert world.work() == []
    return (world.completed / file).read_bytes() == world.files.content


def cut_once(world: World, at: int = 5000) -> None:
    """The first answer breaks off, the next is whole."""

    def script(file: FakeFile) -> None:
        world.files.script = FakeFile.whole
        file.send(at).lose()

    world.files.script = script


def test_f15_a_body_cut_off_is_continued(world):
    cut_once(world)
    download = world.add()
    assert (download.state, download.received) == (State.WAITING, 5000)
    world.wait(1)
    assert world.files.asked == [(0, None), (5000, '"one"')]
    assert whole(world)


def test_f15_silence_in_the_middle(world):
    world.files.script = lambda file: file.send(5000)
    download = world.add()
    world.wait(59)
    assert download.state is State.DOWNLOADING
    world.files.script = FakeFile.whole
    world.wait(1)
    assert world.files.opened[0].aborted
    assert download.reason == "no byte came for 60 seconds"
    world.wait(2)
    assert whole(world)


def test_f16_no_answer_at_all(world):
    world.files.silent = True
    download = world.add()
    world.wait(61)
    assert (download.state, download.reason) == (State.WAITING, "no answer in time")


def test_f20_a_short_body_is_never_complete(world):
    world.files.script = lambda file: file.send(len(CONTENT) - 1).end()
    download = world.add()
    assert download.state is State.WAITING
    assert world.finished() == []


@pytest.mark.parametrize("extra", [1, 100_000])
def test_f21_a_long_body_fails_for_good(world, extra):
    def script(file: FakeFile) -> None:
        file.content += bytes(extra)
        file.send()

    world.files.script = script
    download = world.add()
    assert (download.state, download.received) == (State.FAILED, 0)
    assert world.finished() == []
    assert (world.completed / ".jack" / download.hash / "part").stat().st_size <= len(CONTENT)
    world.files.script = FakeFile.whole
    world.do("resume", [download.hash])
    assert world.files.asked[-1] == (0, '"one"')
    assert whole(world)


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1, 0, 10**15])
def test_f23_another_size_than_offered(world, size):
    """F23, F24: refused before a byte is written"""
    world.files.size = size
    download = world.add()
    assert download.state is State.FAILED
    assert world.files.last.aborted
    assert not world.files.last.delivering
    assert str(size) in download.reason


def test_f26_the_range_is_ignored(world):
    world.files.ranges = False
    cut_once(world)
    world.add()
    world.wait(1)
    assert world.files.asked == [(0, None), (5000, '"one"')]
    assert whole(world)


def test_f26_another_range_than_asked_for(world):
    cut_once(world)
    world.add()

    real = world.files.open

    async def open(peer, item, *, start=0, etag=None, **more):
        file = await real(peer, item, start=start, etag=etag, **more)
        if start:
            file.start = file.at = 7000
        return file

    world.files.open = open
    world.wait(1)
    assert world.files.asked == [(0, None), (5000, '"one"'), (0, None)]
    assert world.files.opened[1].aborted
    assert whole(world)


def test_f32_another_file_of_the_same_size(world):
    """The validator differs: not a byte of the old file may remain."""
    cut_once(world)
    world.add()
    world.files.content = CONTENT[::-1]
    world.files.etag = '"two"'
    world.wait(1)
    assert whole(world)


def test_f32_a_friend_who_continues_another_file(world):
    """He ignores If-Range: the answer's validator shows it."""
    cut_once(world)
    world.add()
    world.files.content = CONTENT[::-1]

    real = world.files.open

    async def open(peer, item, *, start=0, etag=None, **more):
        file = await real(peer, item, start=start, etag=etag, **more)
        file.etag = '"two"'
        return file

    world.files.open = open
    world.wait(1)
    assert world.files.asked == [(0, None), (5000, '"one"'), (0, None)]
    assert whole(world)


def test_a_friend_without_validators_is_continued(world):
    """An original jack has none."""
    world.files.etag = None
    cut_once(world)
    world.add()
    world.wait(1)
    assert world.files.asked == [(0, None), (5000, None)]
    assert whole(world)


@pytest.mark.parametrize("error", [ItemGone("gone"), NotFound("no such friend"), PeerError("no", temporary=False)])
def test_f30_for_good(world, error):
    world.files.errors = [error]
    assert world.add().state is State.FAILED


def test_f30_retry_after(world):
    world.files.errors = [PeerError("busy", retry_after=120)]
    world.add()
    world.wait(119)
    assert world.states() == [State.WAITING]
    world.wait(2)
    assert whole(world)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG])
def test_f7_a_disk_that_does_not_take_it_heals_by_itself(world, monkeypatch, number):
    def write(self, pieces, offset):
        raise OSError(number, "no")

    with monkeypatch.context() as patch:
        patch.setattr(Part, "write", write)
        download = world.add()
        for _ in range(30):
            world.wait(700)
            assert download.state is State.WAITING
        assert download.attempts == 0
        assert download.reason
        assert world.files.last.aborted
    world.wait(700)
    assert whole(world)


def test_f7_one_full_disk_does_not_fail_what_was_written(world, monkeypatch):
    real = Part.write

    def write(self, pieces, offset):
        if offset >= 4096:
            raise OSError(errno.ENOSPC, "full")
        return real(self, pieces, offset)

    with monkeypatch.context() as patch:
        patch.setattr(Part, "write", write)
        patch.setattr(inbox, "TAKE", 1)
        download = world.add()
        assert (download.state, download.reason) == (State.WAITING, "the disk is full")
    world.wait(70)
    assert whole(world)


def test_a_failed_sync_is_not_believed(world, monkeypatch):
    """After it nobody knows what is on the disk: the bytes since the last checkpoint are fetched again."""

    def sync(self):
        raise OSError(errno.EIO, "no")

    cut_once(world)
    with monkeypatch.context() as patch:
        patch.setattr(Part, "sync", sync)
        download = world.add()
    assert (download.state, download.received) == (State.WAITING, 0)
    world.wait(70)
    assert world.files.asked[-1][0] == 0
    assert whole(world)


def test_f8_not_enough_space(world):
    """It waits and says why; the reserve counts, and so do the others' bytes."""
    world.free = len(CONTENT) - 1
    download = world.add(1)
    assert download.state is State.WAITING
    assert "not enough space" in download.reason
    assert world.files.asked == []
    world.free = GIB
    world.wait(70)
    assert download.state is State.COMPLETED
    assert download.attempts == 0


def test_f8_the_space_of_the_others_is_taken(world):
    world.free = len(CONTENT) * 3 // 2
    world.files.script = None
    one, two = world.add(1), world.add(2)
    assert (one.state, two.state) == (State.DOWNLOADING, State.WAITING)


def test_f10_a_disk_that_is_not_mounted(world):
    world.add(1)
    world.completed.rename(world.completed.with_name("away"))
    world.completed.mkdir()
    download = world.add(2)
    assert (download.state, "not mounted" in download.reason) == (State.WAITING, True)
    assert list(world.completed.iterdir()) == []
    world.restart()
    world.wait(700)
    assert list(world.completed.iterdir()) == []
    world.completed.rmdir()
    world.wait(700)
    assert not world.completed.exists()
    world.completed.with_name("away").rename(world.completed)
    world.wait(700)
    assert world.states() == [State.COMPLETED, State.COMPLETED]


def test_f10_nothing_is_made_where_a_mount_is_missing(tmp_path):
    world = World(tmp_path / "mnt" / "nas").start()
    assert world.add().state is State.WAITING
    assert not (tmp_path / "mnt").exists()


def test_f13_a_folder_on_another_file_system(world, monkeypatch):
    """Nothing is copied silently: it waits and says why, the part stays, and it goes on by itself."""

    def rename(*args, **kwargs):
        raise OSError(errno.EXDEV, "no")

    with monkeypatch.context() as patch:
        patch.setattr(completed, "rename_new", rename)
        download = world.add()
        assert download.state is State.WAITING
        assert download.reason == "the completed folder spans several file systems"
        assert world.finished() == []
        assert len(world.work()) == 2
    world.wait(70)
    assert len(world.files.asked) == 1
    assert whole(world)


def test_f15_the_last_bytes_need_no_friend(world):
    """All bytes are there but their end was not seen: the friend need not be asked again."""
    world.files.script = lambda file: file.send().lose()
    download = world.add()
    assert (download.state, download.attempts) == (State.COMPLETED, 0)
    assert len(world.files.asked) == 1
    assert whole(world)


def test_a_part_that_shrank_is_not_believed(world):
    cut_once(world)
    download = world.add()
    part = world.completed / ".jack" / download.hash / "part"
    part.write_bytes(CONTENT[:1000])
    world.wait(1)
    assert world.files.asked[-1][0] == 1000
    assert whole(world)


def test_bytes_behind_the_checkpoint_are_not_believed(world):
    """F4: they may have been written in any order."""
    cut_once(world)
    download = world.add()
    part = world.completed / ".jack" / download.hash / "part"
    part.write_bytes(CONTENT[:5000] + b"?" * 3000)
    world.wait(1)
    assert world.files.asked[-1][0] == 5000
    assert whole(world)


def test_f47_pause_while_asking(world):
    world.files.silent = True
    download = world.add()
    world.do("pause", [download.hash])
    assert download.state is State.PAUSED
    world.files.silent = False
    world.do("resume", [download.hash])
    assert whole(world)


def test_f50_a_disk_that_hangs_does_not_hold_up_the_queue(world):
    world.disk.stalled = True
    world.add(1)
    world.add(2)
    assert len(world.queue.list()) == 2
    world.do("set_category", [world.queue.list()[0].hash], "b")
    world.disk.stalled = False
    world.disk.release()
    assert world.states() == [State.COMPLETED] * 2


def test_f21_a_long_continuation_gives_up_what_was_there(world):
    def script(file: FakeFile) -> None:
        file.content += b"more"
        file.send()

    cut_once(world)
    download = world.add()
    world.files.script = script
    world.wait(1)
    assert (download.state, download.received) == (State.FAILED, 0)
    world.restart()
    (download,) = world.queue.list()
    assert download.received == 0


def test_f26_a_part_without_being_asked(world):
    real = world.files.open

    async def open(peer, item, *, start=0, etag=None, **more):
        file = await real(peer, item, start=start, etag=etag, **more)
        file.start = 100
        return file

    world.files.open = open
    download = world.add()
    assert download.state is State.WAITING
    assert all(file.aborted and not file.delivering for file in world.files.opened)


def test_f26_starting_anew_throws_the_old_bytes_away(world):
    cut_once(world)
    download = world.add()
    world.files.ranges = False
    world.files.script = None
    world.wait(1)
    part = world.completed / ".jack" / download.hash / "part"
    assert (download.received, part.stat().st_size) == (0, 0)


def test_f4_bytes_that_the_disk_lost_are_seen(world):
    world.files.script = None
    download = world.add()
    world.files.last.send()
    with (world.completed / ".jack" / download.hash / "part").open("r+b") as part:
        part.truncate(3000)
    world.files.last.end()
    world.files.script = FakeFile.whole
    assert download.state is State.WAITING
    assert world.finished() == []
    world.wait(70)
    assert world.files.asked[-1][0] == 3000
    assert whole(world)


def test_a_part_that_grew_is_cut(world):
    cut_once(world)
    download = world.add()
    part = world.completed / ".jack" / download.hash / "part"
    part.write_bytes(CONTENT + CONTENT)
    world.wait(1)
    assert whole(world)
