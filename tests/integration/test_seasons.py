"""Whole seasons and what lies beside the videos, from one real daemon to another, and into a Sonarr."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from tests.integration.conftest import MIB, Neighbours, World, finished, gone, imported, soon
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
