"""jack and the fake *arrs against the published API documents; ``api-v3.json`` holds the parts of them that matter."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from jackd.arr.changes import UNCHANGING
from jackd.arr.failures import FailureReporter
from jackd.arr.radarr import RadarrLibrary
from jackd.arr.sonarr import SonarrLibrary
from jackd.storage.threads import InlineWorkers
from tests.arr.test_failures import Queue, download, queued
from tests.arr.world import ARR, World
from tests.fakes.arr import media_file
from tests.support import result_of

FACTS = json.loads(Path(__file__).with_name("api-v3.json").read_text())

ANSWERS = {
    "radarr": {
        "/system/status": "SystemResource",
        "/movie": "array:MovieResource",
        "/movie/1": "MovieResource",
        "/rootfolder": "array:RootFolderResource",
        "/tag": "array:TagResource",
        "/tag/detail": "array:TagDetailsResource",
        "/history/since?date=2000-01-01T00:00:00Z": "array:HistoryResource",
        "/queue": "QueueResourcePagingResource",
        "/downloadclient": "array:DownloadClientResource",
        "/downloadclient/schema": "array:DownloadClientResource",
        "/indexer": "array:IndexerResource",
        "/indexer/1": "IndexerResource",
        "/indexer/schema": "array:IndexerResource",
        "/notification": "array:NotificationResource",
        "/notification/schema": "array:NotificationResource",
    },
}
ANSWERS["sonarr"] = {
    **{path: name for path, name in ANSWERS["radarr"].items() if not path.startswith("/movie")},
    "/series": "array:SeriesResource",
    "/series/1": "SeriesResource",
    "/episode?seriesId=1": "array:EpisodeResource",
    "/episode/1": "EpisodeResource",
    "/episodefile?seriesId=1": "array:EpisodeFileResource",
    "/episodefile/1": "EpisodeFileResource",
}
RESOURCES = {
    "indexer": "IndexerResource",
    "downloadclient": "DownloadClientResource",
    "notification": "NotificationResource",
}
PLAIN = {"string": str, "integer": int, "boolean": bool, "number": int | float, "array": list, "object": dict}


def misfits(kind: str, value: Any, of: str, where: str = "") -> list[str]:
    """Members that the documents do not know, or know as something else."""
    schemas = FACTS[kind]["schemas"]
    if of.startswith("array:"):
        return [m for n, each in enumerate(value) for m in misfits(kind, each, of[6:], f"{where}[{n}]")]
    of = of.removeprefix("object:")
    if of in schemas:
        found = []
        for name, each in value.items():
            inner = schemas[of].get(name)
            found += [f"{where}.{name}"] if inner is None else misfits(kind, each, inner, f"{where}.{name}")
        return found
    expected = PLAIN.get(of)
    wrong = expected and (not isinstance(value, expected) or (isinstance(value, bool) and of in ("integer", "number")))
    return [f"{where}: {value!r} is no {of}"] if wrong else []


def full(kind: str) -> World:
    """An *arr with something everywhere."""
    world = World(kind)
    world.arr.tags = {3: "private"}
    if kind == "radarr":
        world.arr.add_movie("The Matrix", 1999, tmdb=603, imdb="tt0133093", file=media_file("/library/m.mkv"))
        world.arr.history = [{"id": 1, "movieId": 1, "date": "2026-01-01T00:00:00Z", "eventType": "movieFileRenamed"}]
    else:
        series = world.arr.add_series("Some Show", tvdb=81189, year=2008, imdb="tt0903747")
        world.arr.series[series]["tags"] = [3]
        world.arr.add_file(series, 1, media_file("/library/s.mkv"))
        world.arr.add_episode(series, 1, 1, file=1, aired="2008-01-20", absolute=1)
        world.arr.history = [
            {"id": 1, "seriesId": 1, "date": "2026-01-01T00:00:00Z", "eventType": "episodeFileRenamed"}
        ]
    return world


def live(world: World) -> None:
    """Everything that jack ever asks of an *arr."""
    result_of(world.registrar().register())
    result_of(world.registrar().register())
    kind = RadarrLibrary if world.server.type == "radarr" else SonarrLibrary
    library = kind(
        client=world.client,
        workers=InlineWorkers(),
        disk=InlineWorkers(),
        state=world.state,
        sight=world.sight,
    )

    async def read() -> None:
        from datetime import UTC, datetime

        items = [item async for batch in library.read() for item in batch.items]
        assert items
        assert await library.changed(datetime(2025, 1, 1, tzinfo=UTC)) == ["1"]
        assert (await library.read_group("1")).items == items or (await library.read_group("1")).items == tuple(items)
        await library.locate(items[0].id)

    result_of(read())
    queued(world)
    clients = {world.server.id: world.client}
    result_of(FailureReporter(downloads=Queue(download(world)), clients=clients, clock=world.clock).report())
    assert world.arr.blocklist


@pytest.mark.parametrize("kind", ["radarr", "sonarr"])
def test_jack_asks_only_what_the_documents_know(kind):
    world = full(kind)
    live(world)
    asked = [line for line in world.network.seen if ARR in line]
    assert len(asked) > 15
    for line in asked:
        method, _, url = line.partition(" ")
        parts = urlsplit(url)
        path = re.sub(r"/\d+", "/{id}", parts.path.removeprefix("/api/v3"))
        known = FACTS[kind]["paths"].get(f"{method} {path}")
        assert known is not None, f"{method} {path}"
        assert {name for name, _ in parse_qsl(parts.query)} <= set(known), line


@pytest.mark.parametrize("kind", ["radarr", "sonarr"])
def test_jack_sends_only_what_the_documents_know(kind):
    world = full(kind)
    live(world)
    sent = [(p, body) for _, p, body in world.arr.changes() if body is not None]
    assert len(sent) >= 4
    for path, body in sent:
        sort = path.split("/")[1]
        assert misfits(kind, body, RESOURCES[sort]) == []


@pytest.mark.parametrize("kind", ["radarr", "sonarr"])
def test_the_fake_answers_only_what_the_documents_know(kind):
    world = full(kind)
    result_of(world.registrar().register())
    queued(world)
    for path, of in ANSWERS[kind].items():
        bare, _, query = path.partition("?")
        answer = result_of(world.client.get(bare, dict(parse_qsl(query))))
        assert answer, path
        assert misfits(kind, answer, of, path) == []


@pytest.mark.parametrize("kind", ["radarr", "sonarr"])
def test_the_words_that_stand_for_something_exist(kind):
    enums = FACTS[kind]["enums"]
    events = enums["MovieHistoryEventType" if kind == "radarr" else "EpisodeHistoryEventType"]
    assert set(events) >= UNCHANGING
    world = full(kind)
    files = [m["movieFile"] for m in world.arr.movies.values()] if kind == "radarr" else world.arr.files.values()
    assert {f["quality"]["quality"]["source"] for f in files} <= set(enums["QualitySource"])
