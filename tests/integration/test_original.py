"""A real jack and an original one as friends, in both directions, on real sockets."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from typing import Any

import pytest
from twisted.internet.threads import deferToThread
from twisted.web.server import Site

from tests.fakes.arr import FakeRadarr, FakeSonarr
from tests.fakes.original import MATRIX_RELEASE, OriginalJack, episode_release, original_reads
from tests.integration.conftest import MIB, Neighbours, World, content, finished, gone, imported, soon
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator

pytestmark = pytest.mark.slow

KEY = "key-of-an-original"
IDS = ("imdbId", "tmdbId")


class Guest:
    """Alice runs an original jack; Bob has this one, a Radarr and a Sonarr."""

    def __init__(self, world: World, *, with_ids: bool = True) -> None:
        self.world = world
        releases = [{**MATRIX_RELEASE, "size": 3 * MIB}, *(episode_release(1, n, size=2 * MIB) for n in (1, 2, 3))]
        if not with_ids:
            releases = [{k: v for k, v in release.items() if k not in IDS} for release in releases]
        self.files = {r["id"]: content(20 + n, r["size"]) for n, r in enumerate(releases)}
        self.alice = OriginalJack(releases, key=KEY, files=self.files)
        self.radarr: FakeRadarr = world.arr(FakeRadarr, "radarr")
        self.sonarr: FakeSonarr = world.arr(FakeSonarr, "sonarr")
        self.radarr.add_movie("The Matrix", 1999, tmdb=603, imdb="tt0133093")
        show = self.sonarr.add_series("Some Show", tvdb=81189, year=2008)
        for number in (1, 2, 3):
            self.sonarr.add_episode(show, 1, number, title=f"Part {number}")
        self.bob = world.jack("bob")

    @property
    def movie(self) -> bytes:
        return self.files[MATRIX_RELEASE["id"]]

    async def start(self) -> Guest:
        """Bob; returns when he is registered and has shaken hands."""
        self.bob.configure(
            servers=[{**self.radarr.server, "source": False}, {**self.sonarr.server, "source": False}],
            downloads={"completedPath": str(self.bob.completed), "retryBaseDelayMs": 50, "retryMaxDelayMs": 200},
            peers=[{"name": "Alice", "url": self.world.serve(Site(self.alice.resource())), "apiKey": KEY}],
        )
        await self.world.start(self.bob)
        await soon(self._ready)
        return self

    async def _ready(self) -> bool:
        friends = (await deferToThread(self.bob.json, "/peers"))["peers"]
        return friends[0]["reachable"] and all(a.indexers.enabled("enableRss") for a in (self.radarr, self.sonarr))

    def searches(self) -> list[dict[str, str]]:
        """What Alice was asked for, by other requests than those of the registration."""
        return [query for path, query in self.alice.asked if path == "/peer/search"]


# -- an original is our friend -----------------------------------------------------------------------------------------


async def test_a_movie_of_an_original_by_its_ids(world: World):
    """Search, grab, stream, import, removal: Radarr. The original is asked in its own words."""
    guest = await Guest(world).start()
    [found] = await guest.radarr.search_movie(tmdb=603)
    assert found.title == MATRIX_RELEASE["title"]
    assert guest.searches()[-1] == {"tmdbId": "603"}
    hash = await guest.radarr.grab(found)
    [file] = await imported(guest.radarr, hash)
    assert file.read_bytes() == guest.movie
    assert await gone(guest.radarr, hash)
    assert guest.radarr.failures == []
    assert all(headers["x-api-key"] == KEY for headers in guest.alice.seen_headers)


async def test_an_episode_of_an_original_and_its_season(world: World):
    """The same for Sonarr."""
    guest = await Guest(world).start()
    [found] = await guest.sonarr.search_episode(81189, 1, 2)
    assert found.title == "Some.Show.S01E02.720p.WEB-DL.x264-GRP"
    assert guest.searches()[-1]["tvdbId"] == "81189"
    hash = await guest.sonarr.grab(found)
    [file] = await imported(guest.sonarr, hash)
    assert file.read_bytes() == guest.files["2a3b4c5d:episode:102"]
    assert await gone(guest.sonarr, hash)
    season = await guest.sonarr.search_season(81189, 1)
    assert sorted(item.title[10:16] for item in season) == ["S01E01", "S01E02", "S01E03"]
    assert guest.sonarr.failures == []


async def test_text_and_rss_of_an_original_that_knows_neither(world: World):
    """An original has no text search: its whole catalogue is asked for, and searched here."""
    guest = await Guest(world, with_ids=False).start()
    assert [i.title for i in await guest.radarr.rss()] == [MATRIX_RELEASE["title"]]
    assert len(await guest.sonarr.rss()) == 3
    [found] = await guest.radarr.search_movie(tmdb=603)  # no answer to the id, so Radarr asks for "Matrix 1999"
    assert found.title == MATRIX_RELEASE["title"]
    assert {} in guest.searches()
    hash = await guest.radarr.grab(found)
    [file] = await imported(guest.radarr, hash)
    assert file.read_bytes() == guest.movie
    operator = Operator(guest.bob)
    assert len(await deferToThread(operator.links, "t=search&q=some+show+s01e03")) == 1
    assert await deferToThread(operator.links, "t=search&q=nothing+of+that") == []


async def test_a_file_of_an_original_is_resumed_without_a_validator(world: World):
    """F15: an original has no ETag; its ranges have to do."""
    guest = await Guest(world).start()
    guest.alice.cuts = [MIB, MIB // 2, 0]
    operator = Operator(guest.bob)
    [link] = await deferToThread(operator.links, "t=movie&tmdbid=603")
    hash = await deferToThread(operator.grab, link)
    await soon(lambda: deferToThread(lambda: operator.row(hash)["state"] == "pausedUP"))
    [file] = finished(guest.bob)
    assert file.read_bytes() == guest.movie
    asked = [headers for headers in guest.alice.seen_headers if "range" in headers]
    starts = [int(re.fullmatch(r"bytes=(\d+)-", headers["range"])[1]) for headers in asked]
    assert starts == sorted(starts) and 0 < starts[0] <= MIB < starts[-1]
    assert not any("if-range" in headers for headers in asked)


async def test_what_an_original_has_removed_is_not_offered_as_a_torrent(world: World):
    """404 after the offer: the grab fails at once and visibly, for good."""
    guest = await Guest(world).start()
    operator = Operator(guest.bob)
    [link] = await deferToThread(operator.links, "t=movie&tmdbid=603")
    guest.alice.files.clear()
    hash = await deferToThread(operator.grab, link)
    await soon(lambda: deferToThread(lambda: operator.row(hash)["state"] == "error"))
    assert finished(guest.bob) == []


# -- an original is the friend of ours ---------------------------------------------------------------------------------


class OriginalClient:
    """Asks as an original does, and believes only what it believes."""

    def __init__(self, jack: Daemon) -> None:
        self._jack = jack

    def handshake(self) -> None:
        """A version of three plain numbers, 0.1.0 or later; else it is called incompatible."""
        told = self.json("/handshake")
        assert told["name"] == "jack"
        assert re.fullmatch(r"\d+\.\d+\.\d+", told["version"])
        assert tuple(map(int, told["version"].split("."))) >= (0, 1, 0)

    def search(self, query: str = "") -> list[dict[str, Any]]:
        """The releases; one that its schema does not take, and all are refused."""
        return original_reads(self.json(f"/peer/search{query}"))

    def json(self, path: str) -> Any:
        status, headers, body = self.get(path)
        assert status == 200 and headers["content-type"].startswith("application/json")
        return json.loads(body)

    def download(self, release: dict[str, Any], part: bytes = b"") -> bytes:
        """Go on with ``part``: only a 206 that starts there and has the release's size is taken, else 200."""
        status, headers, body = self.get(
            f"/peer/items/{release['id']}/file", **({"Range": f"bytes={len(part)}-"} if part else {})
        )
        if status == 416:
            return self.download(release)
        if status == 206:
            start, _, total = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", headers["content-range"]).groups()
            assert part and int(start) == len(part) and int(total) == release["size"]
        else:
            assert status == 200
            part = b""
        assert int(headers["content-length"]) == len(body)
        assert headers["accept-ranges"] == "bytes"
        assert len(part + body) == release["size"]
        return part + body

    def get(self, path: str, **headers: str) -> tuple[int, Any, bytes]:
        """Status, headers and body; whatever the status."""
        request = urllib.request.Request(self._jack.url + path, headers={"X-Api-Key": self._jack.key, **headers})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


async def serving(world: World) -> tuple[Neighbours, OriginalClient]:
    home = Neighbours(world)
    await world.start(home.alice)
    await soon(lambda: deferToThread(lambda: len(home.alice.json("/items")["items"]) == 4))
    return home, OriginalClient(home.alice)


async def test_an_original_shakes_hands_and_searches(world: World):
    """By each id, by episode, and without anything, which means all; every field as its schema wants it."""
    home, original = await serving(world)

    def check() -> None:
        original.handshake()
        [movie] = original.search("?tmdbId=603")
        assert movie["title"] == "The.Matrix.1999.1080p.BluRay.x264-GRP"
        assert (movie["category"], movie["size"], movie["imdbId"], movie["tmdbId"]) == (
            2000,
            3 * MIB,
            "tt0133093",
            603,
        )
        assert movie["filename"] == home.movie.name
        for query in ("?imdbId=tt0133093", "?imdbId=0133093", "?tmdbId=603&imdbId=tt9999999"):
            assert original.search(query) == [movie]
        [episode] = original.search("?tvdbId=81189&season=1&episode=2")
        assert (episode["category"], episode["seriesTitle"]) == (5000, "Some Show")
        assert (episode["tvdbId"], episode["season"], episode["episode"]) == (81189, 1, 2)
        assert len(original.search("?tvdbId=81189&season=1")) == len(original.search("?tvdbId=81189")) == 3
        assert original.search("?tmdbId=604") == original.search("?tvdbId=81189&season=2") == []
        everything = original.search()
        assert len(everything) == 4 and movie in everything and episode in everything
        assert original.json(f"/peer/items/{movie['id']}") == movie

    await deferToThread(check)


async def test_an_original_fetches_and_resumes(world: World):
    """Ranges without If-Range, 416 behind the end, 404 for what is not there; the key in a header or in the query."""
    home, original = await serving(world)

    def check() -> None:
        [movie] = original.search("?tmdbId=603")
        data = home.movie.read_bytes()
        assert original.download(movie) == data
        assert original.download(movie, data[: MIB + 1]) == data
        path = f"/peer/items/{movie['id']}/file"
        assert original.get(path, Range="bytes=-5")[::2] == (206, data[-5:])
        status, headers, _ = original.get(path, Range=f"bytes={len(data)}-")
        assert (status, headers["content-range"]) == (416, f"bytes */{len(data)}")
        assert original.download(movie, data + b"x") == data
        for nowhere in (f"{movie['id']}9", "ffffffff:movie:1", "x"):
            assert original.get(f"/peer/items/{nowhere}")[0] == 404
            assert original.get(f"/peer/items/{nowhere}/file")[0] == 404
        assert original.get(f"/handshake?apikey={home.alice.key}", **{"X-Api-Key": ""})[0] == 200
        assert original.get("/handshake", **{"X-Api-Key": "wrong"})[0] == 401

    await deferToThread(check)
