from __future__ import annotations

from random import Random

import pytest
from twisted.internet.defer import Deferred

from jackd.arr import failures
from jackd.arr.failures import GATHER_SECONDS, LAST_PAUSE_SECONDS, LOOK_SECONDS, FailureReporter
from jackd.model.download import Download, State
from jackd.model.grab import Grab
from jackd.model.history import Event
from tests.arr.world import World
from tests.fakes.arr_base import Tracked
from tests.support import result_of

HASH = "ab" * 20


class Queue:
    def __init__(self, *downloads: Download) -> None:
        self.downloads = list(downloads)

    def list(self):
        return self.downloads


def download(world: World, state: State = State.FAILED, hash: str = HASH, owner: str | None = "") -> Download:
    grab = Grab(hash=hash, peer="p", peer_name="Alice", item="i", title="The.Matrix.1999", filename="m.mkv", size=5)
    owner = world.server.id if owner == "" else owner
    return Download(grab=grab, owner=owner, category="c", folder="/d", state=state)


def world_with(*downloads, kind: str = "radarr", in_queue: bool = True, episodes=()) -> tuple[World, FailureReporter]:
    world = World(kind)
    result_of(world.registrar().register())
    world.arr.requests.clear()
    if in_queue:
        queued(world, episodes=episodes)
    listed = [make(world) for make in downloads or (download,)]
    reporter = FailureReporter(
        downloads=Queue(*listed), clients={world.server.id: world.client}, clock=world.clock, rng=Random(1)
    )
    return world, reporter


def queued(world: World, episodes=()) -> None:
    ids = [7 + n for n in range(max(1, len(episodes)))]
    world.arr.tracked[HASH.upper()] = Tracked(
        hash=HASH.upper(), title="The.Matrix.1999", entity=1, episodes=episodes, ids=ids
    )
    world.jack.torrents = [{"hash": HASH}]


@pytest.mark.parametrize("kind", ["radarr", "sonarr"])
def test_a_grab_that_failed_for_good_is_blocklisted_searched_again_and_removed(kind):
    """reliability 0.8: no state of a qBittorrent can say it."""
    world, reporter = world_with(kind=kind)
    result_of(reporter.report())
    assert world.arr.blocklist == world.arr.searched_again == ["The.Matrix.1999"]
    assert world.jack.torrents == []
    assert world.jack.forms[-1] == {b"hashes": [HASH.encode()], b"deleteFiles": [b"true"]}


def test_the_items_that_no_movie_is_known_of_are_asked_for_too():
    world, reporter = world_with()
    result_of(reporter.report())
    assert any("includeUnknownMovieItems=true" in line for line in world.network.seen)
    world, reporter = world_with(kind="sonarr")
    result_of(reporter.report())
    assert any("includeUnknownSeriesItems=true" in line for line in world.network.seen)


def test_a_download_of_several_episodes_is_reported_once():
    world, reporter = world_with(kind="sonarr", episodes=(1, 2, 3))
    result_of(reporter.report())
    assert [(m, p) for m, p, _ in world.arr.changes()] == [("DELETE", "/queue/7")]


@pytest.mark.parametrize("state", [s for s in State if s is not State.FAILED])
def test_nothing_else_is_ever_reported(state):
    """A temporary failure above all."""
    world, reporter = world_with(lambda w: download(w, state))
    result_of(reporter.report())
    assert world.arr.requests == []


def test_what_no_arr_of_ours_grabbed_is_not_reported():
    world, reporter = world_with(lambda w: download(w, owner=None), lambda w: download(w, owner="12345678"))
    result_of(reporter.report())
    assert world.arr.requests == []


def test_every_arr_is_told_of_its_own_grabs_only():
    one, _ = world_with()
    other = World("sonarr", url="http://other.test:8989")
    other.network.serve("other.test:8989", other.arr.resource())
    other.arr.tracked[HASH.upper()] = Tracked(hash=HASH.upper(), title="Same", entity=1, episodes=(), ids=[1])
    clients = {one.server.id: one.client, other.server.id: other.client}
    result_of(FailureReporter(downloads=Queue(download(one)), clients=clients, clock=one.clock).report())
    assert one.arr.blocklist == ["The.Matrix.1999"]
    assert other.arr.requests == []


def test_it_is_tried_again_until_the_arr_knows_of_it_with_growing_pauses():
    world, reporter = world_with(in_queue=False)
    reporter.startService()

    def asks(seconds: float) -> int:
        before = len(world.arr.requests)
        for _ in range(int(seconds // LOOK_SECONDS)):
            world.clock.advance(LOOK_SECONDS)
        return len(world.arr.requests) - before

    assert asks(LOOK_SECONDS) == 1
    assert 4 <= asks(3600) <= 10
    assert asks(10 * LAST_PAUSE_SECONDS) >= 8
    queued(world)
    asks(LAST_PAUSE_SECONDS * 1.2)
    assert world.arr.blocklist == ["The.Matrix.1999"]
    reporter.stopService()
    assert world.clock.getDelayedCalls() == []


def test_it_is_told_at_once():
    """Not only when the next look is due."""
    world, reporter = world_with()
    reporter.startService()
    reporter.over(download(world), Event.FAILED)
    reporter.over(download(world), Event.FAILED)
    world.clock.advance(GATHER_SECONDS)
    assert world.arr.blocklist == ["The.Matrix.1999"]
    reporter.over(download(world), Event.FAILED)
    reporter.stopService()
    assert world.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("event", "owner"), [*((event, "") for event in Event if event is not Event.FAILED), (Event.FAILED, None)]
)
def test_other_ends_are_nothing_to_look_for(event, owner):
    world, reporter = world_with()
    reporter.startService()
    reporter.over(download(world, owner=owner), event)
    world.clock.advance(GATHER_SECONDS)
    assert world.arr.requests == []
    reporter.stopService()


def test_one_that_fails_while_an_arr_is_slow_to_answer_waits_for_nobody(monkeypatch):
    """And what the first look reports, the second does not."""
    world, reporter = world_with()
    asked: list[Deferred] = []
    real = world.client.get

    async def slow(*args):
        asked.append(Deferred())
        await asked[-1]
        return await real(*args)

    monkeypatch.setattr(world.client, "get", slow)
    reporter.startService()
    world.clock.advance(LOOK_SECONDS)
    other = "cd" * 20
    reporter._downloads.downloads.append(download(world, hash=other))
    world.arr.tracked[other.upper()] = Tracked(hash=other.upper(), title="Other", entity=1, episodes=(), ids=[9])
    reporter.over(reporter._downloads.downloads[1], Event.FAILED)
    world.clock.advance(GATHER_SECONDS)
    assert len(asked) == 2
    asked[1].callback(None)
    assert world.arr.blocklist == ["Other"]
    asked[0].callback(None)
    assert world.arr.blocklist == ["Other", "The.Matrix.1999"]
    assert len([c for c in world.arr.changes() if c[0] == "DELETE"]) == 2
    reporter.stopService()


def test_an_arr_that_is_down_is_told_later():
    world, reporter = world_with()
    world.down()
    reporter.startService()
    world.clock.advance(LOOK_SECONDS)
    world.up()
    for _ in range(4):
        world.clock.advance(LOOK_SECONDS)
    assert world.arr.blocklist == ["The.Matrix.1999"]
    reporter.stopService()


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"records": [5, {"id": "x", "downloadId": 7}]}', b"<html>"])
def test_an_odd_queue_harms_nobody(body):
    """F38"""
    world, reporter = world_with()
    world.arr.override("/queue", body)
    result_of(reporter.report())
    assert world.arr.changes() == []


def test_a_long_queue_is_read_page_by_page(monkeypatch):
    monkeypatch.setattr(failures, "PAGE_SIZE", 2)
    world, reporter = world_with(in_queue=False)
    for n in range(5):
        hash = f"{n:040X}"
        world.arr.tracked[hash] = Tracked(hash=hash, title=hash, entity=1, episodes=(), ids=[100 + n])
    queued(world)
    result_of(reporter.report())
    assert world.arr.blocklist == ["The.Matrix.1999"]
