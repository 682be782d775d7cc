"""What comes into a library is soon in the index, with real daemons and *arrs that tell."""

from __future__ import annotations

import pytest
from twisted.internet.threads import deferToThread

from tests.fakes.arr import media_file
from tests.integration.conftest import Neighbours, World, content, put, soon

pytestmark = pytest.mark.slow

BEFORE_ANY_POLL = 30.0
"""Seconds."""


async def test_an_import_is_in_the_index_at_once(world: World):
    """The *arr tells; polls come a minute apart, and less often once it does."""
    home = Neighbours(world)
    await world.start(home.alice)
    await soon(lambda: home.alices_radarr.notifications.entries and home.alices_sonarr.notifications.entries)
    radarr = home.alices_radarr

    def offered() -> set[str]:
        return {item["title"] for item in home.alice.json("/items")["items"]}

    await soon(lambda: deferToThread(offered))
    name = "Heat.1995.1080p.BluRay.x264-GRP"
    path = put(radarr.root / "Heat (1995)" / f"{name}.mkv", content(2, 1000))
    movie = radarr.add_movie(
        "Heat", 1995, tmdb=949, file=media_file(str(path), id=9, size=1000, quality="Bluray-1080p", sceneName=name)
    )
    asked = len(radarr.requests)
    await radarr.tell("onDownload", "Download", movie)

    async def is_there() -> bool:
        return name in await deferToThread(offered)

    await soon(is_there, BEFORE_ANY_POLL)
    assert [path for _, path, _ in radarr.requests[asked:]] == [f"/movie/{movie}"]
    assert radarr.webhooks.failures == []
    del radarr.movies[movie]
    await radarr.tell("onMovieDelete", "MovieDelete", movie)

    async def is_gone() -> bool:
        return not await is_there()

    await soon(is_gone, BEFORE_ANY_POLL)
    token = next(f["value"] for f in radarr.notifications.entries[1]["fields"] if f["name"] == "url").partition("=")[2]
    assert len(token) > 20 and token not in home.alice.log
