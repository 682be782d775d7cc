from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.arr import wire
from jackd.arr.changes import changed_groups
from jackd.model.ids import MediaIds
from jackd.model.item import EPOCH, Kind, Quality
from jackd.model.revision import Revision
from tests.fakes.arr import media_file

MOVIE = {
    "id": 12,
    "title": "The Matrix",
    "year": 1999,
    "tmdbId": 603,
    "imdbId": "tt0133093",
    "movieFile": media_file(
        "/movies/The Matrix (1999)/matrix.mkv",
        id=5,
        size=9_663_676_416,
        quality="Bluray-1080p",
        sceneName="The.Matrix.1999.REMASTERED.1080p.BluRay.x264-GRP",
        releaseGroup="GRP",
        edition="Remastered",
        mediaInfo={"videoCodec": "x264"},
        dateAdded="2026-11-14T10:00:00.1234567Z",
    ),
}
SERIES = {"id": 3, "title": "Some Show", "year": 2008, "tvdbId": 81189, "imdbId": "tt0903747", "seriesType": "standard"}


def episode(number: int, *, id: int | None = None, file: int = 9, season: int = 1, **more) -> dict:
    numbers = {"seasonNumber": season, "episodeNumber": number, "episodeFileId": file}
    return {"id": id or number, **numbers, **more}


def tv(episodes, *files, **series):
    held = wire.series_items("bbbbbbbb", {**SERIES, **series}, episodes, files or [media_file("/tv/s.mkv", id=9)])
    return [each.item for each in held]


def test_a_movie():
    held = wire.movie_item("aaaaaaaa", {**MOVIE, "tags": [3, 4]})
    assert held is not None
    item = held.item
    assert (held.path, held.folder, held.tags) == (MOVIE["movieFile"]["path"], "/movies/The Matrix (1999)", (3, 4))
    assert (item.id, item.kind, item.name, item.year) == ("aaaaaaaa:movie:12", Kind.MOVIE, "The Matrix", 1999)
    assert (item.title, item.filename) == ("The.Matrix.1999.REMASTERED.1080p.BluRay.x264-GRP", "matrix.mkv")
    assert item.ids == MediaIds(tmdb=603, imdb="tt0133093")
    assert item.quality == Quality(name="Bluray-1080p", source="bluray", resolution=1080)
    assert (item.size, item.release_group, item.edition) == (9_663_676_416, "GRP", "Remastered")
    assert (item.languages, item.media_info) == (("English",), {"videoCodec": "x264"})
    assert item.published == datetime(2026, 11, 14, 10, 0, 0, 123456, tzinfo=UTC)
    assert item.season is None


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({"version": 1, "real": 0, "isRepack": False}, Revision()),
        ({"version": 2, "real": 1, "isRepack": True}, Revision(version=2, real=1, repack=True)),
        ({}, Revision()),
        ({"version": "2", "real": None}, Revision()),
        ({"version": 10}, None),
        (None, None),
        (2, None),
    ],
)
def test_the_revision_of_a_file(said, known):
    file = MOVIE["movieFile"]
    held = wire.movie_item("a", {**MOVIE, "movieFile": {**file, "quality": {**file["quality"], "revision": said}}})
    assert held is not None
    assert held.item.revision == known


def titled(file: dict) -> str:
    held = wire.movie_item("aaaaaaaa", {**MOVIE, "movieFile": file})
    assert held is not None
    return held.item.title


def test_the_title_is_the_scene_name_else_the_files_name_else_built():
    path = "/m/The.Matrix.1999.2160p.WEB-DL.x265-ABC.mkv"
    scene = "The.Matrix.1999.1080p.BluRay.x264-GRP"
    quality = "WEBDL-2160p"
    assert titled(media_file("/m/x.mkv", quality="Bluray-1080p", sceneName=scene)) == scene
    assert titled(media_file(path, quality=quality)) == "The.Matrix.1999.2160p.WEB-DL.x265-ABC"
    assert titled(media_file(path, quality=quality, sceneName="gibberish")) == "The.Matrix.1999.2160p.WEB-DL.x265-ABC"
    built = titled(media_file("/m/movie.mkv", quality="Bluray-1080p"))
    assert built.startswith("The.Matrix.1999")
    assert "1080p" in built


@pytest.mark.parametrize(
    "spoilt",
    [
        {"id": None},
        {"id": "12"},
        {"id": True},
        {"movieFile": {**MOVIE["movieFile"], "size": 0}},
        {"movieFile": {**MOVIE["movieFile"], "size": "5"}},
        {"movieFile": {**MOVIE["movieFile"], "path": None, "relativePath": ""}},
    ],
)
def test_a_record_without_the_needful_is_skipped_and_the_others_are_not(spoilt):
    """F38: a bad record never fails the whole."""
    found = [held for _, held in wire.movie_items("aaaaaaaa", [{**MOVIE, **spoilt}, 5, None, MOVIE])]
    assert [held.item.id for held in found if held] == ["aaaaaaaa:movie:12"]


@pytest.mark.parametrize(
    "odd",
    [
        {"year": "1999", "tmdbId": -1, "imdbId": 5, "title": None},
        {"movieFile": {**MOVIE["movieFile"], "quality": 3, "languages": {"a": 1}, "mediaInfo": []}},
        {"movieFile": {**MOVIE["movieFile"], "quality": {"quality": {"name": "", "resolution": "x"}}}},
        {"movieFile": {**MOVIE["movieFile"], "dateAdded": "soon", "languages": [None, {"name": 4}], "sceneName": 1}},
        {"tags": "x"},
        {"tags": [None, "a", 3]},
        {"new": "member", "movieFile": {**MOVIE["movieFile"], "newer": {}}},
    ],
)
def test_the_rest_may_be_missing_or_odd(odd):
    assert wire.movie_item("aaaaaaaa", {**MOVIE, **odd}) is not None


def test_a_movie_without_a_file_is_no_item():
    assert wire.movie_item("aaaaaaaa", {"id": 1, "title": "Later", "hasFile": False}) is None


def test_the_file_name_is_never_a_path():
    """Also when the *arr runs on Windows."""
    assert wire.file_name({"path": "D:\\Movies\\a\\b.mkv"}) == "b.mkv"
    assert wire.file_name({"path": None, "relativePath": "c/d.mkv"}) == "d.mkv"


def test_an_episode():
    file = media_file("/tv/Some.Show.S01E02.720p.WEB-DL.x264-GRP.mkv", id=9, quality="WEBDL-720p")
    [item] = tv([episode(1, file=0), episode(2, airDate="2008-01-27")], file)
    assert (item.id, item.kind) == ("bbbbbbbb:episode:2", Kind.EPISODE)
    assert (item.season, item.episodes, item.aired) == (1, (2,), date(2008, 1, 27))
    assert item.ids == MediaIds(tvdb=81189, imdb="tt0903747")
    assert (item.name, item.year, item.anime, item.absolute) == ("Some Show", 2008, False, None)
    assert item.title == "Some.Show.S01E02.720p.WEB-DL.x264-GRP"


def test_a_file_of_several_episodes_is_one_item_named_after_the_first():
    [item] = tv([episode(3, id=30), episode(2, id=20)])
    assert (item.id, item.episodes) == ("bbbbbbbb:episode:20", (2, 3))


def test_how_many_episodes_the_season_has_counts_those_without_a_file_too():
    items = tv(
        [episode(1), episode(2, file=0), episode(3, file=0, airDate="2999-01-01"), episode(1, season=2, id=9, file=0)]
    )
    assert [item.season_episodes for item in items] == [3]


def test_specials_daily_and_anime():
    [special] = tv([episode(1, season=0)])
    assert special.season == 0
    [daily] = tv([episode(101, airDate="2024-05-17")], seriesType="daily")
    assert daily.aired == date(2024, 5, 17)
    [anime] = tv([episode(7, absoluteEpisodeNumber=19)], seriesType="anime")
    assert (anime.anime, anime.absolute) == (True, 19)


def test_files_without_episodes_and_episodes_without_files_are_nothing():
    assert tv([episode(1, file=4)]) == []
    assert tv([], media_file("/tv/extra.mkv", id=9)) == []


def test_a_bad_episode_or_file_spoils_only_itself():
    files = [{"id": "x"}, None, media_file("/tv/a.mkv", id=9), {"id": 8, "path": "/tv/b.mkv"}]
    items = tv([episode(1), {**episode(2), "seasonNumber": "one"}, 7, episode(3, file=8)], *files)
    assert [item.episodes for item in items] == [(1,)]


def test_only_events_that_touch_files_count_as_changes():
    events = [
        "grabbed",
        "downloadFailed",
        "downloadIgnored",
        "downloadFolderImported",
        "movieFileDeleted",
        "movieFileRenamed",
    ]
    history = [{"movieId": n, "eventType": name} for n, name in enumerate(events, 1)]
    odd = [None, {"movieId": "x"}, {"movieId": 7, "eventType": {"a": []}}]
    assert changed_groups([*history, history[3], *odd], "movieId") == ["4", "5", "6", "7"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-14T10:00:00Z", datetime(2026, 11, 14, 10, tzinfo=UTC)),
        ("2026-11-14T10:00:00", datetime(2026, 11, 14, 10, tzinfo=UTC)),
        ("2026-11-14T12:00:00+02:00", datetime(2026, 11, 14, 10, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", EPOCH),
        ("0001-01-01T00:00:00+05:00", EPOCH),
        ("never", EPOCH),
        (None, EPOCH),
    ],
)
def test_moments(text, moment):
    assert wire.moment(text) == moment


NAMES = ["id", "movieFile", "size", "path", "quality", "name", "languages", "episodeFileId", "seasonNumber"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=10,
)


@given(st.lists(json_values, max_size=4), st.lists(json_values, max_size=4))
def test_no_answer_is_too_strange(one, two):
    """F38"""
    list(wire.movie_items("aaaaaaaa", one))
    wire.series_items("bbbbbbbb", SERIES, one, two)
    changed_groups(one, "movieId")
    wire.root_paths(one)
