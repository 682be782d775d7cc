from __future__ import annotations

import json

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.download import ETA_UNKNOWN, Download, Grab, State
from jackd.model.paths import PathMap, PathMapping
from jackd.qbittorrent import wire
from jackd.qbittorrent.wire import View

NOW = 10_000.0
GRAB = Grab(
    hash="a" * 40, peer="cccccccc", peer_name="Al ice", item="x:movie:1", title="T", filename="t.mkv", size=1000
)
DOWNLOAD = Download(grab=GRAB, owner=None, category="c", folder="/d/c/aaaaaaaa", file="T/T.mkv", added=NOW - 100)


def at(**changes: object) -> dict[str, object]:
    return wire.row(evolve(DOWNLOAD, **changes), View(now=NOW), 3)


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
    finished = evolve(DOWNLOAD, state=State.COMPLETED, received=GRAB.size, checked=checked)
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
def test_whatever_a_download_is_its_json_is_sound(size, received, state, active, speed, now):
    """The *arrs give up on a whole list for one bad row."""
    grab = evolve(GRAB, size=size)
    completed = active if state is State.COMPLETED else None
    download = evolve(
        DOWNLOAD, grab=grab, received=min(received, size), state=state, active=active, speed=speed, completed=completed
    )
    row = wire.row(download, View(now=now))
    assert len(row) == 49
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert 0 <= row["progress"] <= 1
    assert 0 <= row["eta"] <= ETA_UNKNOWN
    assert row["completed"] + row["amount_left"] == size
    pieces = wire.pieces_of(download)
    properties = wire.properties(download, View(now=now))
    assert properties["pieces_num"] == len(pieces) <= 2048
    assert json.dumps(properties, allow_nan=False)
    assert wire.file(download)["piece_range"][1] in (len(pieces) - 1, 0)
