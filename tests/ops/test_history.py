"""S31: the operator sees who fetched what and when, and what became of his own downloads."""

from __future__ import annotations

import gc

import pytest
from twisted.internet.defer import fail
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.model.errors import Unavailable
from jackd.model.grab import Grab
from jackd.model.history import Event
from jackd.ops.history import FLUSH_SECONDS, MAX_SHARES, History
from jackd.storage.database import Database
from jackd.storage.history import HistoryStore
from jackd.web.uploads import SAMPLE_SECONDS, Uploads
from tests.support import result_of

NOW = 1_800_000_000.0


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.store = HistoryStore(Database.in_memory())
        self.history = History(
            store=self.store, clock=self.clock, owners={"x": "Films"}, now=lambda: NOW + self.clock.seconds()
        )
        self.history.startService()
        self.uploads = Uploads(clock=self.clock, streamed=self.history.streamed)
        self.uploads.startService()

    def begun(self, file: str = "a.mkv", size: int = 9000):
        return self.uploads.begun(who="Bob", client="::1", file=file, file_size=9000, size=size)

    def page(self):
        return result_of(self.store.page(limit=2 * MAX_SHARES))

    def stop(self) -> None:
        """In the daemon's order."""
        self.uploads.stopService()
        result_of(self.history.stopService())
        assert not self.clock.getDelayedCalls()


@pytest.fixture
def world():
    return World()


def download(**values) -> Download:
    grab = Grab(hash="a" * 40, peer="p", peer_name="Alice", item="i", title="Heat", filename="x.mkv", size=1000)
    known = {"owner": "x", "category": "", "folder": "/c", "seconds": 4.0}
    made = Download(grab=grab, added=NOW - 60, **known | values)
    whole = Coverage.of(0, 1000)
    made.files[0].settle(whole, whole)
    made.files[0].done, made.files[0].given = True, {"Alice": 1000}
    return made


def test_a_download_that_came_to_its_end(world):
    world.history.over(download(state=State.COMPLETED, failures=3), Event.COMPLETED)
    (record,) = world.page()
    assert (record.event, record.title, record.owner) == (Event.COMPLETED, "Heat", "Films")
    assert (record.friends, record.size, record.speed) == ({"Alice": 1000}, 1000, 250.0)
    assert (record.began, record.ended, record.failures, record.verified) == (NOW - 60, NOW, 3, True)


def test_the_operators_own_grabs_have_no_owner(world):
    world.history.over(download(owner=None), Event.REMOVED)
    world.history.over(download(owner="gone"), Event.REMOVED)
    assert [record.owner for record in world.page()] == ["gone", ""]


def test_a_transfer_in_many_ranges_is_one_line(world):
    for _ in range(90):
        with world.begun(size=100) as flow:
            flow.move(100)
        world.clock.advance(1)
    world.stop()
    (record,) = world.page()
    assert (record.event, record.friends, record.title, record.client) == (Event.SENT, {"Bob": 9000}, "a.mkv", "::1")
    assert (record.began, record.ended) == (NOW, NOW + 90)


def test_a_stream_that_goes_on_is_there_already(world):
    """After a power cut the operator still knows nearly all of it."""
    with world.begun() as flow:
        flow.move(1000)
        world.clock.pump([SAMPLE_SECONDS] * int(FLUSH_SECONDS / SAMPLE_SECONDS))
        assert [(r.event, r.moved, r.seconds) for r in world.page()] == [(Event.PARTLY, 1000, SAMPLE_SECONDS)]
        world.clock.pump([SAMPLE_SECONDS] * 9)
        flow.move(8000)
    world.stop()
    assert [(r.event, r.moved, r.seconds) for r in world.page()] == [
        (Event.SENT, 9000, FLUSH_SECONDS + 9 * SAMPLE_SECONDS)
    ]


def test_what_is_read_when_jack_stops_is_written(world):
    with world.begun() as flow:
        flow.move(10)
        world.stop()
        assert [record.moved for record in world.page()] == [10]


def test_a_stream_without_a_byte_is_no_line(world):
    with world.begun():
        world.clock.advance(FLUSH_SECONDS)
    world.stop()
    assert world.page() == []


def test_a_database_that_fails_disturbs_nobody(world, monkeypatch):
    """F9: the line is lost, the transfer is not."""
    monkeypatch.setattr(world.store, "add", lambda record: fail(Unavailable("disk full")))
    monkeypatch.setattr(world.store, "add_shared", lambda records: fail(Unavailable("disk full")))
    with capturedLogs() as logs:
        world.history.over(download(), Event.COMPLETED)
        with world.begun() as flow:
            flow.move(10)
        world.clock.advance(FLUSH_SECONDS)
        gc.collect()
    assert [(log["what"], str(log["reason"])) for log in logs] == [
        ("Heat", "disk full"),
        ("1 files shared", "disk full"),
    ]
    monkeypatch.undo()
    with world.begun() as flow:
        flow.move(20)
    world.stop()
    assert [record.moved for record in world.page()] == [20]


def test_what_waits_to_be_written_is_bounded(world):
    for number in range(MAX_SHARES + 5):
        with world.begun(f"{number}.mkv") as flow:
            flow.move(1)
    with world.begun("0.mkv") as flow:
        flow.move(1)
    world.stop()
    assert len(world.page()) == MAX_SHARES
    assert max(record.moved for record in world.page()) == 2
