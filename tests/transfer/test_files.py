"""Downloads of several files: whole seasons, and what lies beside a video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from jackd.model.download import Download, State
from jackd.model.errors import ItemGone, NotFound, PeerBusy, PeerError, UnsupportedMedia
from jackd.model.grab import GrabFile
from jackd.model.history import Event
from jackd.storage.manifests import ManifestStore
from jackd.transfer.job import EXTRA_TRIES, LAST_PAUSE
from tests.support import result_of
from tests.transfer.test_verification import manifest_of
from tests.transfer.world import CONTENT, FakeFile, FakeFiles, World, a_season, never

NAMES = ["S01E01.mkv", "S01E02.mkv", "S01E01.en.srt", "S01E02.en.srt"]
FIRST, SECOND, TEXT, OTHER_TEXT = (f"bbbbbbbb:{name}" for name in NAMES)
PLACE = "jack-x/00000001/S01/"


class Several(FakeFiles):
    """
    :ivar failing: what he answers with instead, by item, one after the other.
    :ivar mute: items of which he says nothing.
    :ivar items: all that was asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failing: dict[str, list[Exception]] = {}
        self.mute: set[str] = set()
        self.items: list[str] = []

    async def open(self, peer: str, item_id: str, **more: Any) -> FakeFile:
        self.items.append(item_id)
        if item_id in self.mute:
            await never()
        if self.failing.get(item_id):
            raise self.failing[item_id].pop(0)
        return await super().open(peer, item_id, **more)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.files = Several()
    return world.restart(start=False)


def grab(world: World, **values: Any) -> Download:
    season = evolve(a_season(), **values)
    result_of(world.queue.add(season, owner="x", category="jack-x"))
    found = world.queue.get(season.hash)
    assert found is not None
    return found


def places(*names: str) -> list[str]:
    return sorted(PLACE + name for name in names)


def test_the_files_come_one_after_the_other_and_then_it_is_complete(world: World):
    """P1: each is whole when it has its name; an *arr sees the folder when all are."""
    seen: list[tuple[int, State]] = []

    def look(file: FakeFile) -> None:
        seen.append((len(world.finished()), world.states()[0]))
        file.whole()

    world.files.script = look
    download = grab(world)
    world.start()
    assert download.state is State.COMPLETED
    assert world.files.items == [FIRST, SECOND, TEXT, OTHER_TEXT]
    assert seen == [(number, State.DOWNLOADING) for number in range(4)]
    assert world.finished() == places(*NAMES)
    assert all((world.completed / name).read_bytes() == CONTENT for name in world.finished())
    assert world.work() == []
    assert download.content == str(world.completed / "jack-x/00000001/S01") != download.folder
    assert (download.received, download.left, download.progress) == (4 * len(CONTENT), 0, 1.0)
    assert world.over == [(download, Event.COMPLETED)]


def test_each_is_compared_with_a_manifest_of_its_own(world: World):
    world.files.manifests = [manifest_of()]
    download = grab(world)
    world.start()
    assert download.verified
    assert world.files.manifests_asked == 4
    assert [file.checked for file in download.files] == [len(CONTENT)] * 4
    kept = ManifestStore(world.database)
    assert [result_of(kept.kept(file.key)) for file in download.files] == [manifest_of()] * 4
    assert world.restart().queue.list()[0].verified


def test_what_is_there_is_not_fetched_again_after_a_kill(world: World):
    """F1, F2"""
    world.files.script = lambda file: file.whole() if len(world.files.opened) < 2 else file.send(3000)
    grab(world)
    world.start()
    assert world.finished() == places(NAMES[0])
    assert world.work() == [
        "0000000100000000000000000000000000000000",
        "0000000100000000000000000000000000000000/1.part",
    ]
    world.files.script = FakeFile.whole
    world.restart()
    assert world.states() == [State.COMPLETED]
    assert world.files.items == [FIRST, SECOND, SECOND, TEXT, OTHER_TEXT]


def test_a_part_of_before_there_were_files_is_found_again(world: World):
    """It has the name that the only part of a download had."""
    world.files.script = lambda file: file.send(3000).lose()
    world.add()
    world.start()
    assert [name.rpartition("/")[2] for name in world.work()][1:] == ["part"]
    world.files.script = FakeFile.whole
    world.wait(5)
    assert world.states() == [State.COMPLETED]
    assert world.files.asked[1][0] == 3000


def test_a_finished_file_that_somebody_took_away_meanwhile_comes_again(world: World):
    world.files.script = lambda file: file.whole() if len(world.files.opened) < 2 else None
    grab(world)
    world.start()
    (world.completed / PLACE / NAMES[0]).unlink()
    world.files.script = None
    world.restart()
    assert not world.queue.list()[0].files[0].done
    world.files.script = FakeFile.whole
    world.restart()
    del world.files.items[2]
    assert world.files.items == [FIRST, SECOND, FIRST, SECOND, TEXT, OTHER_TEXT]
    assert world.finished() == places(*NAMES)


def test_a_passing_failure_goes_on_where_it_was(world: World):
    world.files.failing[SECOND] = [PeerError("no route"), PeerError("no route")]
    download = grab(world)
    world.start()
    assert download.state is State.WAITING
    assert world.finished() == places(NAMES[0])
    for _ in range(2):
        world.wait(60)
    assert download.state is State.COMPLETED
    assert world.files.items == [FIRST, SECOND, SECOND, SECOND, TEXT, OTHER_TEXT]


def test_an_episode_that_is_gone_for_good_fails_the_season_and_what_came_stays_until_it_is_removed(world: World):
    world.files.failing[SECOND] = [ItemGone()]
    download = grab(world)
    world.start()
    assert (download.state, world.over) == (State.FAILED, [(download, Event.FAILED)])
    assert world.finished() == places(NAMES[0])
    assert world.files.items == [FIRST, SECOND]
    world.do("delete", [download.hash], delete_files=False)
    assert (world.finished(), world.work()) == ([], [])


def test_resuming_a_failed_season_tries_what_is_missing(world: World):
    world.files.failing[SECOND] = [ItemGone()]
    download = grab(world)
    world.start()
    world.do("resume", [download.hash])
    assert download.state is State.COMPLETED
    assert world.files.items == [FIRST, SECOND, SECOND, TEXT, OTHER_TEXT]


# -- what lies beside a video


def test_an_extra_that_is_gone_stays_behind_and_keeps_nothing_back(world: World):
    world.files.failing[TEXT] = [NotFound()]
    download = grab(world)
    world.start()
    assert download.state is State.COMPLETED
    assert world.finished() == places(NAMES[0], NAMES[1], NAMES[3])
    assert download.files[2].left_out == "Not found"
    assert world.restart().queue.list()[0].files[2].left_out == "Not found"


def rest(world: World) -> None:
    for _ in range(2 * EXTRA_TRIES):
        world.wait(world.settings.idle_timeout_ms / 1000)
        world.wait(LAST_PAUSE)


def test_an_extra_is_tried_a_few_times(world: World):
    """It costs the download none of its attempts; what comes gives the friend new credit."""
    world.files.failing[TEXT] = [PeerError("no route")] * (EXTRA_TRIES - 1)
    world.files.failing[OTHER_TEXT] = [PeerError("no route"), PeerBusy(retry_after=9999.0)]
    download = grab(world)
    world.start()
    assert download.state is not State.COMPLETED
    rest(world)
    assert download.state is State.COMPLETED
    assert (download.failures, download.attempts) == (0, 0)
    assert world.files.items.count(TEXT) == world.files.items.count(OTHER_TEXT) == EXTRA_TRIES
    assert world.finished() == places(*NAMES)


@pytest.mark.parametrize("silent", [True, False])
def test_a_friend_who_went_away_keeps_the_videos_back_for_a_few_minutes_at_most(world: World, silent: bool):
    """However many extras there are: the others are not even asked for."""
    world.files.mute = {TEXT} if silent else set()
    world.files.failing[TEXT] = [PeerError("no route")] * 99
    download = grab(world)
    world.start()
    rest(world)
    assert download.state is State.COMPLETED
    assert world.files.items[2:] == [TEXT] * EXTRA_TRIES
    assert [file.left_out for file in download.files[:2]] == ["", ""]
    assert download.files[2].left_out == download.files[3].left_out != ""
    assert world.finished() == places(*NAMES[:2])


def test_an_extra_of_another_size_than_was_offered_stays_behind(world: World):
    """F23, F24"""
    files = [evolve(file, size=file.size + file.is_extra) for file in a_season().files]
    download = grab(world, files=files)
    world.start()
    assert download.state is State.COMPLETED
    assert world.finished() == places(*NAMES[:2])
    assert world.work() == []


def test_pausing_while_an_extra_is_waited_for_stops_it(world: World):
    world.files.failing[TEXT] = [PeerError("no route")]
    download = grab(world)
    world.start()
    world.do("pause", [download.hash])
    assert download.state is State.PAUSED
    world.do("resume", [download.hash])
    assert download.state is State.COMPLETED
    assert world.finished() == places(*NAMES)


# -- when somebody else does something with it


@pytest.mark.parametrize("files", [True, False])
def test_a_season_that_is_deleted_half_way_leaves_nothing(world: World, files: bool):
    """F47"""
    world.files.script = lambda file: file.whole() if len(world.files.opened) < 2 else file.send(3000)
    download = grab(world)
    world.start()
    world.do("delete", [download.hash], delete_files=files)
    assert (world.finished(), world.work(), world.states()) == ([], [], [])


def test_a_complete_season_is_deleted_with_all_its_files_or_with_none(world: World):
    """F47"""
    world.start()
    for files, left in ((False, places(*NAMES)), (True, [])):
        download = grab(world)
        assert download.state is State.COMPLETED
        world.do("delete", [download.hash], delete_files=files)
        assert world.finished() == left
        for name in left:
            (world.completed / name).unlink()


def test_a_recheck_fetches_only_what_is_missing(world: World):
    download = grab(world)
    world.start()
    (world.completed / PLACE / NAMES[1]).write_bytes(b"short")
    (world.completed / PLACE / NAMES[2]).unlink()
    world.files.items.clear()
    world.do("recheck", [download.hash])
    assert download.state is State.COMPLETED
    assert world.files.items == [SECOND, TEXT]
    assert all((world.completed / name).read_bytes() == CONTENT for name in places(*NAMES))


def test_another_completed_folder_starts_anew(world: World, tmp_path: Path):
    world.files.script = lambda file: file.whole() if len(world.files.opened) < 2 else None
    grab(world)
    world.start()
    world.completed = tmp_path / "other"
    world.settings = evolve(world.settings, completed_path=world.completed)
    world.files.items.clear()
    world.files.script = FakeFile.whole
    world.restart()
    assert world.files.items == [FIRST, SECOND, TEXT, OTHER_TEXT]
    assert world.finished() == places(*NAMES)


def test_a_name_that_is_taken_gets_a_number(world: World):
    """F12"""
    (world.completed / PLACE).mkdir(parents=True)
    (world.completed / PLACE / NAMES[1]).write_bytes(b"somebody else's")
    download = grab(world)
    world.start()
    assert download.state is State.COMPLETED
    assert download.files[1].path == "S01/S01E02 (2).mkv"
    assert (world.completed / PLACE / NAMES[1]).read_bytes() == b"somebody else's"


def test_space_for_all_of_it_must_be_there(world: World):
    """F8"""
    world.free = 4 * len(CONTENT) - 1
    download = grab(world)
    world.start()
    assert download.state is State.WAITING
    assert "not enough space" in download.reason
    world.free += 1
    world.wait(700)
    assert download.state is State.COMPLETED


@pytest.mark.parametrize(
    "files",
    [
        [GrabFile(item="i", name="x.exe", size=1)],
        [GrabFile(item="i", name="x.mkv", size=1), GrabFile(item="i", name="x.exe", size=1)],
        [GrabFile(item="i", name="x.mkv", size=1), GrabFile(item="i", name="noextension", size=1)],
        [GrabFile(item="i", name="x.srt", size=1)],
        [GrabFile(item="i", name="x.mkv", size=0)],
        [GrabFile(item="i", name="x.mkv", size=2**60)],
    ],
    ids=lambda files: files[-1].name,
)
def test_what_is_no_video_or_extra_is_refused(world: World, files: list[GrabFile]):
    """S12"""
    with pytest.raises(UnsupportedMedia):
        grab(world, files=files)
    assert world.queue.list() == []
