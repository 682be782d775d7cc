"""Stubs of several files: whole seasons, and what lies beside a video."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.contents import contents
from jackd.model.errors import UnsupportedMedia
from jackd.model.filenames import MAX_NAME_BYTES, extra_extension
from jackd.model.grab import MAX_FILES, GrabFile
from jackd.model.item import Extra, extra_id, split_extra_id
from jackd.model.release import Release
from jackd.torrent.bencoding import MAX_BENCODED, decode
from jackd.torrent.stub import MAX_SIZE, MAX_TEXT, ForeignTorrent
from tests.fakes.metainfo import load
from tests.peer.test_seasons import THREE, episode, whole
from tests.support import MATRIX, change
from tests.torrent.test_stub import STUBS, offer, signed

SUBTITLES = (Extra(suffix=".en.forced.srt", size=900), Extra(suffix=".nfo", size=90))
[SEASON] = whole(*THREE)
WITH_EXTRAS = evolve(SEASON, files=[change(item, extras=SUBTITLES) for item in THREE])
STUB = STUBS.make(WITH_EXTRAS)


def test_every_file_is_in_the_torrent_the_videos_first():
    info = decode(STUB)[b"info"]
    names = [file[b"path"] for file in info[b"files"]]
    stem = b"Some.Show.S01E0%d.720p.WEB-DL.x264-GRP"
    assert names[:4] == [
        [stem % 1 + b".mkv"],
        [stem % 2 + b".mkv"],
        [stem % 3 + b".mkv"],
        [stem % 1 + b".en.forced.srt"],
    ]
    assert len(names) == 9
    assert info[b"name"] == b"Some.Show.S01.720p.WEB-DL.x264-GRP"
    assert b"length" not in info


def test_the_grab_says_whose_bytes_each_file_has():
    grab = STUBS.read(STUB)
    assert list(grab.files) == contents(WITH_EXTRAS)
    assert grab.files[3] == GrabFile(
        item=f"{THREE[0].id}+.en.forced.srt", name="Some.Show.S01E01.720p.WEB-DL.x264-GRP.en.forced.srt", size=900
    )
    assert [file.is_extra for file in grab.files] == [False] * 3 + [True] * 6
    assert grab.size == SEASON.item.size + 3 * 990
    assert (grab.title, grab.item) == (SEASON.item.title, SEASON.item.id)


def test_one_file_alone_is_written_as_ever():
    """A jack that knows no other form can read it."""
    info = decode(STUBS.make(offer()))[b"info"]
    assert (info[b"jack"][b"version"], info[b"length"]) == (1, MATRIX.size)
    assert b"files" not in info
    grab = STUBS.read(STUBS.make(offer(filename="x.MKV")))
    assert grab.files == (GrabFile(item=MATRIX.id, name=f"{MATRIX.title}.mkv", size=MATRIX.size),)


@pytest.mark.parametrize("generation", [2, 3])
def test_both_generations_of_the_arrs_parser_take_them(generation: int):
    for stub in (STUB, STUBS.make(SEASON), STUBS.make(offer(extras=SUBTITLES))):
        assert load(stub, generation) == STUBS.read(stub).hash.upper()


def season(count: int, **changes: Any) -> Release:
    [pack] = whole(*(episode(n, length=count, **changes) for n in range(1, count + 1)))
    return pack


def test_the_largest_season_can_be_uploaded():
    assert len(STUBS.read(STUBS.make(season(MAX_FILES))).files) == MAX_FILES


def test_extras_stay_behind_when_there_are_too_many_files():
    pack = season(150)
    pack = evolve(pack, files=[change(item, extras=SUBTITLES) for item in pack.files])
    files = STUBS.read(STUBS.make(pack)).files
    assert [file.is_extra for file in files] == [False] * 150 + [True] * 50


def test_extras_stay_behind_when_the_torrent_would_be_too_large():
    pack = season(100)
    items = [change(item, id=f"b:episode:{n}" + "9" * 300) for n, item in enumerate(pack.files)]
    pack = evolve(pack, files=[change(item, extras=SUBTITLES) for item in items])
    assert len(STUBS.make(pack)) <= MAX_BENCODED
    assert len(STUBS.read(STUBS.make(pack)).files) == 100


def test_a_season_that_no_torrent_can_hold_is_refused():
    pack = season(MAX_FILES)
    with pytest.raises(UnsupportedMedia):
        STUBS.make(evolve(pack, files=[change(item, id="9" * MAX_TEXT) for item in pack.files]))
    with pytest.raises(UnsupportedMedia):
        STUBS.make(evolve(pack, files=[change(item, size=MAX_SIZE // 2) for item in pack.files[:3]]))
    with pytest.raises(UnsupportedMedia):
        STUBS.make(evolve(pack, files=[change(pack.files[0], size=0), pack.files[1]]))


def test_no_two_files_have_the_same_name():
    """S13: on no file system."""
    nameless = change(MATRIX, name=None, year=None, quality=None, release_group=None, filename="f.mkv")
    same = [
        change(nameless, id=f"a:movie:{n}", title=title) for n, title in enumerate(["A.2000", "a.2000", "A.2000-b"])
    ]
    same[0] = change(same[0], extras=[Extra(suffix="-b.srt", size=1)])
    same[2] = change(same[2], extras=[Extra(suffix=".srt", size=2)])
    names = [file.name.casefold() for file in contents(evolve(SEASON, files=same))]
    assert len(names) == len(set(names)) == 4


@given(st.text(max_size=300), st.text(max_size=50))
def test_every_name_is_one_safe_component(title: str, filename: str):
    """S12."""
    release = offer(title=title, name=title, filename=filename, extras=SUBTITLES)
    for file in STUBS.read(STUBS.make(release)).files:
        assert "/" not in file.name
        assert file.name not in ("", ".", "..")
        assert len(file.name.encode()) <= MAX_NAME_BYTES


@pytest.mark.parametrize(
    "files",
    [
        [],
        "x",
        [{"length": 1, "path": ["..", "x.mkv"]}],
        [{"length": 1, "path": ["../x.mkv"]}],
        [{"length": 1, "path": [".."]}],
        [{"length": 1, "path": [".hidden.mkv"]}],
        [{"length": 1, "path": ["x\u202e.mkv"]}],
        [{"length": 1, "path": ["CON.mkv"]}],
        [{"length": 1, "path": ["x" * 250 + ".mkv"]}],
        [{"length": 1, "path": [""]}],
        [{"length": 1, "path": []}],
        [{"length": 1, "path": "x.mkv"}],
        [{"length": 0, "path": ["x.mkv"]}],
        [{"length": MAX_SIZE + 1, "path": ["x.mkv"]}],
        [{"path": ["x.mkv"]}],
        ["x.mkv"],
        [{"length": 1, "path": [f"{n}.mkv"]} for n in range(MAX_FILES + 1)],
    ],
    ids=lambda files: str(files)[:40],
)
def test_names_are_looked_at_although_they_are_signed(files: Any):
    """S12: another version of jack, with the same secret, may have made them."""
    genuine = decode(STUB)[b"info"]
    listed = (
        [{k.encode(): v for k, v in f.items()} if isinstance(f, dict) else f for f in files] if files != "x" else b"x"
    )
    ours = {**genuine[b"jack"], b"items": [b"i"] * len(files)}
    with pytest.raises(ForeignTorrent):
        STUBS.read(signed({**genuine, b"files": listed, b"jack": ours}))


def test_items_and_files_must_be_equally_many():
    genuine = decode(STUB)[b"info"]
    for items in ([], [b"i"], b"x", None):
        ours = {k: v for k, v in {**genuine[b"jack"], b"items": items}.items() if v is not None}
        with pytest.raises(ForeignTorrent):
            STUBS.read(signed({**genuine, b"jack": ours}))


@pytest.mark.parametrize(
    "suffix", [".srt", ".en.srt", ".en.forced.srt", ".pt-BR.SRT", ".nfo", "-poster.jpg", ".idx", ".sub"]
)
def test_suffixes_that_come_along(suffix: str):
    assert extra_extension(suffix) == suffix.rpartition(".")[2].lower()


@pytest.mark.parametrize(
    "suffix",
    [
        *(
            "",
            "srt",
            ".",
            ".mkv",
            ".exe",
            ".en.exe",
            "/x.srt",
            "..srt",
            ".a/../b.srt",
            ".en .srt",
            ".\u202esrt",
            ".ü.srt",
        ),
        *(".srt\n", ".lnk", ".srt.sh", ".a.b.c.d.e.f.srt", "." + "x" * 40 + ".srt", "\x00.srt", ".en+.srt", " .srt"),
    ],
)
def test_suffixes_that_do_not(suffix: str):
    assert extra_extension(suffix) is None


def test_an_extras_id_is_its_items_and_its_suffix():
    assert split_extra_id(extra_id("a:movie:1", ".en.srt")) == ("a:movie:1", ".en.srt")
    assert split_extra_id("a:movie:1") == ("a:movie:1", None)
