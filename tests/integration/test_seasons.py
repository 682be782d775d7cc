"""Whole seasons and what lies beside the videos, from one real daemon to another, and into a Sonarr."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from tests.integration.conftest import MIB, Neighbours, World, finished, friend, gone, imported, soon
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator
from tests.support import files_below

pytestmark = pytest.mark.slow

SEASON = "Some.Show.S01.720p.WEB-DL.x264-GRP"


def subtitles(home: Neighbours) -> list[Path]:
    """One file beside each of Alice's episodes, and some that must stay where they are."""
    made = []
    for number, video in enumerate(home.episodes):
        made.append(video.with_suffix(".en.forced.srt"))
        made[-1].write_text(f"1\n00:00:01,000 --> 00:00:02,000\nHello {number}\n")
        for other in (".jpg", ".exe", ".en .srt"):
            video.with_suffix(other).write_text("no")
    return made


async def season_of(home: Neighbours) -> Any:
    found = await home.sonarr.search_season(81189, 1)
    return next(item for item in found if item.title == SEASON)


async def test_a_season_is_one_grab_and_arrives_whole_with_its_subtitles(world: World):
    """Searched, grabbed, fetched, imported file by file, removed; byte for byte, and verified."""
    home = Neighbours(world)
    texts = subtitles(home)
    await home.start()
    home.sonarr.extra_files = frozenset({".srt"})
    found = await home.sonarr.search_season(81189, 1)
    assert found[0].title == SEASON
    assert len(found) == 4
    hash = await home.sonarr.grab(found[0])
    files = await imported(home.sonarr, hash)
    assert [file.read_bytes() for file in files] == [video.read_bytes() for video in home.episodes]
    for file, text in zip(files, texts, strict=True):
        assert file.with_suffix(".en.forced.srt").read_bytes() == text.read_bytes()
    assert len([f for f in home.sonarr.root.rglob("*") if f.is_file()]) == 6
    assert await gone(home.sonarr, hash)
    assert home.sonarr.failures == []
    [line] = (await deferToThread(home.bob.json, "/history"))["history"]
    assert (line["title"], line["verified"], line["event"]) == (SEASON, True, "completed")
    assert not [p for p in home.bob.completed.rglob("*") if p.is_file() and p.name != "marker"]


async def test_a_season_with_a_gap_is_offered_as_its_episodes_alone(world: World):
    home = Neighbours(world)
    episode = next(e for e in home.alices_sonarr.episodes.values() if e["episodeNumber"] == 2)
    episode |= {"episodeFileId": 0, "hasFile": False}
    await home.start()
    found = await home.sonarr.search_season(81189, 1)
    assert sorted(item.title[10:16] for item in found) == ["S01E01", "S01E03"]


async def test_a_season_goes_on_after_kill_9_and_fetches_nothing_twice(world: World):
    """F1, F2: when a file is finished and the next one has begun."""
    home = Neighbours(world, size=6 * MIB)
    home.alice.configure(limits={"uploadKiBs": 1500})
    await home.start()
    hash = await home.sonarr.grab(await season_of(home))
    await soon(lambda: finished(home.bob) and {p.name for p in files_below(home.bob.completed)} & {"1.part", "2.part"})
    await deferToThread(home.bob.kill)
    done = finished(home.bob)
    assert 0 < len(done) < 3
    shared = {video.read_bytes() for video in home.episodes}
    assert {file.read_bytes() for file in done} <= shared
    before = len(home.alice.log)
    await world.start(home.bob)
    files = await imported(home.sonarr, hash)
    assert [file.read_bytes() for file in files] == [video.read_bytes() for video in home.episodes]
    asked = home.alice.log[before:]
    for number in (1, 2, 3):
        was_done = any(f"E0{number}" in file.name for file in done)
        assert (f"%3Aepisode%3A{number}/file" in asked) is not was_done
    assert home.sonarr.failures == []


async def test_a_friends_subtitles_that_vanish_keep_no_film_back(world: World):
    home = Neighbours(world)
    text = home.movie.with_suffix(".srt")
    text.write_text("here")
    home.alice.configure(limits={"uploadKiBs": 3000})
    await home.start()
    [found] = await home.radarr.search_movie(tmdb=603)
    hash = await home.radarr.grab(found)
    text.unlink()
    [file] = await imported(home.radarr, hash)
    assert file.read_bytes() == home.movie.read_bytes()
    assert "stays behind" in home.bob.log


async def with_carol(home: Neighbours, **limits: int) -> Daemon:
    """A second friend with the same season; both know the digests of it."""
    sources = [{**home.alices_sonarr.server, "destination": False}]
    carol = home.world.jack("carol", servers=sources, limits=limits)
    home.alice.configure(servers=sources, limits=limits)
    home.bob.configure(peers=[{**friend(jack), "name": jack.name} for jack in (home.alice, carol)])
    await home.world.start(carol)
    await home.start()
    for jack in (home.alice, carol):
        await soon(lambda jack=jack: deferToThread(lambda: len(jack.json("/items")["items"]) == 3))
        await soon(lambda jack=jack: deferToThread(digests, jack))
    return carol


def digests(jack: Daemon) -> bool:
    """Whether those of all items are there; asking has them computed."""
    items = jack.json("/peer/search?limit=9")["items"]
    answers = [jack.get(f"/peer/items/{item['id']}/manifest", key=True) for item in items]
    return all(b'"root"' in answer for answer in answers)


async def shares(home: Neighbours) -> dict[str, int]:
    """Bytes of the only download by friend."""
    [record] = (await deferToThread(home.bob.json, "/history"))["history"]
    assert record["verified"]
    return {friend["name"]: friend["bytes"] for friend in record["friends"]}


async def test_a_season_comes_from_two_friends(world: World):
    """F46: each gives some of it, and no byte comes twice."""
    home = Neighbours(world, size=40 * MIB)
    await with_carol(home, uploadKiBs=12 * 1024)
    hash = await home.sonarr.grab(await season_of(home))
    files = await imported(home.sonarr, hash)
    assert [file.read_bytes() for file in files] == [video.read_bytes() for video in home.episodes]
    given = await shares(home)
    assert given.keys() == {"alice", "carol"}
    assert min(given.values()) > 8 * MIB
    assert sum(given.values()) == 120 * MIB


async def test_one_of_two_friends_is_killed_in_the_middle_of_a_season(world: World):
    """F46: when the second file has begun to come from both, so that its digests are known."""
    home = Neighbours(world, size=12 * MIB)
    await with_carol(home, uploadKiBs=6 * 1024)
    hash = await home.sonarr.grab(await season_of(home))
    operator = Operator(home.bob)
    await soon(lambda: deferToThread(lambda: operator.row(hash.lower())["completed"] > 18 * MIB))
    await deferToThread(home.alice.kill)
    files = await imported(home.sonarr, hash)
    assert [file.read_bytes() for file in files] == [video.read_bytes() for video in home.episodes]
    assert (await shares(home))["carol"] > 12 * MIB
    assert home.sonarr.failures == []
