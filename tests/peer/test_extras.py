"""What lies beside a video, as friends are told of it and read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from twisted.internet.task import Clock

from jackd.model.item import Extra, extra_id
from jackd.peer.wire import item_from_json, item_to_json
from tests.fakes.original import original_reads
from tests.peer.support import Shelf, network, web
from tests.support import MATRIX, result_of

KEY = {"X-Api-Key": "k"}

SUBTITLES = Extra(suffix=".en.forced.srt", size=14)


def filled(folder: Path) -> Path:
    """The Matrix, subtitles, a description and a picture."""
    stem = MATRIX.filename.removesuffix(".mkv")
    for suffix in (".mkv", ".en.forced.srt", ".nfo", "-poster.jpg"):
        (folder / (stem + suffix)).write_bytes(suffix.encode())
    return folder


def test_one_item_by_itself_tells_what_lies_beside_it_and_a_list_does_not(tmp_path: Path):
    alice = web(Shelf([MATRIX], filled(tmp_path)))
    item = alice.get(f"/peer/items/{MATRIX.id}", headers=KEY).json()
    assert item["extras"][1:] == [{"suffix": ".en.forced.srt", "size": 14}, {"suffix": ".nfo", "size": 4}]
    [listed] = original_reads(alice.get("/peer/search", headers=KEY).json())
    assert "extras" not in listed
    original_reads({"items": [item]})


def test_an_extra_is_read_as_a_file_of_its_own(tmp_path: Path):
    alice = web(Shelf([MATRIX], filled(tmp_path)))
    got = alice.get(f"/peer/items/{MATRIX.id}%2B.en.forced.srt/file", headers={"X-Api-Key": "k", "Range": "bytes=4-9"})
    assert (got.status, got.body) == (206, b"forced")
    assert got.header("etag")
    net = network(alice.outgoing(), Clock())
    net.startService()
    remote = result_of(net.open(net.statuses()[0].peer.id, extra_id(MATRIX.id, ".nfo")))
    assert remote.size == 4


@pytest.mark.parametrize("suffix", [".mkv", ".de.srt", "", ".exe", "%2F..%2F..%2Fetc%2Fpasswd.srt", ".srt%00", ".NFO"])
def test_what_is_no_extra_is_not_found(tmp_path: Path, suffix: str):
    """S9, S10"""
    alice = web(Shelf([MATRIX], filled(tmp_path)))
    for route in ("", "/file", "/manifest"):
        assert alice.get(f"/peer/items/{MATRIX.id}%2B{suffix}{route}", headers={"X-Api-Key": "k"}).status == 404


def test_the_protocols_extras_are_read_with_care():
    """S12: a suffix becomes part of a name."""
    good = {"suffix": ".en.srt", "size": 5}
    bad = [{"suffix": "/../x.srt", "size": 5}, {"suffix": ".exe", "size": 5}, {"suffix": ".srt", "size": 0}, 7, {}]
    bad += [{"suffix": ".srt", "size": 2**40}, {"suffix": ".srt", "size": True}, {"suffix": 5, "size": 5}]
    sent = item_to_json(MATRIX)
    assert "extras" not in sent
    assert item_from_json({**sent, "extras": [*bad, good]}).extras == (Extra(suffix=".en.srt", size=5),)
    for odd in ("x", 5, {}, None):
        assert item_from_json({**sent, "extras": odd}).extras == ()
    assert len(item_from_json({**sent, "extras": [good] * 100}).extras) == 32
    again = evolve(MATRIX, extras=[SUBTITLES])
    assert item_from_json(item_to_json(again)) == again
