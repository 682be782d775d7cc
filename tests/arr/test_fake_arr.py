"""The fakes refuse what the real *arrs refuse (they are the oracle of the integration tests), and ask as they ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.arr.world import World
from tests.fakes.arr import FakeRadarr, FakeSonarr, GrabFailed, ReleaseGone
from tests.fakes.arr_base import Tracked
from tests.fakes.arr_import import NotImported, files_to_import
from tests.fakes.arr_providers import MASK, Refused, values
from tests.fakes.arr_qbittorrent import Seen
from tests.fakes.titles import clean, parse
from tests.support import result_of

MATRIX = "The.Matrix.1999.1080p.BluRay.x264-GRP"
PILOT = "Some.Show.S01E02.720p.WEB-DL.x264-GRP"


def indexer(**changes: Any) -> dict[str, Any]:
    """A body that is right."""
    fields = {
        "baseUrl": "http://jack.test:5225/torznab",
        "apiKey": "k",
        "categories": [2000],
        **changes.pop("fields", {}),
    }
    flags = dict.fromkeys(("enableRss", "enableAutomaticSearch", "enableInteractiveSearch"), True)
    body = {
        "name": "Jack",
        "implementation": "Torznab",
        "configContract": "TorznabSettings",
        "priority": 25,
        "tags": [],
    }
    return {**body, **flags, "fields": [{"name": n, "value": v} for n, v in fields.items()], **changes}


def client(**changes: Any) -> dict[str, Any]:
    fields = {"host": "jack.test", "port": 5225, "username": "u", "password": "sesame", **changes.pop("fields", {})}
    body = {"name": "Jack", "implementation": "QBittorrent", "configContract": "QBittorrentSettings", "enable": True}
    more = {"priority": 50, "tags": [], "removeCompletedDownloads": True}
    return {**body, **more, "fields": [{"name": n, "value": v} for n, v in fields.items()], **changes}


def offering(*titles: str, kind: str = "radarr") -> World:
    world = World(kind)
    world.jack.titles = list(titles)
    return world


def refusal(asked: Any) -> list[Any]:
    with pytest.raises(Refused) as caught:
        result_of(asked)
    assert caught.value.status == 400
    body = caught.value.body
    return [line["errorMessage"] for line in body] if isinstance(body, list) else [body["message"]]


# -- forceSave (arr.md 4.4) -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True])
def test_post_enabled_is_tested_forced_or_not(force):
    world = offering()
    assert refusal(world.arr.indexers.create(indexer(), force=force))[0].startswith("Query successful, but no results")
    assert world.arr.indexers.entries == {}


def test_post_disabled_is_neither_validated_nor_tested():
    world = offering()
    off = dict.fromkeys(("enableRss", "enableAutomaticSearch", "enableInteractiveSearch"), False)
    result_of(world.arr.indexers.create(indexer(**off, fields={"baseUrl": "nonsense"}), force=False))
    assert world.arr.indexers.tested == []


def test_put_is_tested_unless_forced_and_does_nothing_without_a_change():
    world = offering(MATRIX)
    made = result_of(world.arr.indexers.create(indexer(), force=False))
    world.jack.titles = []
    world.arr.indexers.tested.clear()
    result_of(world.arr.indexers.update(made["id"], made, force=False))
    assert world.arr.indexers.tested == []
    refusal(world.arr.indexers.update(made["id"], {**made, "priority": 1}, force=False))
    assert world.arr.indexers.entries[1]["priority"] == 25
    result_of(world.arr.indexers.update(made["id"], {**made, "priority": 1}, force=True))
    assert world.arr.indexers.entries[1]["priority"] == 1
    assert world.arr.indexers.tested == ["Jack"]


def test_put_forced_still_minds_the_settings():
    world = offering(MATRIX)
    result_of(world.arr.indexers.create(indexer(), force=False))
    assert "Invalid Url" in refusal(world.arr.indexers.update(1, indexer(fields={"baseUrl": "x"}), force=True))[0]


def test_force_forgives_warnings_only():
    world = offering(MATRIX)
    body = indexer(fields={"seedCriteria.seedRatio": 0.0001 - 1})
    assert refusal(world.arr.indexers.create(body, force=False)) == ["Should be greater than zero"]
    result_of(world.arr.indexers.create(body, force=True))


# -- validation (arr.md 4.2) ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "'Name' must not be empty."),
        ({"name": "JACK"}, "Should be unique"),
        ({"name": "x", "priority": 51}, "'Priority' must be between 1 and 50."),
        ({"name": "x", "implementation": ""}, "'Implementation' must not be empty."),
        ({"name": "x", "configContract": "Other"}, "'Implementation' must not be empty."),
        ({"name": "x", "fields": {"port": "many"}}, "port could not be converted"),
        ({"name": "x", "fields": {"useSsl": "true"}}, "useSsl could not be converted"),
        ({"name": "x", "fields": {"host": 5}}, "host could not be converted"),
        ({"name": "x", "fields": {"host": "http://jack"}}, "must be valid Host"),
        ({"name": "x", "fields": {"port": 0}}, "must be between 1 and 65535"),
        ({"name": "x", "fields": {"movieCategory": "a//b"}}, "Can not contain"),
    ],
)
def test_what_a_client_may_not_be(changes, says):
    world = offering()
    result_of(world.arr.clients.create(client(), force=False))
    assert says in refusal(world.arr.clients.create(client(**changes), force=True))[0]


def test_omitted_members_are_what_the_class_starts_with():
    world = offering()
    body = client()
    del body["priority"], body["removeCompletedDownloads"]
    assert "Priority" in refusal(world.arr.clients.create(body, force=True))[0]
    made = result_of(world.arr.clients.create({**body, "priority": 1}, force=True))
    assert made["removeCompletedDownloads"] is False
    del body["tags"]
    with pytest.raises(Refused, match="500"):
        result_of(world.arr.clients.create({**body, "name": "Other", "priority": 1}, force=True))


def test_omitted_fields_get_the_default_and_not_what_was_stored():
    world = offering()
    result_of(world.arr.clients.create(client(fields={"initialState": 2}), force=True))
    assert values(world.arr.clients.entries[1])["initialState"] == 2
    result_of(world.arr.clients.update(1, client(priority=3), force=True))
    assert values(world.arr.clients.entries[1])["initialState"] == 0


def test_secrets_are_masked_and_the_mask_keeps_them():
    world = offering()
    made = result_of(world.arr.clients.create(client(), force=True))
    assert values(made)["password"] == MASK
    result_of(world.arr.clients.update(1, {**made, "priority": 3}, force=True))
    assert values(world.arr.clients.entries[1])["password"] == "sesame"


def test_an_indexer_binds_only_to_a_client_that_exists():
    world = offering(MATRIX)
    assert refusal(world.arr.indexers.create(indexer(downloadClientId=9), force=True)) == [
        "Download Client does not exist"
    ]


# -- the indexer's Test (arr.md 1.4) ----------------------------------------------------------------------------------


def test_the_test_asks_the_caps_and_then_the_rss_query_as_the_arr_writes_it():
    world = offering(MATRIX)
    result_of(world.arr.indexers.create(indexer(fields={"categories": [2000, 2040]}), force=False))
    base = "GET http://jack.test:5225/torznab/api?t="
    assert world.network.seen == [
        f"{base}caps&apikey=k",
        f"{base}movie&cat=2000,2040&extended=1&apikey=k&offset=0&limit=100",
    ]
    _, _, headers, _ = world.arr.caller.sent[-1]
    assert headers["User-Agent"] == "Radarr/6.0.3.10276 (ubuntu 22.04)"
    assert headers["Accept"].startswith("application/rss+xml")


@pytest.mark.parametrize(
    ("caps", "says"),
    [
        (b"<html/>", "not supported"),
        (b'<error code="100" description="Incorrect user credentials"/>', "Invalid API Key"),
        (b'<error code="201" description="no"/>', "Torznab error detected"),
        (b"\xef\xbb\xbf<caps/>", "not supported"),
    ],
)
def test_bad_caps_fail_the_test(caps, says):
    world = offering(MATRIX)
    world.jack.caps = caps
    assert says in refusal(world.arr.indexers.create(indexer(), force=False))[0]


def test_caps_that_allow_no_search_or_list_no_category_fail_the_test():
    world = offering(MATRIX)
    world.jack.caps = world.jack.caps.replace(b'available="yes"', b'available="no"')
    says = refusal(world.arr.indexers.create(indexer(), force=False))
    assert says == ["Indexer does not support the search parameters that are needed"]
    world.jack.caps = world.jack.caps.replace(b'available="no"', b'available="yes"')
    body = indexer(fields={"categories": [3000], "baseUrl": "http://jack.test:5225/torznab/"})
    assert refusal(world.arr.indexers.create(body, force=False)) == [
        "Indexer does not list any of the configured categories"
    ]


# -- the download client's Test (arr.md 3.3) --------------------------------------------------------------------------


def test_the_clients_test_makes_the_arrs_calls_in_the_arrs_order():
    world = offering()
    result_of(world.arr.clients.create(client(fields={"movieCategory": "jack-1"}), force=False))
    assert world.jack.calls == [
        "GET app/webapiVersion",
        "POST auth/login",
        "GET app/webapiVersion",
        "GET app/preferences",
        "GET app/webapiVersion",
        "GET torrents/categories",
        "POST torrents/createCategory",
        "GET torrents/categories",
        "GET torrents/info",
    ]
    assert world.jack.categories == {"jack-1": {"name": "", "savePath": ""}}


def test_a_lost_session_is_logged_in_again_once():
    world = offering()
    result_of(world.arr.clients.create(client(), force=False))
    world.arr._sessions.update(dict.fromkeys(world.arr._sessions, "SID=stale"))
    assert result_of(world.arr.poll()) == []
    assert world.jack.calls[-5:-2] == ["GET app/webapiVersion", "POST auth/login", "GET app/webapiVersion"]


# -- searches (arr.md 1.5, 1.6) ---------------------------------------------------------------------------------------


def joined(kind: str, *titles: str) -> World:
    """jack is registered and offers those titles."""
    world = offering(*titles, kind=kind)
    result_of(world.registrar().register())
    return world


def queries(world: World) -> list[str]:
    return [q.partition("&limit=100")[2] for q in world.jack.queries]


def test_radarr_asks_by_all_ids_then_by_title():
    world = joined("radarr")
    world.arr.add_movie("The Matrix", 1999, tmdb=603, imdb="tt0133093")
    assert result_of(world.arr.search_movie(tmdb=603)) == []
    assert [q.partition("&")[0] for q in world.jack.queries] == ["t=movie", "t=search"]
    assert queries(world) == ["&tmdbid=603&imdbid=0133093", "&q=Matrix%201999"]
    world.jack.titles = [MATRIX, "Another.Movie.1999.1080p.BluRay-X", "nonsense", "The.Matrix.1999"]
    assert [i.title for i in result_of(world.arr.search_movie(imdb="tt0133093"))] == [MATRIX]
    assert [why for _, why in world.arr.rejections] == ["Wrong movie", "Unable to parse release", "Unknown quality"]


def show(*titles: str, kind: str = "standard", season: int = 1, **episode: Any) -> World:
    world = joined("sonarr", *titles)
    series = world.arr.add_series("Some Show", tvdb=81189, imdb="tt0903747", kind=kind)
    world.arr.add_episode(series, season, 2, title="The Start", **episode)
    return world


def test_sonarr_asks_for_an_episode_by_ids_then_by_title():
    world = show()
    result_of(world.arr.search_episode(81189, 1, 2))
    assert queries(world) == ["&tvdbid=81189&imdbid=tt0903747&season=1&ep=2", "&q=Some%20Show&season=1&ep=2"]
    assert "cat=5000,5030,5040,5045&" in world.jack.queries[0]


def test_sonarr_takes_the_episode_and_no_pack():
    world = show(PILOT, PILOT.replace("E02", ""), PILOT.replace("E02", "E03"), PILOT.replace("Some", "Other"))
    assert [i.title for i in result_of(world.arr.search_episode(81189, 1, 2))] == [PILOT]
    assert [why for _, why in world.arr.rejections] == ["Full season pack", "Wrong episode", "Wrong series"]


def test_sonarr_takes_packs_for_a_season():
    world = show(PILOT, PILOT.replace("E02", ""), PILOT.replace("S01", "S02"))
    assert len(result_of(world.arr.search_season(81189, 1))) == 2
    assert queries(world) == ["&tvdbid=81189&imdbid=tt0903747&season=1"]


def test_sonarr_asks_for_specials_by_their_titles_first():
    world = show(season=0)
    result_of(world.arr.search_episode(81189, 0, 2))
    assert queries(world) == [
        "&q=Some+Show+The+Start",
        "&tvdbid=81189&imdbid=tt0903747&season=00&ep=2",
        "&q=Some%20Show&season=00&ep=2",
    ]
    assert "cat=5000,5030,5040,5045,5000,5070&" in world.jack.queries[0]


def test_sonarr_asks_for_daily_shows_by_date():
    world = show("Some.Show.2024.05.17.720p.HDTV.x264-GRP", kind="daily", season=2024, aired="2024-05-17")
    assert len(result_of(world.arr.search_episode(81189, 2024, 2))) == 1
    assert queries(world) == ["&tvdbid=81189&imdbid=tt0903747&season=2024&ep=05/17"]


def test_sonarr_asks_for_anime_by_absolute_number():
    world = show("[Grp] Some Show - 07 [1080p]", kind="anime", absolute=7)
    assert len(result_of(world.arr.search_episode(81189, 1, 2))) == 1
    assert queries(world) == ["&tvdbid=81189&imdbid=tt0903747&q=07", "&q=Some+Show+07"]
    assert "cat=5000,5070&" in world.jack.queries[0]


def test_caps_are_asked_for_once():
    world = joined("radarr", MATRIX)
    result_of(world.arr.rss())
    result_of(world.arr.rss())
    assert sum("t=caps" in line for line in world.network.seen) == 1


def test_full_pages_are_followed_by_the_next():
    world = joined("radarr")
    world.arr.add_movie("The Matrix", 1999, tmdb=603)
    page = [f"{MATRIX}{n}" for n in range(100)]
    world.jack.titles = page
    world.jack.answers["&offset=100&limit=100&tmdbid=603"] = ["The.Matrix.1999.720p.BluRay-LAST"]
    assert len(result_of(world.arr.search_movie(tmdb=603))) == 101
    assert ["offset=0" in q for q in world.jack.queries] == [True, False]


def test_an_indexer_that_fails_is_remembered():
    world = joined("radarr", MATRIX)
    world.jack.caps = b"<html/>"
    assert result_of(world.arr.rss()) == []
    assert len(world.arr.failures) == 1


# -- grabbing, polling, importing -------------------------------------------------------------------------------------


def grabbed(tmp_path: Path, title: str = MATRIX, *, in_library: bool = True, **torrent: Any) -> tuple[World, str]:
    """A grab that is finished."""
    world = joined("radarr", title)
    world.arr.root = tmp_path / "library"
    if in_library:
        world.arr.add_movie("The Matrix", 1999, tmdb=603)
    [item] = result_of(world.arr.rss())
    hash = result_of(world.arr.grab(item))
    folder = tmp_path / "done" / title
    folder.mkdir(parents=True)
    (folder / f"{title}.mkv").write_bytes(b"film")
    paths = {"save_path": str(tmp_path / "done"), "content_path": str(folder)}
    limits = {"ratio_limit": 0, "ratio": 0, "seeding_time_limit": -1}
    base = {"hash": hash.lower(), "name": title, "size": 1000, "progress": 1, "eta": 8640000, "state": "pausedUP"}
    world.jack.torrents = [{**base, **paths, **limits, "category": "c", **torrent}]
    return world, hash


def test_a_grab_sends_the_torrent_first_and_then_the_fields(tmp_path):
    world, hash = grabbed(tmp_path)
    method, url, headers, body = world.arr.caller.sent[-1]
    assert (method, url) == ("POST", "http://jack.test:5225/api/v2/torrents/add")
    assert headers["Content-Type"].startswith("multipart/form-data")
    names = [line.split(b'name="')[1].split(b'"')[0] for line in body.split(b"\r\n") if b"form-data;" in line]
    assert names == [b"torrents", b"category", b"paused"]
    assert b"\r\n\r\nFalse\r\n" in body
    assert hash == hash.upper()
    fetch = next(sent for sent in world.arr.caller.sent if sent[1].endswith(".torrent"))
    assert fetch[2]["Accept"] == "application/x-bittorrent"
    assert not {"X-Api-Key", "Cookie", "Authorization"} & set(fetch[2])


def test_a_torrent_that_is_gone_is_nobodys_fault():
    title = "gone.Movie.1999.1080p.BluRay-GRP"
    world = joined("radarr", title)
    with pytest.raises(ReleaseGone):
        result_of(world.arr.grab(result_of(world.arr.rss())[0]))
    assert world.arr.failures == []


def test_a_refused_add_grabs_nothing():
    world = joined("radarr", MATRIX)
    world.jack.refuse_adds = True
    with pytest.raises(GrabFailed):
        result_of(world.arr.grab(result_of(world.arr.rss())[0]))
    assert world.arr.tracked == {}


def test_a_finished_grab_is_moved_and_deleted_with_its_files(tmp_path):
    world, _ = grabbed(tmp_path)
    result_of(world.arr.poll())
    [file] = result_of(world.arr.import_completed())
    assert file.read_bytes() == b"film"
    assert file.is_relative_to(tmp_path / "library")
    assert world.jack.torrents == []
    assert world.jack.forms[-1][b"deleteFiles"] == [b"true"]


@pytest.mark.parametrize("kept", [{"state": "stalledUP"}, {"ratio_limit": -1}, {"ratio_limit": -2}])
def test_what_still_seeds_is_linked_and_stays(tmp_path, kept):
    """arr.md 3.7"""
    world, _ = grabbed(tmp_path, **kept)
    result_of(world.arr.poll())
    [file] = result_of(world.arr.import_completed())
    assert file.stat().st_nlink == 2
    assert len(world.jack.torrents) == 1


@pytest.mark.parametrize(
    ("torrent", "status"),
    [
        ({"state": "error"}, "warning"),
        ({"state": "downloading"}, "downloading"),
        ({"state": "checkingUP"}, "queued"),
        ({"state": "pausedDL"}, "paused"),
        ({"state": "stalledUP"}, "completed"),
        ({"state": "invented"}, "downloading"),
    ],
)
def test_states(tmp_path, torrent, status):
    """arr.md 3.5"""
    world, _ = grabbed(tmp_path, **torrent)
    assert [seen.status for seen in result_of(world.arr.poll())] == [status]


def test_the_base_directory_is_never_imported(tmp_path):
    """arr.md 3.6"""
    world, _ = grabbed(tmp_path)
    world.jack.torrents[0]["content_path"] = world.jack.torrents[0]["save_path"]
    [seen] = result_of(world.arr.poll())
    assert (seen.status, seen.output) == ("warning", None)
    assert result_of(world.arr.import_completed()) == []


def test_a_name_that_is_in_no_library_is_not_imported(tmp_path):
    """arr.md 6.2"""
    world, hash = grabbed(tmp_path, in_library=False)
    result_of(world.arr.poll())
    assert result_of(world.arr.import_completed()) == []
    assert world.arr.tracked[hash].state == "importBlocked"


def test_an_imported_hash_is_never_looked_at_again(tmp_path):
    """arr.md 2.4"""
    world, _ = grabbed(tmp_path, state="stalledUP")
    result_of(world.arr.poll())
    assert len(result_of(world.arr.import_completed())) == 1
    result_of(world.arr.poll())
    assert result_of(world.arr.import_completed()) == []


def test_what_vanished_from_the_client_is_forgotten(tmp_path):
    world, _ = grabbed(tmp_path)
    world.jack.torrents = []
    result_of(world.arr.poll())
    assert world.arr.tracked == {}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("a.exe", "dangerous"),
        ("a.txt", "No files"),
        ("Sample/a.mkv", "No files"),
        ("a-trailer.mkv", "No files"),
        (".x/a.mkv", "No files"),
        ("._a.mkv", "Unsupported"),
    ],
)
def test_what_is_no_film_is_not_imported(tmp_path, name, why):
    """arr.md 6.2"""
    file = tmp_path / "done" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    if why == "Unsupported":
        with pytest.raises(NotImported, match=why):
            files_to_import(str(file), tmp_path / "library")
        why = "No files"
    with pytest.raises(NotImported, match=why):
        files_to_import(str(tmp_path / "done"), tmp_path / "library")


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["S01E01", "S01E02", "S01E03"], None),
        (["S01E01", "S01E02E03"], None),
        (["S01E01", "S01E02"], "missing"),
        (["S01E01", "S01E02", "S01E03", "S02E01"], "not found in the grabbed release"),
        (["S01E01", "S01E02", "S01E03", "x"], "not found in the grabbed release"),
        (["S01"], "full season"),
    ],
)
def test_a_season_is_imported_file_by_file_and_whole_or_not_at_all(tmp_path, names, why):
    """arr.md 6.2"""
    sonarr = FakeSonarr(None, root=tmp_path / "library")
    series = sonarr.add_series("Show", tvdb=1)
    for season, number in ((1, 1), (1, 2), (1, 3), (2, 1)):
        sonarr.add_episode(series, season, number)
    release = "Show.S01.720p.WEB-DL-GRP"
    folder = tmp_path / "done" / release
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"Show.{name}.720p.WEB-DL-GRP.mkv").write_bytes(b"x")
    tracked = Tracked(hash="H", title=release, entity=series, episodes=[1, 2, 3], ids=[1, 2, 3])
    seen = Seen(hash="H", title=release, status="completed", output=str(folder), removable=True, **NOTHING_LEFT)
    imported = sonarr._import(tracked, seen)
    assert len(imported) == (0 if why else len(names))
    assert why is None or why in tracked.message


def test_extras_come_along_when_the_operator_says_so(tmp_path):
    radarr = FakeRadarr(None, root=tmp_path / "library")
    radarr.add_movie("The Matrix", 1999)
    folder = tmp_path / "done"
    folder.mkdir()
    title = "The.Matrix.1999.1080p.BluRay-GRP"
    for name in (f"{title}.mkv", f"{title}.en.srt", f"{title}.nfo", "other.srt"):
        (folder / name).write_bytes(b"x")
    seen = Seen(hash="H", title=title, status="completed", output=str(folder), removable=True, **NOTHING_LEFT)
    radarr.extra_files = frozenset({".srt"})
    [video] = radarr._import(Tracked(hash="H", title=title, entity=1, episodes=(), ids=[1]), seen)
    assert sorted(f.name for f in video.parent.iterdir()) == [f"{title}.en.srt", f"{title}.mkv"]


NOTHING_LEFT = {"category": "", "size": 1, "left": 0, "eta": None, "message": ""}


def test_the_library_itself_is_not_imported(tmp_path):
    file = tmp_path / "library" / "a.mkv"
    file.parent.mkdir()
    file.write_bytes(b"x")
    with pytest.raises(NotImported, match="library"):
        files_to_import(str(file), tmp_path / "library")


@pytest.mark.parametrize(
    ("app", "title", "said"),
    [
        ("radarr", "The Matrix (1999) 1080p", ("The Matrix", 1999)),
        ("radarr", "2001.A.Space.Odyssey.1968.2160p.BluRay-X", ("2001.A.Space.Odyssey", 1968)),
        ("radarr", "No.Year.1080p.BluRay-X", None),
        ("radarr", "a" * 24, None),
        ("sonarr", "Show.S01E02E03.720p-X", ("Show", 1, (2, 3))),
        ("sonarr", "Show.720p-X", None),
    ],
)
def test_titles(app, title, said):
    parsed = parse(app, title)
    if said is None:
        assert parsed is None
    elif app == "radarr":
        assert (clean(parsed.title), parsed.year) == (clean(said[0]), said[1])
    else:
        assert (parsed.title, parsed.season, parsed.episodes) == said
