from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from jackd.model.coverage import Coverage
from jackd.model.download import ETA_UNKNOWN, Download, State
from jackd.model.grab import Grab, GrabFile
from jackd.model.paths import PathMap, PathMapping
from jackd.qbittorrent import contents, wire
from jackd.qbittorrent.wire import View
from tests.fakes.downloads import come

NOW = 10_000.0
GRAB = Grab(
    hash="a" * 40, peer="cccccccc", peer_name="Al ice", item="x:movie:1", title="T", filename="t.mkv", size=1000
)
DOWNLOAD = Download(grab=GRAB, owner=None, category="c", folder="/d/c/aaaaaaaa", added=NOW - 100)


def made(received: int = 0, checked: int = 0, sources: int = 0, grab: Grab = GRAB, **changes: Any) -> Download:
    fresh = Download(grab=grab, owner=None, category="c", folder="/d/c/aaaaaaaa", added=NOW - 100, **changes)
    fresh.files[0].sources = sources
    return come(fresh, received, checked=checked)


def at(**changes: Any) -> dict[str, object]:
    return wire.row(made(**changes), View(now=NOW), 3)


MOMENTS = st.sampled_from([0.0, NOW - 3600, NOW - 61, NOW - 60, NOW - 59, NOW - 1, NOW])


@given(
    state=st.sampled_from(State),
    active=MOMENTS,
    completed=st.none() | MOMENTS,
    speed=st.sampled_from([0.0, 5.0]),
    forced=st.booleans(),
    later=st.integers(-100, 200),
)
def test_time_alone_makes_another_row_only_with_another_stamp(later, **changes):
    """A row is given again while its stamp is the same; the clock may also be set back."""
    download = made(**changes)
    then, now = View(now=NOW), View(now=NOW + later)
    if wire.stamp(download, then, 1) == wire.stamp(download, now, 1):
        assert wire.row(download, then, 1) == wire.row(download, now, 1)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"state": State.QUEUED}, "queuedDL"),
        ({"state": State.DOWNLOADING, "speed": 5.0}, "downloading"),
        ({"state": State.DOWNLOADING, "active": NOW - 59}, "downloading"),
        ({"state": State.DOWNLOADING, "active": NOW - 61}, "stalledDL"),
        ({"state": State.DOWNLOADING, "active": NOW - 61, "forced": True}, "forcedDL"),
        ({"state": State.WAITING}, "stalledDL"),
        ({"state": State.VERIFYING}, "checkingUP"),
        ({"state": State.COMPLETED}, "pausedUP"),
        ({"state": State.PAUSED}, "pausedDL"),
        ({"state": State.FAILED}, "error"),
    ],
)
def test_states_are_those_that_the_arrs_know(changes, name):
    assert at(**changes)["state"] == name


def test_the_name_is_the_title_that_was_offered():
    """The *arrs find the movie or the series by it, and never by what they grabbed."""
    assert at()["name"] == wire.properties(DOWNLOAD, View(now=NOW))["name"] == "T"


def test_every_state_has_a_name():
    assert all(at(state=state)["state"] for state in State)


def test_numbers_of_a_running_download_are_real():
    row = at(state=State.DOWNLOADING, received=250, speed=75.5, active=NOW, sources=2)
    assert (row["size"], row["total_size"], row["completed"], row["amount_left"]) == (1000, 1000, 250, 750)
    assert (row["progress"], row["dlspeed"], row["eta"], row["num_seeds"]) == (0.25, 75, 9, 2)
    assert (row["priority"], row["time_active"]) == (3, 100)


def test_nobody_knows_when_a_waiting_download_is_done():
    assert at(state=State.WAITING, received=250, speed=75.5)["eta"] == ETA_UNKNOWN
    assert at(state=State.DOWNLOADING, received=1, speed=1e-9)["eta"] == ETA_UNKNOWN


def test_a_finished_download_may_be_moved_and_removed():
    """F64: the seeding goal counts as reached, whatever the counters say."""
    row = at(state=State.COMPLETED, completed=NOW - 130, received=7)
    assert (row["progress"], row["amount_left"], row["completed"], row["eta"]) == (1.0, 0, 1000, ETA_UNKNOWN)
    assert (row["ratio"], row["ratio_limit"], row["seeding_time"]) == (0, 0, 120)
    assert row["content_path"] == "/d/c/aaaaaaaa/T"
    assert row["content_path"] != row["save_path"]


def test_a_client_s_own_limits_are_kept():
    row = at(state=State.COMPLETED, ratio_limit=-1.0, seeding_time_limit=60)
    assert (row["ratio_limit"], row["max_ratio"], row["seeding_time_limit"], row["max_seeding_time"]) == (
        -1,
        -1,
        60,
        60,
    )


def test_progress_is_one_only_when_the_file_is_there():
    assert at(state=State.VERIFYING, received=1000)["progress"] < 1


@pytest.mark.parametrize(
    ("checked", "message"), [(GRAB.size, "verified"), (0, "unverified: the friend gave no digests")]
)
def test_of_a_finished_one_is_shown_whether_it_was_verified(checked, message):
    finished = made(state=State.COMPLETED, received=GRAB.size, checked=checked)
    assert wire.trackers(finished)[-1] | {"status": 2, "msg": message} == wire.trackers(finished)[-1]
    assert wire.properties(finished, wire.View())["comment"] == message


def test_the_reason_is_shown_where_trackers_are():
    waiting = evolve(DOWNLOAD, state=State.WAITING, reason="Alice does not answer")
    assert wire.trackers(waiting)[-1] | {"status": 4, "msg": "Alice does not answer"} == wire.trackers(waiting)[-1]
    assert wire.trackers(DOWNLOAD)[-1]["status"] == 2
    assert at()["tracker"] == wire.trackers(DOWNLOAD)[-1]["url"] == "jack://Al%20ice"


def test_a_moved_file_system_is_named_as_the_arr_names_it():
    view = View(paths=PathMap([PathMapping(theirs="/x", ours="/d")]))
    row = wire.row(DOWNLOAD, view)
    assert (row["save_path"], row["content_path"]) == ("/x/c/aaaaaaaa", "/x/c/aaaaaaaa/T")


@given(
    size=st.integers(0, 2**41),
    received=st.integers(0, 2**41),
    state=st.sampled_from(State),
    active=st.floats(0, 4e9),
    speed=st.floats(0, 1e12),
    now=st.floats(0, 4e9),
)
@example(size=4, received=0, state=State.DOWNLOADING, active=0.0, speed=1e-310, now=0.0)
def test_whatever_a_download_is_its_json_is_sound(size, received, state, active, speed, now):
    """The *arrs give up on a whole list for one bad row."""
    grab = evolve(GRAB, size=size, files=[evolve(GRAB.files[0], size=size)])
    completed = active if state is State.COMPLETED else None
    received = min(received, size)
    download = made(grab=grab, received=received, state=state, active=active, speed=speed, completed=completed)
    row = wire.row(download, View(now=now))
    assert len(row) == 49
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert 0 <= row["progress"] <= 1
    assert 0 <= row["eta"] <= ETA_UNKNOWN
    assert row["completed"] + row["amount_left"] == size
    pieces = contents.pieces_of(download)
    properties = wire.properties(download, View(now=now))
    assert properties["pieces_num"] == len(pieces) <= 2048
    assert json.dumps(properties, allow_nan=False)
    [file] = contents.files(download)
    assert file["piece_range"][1] in (len(pieces) - 1, 0)
    assert 0 <= file["progress"] <= 1


SEASON = Grab(
    hash="b" * 40,
    peer="cccccccc",
    peer_name="Alice",
    item="x:season:tvdb1:1:q",
    title="S",
    filename="",
    size=100_000,
    files=[
        GrabFile(item="1", name="S01E01.mkv", size=40_000),
        GrabFile(item="2", name="S01E02.mkv", size=50_000),
        GrabFile(item="1+.srt", name="S01E01.srt", size=9_999),
        GrabFile(item="2+.srt", name="S01E02.srt", size=1),
    ],
)


def a_season() -> Download:
    """The first episode is there, the second one comes, the first subtitles will not."""
    season = Download(grab=SEASON, owner=None, category="c", folder="/d/c/bbbbbbbb", state=State.DOWNLOADING)
    first, second, text, _ = season.files
    first.settle(Coverage.of(0, 40_000), Coverage.of(0, 40_000))
    first.done = True
    second.settle(Coverage.of(0, 25_000), Coverage())
    text.left_out = "gone"
    return season


def test_each_file_has_its_own_progress_and_all_of_them_the_whole():
    files = contents.files(a_season())
    assert [(f["index"], f["name"], f["size"]) for f in files] == [
        (0, "S/S01E01.mkv", 40_000),
        (1, "S/S01E02.mkv", 50_000),
        (2, "S/S01E01.srt", 9_999),
        (3, "S/S01E02.srt", 1),
    ]
    assert [(f["progress"], f["is_seed"], f["priority"]) for f in files] == [
        (1.0, True, 1),
        (0.5, False, 1),
        (0.0, False, 0),
        (0.0, False, 1),
    ]
    assert [f["piece_range"] for f in files] == [[0, 2], [2, 5], [5, 6], [6, 6]]
    assert contents.pieces_of(a_season()) == [2, 2, 2, 1, 0, 0, 0]
    row = wire.row(a_season(), View(now=NOW))
    assert (row["size"], row["completed"], row["progress"], row["amount_left"]) == (100_000, 65_000, 0.65, 25_001)
    assert (row["save_path"], row["content_path"]) == ("/d/c/bbbbbbbb", "/d/c/bbbbbbbb/S")
    assert wire.properties(a_season(), View(now=NOW))["total_size"] == 100_000


def test_a_season_is_verified_when_all_that_came_is():
    season = a_season()
    season.state = State.COMPLETED
    for file in season.files:
        file.settle(Coverage.of(0, file.size), Coverage.of(0, file.size))
        file.done = not file.left_out
    assert season.verified
    season.files[1].settle(Coverage.of(0, 50_000), Coverage.of(0, 49_999))
    assert not season.verified
    assert wire.row(season, View(now=NOW))["progress"] == 1.0
