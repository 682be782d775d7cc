from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from jackd.arr import sonarr as sonarr_module
from jackd.arr.library import ROOTS_SECONDS
from jackd.arr.radarr import RadarrLibrary
from jackd.arr.sonarr import SERIES_AT_ONCE, SonarrLibrary
from jackd.model.errors import LibraryUnavailable, NotFound
from jackd.model.paths import PathMap, PathMapping
from jackd.model.sharing import Facts
from jackd.ports import Batch, Library
from jackd.storage.threads import InlineWorkers
from tests.arr.world import MODIFIED, World
from tests.fakes.arr import media_file
from tests.support import result_of

SINCE = datetime(2026, 11, 14, 10, tzinfo=UTC)


def library(world: World):
    kind = RadarrLibrary if world.server.type == "radarr" else SonarrLibrary
    made = kind(
        client=world.client,
        workers=InlineWorkers(),
        disk=InlineWorkers(),
        state=world.state,
        sight=world.sight,
        now=world.clock.seconds,
    )
    port: Library = made
    assert port is made
    return made


def read(world: World) -> list[Batch]:
    async def all_of_it() -> list[Batch]:
        return [batch async for batch in library(world).read()]

    return result_of(all_of_it())


def radarr(**options) -> World:
    world = World("radarr", **options)
    file = media_file(
        "/library/The Matrix (1999)/The.Matrix.1999.1080p.BluRay.x264-GRP.mkv", id=5, quality="Bluray-1080p"
    )
    world.arr.add_movie("The Matrix", 1999, tmdb=603, imdb="tt0133093", file=file)
    world.arr.add_movie("Later", 2027, tmdb=2)
    return world


def sonarr(count: int = 1, **options) -> World:
    world = World("sonarr", **options)
    for n in range(1, count + 1):
        series = world.arr.add_series(f"Show {n}", tvdb=100 + n)
        file = world.arr.add_file(series, 1, media_file(f"/library/Show {n}/a.mkv", id=50 + n))
        world.arr.add_episode(series, 1, 1, file=file)
        world.arr.add_episode(series, 1, 2, file=file)
    return world


# -- reading ----------------------------------------------------------------------------------------------------------


def test_radarr_one_batch_for_each_movie_with_a_file():
    world = radarr()
    [batch] = read(world)
    assert batch.group == "1"
    assert [(i.id, i.title) for i in batch.items] == [
        (f"{world.server.id}:movie:1", "The.Matrix.1999.1080p.BluRay.x264-GRP")
    ]
    assert [line.partition("/api/v3")[2] for line in world.network.seen] == [
        "/system/status",
        "/tag/detail",
        "/movie?excludeLocalCovers=true",
        "/rootfolder",
    ]
    assert world.state.version == "6.0.3.10276"


def test_sonarr_one_batch_for_each_series():
    world = sonarr(count=SERIES_AT_ONCE * 2 + 1)
    batches = read(world)
    assert [b.group for b in batches] == [str(n) for n in range(1, SERIES_AT_ONCE * 2 + 2)]
    assert all(b.items[0].episodes == (1, 2) for b in batches)


def test_sonarr_a_series_without_files_costs_no_call():
    world = sonarr()
    world.arr.add_series("Nothing yet", tvdb=5)
    assert [b.group for b in read(world)] == ["1"]
    assert not any("seriesId=2" in line for line in world.network.seen)


def test_sonarr_a_series_removed_meanwhile_spoils_nothing():
    world = sonarr(count=2)
    world.arr.override("/episodefile", b'{"message": "NotFound"}', 404)
    assert [list(b.items) for b in read(world)] == [[], []]


@pytest.mark.parametrize("make", [radarr, sonarr])
@pytest.mark.parametrize(
    ("body", "status"),
    [(b"<html>", 200), (b'[{"id": 1, "movie', 200), (b"", 200), (b"oops", 500), (b"", 401), (b"{}", 200)],
)
def test_a_library_that_gives_no_usable_answer(make, body, status):
    """F38: a typed error, and nothing half."""
    world = make()
    world.arr.override("/movie" if make is radarr else "/series", body, status)
    with pytest.raises(LibraryUnavailable):
        read(world)


def test_sonarr_a_series_at_which_it_fails_keeps_nobody_from_the_others():
    world = sonarr(3)
    world.arr.override("/episodefile?seriesId=2", b"oops", 500)
    one, two, three = read(world)
    assert (len(one.items), one.unread, len(three.items), three.unread) == (1, "", 1, "")
    assert two == Batch(group="2", items=(), unread="HTTP 500: oops")


def test_sonarr_an_error_at_many_series_is_told(monkeypatch):
    monkeypatch.setattr(sonarr_module, "MAX_UNREAD", 1)
    world = sonarr(2)
    world.arr.override("/episode", b"oops", 500)
    with pytest.raises(LibraryUnavailable, match="HTTP 500: oops"):
        read(world)


@pytest.mark.parametrize("status", [401, 302])
def test_sonarr_an_error_that_is_not_of_the_series_is_told(status):
    world = sonarr()
    world.arr.override("/episode", b"oops", status)
    with pytest.raises(LibraryUnavailable):
        read(world)


def test_another_program_is_not_read():
    world = radarr()
    world.arr.app_name = "Sonarr"
    with pytest.raises(LibraryUnavailable, match="My Arr is not Radarr but Sonarr"):
        read(world)


# -- changes ----------------------------------------------------------------------------------------------------------


def test_changes_since_then():
    world = radarr()
    world.arr.history = [
        {"date": "2026-11-14T09:00:00Z", "movieId": 7, "eventType": "downloadFolderImported"},
        {"date": "2026-11-14T09:57:00Z", "movieId": 8, "eventType": "movieFileRenamed"},
        {"date": "2026-11-14T10:30:00Z", "movieId": 9, "eventType": "grabbed"},
        {"date": "2026-11-14T10:31:00Z", "movieId": 1, "eventType": "movieFileDeleted"},
    ]
    assert result_of(library(world).changed(SINCE)) == ["8", "1"]  # 8: its clock may be behind ours


def test_changed_series():
    world = sonarr()
    world.arr.history = [{"date": "2026-11-14T11:00:00Z", "seriesId": 3, "eventType": "episodeFileDeleted"}]
    assert result_of(library(world).changed(SINCE)) == ["3"]


def test_an_arr_that_knows_no_history_must_be_read_whole():
    world = radarr()
    world.arr.override("/history/since", b"", 404)
    assert result_of(library(world).changed(SINCE)) is None


@pytest.mark.parametrize("make", [radarr, sonarr])
def test_one_group_again_and_gone(make):
    world = make()
    [whole] = read(world)
    assert result_of(library(world).read_group("1")) == whole
    assert result_of(library(world).read_group("99")) == Batch(group="99", items=())


def test_a_movie_that_lost_its_file():
    batch = result_of(library(radarr()).read_group("2"))
    assert (batch.group, list(batch.items)) == ("2", [])


# -- what only the owner's rules look at ------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "folder"), [(radarr, "/library/The Matrix (1999)"), (sonarr, "/library/Show 1")])
def test_the_folder_and_the_tags_by_name(make, folder):
    world = make()
    world.arr.tags = {3: "Private", 4: "kids"}
    world.arr._tagged()[1]["tags"] = [3]
    [batch] = read(world)
    assert batch.facts == {batch.items[0].id: Facts(folder=folder, tags=("private",), modified=MODIFIED)}


@pytest.mark.parametrize("make", [radarr, sonarr])
def test_a_tag_given_or_taken_is_a_change_and_so_is_its_new_name(make):
    """The history does not tell of it."""
    world = make()
    world.arr.tags = {3: "private"}
    reader = library(world)

    async def read_and_change(change) -> tuple[str, ...]:
        change()
        assert list(await reader.changed(SINCE)) == ["1"]
        assert list(await reader.changed(SINCE)) == []
        [facts] = (await reader.read_group("1")).facts.values()
        return facts.tags

    async def all_of_it() -> list[tuple[str, ...]]:
        [_ async for _ in reader.read()]
        record = world.arr._tagged()[1]
        return [
            await read_and_change(lambda: record.update(tags=[3])),
            await read_and_change(lambda: world.arr.tags.update({3: "secret"})),
            await read_and_change(lambda: record.update(tags=[])),
        ]

    assert result_of(all_of_it()) == [("private",), ("secret",), ()]


@pytest.mark.parametrize("make", [radarr, sonarr])
def test_a_tag_given_while_the_history_can_not_be_read_is_a_change_all_the_same(make):
    """It may be what hides a film from a friend."""
    world = make()
    world.arr.tags = {3: "private"}
    reader = library(world)
    assert list(result_of(reader.changed(SINCE))) == []
    world.arr._tagged()[1].update(tags=[3])
    world.arr.override("/history/since", b"oops", 500)
    with pytest.raises(LibraryUnavailable):
        result_of(reader.changed(SINCE))
    world.arr.overrides.clear()
    assert list(result_of(reader.changed(SINCE))) == ["1"]


def test_a_tag_that_is_new_is_asked_for():
    """A movie that was imported with it must not be offered for a moment."""
    world = radarr()
    reader = library(world)
    result_of(reader.changed(SINCE))
    world.arr.tags = {9: "private"}
    world.arr.movies[1]["tags"] = [9]
    [facts] = result_of(reader.read_group("1")).facts.values()
    assert facts.tags == ("private",)


# -- where files lie --------------------------------------------------------------------------------------------------

MAP = PathMap([PathMapping(theirs=PurePosixPath("/library"), ours=PurePosixPath("/mnt/films"))])


def test_radarr_the_place_is_asked_now_and_mapped():
    world = radarr(path_map=MAP)
    found = result_of(library(world).locate(f"{world.server.id}:movie:1"))
    assert found.path == Path("/mnt/films/The Matrix (1999)/The.Matrix.1999.1080p.BluRay.x264-GRP.mkv")
    assert list(found.roots) == [Path("/mnt/films")]
    world.arr.movies[1]["movieFile"]["path"] = "/library/moved.mkv"
    assert result_of(library(world).locate(f"{world.server.id}:movie:1")).path == Path("/mnt/films/moved.mkv")


def test_sonarr_the_place_is_that_of_the_episodes_file():
    world = sonarr()
    found = result_of(library(world).locate(f"{world.server.id}:episode:1"))
    assert found.path == Path("/library/Show 1/a.mkv")
    assert [line.partition("/api/v3")[2] for line in world.network.seen] == [
        "/episode/1",
        "/episodefile/51",
        "/rootfolder",
    ]


@pytest.mark.parametrize(
    "item", ["{0}:movie:2", "{0}:movie:99", "{0}:episode:1", "{0}:movie:x", "other:movie:1", "{0}", ""]
)
def test_what_is_not_shared_is_not_found(item):
    """S9: no id leads anywhere else, and no odd id into a URL."""
    world = radarr()
    with pytest.raises(NotFound):
        result_of(library(world).locate(item.format(world.server.id)))


@pytest.mark.parametrize("item", ["{0}:movie:1/../../system/status", "{0}:movie:1?x=", "{0}:movie:²"])
def test_an_id_never_becomes_another_url(item):
    """S9"""
    world = radarr()
    with pytest.raises(NotFound):
        result_of(library(world).locate(item.format(world.server.id)))
    assert world.network.seen == []


def test_sonarr_an_episode_that_lost_its_file_is_not_found():
    world = sonarr()
    world.arr.episodes[1]["episodeFileId"] = 0
    with pytest.raises(NotFound):
        result_of(library(world).locate(f"{world.server.id}:episode:1"))


def test_an_arr_that_is_down_is_no_reason_to_say_not_found():
    world = radarr()
    world.down()
    with pytest.raises(LibraryUnavailable):
        result_of(library(world).locate(f"{world.server.id}:movie:1"))


def test_a_path_that_no_mapping_makes_ours():
    world = radarr()
    world.arr.movies[1]["movieFile"]["path"] = "D:\\Movies\\a.mkv"
    with pytest.raises(LibraryUnavailable, match="pathMappings"):
        result_of(library(world).locate(f"{world.server.id}:movie:1"))


def test_roots_are_asked_every_ten_minutes_and_kept_while_nobody_answers():
    world = radarr()
    made, item = library(world), f"{world.server.id}:movie:1"
    roots = ["/rootfolder" in line for line in world.network.seen]
    assert roots == []

    def asked() -> int:
        result_of(made.locate(item))
        return sum("/rootfolder" in line for line in world.network.seen)

    assert [asked(), asked()] == [1, 1]
    world.clock.advance(ROOTS_SECONDS)
    assert asked() == 2
    world.clock.advance(ROOTS_SECONDS)
    world.arr.override("/rootfolder", b"busy", 500)
    assert asked() == 3
    assert list(result_of(made.locate(item)).roots) == [Path("/library")]
