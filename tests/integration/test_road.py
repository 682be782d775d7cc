"""The main job, from the registration to the import, with real daemons and real bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from twisted.internet.threads import deferToThread

from tests.integration.conftest import Neighbours, World, gone, imported, soon
from tests.integration.operator import Operator

pytestmark = pytest.mark.slow


async def test_a_movie_by_its_ids(world: World):
    """Search, grab, stream, import, removal: Radarr."""
    home = Neighbours(world)
    await home.start()
    [found] = await home.radarr.search_movie(tmdb=603)
    assert found.title == "The.Matrix.1999.1080p.BluRay.x264-GRP"
    hash = await home.radarr.grab(found)
    [file] = await imported(home.radarr, hash)
    assert file.read_bytes() == home.movie.read_bytes()
    assert await gone(home.radarr, hash)
    assert home.radarr.failures == []
    assert not [p for p in home.bob.completed.rglob("*") if p.is_file() and p.name != "marker"]


async def test_an_episode_by_tvdb_id_and_a_season(world: World):
    """Sonarr: one episode; then the rest of the season as single episodes."""
    home = Neighbours(world)
    await home.start()
    [found] = await home.sonarr.search_episode(81189, 1, 2)
    assert found.title == "Some.Show.S01E02.720p.WEB-DL.x264-GRP"
    hash = await home.sonarr.grab(found)
    [file] = await imported(home.sonarr, hash)
    assert file.read_bytes() == home.episodes[1].read_bytes()
    season = await home.sonarr.search_season(81189, 1)
    assert sorted(i.title[10:16] for i in season) == ["S01.72", "S01E01", "S01E02", "S01E03"]
    for item in season:
        if "S01E01" in item.title or "S01E03" in item.title:
            hash = await home.sonarr.grab(item)
            [file] = await imported(home.sonarr, hash)
            assert await gone(home.sonarr, hash)
    assert {f.name for f in home.sonarr.root.rglob("*.mkv")} == {p.name for p in home.episodes}
    assert home.sonarr.failures == []


async def test_rss_offers_what_friends_have_to_each_its_kind(world: World):
    home = Neighbours(world)
    await home.start()
    assert [i.title for i in await home.radarr.rss()] == ["The.Matrix.1999.1080p.BluRay.x264-GRP"]
    assert len(await home.sonarr.rss()) == 4  # the season, too
    [item] = await home.radarr.rss()
    hash = await home.radarr.grab(item)
    [file] = await imported(home.radarr, hash)
    assert file.read_bytes() == home.movie.read_bytes()


async def test_each_arr_sees_only_its_own(world: World):
    home = Neighbours(world)
    await home.start()
    [movie] = await home.radarr.search_movie(tmdb=603)
    hash = await home.radarr.grab(movie)
    assert [seen.hash for seen in await home.radarr.poll()] == [hash]
    assert await home.sonarr.poll() == []


async def test_registration_heals_when_the_arr_comes_late(world: World):
    """F36: started in any order, no restart."""
    home = Neighbours(world)
    home.radarr.starting = True
    await world.start(home.alice, home.bob)
    await soon(lambda: home.sonarr.indexers.enabled("enableRss"))
    assert not home.radarr.indexers.enabled("enableRss")
    home.radarr.starting = False
    await soon(lambda: home.radarr.indexers.enabled("enableRss"))


async def test_an_empty_friend_is_enough_to_register(world: World):
    """§4.4: the *arr's own test of an empty indexer fails, the registration must not."""
    home = Neighbours(world)
    home.bob.configure(peers=[])
    await world.start(home.bob)
    await soon(lambda: home.radarr.indexers.enabled("enableRss") and home.sonarr.indexers.enabled("enableRss"))
    assert await home.radarr.rss() == []
    assert home.radarr.failures == []


async def test_the_folders_of_the_categories_are_there_from_the_start(world: World):
    """The *arrs complain of a download client whose category's folder they can't see."""
    home = Neighbours(world)
    await home.start()
    categories = json.loads(await deferToThread(Operator(home.bob).post, "torrents/categories"))
    assert len(categories) == 2
    for category in categories.values():
        assert category["savePath"] == f"{home.bob.completed}/{category['name']}"
        await soon(lambda path=category["savePath"]: Path(path).is_dir())


async def test_a_second_start_changes_nothing_in_the_arr(world: World):
    """Idempotence: what is registered right is left alone."""
    home = Neighbours(world)
    await home.start()
    before = len(home.radarr.changes())
    home.bob.stop()
    await world.start(home.bob)
    await home.ready()
    await soon(lambda: "registered" in home.bob.log.rpartition("jack listens")[2])
    assert [c for c in home.radarr.changes()[before:] if c[0] == "POST"] == []
    assert len(home.radarr.clients.entries) == len(home.radarr.indexers.entries) == 1
