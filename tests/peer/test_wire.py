"""Items as JSON, both ways."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.ids import MediaIds
from jackd.model.item import EPOCH, Item, Kind, Quality
from jackd.model.revision import MAX_REAL, MAX_VERSION, Revision
from jackd.peer.page import BadPage, read_json, read_page, write_page
from jackd.peer.wire import (
    MAX_SIZE,
    BadItem,
    handshake_from_json,
    handshake_to_json,
    item_from_json,
    item_to_json,
)
from tests.fakes.original import MATRIX_RELEASE, episode_release, original_reads
from tests.support import MATRIX, PILOT, change

texts = st.text(st.characters(codec="utf-8"), max_size=60).map(lambda t: "".join(filter(str.isprintable, t)).strip())
names = texts.filter(bool)
numbers = st.integers(0, 10**6)
ids = st.integers(1, 2**40)
base_names = names.map(lambda t: t.replace("/", "").replace("\\", "").strip()).filter(lambda t: t.strip(". "))


def maybe(strategy):
    return st.none() | strategy


qualities = st.builds(
    Quality, name=names, source=maybe(names.filter(lambda n: n != "unknown")), resolution=st.integers(0, 4320)
)
revisions = st.builds(
    Revision, version=st.integers(2, MAX_VERSION), real=st.integers(0, MAX_REAL), repack=st.booleans()
) | st.just(Revision())
common = {
    "id": st.from_regex(r"[0-9a-f]{8}:(movie|episode):[0-9]{1,9}", fullmatch=True),
    "title": names,
    "filename": base_names,
    "size": st.integers(1, MAX_SIZE),
    "ids": st.builds(MediaIds, tmdb=maybe(ids), imdb=maybe(st.integers(1, 10**9).map(str)), tvdb=maybe(ids)),
    "name": maybe(names),
    "year": maybe(st.integers(1880, 2100)),
    "quality": maybe(qualities),
    "revision": maybe(revisions),
    "languages": st.lists(names, max_size=3),
    "release_group": maybe(names),
    "edition": maybe(names),
    "published": st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)) | st.just(EPOCH),
}
movies = st.builds(Item, kind=st.just(Kind.MOVIE), **common)
episodes = st.builds(
    Item,
    kind=st.just(Kind.EPISODE),
    season=maybe(numbers),
    episodes=st.sets(numbers, max_size=4).map(sorted),
    absolute=maybe(numbers),
    aired=maybe(st.dates()),
    anime=st.booleans(),
    **common,
)


@given(movies | episodes)
def test_an_item_reads_back_as_it_was(item):
    assert item_from_json(item_to_json(item)) == item


@given(st.lists(movies | episodes, max_size=5))
def test_an_original_jack_takes_every_item_of_ours(items):
    page = write_page(items)
    assert len(original_reads(read_json(page))) == len(items)
    assert read_page(page, 10).items == items


@pytest.mark.parametrize("release", [MATRIX_RELEASE, episode_release(1, 2), episode_release(0, 3, publishDate="soon")])
def test_an_originals_item_is_understood(release):
    item = item_from_json(release)
    assert (item.id, item.title, item.size) == (release["id"], release["title"], release["size"])
    assert item.episodes == ((release["episode"],) if "episode" in release else ())


def test_every_member_has_the_name_that_the_original_gave_it():
    assert item_from_json(MATRIX_RELEASE) == change(
        MATRIX, id="1f0c3a52:movie:12", languages=("English",), name=None, year=None
    )
    assert item_from_json(episode_release(1, 1, releaseGroup="GRP")) == change(
        PILOT, id="2a3b4c5d:episode:101", ids=MediaIds(tvdb=81189), year=None
    )
    assert item_from_json(MATRIX_RELEASE).media_info == MATRIX_RELEASE["mediaInfo"]


@pytest.mark.parametrize(
    "lie",
    [
        {"id": None},
        {"id": "a/b"},
        {"id": "a\nb"},
        {"id": "x" * 201},
        {"id": 7},
        {"title": ""},
        {"title": "\x00\u202e"},
        {"title": "x" * 4097},
        {"title": ["x"]},
        {"filename": ".."},
        {"filename": "a/"},
        {"category": 3000},
        {"category": "2000"},
        {"size": 0},
        {"size": -1},
        {"size": MAX_SIZE + 1},
        {"size": float("nan")},
        {"size": float("inf")},
        {"size": True},
        {"size": 1.5},
        {"tmdbId": 2**53 + 1},
        {"tmdbId": "603"},
        {"year": -1},
        {"quality": "HD"},
        {"quality": {"name": 1}},
        {"revision": 2},
        {"revision": {"version": "2"}},
        {"languages": "English"},
        {"languages": [1]},
        {"languages": ["x"] * 201},
    ],
)
def test_an_item_that_breaks_a_rule_is_refused(lie):
    """S19, F24"""
    with pytest.raises(BadItem):
        item_from_json({**MATRIX_RELEASE, **lie})


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [("/etc/a.mkv", "a.mkv"), ("..\\..\\a.mkv", "a.mkv"), ("a\x00\u202eb\n.mkv", "ab.mkv"), ("C:\\x\\y.mkv", "y.mkv")],
)
def test_a_file_name_is_a_base_name_of_visible_characters(given_name, kept):
    """S12, S27"""
    assert item_from_json({**MATRIX_RELEASE, "filename": given_name}).filename == kept


def test_null_is_read_as_left_out():
    item = item_from_json({**MATRIX_RELEASE, "imdbId": None, "quality": None, "languages": None, "edition": None})
    assert (item.ids.imdb, item.quality, item.languages, item.edition) == (None, None, (), None)


@pytest.mark.parametrize(
    "value", ["x", [], {"a": "x" * 5000}, {"a": float("nan")}, {str(n): n for n in range(300)}, {"a": [[[[]]] * 100]}]
)
def test_a_strange_media_info_is_dropped_and_the_item_kept(value):
    assert item_from_json({**MATRIX_RELEASE, "mediaInfo": value}).media_info is None


def test_a_deep_media_info_is_dropped():
    deep: dict = {}
    for _ in range(40):
        deep = {"a": deep}
    assert item_from_json({**MATRIX_RELEASE, "mediaInfo": deep}).media_info is None


def test_strange_dates_are_left_out():
    for text in ("soon", "", 7, "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"):
        item = item_from_json({**episode_release(1, 1), "publishDate": text, "airDate": text})
        assert (item.published, item.aired) == (EPOCH, None)
    assert item_from_json({**MATRIX_RELEASE, "publishDate": "2026-11-14T12:00:00.5+02:00"}).published == datetime(
        2026, 11, 14, 10, 0, 0, 500_000, tzinfo=UTC
    )


def test_a_movie_has_no_episodes_whatever_it_says():
    item = item_from_json({**MATRIX_RELEASE, "season": 1, "episode": 2, "airDate": "2026-01-01"})
    assert (item.season, item.episodes, item.aired) == (None, (), None)


def test_a_file_of_several_episodes_is_one_item():
    double = change(PILOT, episodes=(1, 2), aired=date(2026, 1, 2), absolute=7, anime=True)
    told = item_to_json(double)
    assert (told["episode"], told["episodes"], told["airDate"]) == (1, [1, 2], "2026-01-02")
    assert item_from_json(told) == double


def test_a_bad_item_spoils_no_other():
    """S19: also with NaN and huge numbers in it"""
    bodies = [b"7", b'"x"', b"null", b'{"size":NaN}', b'{"id":"x","size":' + b"9" * 5000 + b"}", b"[[]]"]
    page = b'{"z":{"a":[1]},"items":[' + b",".join([*bodies, write_page([MATRIX])[10:-2]]) + b"]}"
    read = read_page(page, 1000)
    assert (read.items, read.count) == ([MATRIX], 7)


def test_no_more_items_are_read_than_wanted():
    page = b'{"items":[' + b",".join([write_page([MATRIX])[10:-2]] * 50) + b"]}"
    read = read_page(page, 20)
    assert (len(read.items), read.count) == (20, 20)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"items":7}',
        b'{"items":[',
        b'{"items":[{"a":1}',
        b'{"items":[1 2]}',
        b"<html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"items":' + b"[" * 4_000_000,
        b'{"items":[{"a":"' + b"x" * 2_000_000 + b'"}]}',
    ],
)
def test_what_is_no_page_is_told_from_an_empty_one(body):
    """S19: deep and endless ones too, without a stack overflow"""
    with pytest.raises(BadPage):
        read_page(body, 1000)
    assert read_page(b' { "items" : [ ] } ', 1000).count == 0


def test_a_large_item_is_still_read():
    page = write_page([MATRIX]).replace(b'{"items":[{', b'{"items":[{"new":"' + b"x" * 200_000 + b'",')
    assert read_page(page, 1000).items == [MATRIX]


def test_a_page_ends_where_the_limit_is():
    one = len(write_page([MATRIX]))
    assert len(read_page(write_page([MATRIX] * 100, one * 10), 1000).items) in (9, 10)


def test_a_handshake_tells_name_version_and_features():
    told = handshake_to_json("0.1.0")
    assert told == {
        "name": "jack",
        "version": "0.1.0",
        "features": ["query", "validators", "manifest", "catalogue", "extras"],
    }
    assert handshake_from_json(told).features == {"query", "validators", "manifest", "catalogue", "extras"}


def test_an_originals_handshake_has_no_features():
    assert handshake_from_json({"name": "jack", "version": "0.10.2"}).features == frozenset()


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"name": "jack"},
        {"name": "jack", "version": "0.0.9"},
        {"name": "jack", "version": 1},
        {"name": "jack", "version": "1.0"},
        {"name": "jack", "version": "1.0.0-rc1"},
        {"name": "jill", "version": "1.0.0"},
    ],
)
def test_what_is_no_jack_or_too_old_is_told(told):
    assert handshake_from_json(told) is None


def test_strange_features_are_ignored():
    strange = {"name": "jack", "version": "0.1.0", "features": [1, {}, [], "query", "levitation"]}
    assert handshake_from_json(strange).features == {"query"}
    assert handshake_from_json({**strange, "features": "query"}).features == frozenset()
