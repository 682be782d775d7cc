"""Friends' catalogues are kept here, with real daemons: fresh within seconds, and whoever is away."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from twisted.internet.threads import deferToThread

from tests.fakes.arr import media_file
from tests.integration.conftest import MIB, Neighbours, World, content, finished, put, soon, two
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator

pytestmark = pytest.mark.slow

FRESH_SECONDS = 5.0


async def until_found(jack: Daemon, query: str, count: int = 1) -> None:
    """As many releases in that jack's feed."""
    await soon(lambda: deferToThread(lambda: len(Operator(jack).links(query)) == count), 150)


async def test_what_a_friend_imports_is_in_my_feed_within_seconds(world: World):
    """Counted from the moment at which her own index has it."""
    alice, bob, _ = await two(world, content(1, MIB))
    await soon(lambda: "has 1 items" in bob.log)
    searched = alice.log.count("/peer/search")
    name = "Other.2001.1080p.BluRay.x264-GRP"
    put(world.home / "films" / "Other (2001) {tmdb-9}" / f"{name}.mkv", content(2, MIB))
    await soon(lambda: deferToThread(lambda: len(alice.json("/items")["items"]) == 2), 150)
    began = time.monotonic()
    await until_found(bob, "t=movie", 2)
    assert time.monotonic() - began < FRESH_SECONDS
    await until_found(bob, "t=movie&tmdbid=9")
    assert alice.log.count("/peer/search") == searched


async def test_what_a_friends_radarr_imports_is_in_my_feed_within_seconds(world: World):
    """Counted from the moment at which her Radarr tells; nobody polls so soon."""
    home = Neighbours(world)
    await home.start()
    radarr = home.alices_radarr
    await soon(lambda: radarr.notifications.entries and "has 4 items" in home.bob.log)
    name = "Heat.1995.1080p.BluRay.x264-GRP"
    path = put(radarr.root / "Heat (1995)" / f"{name}.mkv", content(2, 1000))
    file = media_file(str(path), id=9, size=1000, quality="Bluray-1080p", sceneName=name)
    movie = radarr.add_movie("Heat", 1995, tmdb=949, file=file)
    began = time.monotonic()
    await radarr.tell("onDownload", "Download", movie)
    await until_found(home.bob, "t=movie", 2)
    assert time.monotonic() - began < FRESH_SECONDS
    await until_found(home.bob, "t=movie&tmdbid=949")


async def test_a_friend_who_is_away_is_still_listed_and_a_grab_waits_for_him(world: World):
    """A restart of Bob in between changes nothing."""
    alice, bob, data = await two(world, content(3, 2 * MIB), maxDownloadAttempts=2)
    await soon(lambda: "has 1 items" in bob.log)
    await deferToThread(alice.stop)
    await deferToThread(bob.stop)
    await world.start(bob)
    operator = Operator(bob)
    [link] = await deferToThread(operator.links)
    hash = await deferToThread(operator.grab, link)
    await soon(lambda: "waiting for Alice" in bob.log)
    await soon(lambda: bob.log.count("waiting for Alice") > 2)
    await world.start(alice)
    await soon(lambda: deferToThread(lambda: operator.row(hash)["state"] == "pausedUP"))
    [file] = finished(bob)
    assert Path(file).read_bytes() == data


async def test_the_mirror_may_be_lost(world: World):
    _, bob, _ = await two(world, content(4, MIB))
    await soon(lambda: "has 1 items" in bob.log)
    await deferToThread(bob.stop)
    (bob.home / "state" / "mirror.db").write_bytes(b"rubbish" * 1000)
    await world.start(bob)
    await until_found(bob, "t=movie")
    await soon(lambda: bob.log.count("has 1 items") == 2)
