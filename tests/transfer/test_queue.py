"""What a client of the queue can rely on."""

from __future__ import annotations

import os
import sqlite3
import stat

import pytest
from twisted.internet.defer import Deferred

from jackd.model.download import State
from jackd.model.errors import ItemGone, PeerError, PeerRefused, Unavailable, UnsupportedMedia
from jackd.model.history import Event
from jackd.transfer import queue as queue_module
from tests.support import result_of
from tests.transfer.world import CONTENT, FILE, GIB, NOW, TITLE, FakeFile, World, a_grab, lost


@pytest.fixture
def world(tmp_path):
    return World(tmp_path).start()


def test_a_grab_becomes_a_file(world):
    download = world.add()
    assert download.state is State.COMPLETED
    assert download.folder == str(world.completed / "jack-x" / "00000001")
    assert download.files[0].path == FILE
    assert (world.completed / "jack-x/00000001" / FILE).read_bytes() == CONTENT
    assert download.content == f"{download.folder}/{TITLE}"
    assert (download.progress, download.received, download.completed) == (1.0, len(CONTENT), NOW)
    assert world.work() == []


def test_the_operator_reads_the_whole_story(world, said):
    world.do("delete", [world.add().hash], delete_files=True)
    done = f"info: completed {TITLE}, unverified: 0 MB, 0 MB of them in 0.0 s (10 MB/s)"
    assert said == [f"info: grabbed {TITLE} from Alice", done, f"info: removed {TITLE}, completed"]


def test_others_may_use_what_is_finished(tmp_path):
    """F11"""
    before = os.umask(0o077)
    try:
        world = World(tmp_path).start()
        file = world.completed / "jack-x/00000001" / FILE
        world.add()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o664
    assert stat.S_IMODE(file.parent.stat().st_mode) & 0o777 == 0o775


def test_a_grab_is_there_once(world):
    """F3, F45"""
    assert result_of(world.queue.add(a_grab(), owner="x", category="a")) is True
    assert result_of(world.queue.add(a_grab(), owner="x", category="b")) is False
    assert [d.category for d in world.queue.list()] == ["b"]
    assert [d.category for d in world.restart().queue.list()] == ["b"]


def test_two_adds_of_the_same_grab_at_the_same_time(tmp_path):
    """F3"""
    world = World(tmp_path)
    writer = world.database._writer = world.disk
    writer.stalled = True
    adds = [Deferred.fromCoroutine(world.queue.add(a_grab(), owner="x", category="a")) for _ in range(2)]
    assert world.queue.list() == []
    writer.release()
    assert [result_of(add) for add in adds] == [True, False]


def test_a_client_that_goes_away_leaves_no_half_change(tmp_path):
    world = World(tmp_path)
    world.database._writer = world.disk
    world.disk.stalled = True
    add = Deferred.fromCoroutine(world.queue.add(a_grab(), owner="x", category="a"))
    add.addErrback(lambda _: None)
    add.cancel()
    world.disk.release()
    assert len(world.queue.list()) == 1


def test_a_grab_that_cant_be_saved_is_refused(tmp_path):
    """F9"""
    world = World(tmp_path)
    world.database._writer = world.disk
    world.disk.error = sqlite3.OperationalError("database or disk is full")
    with pytest.raises(sqlite3.OperationalError):
        world.add()
    assert world.queue.list() == []
    world.disk.error = None
    world.add()
    assert len(world.queue.list()) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"filename": "x.exe"},
        {"filename": "mkv"},
        {"filename": "a.mkv.lnk"},
        {"size": 0},
        {"size": 300 * GIB},
        {"size": -1},
    ],
)
def test_what_can_never_be_a_video_is_refused(world, values):
    """S12, F24"""
    with pytest.raises(UnsupportedMedia):
        world.add(**values)
    assert world.queue.list() == []


def test_the_queue_is_bounded(world, monkeypatch):
    monkeypatch.setattr(queue_module, "MAX_ROWS", 2)
    world.add(1)
    world.add(2)
    with pytest.raises(Unavailable):
        world.add(3)
    assert world.add(2) is not None


def test_names_from_outside_stay_in_the_folder(world):
    """S12, S13"""
    download = world.add(title="../../etc/cron.d/x", category="../a//b/.jack")
    assert download.state is State.COMPLETED
    assert world.finished() == ["unnamed/a/b/jack/00000001/etc cron.d x/etc cron.d x.mkv"]


def test_only_the_slots_start(tmp_path):
    """F6"""
    world = World(tmp_path, max_concurrent_downloads=3)
    world.files.silent = True
    for number in range(1000):
        world.add(number)
    world.restart()
    assert len(world.queue.list()) == 1000
    assert world.states().count(State.DOWNLOADING) == 3
    assert world.states()[:3] == [State.DOWNLOADING] * 3
    assert len(world.files.asked) == 3


def test_more_slots_are_used_at_once_and_fewer_break_nothing_off(tmp_path):
    """F43: the configuration is read again."""
    world = World(tmp_path, max_concurrent_downloads=1)
    world.files.silent = True
    world.start()
    grabs = [world.add(n) for n in range(5)]
    world.queue.resize(3)
    assert world.states() == [State.DOWNLOADING] * 3 + [State.QUEUED] * 2
    world.queue.resize(2)
    assert world.states() == [State.DOWNLOADING] * 3 + [State.QUEUED] * 2
    assert len(world.files.asked) == 3
    world.do("pause", [grabs[0].hash])
    assert world.states().count(State.DOWNLOADING) == 2
    world.do("pause", [grabs[1].hash])
    assert world.states() == [State.PAUSED] * 2 + [State.DOWNLOADING] * 2 + [State.QUEUED]


def test_forced_ones_need_no_slot(tmp_path):
    world = World(tmp_path, max_concurrent_downloads=1)
    world.files.silent = True
    world.start()
    grabs = [world.add(n) for n in range(3)]
    world.do("set_forced", [grabs[2].hash], True)
    assert world.states() == [State.DOWNLOADING, State.QUEUED, State.DOWNLOADING]
    assert world.restart().queue.list()[2].forced


def test_waiting_holds_no_slot(tmp_path):
    world = World(tmp_path, max_concurrent_downloads=1).start()
    world.files.errors = [lost()]
    world.add(1)
    world.add(2)
    assert world.states() == [State.WAITING, State.COMPLETED]
    world.wait(1)
    assert world.states() == [State.COMPLETED, State.COMPLETED]


def test_the_order(tmp_path):
    world = World(tmp_path)
    one, two, three = (world.add(n).hash for n in (1, 2, 3))

    def order():
        assert [d.hash for d in world.queue.list()] == [d.hash for d in world.restart().queue.list()]
        return [d.hash for d in world.queue.list()]

    world.files.silent = True
    world.do("move", [three], "top")
    assert order() == [three, one, two]
    world.do("move", [three, one], "down")
    assert order() == [two, three, one]
    world.do("move", [one], "up")
    assert order() == [two, one, three]
    world.do("move", [two], "bottom")
    assert order() == [one, three, two]
    four = world.add(4).hash
    assert order()[-1] == four


def test_pause_keeps_the_bytes_and_resume_goes_on(world):
    """F48"""
    world.files.script = None
    download = world.add()
    world.files.last.send(5000)
    world.do("pause", [download.hash])
    assert (download.state, download.received, download.speed) == (State.PAUSED, 5000, 0)
    assert world.files.last.aborted
    world.files.script = FakeFile.whole
    world.restart()
    assert world.states() == [State.PAUSED]
    world.do("resume", [download.hash])
    assert world.states() == [State.COMPLETED]
    assert world.files.asked == [(0, None), (5000, '"one"')]
    assert (world.completed / "jack-x/00000001" / FILE).read_bytes() == CONTENT


def test_pausing_what_is_finished_changes_nothing(world):
    download = world.add()
    world.do("pause", [download.hash])
    assert download.state is State.COMPLETED


def test_a_paused_grab_waits(world):
    download = world.add(paused=True)
    assert download.state is State.PAUSED
    world.do("set_forced", [download.hash], True)
    assert download.state is State.COMPLETED


def test_unknown_hashes_are_ignored(world):
    """F47, F48"""
    for method in ("pause", "resume", "recheck"):
        world.do(method, ["f" * 40])
    world.do("delete", ["f" * 40], delete_files=True)
    world.do("set_category", ["f" * 40], "x")
    world.do("set_tags", {"f" * 40: ["x"]})
    world.do("move", ["f" * 40], "top")


def test_settings_survive(world):
    download = world.add()
    world.do("set_category", [download.hash], "other")
    world.do("set_tags", {download.hash: ["a", "b"]})
    world.do("set_share_limits", [download.hash], 2.0, 30)
    (again,) = world.restart().queue.list()
    assert (again.category, again.tags, again.ratio_limit, again.seeding_time_limit) == ("other", ("a", "b"), 2.0, 30)
    assert again == download


def test_delete_while_it_downloads(world):
    """F47: nothing of it appears later"""
    world.files.script = None
    download = world.add()
    answer = world.files.last.send(5000)
    world.do("delete", [download.hash], delete_files=False)
    assert world.queue.list() == []
    assert world.work() == []
    assert answer.aborted
    answer.send()
    answer.end()
    assert (world.work(), world.finished()) == ([], [])
    assert world.restart().queue.list() == []


def test_delete_waits_for_the_write_that_runs(world):
    """F47"""
    world.files.script = None
    download = world.add()
    world.disk.stalled = True
    world.files.last.send(5000)
    gone = Deferred.fromCoroutine(world.queue.delete([download.hash], delete_files=True))
    assert world.queue.list() != []
    assert not gone.called
    world.disk.stalled = False
    world.disk.release()
    result_of(gone)
    assert (world.queue.list(), world.work(), world.finished()) == ([], [], [])


@pytest.mark.parametrize("delete_files", [True, False])
def test_delete_while_it_is_renamed(world, delete_files):
    """F47: finished data is kept only if nobody asked for it to go"""
    world.files.script = None
    download = world.add()
    world.files.last.send()
    world.disk.stalled = True
    world.files.last.end()
    while not any("publish" in str(job.__closure__[1].cell_contents) for _, job, _ in world.disk.waiting):
        world.disk.release(1)
    gone = Deferred.fromCoroutine(world.queue.delete([download.hash], delete_files=delete_files))
    world.disk.stalled = False
    world.disk.release()
    result_of(gone)
    assert world.queue.list() == []
    assert world.work() == []
    assert world.finished() == ([] if delete_files else [f"jack-x/00000001/{FILE}"])


@pytest.mark.parametrize("change", ["delete", "pause", "stop"])
def test_nothing_appears_after_a_change_while_it_is_verified(world, change):
    """F47, F5"""
    world.files.script = None
    download = world.add()
    world.files.last.send()
    world.disk.stalled = True
    world.files.last.end()
    while download.state is not State.VERIFYING:
        world.disk.release(1)
    assert world.disk.waiting
    if change == "delete":
        changed = Deferred.fromCoroutine(world.queue.delete([download.hash], delete_files=False))
    elif change == "pause":
        changed = Deferred.fromCoroutine(world.queue.pause([download.hash]))
    else:
        changed = world.queue.stopService()
    world.disk.stalled = False
    world.disk.release()
    result_of(changed)
    assert world.finished() == []
    assert bool(world.work()) == (change != "delete")


def test_delete_removes_only_its_own(world):
    """F47, S14"""
    download = world.add()
    world.add(2)
    folder = world.completed / "jack-x/00000001"
    (folder / TITLE / "subtitle.srt").write_text("kept")
    world.do("delete", [download.hash], delete_files=True)
    assert world.finished() == [f"jack-x/00000001/{TITLE}/subtitle.srt", f"jack-x/00000002/{FILE}"]


def test_delete_leaves_no_empty_folders_but_the_category(world):
    download = world.add()
    world.do("delete", [download.hash], delete_files=True)
    assert sorted(p.name for p in world.completed.iterdir()) == [".jack", "jack-x"]
    assert list((world.completed / "jack-x").iterdir()) == []


def test_what_the_arr_has_moved_is_no_trouble(world):
    """F49"""
    download = world.add()
    (world.completed / "jack-x/00000001" / FILE).rename(world.completed / "elsewhere.mkv")
    (world.completed / "jack-x/00000001" / TITLE).rmdir()
    world.do("delete", [download.hash], delete_files=True)
    assert world.queue.list() == []
    assert list((world.completed / "jack-x").iterdir()) == []


def test_finished_files_stay_unless_asked_for(world):
    download = world.add()
    world.do("delete", [download.hash], delete_files=False)
    assert world.finished() == [f"jack-x/00000001/{FILE}"]


def test_nothing_is_deleted_through_a_link(world, tmp_path):
    """S14"""
    download = world.add()
    folder = world.completed / "jack-x/00000001"
    outside = tmp_path / "outside"
    (folder / TITLE).rename(outside)
    (folder / TITLE).symlink_to(outside)
    world.do("delete", [download.hash], delete_files=True)
    assert world.queue.list() == []
    assert len(list(outside.iterdir())) == 1


def test_nothing_is_made_through_a_link(world, tmp_path):
    """S14"""
    world.do("make_folder", "other")
    (tmp_path / "outside").mkdir()
    (world.completed / "jack-x").symlink_to(tmp_path / "outside")
    download = world.add()
    assert download.state is State.WAITING
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_part_that_is_a_link_is_not_written_to(world, tmp_path):
    """S14"""
    world.do("make_folder", "a")
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = world.completed / ".jack" / a_grab().hash
    folder.mkdir()
    (folder / "part").symlink_to(victim)
    assert world.add().state is State.WAITING
    assert victim.read_text() == "precious"


def test_a_finished_file_that_is_gone_is_downloaded_again(world):
    download = world.add()
    world.do("recheck", [download.hash])
    assert (download.state, len(world.files.asked)) == (State.COMPLETED, 1)
    (world.completed / "jack-x/00000001" / FILE).unlink()
    world.do("recheck", [download.hash])
    assert (download.state, len(world.files.asked)) == (State.COMPLETED, 2)
    assert world.finished() == [f"jack-x/00000001/{FILE}"]


def test_a_finished_file_of_the_wrong_size_is_downloaded_again(world):
    download = world.add()
    file = world.completed / "jack-x/00000001" / FILE
    file.write_bytes(b"short")
    world.do("recheck", [download.hash])
    assert file.read_bytes() == CONTENT


def test_recheck_of_a_disk_that_is_away_loses_nothing(world):
    """F10"""
    download = world.add()
    world.completed.rename(world.completed.with_name("away"))
    world.do("recheck", [download.hash])
    assert download.state is State.COMPLETED


def test_a_taken_name_is_never_overwritten(world):
    """F12"""
    taken = world.completed / "jack-x/00000001" / FILE
    taken.parent.mkdir(parents=True)
    taken.write_bytes(CONTENT[::-1])
    download = world.add()
    assert download.state is State.COMPLETED
    assert download.files[0].path == f"{TITLE}/{TITLE} (2).mkv"
    assert taken.read_bytes() == CONTENT[::-1]
    assert (taken.parent / f"{TITLE} (2).mkv").read_bytes() == CONTENT
    assert world.restart().queue.list()[0].files[0].path == download.files[0].path


def test_what_changes_is_counted_when_it_is_complete_too(world):
    """Who shows it looks at it again only then."""
    download = world.add()
    assert download.state is State.COMPLETED
    before = download.changes.count
    download.files[0].forget()
    assert download.changes.count > before


def test_the_speed(world):
    world.files.script = None
    download = world.add()
    world.wait(1)
    for _ in range(8):
        world.files.last.send(1000)
        world.wait(1)
    assert download.speed == pytest.approx(1000)
    assert download.eta == download.left // 1000
    world.files.last.lose()
    assert download.speed == 0


def test_stopping_keeps_what_came(world):
    """F5"""
    world.files.script = None
    download = world.add()
    world.files.last.send(5000)
    result_of(world.queue.stopService())
    assert world.files.last.aborted
    assert download.received == 5000
    assert world.clock.getDelayedCalls() == []
    world.files.script = FakeFile.whole
    world.restart()
    assert world.files.asked[-1] == (5000, '"one"')
    assert world.states() == [State.COMPLETED]


def test_stopping_does_not_wait_for_a_dead_disk(world):
    """F5, F50"""
    world.files.script = None
    world.add()
    world.disk.stalled = True
    world.files.last.send(5000)
    stopping = world.queue.stopService()
    world.wait(7)
    assert not stopping.called
    world.wait(2)
    result_of(stopping)


def test_nothing_starts_after_stopping(world):
    result_of(world.queue.stopService())
    world.add()
    assert world.states() == [State.QUEUED]


def test_waiting_survives_a_restart(world):
    world.files.errors = [PeerError("busy", retry_after=100)]
    world.add()
    world.restart()
    assert world.states() == [State.WAITING]
    world.wait(99)
    assert world.states() == [State.WAITING]
    world.wait(2)
    assert world.states() == [State.COMPLETED]


def test_a_clock_that_jumped_makes_nothing_wait_for_ever(world):
    """F55"""
    world.files.errors = [PeerError("busy", retry_after=100)]
    world.add()
    world.wall -= 10 * 365 * 86400
    world.restart()
    world.wait(3600)
    assert world.states() == [State.COMPLETED]


def test_a_permanent_failure_is_told(world):
    world.files.errors = [ItemGone("Alice does not share this any more")]
    download = world.add()
    assert (download.state, download.reason) == (State.FAILED, "Alice does not share this any more")
    assert world.over == [(download, Event.FAILED)]
    assert world.restart().queue.list()[0].state is State.FAILED


def test_a_failed_one_gets_another_chance_on_demand(world):
    world.files.errors = [ItemGone("gone")]
    download = world.add()
    world.do("resume", [download.hash])
    assert download.state is State.COMPLETED


def test_attempts_end(tmp_path):
    world = World(tmp_path, max_download_attempts=3).start()
    world.files.errors = [lost() for _ in range(9)]
    download = world.add()
    world.wait(1)
    world.restart()
    (download,) = world.queue.list()
    assert (download.state, download.attempts) == (State.WAITING, 2)
    world.wait(2)
    assert download.state is State.FAILED
    assert download.reason == "3 attempts failed, the last one: no route"
    assert len(world.files.asked) == 3


def test_progress_makes_attempts_count_anew(tmp_path):
    """F15"""
    world = World(tmp_path, max_download_attempts=2).start()
    world.files.script = lambda file: (file.send(2000), file.lose())
    download = world.add()
    for _ in range(10):
        world.wait(60)
    assert download.state is State.COMPLETED
    assert [start for start, _ in world.files.asked] == [0, 2000, 4000, 6000, 8000, 10000]


def test_the_same_bytes_again_are_no_progress(tmp_path):
    """F20, F26: a friend who always starts at 0 and never gets to the end"""
    world = World(tmp_path, max_download_attempts=3).start()
    world.files.ranges = False
    world.files.script = lambda file: (file.send(2000), file.lose())
    download = world.add()
    for _ in range(10):
        world.wait(3600)
    assert download.state is State.FAILED


def test_a_refused_key_starts_no_storm(world):
    """F30"""
    world.files.errors = [PeerRefused("Alice's jack does not accept our key")]
    world.add()
    world.wait(899)
    assert world.states() == [State.WAITING]
    world.wait(2)
    assert world.states() == [State.COMPLETED]


def test_a_friend_can_not_make_us_wait_for_days(world):
    """F30"""
    world.files.errors = [PeerError("busy", retry_after=1e9)]
    world.add()
    world.wait(3601)
    assert world.states() == [State.COMPLETED]


def test_another_completed_folder(tmp_path):
    first = World(tmp_path)
    first.files.script = None
    first.start()
    first.add()
    first.files.last.send(5000)
    second = World(tmp_path / "second", database=first.database)
    (tmp_path / "second").mkdir()
    second.start()
    (download,) = second.queue.list()
    assert (download.state, download.folder) == (State.COMPLETED, str(second.completed / "jack-x/00000001"))
    assert second.files.asked == [(0, None)]
    assert second.restart().queue.list()[0].folder == download.folder


def test_left_over_parts_are_swept_away(world):
    """F47"""
    world.add()
    left = world.completed / ".jack" / ("e" * 40)
    left.mkdir()
    (left / "part").write_bytes(b"x")
    (world.completed / ".jack" / "operators-own").mkdir()
    world.restart()
    assert world.work() == ["operators-own"]


def test_progress_counts_anew_after_the_friend_has_got_another_file(tmp_path):
    """Else a line that breaks now and then would come to the end of its attempts, though each brings something."""
    world = World(tmp_path, max_download_attempts=3).start()
    world.files.script = lambda file: file.send(9000).lose()
    download = world.add()
    world.files.etag = '"two"'
    world.files.script = lambda file: file.send(1500).lose()
    world.wait_often(4000)
    assert download.state is State.COMPLETED


def test_but_not_for_ever(tmp_path):
    world = World(tmp_path, max_download_attempts=4).start()

    def another_one_every_other_time(file: FakeFile) -> None:
        world.files.etag = f'"{len(world.files.opened) // 2}"'
        file.send(1000).lose()

    world.files.script = another_one_every_other_time
    download = world.add()
    world.wait_often(6000)
    assert download.state is State.FAILED


@pytest.mark.parametrize("state", ["verifying", "waiting"])
def test_what_was_kept_of_an_earlier_grab_is_not_removed_with_a_later_one(tmp_path, state):
    """F12: all bytes of the later one are there, but not under that name."""
    world = World(tmp_path).start()
    first = world.add()
    world.do("delete", [first.hash], delete_files=False)
    [kept] = world.finished()
    world.files.manifests = [PeerError("computing", retry_after=50.0)]
    second = world.add()
    world.wait(61)
    assert (second.left, second.state) == (0, State.VERIFYING)
    if state == "waiting":
        world.do("pause", [second.hash])
    world.do("delete", [second.hash], delete_files=False)
    assert world.finished() == [kept]
    assert world.work() == []
