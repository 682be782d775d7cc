from __future__ import annotations

import pytest

from jackd.model.download import State
from jackd.qbittorrent.adding import share_limits
from jackd.qbittorrent.calls import Call
from tests.fakes.downloads import come
from tests.qbittorrent.support import World

STATES = [State.QUEUED, State.DOWNLOADING, State.WAITING, State.VERIFYING, State.COMPLETED, State.PAUSED, State.FAILED]


class Full:
    """One download in each state; names ascend with ``n`` of ``STATES``."""

    def __init__(self) -> None:
        self.world = World()
        self.operator, self.radarr, _ = self.world.clients()
        for n, state in enumerate(STATES):
            self.operator.add(self.world.stub(n))
            download = self.world.downloads.list()[-1]
            download.state = state
            come(download, 10 * n)
            download.speed = 5.0 if state is State.DOWNLOADING else 0.0
        self.hashes = [d.hash for d in self.world.downloads.list()]

    def found(self, **params: str) -> list[str]:
        return [STATES[self.hashes.index(h)].name for h in self.operator.hashes(**params)]

    def order(self) -> list[str]:
        return [d.hash for d in self.world.downloads.list()]


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("all", "QUEUED DOWNLOADING WAITING VERIFYING COMPLETED PAUSED FAILED"),
        ("nosuchfilter", "QUEUED DOWNLOADING WAITING VERIFYING COMPLETED PAUSED FAILED"),
        ("downloading", "QUEUED DOWNLOADING WAITING PAUSED"),
        ("seeding", "VERIFYING"),
        ("completed", "VERIFYING COMPLETED"),
        ("paused", "COMPLETED PAUSED"),
        ("stopped", "COMPLETED PAUSED"),
        ("resumed", "QUEUED DOWNLOADING WAITING VERIFYING FAILED"),
        ("running", "QUEUED DOWNLOADING WAITING VERIFYING FAILED"),
        ("active", "DOWNLOADING"),
        ("inactive", "QUEUED WAITING VERIFYING COMPLETED PAUSED FAILED"),
        ("stalled", "WAITING"),
        ("stalled_downloading", "WAITING"),
        ("stalled_uploading", ""),
        ("checking", "VERIFYING"),
        ("errored", "FAILED"),
    ],
)
def test_filters(word, states):
    assert Full().found(filter=word) == states.split()


def test_the_category_must_be_the_same_to_the_letter():
    """An *arr takes whatever is listed for its own."""
    world = World()
    operator, _, _ = world.clients()
    for n, category in enumerate(("films", "films/4k", "Films", "film", "")):
        operator.add(world.stub(n), category=category)
    assert [row["category"] for row in operator.info(category="films")] == ["films"]
    assert [row["category"] for row in operator.info(category="")] == [""]
    assert operator.info(category="nosuch") == []
    assert len(operator.info()) == 5


def test_sorting_and_cutting():
    full = Full()
    names = [state.name for state in STATES]
    by_left = full.found(sort="amount_left")
    assert by_left[0] == "COMPLETED"
    assert full.found(sort="amount_left", reverse="true") == [*names[:4], "PAUSED", "FAILED", "COMPLETED"]
    assert full.found(limit="2") == names[:2]
    assert full.found(offset="5") == names[5:]
    assert full.found(offset="-2", limit="1") == names[-2:-1]
    assert full.found(offset="99") == full.found(offset="-99") == full.found(limit="x") == names
    got = full.operator.post("torrents/info", {"sort": "nosuchkey"})
    assert (got.status, got.text) == (400, "'sort' parameter is invalid")


def test_hashes_are_read_in_either_case_and_all_is_no_hash():
    full = Full()
    assert full.found(hashes=f"{full.hashes[2].upper()}|nothex|{full.hashes[4]}") == ["WAITING", "COMPLETED"]
    assert full.found(hashes="all") == []
    assert len(full.found(hashes="")) == len(STATES)


def test_places_in_the_queue_leave_out_what_is_finished():
    full = Full()
    assert [row["priority"] for row in full.operator.info()] == [1, 2, 3, 4, 0, 5, 0]


def test_moving_in_the_queue():
    full = Full()
    first, second, *rest = full.hashes
    full.operator.post("torrents/topPrio", {"hashes": second})
    assert full.order() == [second, first, *rest]
    full.operator.post("torrents/decreasePrio", {"hashes": second})
    assert full.order() == [first, second, *rest]
    full.operator.post("torrents/increasePrio", {"hashes": second})
    assert full.order() == [second, first, *rest]
    full.operator.post("torrents/bottomPrio", {"hashes": second})
    assert full.order() == [first, *rest, second]


@pytest.mark.parametrize(("stop", "start"), [("pause", "resume"), ("stop", "start")])
def test_both_names_of_pausing_work(stop, start):
    """The newer ones are those of version 5."""
    full = Full()
    full.operator.post(f"torrents/{stop}", {"hashes": full.hashes[0]})
    assert full.world.downloads.get(full.hashes[0]).state is State.PAUSED
    full.operator.post(f"torrents/{start}", {"hashes": full.hashes[0]})
    assert full.world.downloads.get(full.hashes[0]).state is State.QUEUED


def test_what_is_paused_goes_on_when_it_is_forced():
    full = Full()
    assert full.operator.post("torrents/setForceStart", {"hashes": "all", "value": "true"}).status == 200
    assert all(d.forced for d in full.world.downloads.list())
    assert [d.state for d in full.world.downloads.list()] == [*STATES[:5], State.QUEUED, State.FAILED]


@pytest.mark.parametrize(
    ("fields", "files"), [({}, False), ({"deleteFiles": "false"}, False), ({"deleteFiles": "True"}, True)]
)
def test_deleting_keeps_the_data_unless_it_is_said(fields, files):
    """F47: the *arrs leave ``deleteFiles`` out to keep it."""
    full = Full()
    got = full.operator.post("torrents/delete", {"hashes": full.hashes[4].upper() + "|" + "0" * 40, **fields})
    assert (got.status, got.text) == (200, "")
    assert full.world.downloads.deleted == [(full.hashes[4], files)]


def test_names_and_places_can_not_be_changed():
    """The *arrs know a grab by its name and look for it where it was."""
    full = Full()
    for path, fields in (
        ("rename", {"hash": full.hashes[0], "name": "x"}),
        ("renameFile", {"hash": full.hashes[0], "oldPath": "a", "newPath": "b"}),
        ("setLocation", {"hashes": full.hashes[0], "location": "/x"}),
    ):
        assert full.operator.post(f"torrents/{path}", fields).status == 409
    assert full.operator.post("torrents/export", {"hash": full.hashes[0]}).status == 409


def test_files_and_pieces_fit_together():
    full = Full()
    (file,) = full.operator.post("torrents/files", {"hash": full.hashes[4]}).json()
    pieces = full.operator.post("torrents/pieceStates", {"hash": full.hashes[4]}).json()
    hashes = full.operator.post("torrents/pieceHashes", {"hash": full.hashes[4]}).json()
    assert (file["is_seed"], file["progress"], file["piece_range"]) == (True, 1, [0, len(pieces) - 1])
    assert set(pieces) == {2}
    assert len(hashes) == len(pieces)


@pytest.mark.parametrize(
    ("ratio", "minutes", "limits"),
    [
        ("1.0", "60", (1.0, 60)),
        ("-1", "-1", (-1.0, -1)),
        ("-2", "-2", (0.0, -2)),
        ("-2", "60", (-2.0, 60)),
        ("abc", "1", (0.0, 1)),
        ("nan", "inf", (0.0, 0)),
        ("1e400", "1e300", (0.0, 0)),
        ("2", "", (2.0, 0)),
        ("-99", "-99", (0.0, -2)),
    ],
)
def test_share_limits(ratio, minutes, limits):
    assert share_limits(Call(params={"ratioLimit": ratio, "seedingTimeLimit": minutes})) == limits


def test_what_is_removed_and_grabbed_again_is_another_row():
    """Between two polls, with the same torrent; nothing was changed in either."""
    world = World()
    operator, _, _ = world.clients()
    torrent = world.stub()
    operator.add(torrent, category="a")
    [before] = operator.info()
    operator.post("torrents/delete", {"hashes": before["hash"], "deleteFiles": "false"})
    operator.add(torrent, category="b")
    [after] = operator.info()
    assert (after["hash"], after["category"]) == (before["hash"], "b")
