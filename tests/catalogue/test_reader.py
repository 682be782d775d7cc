from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from jackd.catalogue import reader as module
from jackd.catalogue import told
from jackd.catalogue.reader import LibraryReader
from jackd.model.errors import LibraryUnavailable
from jackd.model.search import Query
from jackd.model.server import ServerState
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.database import Database
from tests.catalogue.fake_library import FakeLibrary
from tests.support import MATRIX, change, result_of

NOW = 1_800_000_000.0
OTHER = change(MATRIX, id="aaaaaaaa:movie:2", title="Other.2001.1080p")


def state_of(library: FakeLibrary) -> ServerState:
    return ServerState(
        id=library.id, name=library.name, type="radarr", url="http://radarr.test", source=True, destination=True
    )


@define
class Bench:
    library: FakeLibrary = field(factory=lambda: FakeLibrary(groups={"1": [MATRIX], "2": [OTHER]}))
    clock: Clock = field(factory=Clock)
    store: CatalogueStore = field(factory=lambda: CatalogueStore(Database.in_memory()))
    state: ServerState = field(init=False)
    reader: LibraryReader = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.state = state_of(self.library)
        self.reader = LibraryReader(
            library=self.library,
            store=self.store,
            state=self.state,
            clock=self.clock,
            now=lambda: NOW + self.clock.seconds(),
            rng=Random(1),
        )

    def shared(self) -> set[str]:
        return {item.id for item in result_of(self.store.search(Query(), limit=1000))}

    def pass_time(self, seconds: float, step: float = 5.0) -> None:
        self.clock.pump([step] * int(seconds / step))


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    if bench.reader.running:
        bench.reader.stopService()
    assert bench.clock.getDelayedCalls() == []


@pytest.fixture
def logged():
    events: list[dict[str, object]] = []
    globalLogPublisher.addObserver(events.append)
    yield events
    globalLogPublisher.removeObserver(events.append)


def test_everything_is_shared_after_the_start(bench):
    bench.reader.startService()
    assert bench.shared() == {MATRIX.id, OTHER.id}
    assert (bench.state.items, bench.state.read_at, bench.state.library_error) == (2, NOW, None)


def test_a_server_that_is_down_is_retried_for_ever_and_heals_without_a_restart(bench):
    """F36"""
    bench.library.failure = LibraryUnavailable("connection refused")
    bench.reader.startService()
    bench.pass_time(24 * 3600, step=60)
    assert bench.state.library_error == "connection refused"
    assert 24 * 12 <= bench.library.calls.count("read") <= 24 * 24 + 10
    bench.library.failure = None
    bench.pass_time(300)
    assert bench.shared() == {MATRIX.id, OTHER.id}
    assert bench.state.library_error is None


def test_the_first_retry_comes_within_seconds(bench):
    bench.library.failure = LibraryUnavailable("starting")
    bench.reader.startService()
    bench.library.failure = None
    bench.pass_time(5)
    assert bench.shared() == {MATRIX.id, OTHER.id}


def test_the_last_known_items_stay_when_a_reading_breaks_off(bench):
    """F37: half a reading is no reason to forget the other half."""
    bench.reader.startService()
    bench.library.failure = LibraryUnavailable("timeout")
    bench.library.fails_after = 1
    bench.pass_time(7 * 3600, step=60)
    assert bench.shared() == {MATRIX.id, OTHER.id}
    assert bench.state.items == 2
    assert bench.state.library_error == "timeout"


def test_a_bug_in_an_adapter_is_survived_too(bench, logged):
    """F38"""
    bench.library.failure = ZeroDivisionError("detail")
    bench.reader.startService()
    assert bench.state.library_error == "unexpected error: ZeroDivisionError"
    bench.library.failure = None
    bench.pass_time(5)
    assert bench.shared() == {MATRIX.id, OTHER.id}


def test_the_log_tells_each_error_once(bench, logged):
    bench.library.failure = LibraryUnavailable("connection refused")
    bench.reader.startService()
    bench.pass_time(3600, step=60)
    bench.library.failure = LibraryUnavailable("HTTP 401")
    bench.pass_time(3600, step=60)
    bench.library.failure = None
    bench.pass_time(600)
    whys = [event["why"] for event in logged if event.get("log_namespace") == "jackd.catalogue" and "why" in event]
    assert whys == ["connection refused", "HTTP 401"]
    assert any("can be read again" in str(event.get("log_format")) for event in logged)


def test_changes_are_read_within_about_a_minute(bench):
    bench.reader.startService()
    new = change(MATRIX, id="aaaaaaaa:movie:3")
    bench.library.groups = {"3": [new], "2": [OTHER]}
    bench.library.changes = ["1", "3"]
    bench.pass_time(60)
    assert bench.shared() == {new.id, OTHER.id}
    assert bench.library.calls == ["read", "changed", "group 1", "group 3"]


def test_what_the_library_tells_is_read_within_a_second(bench):
    bench.reader.startService()
    new = change(MATRIX, id="aaaaaaaa:movie:3")
    bench.library.groups["3"] = [new]
    bench.reader.tell("3")
    bench.pass_time(1, step=0.1)
    assert bench.shared() == {MATRIX.id, OTHER.id, new.id}
    assert bench.library.calls == ["read", "group 3"]
    assert bench.state.items == 3


def test_a_flood_of_events_costs_one_reading_of_each_group_now_and_then(bench):
    bench.reader.startService()
    for _ in range(100):
        for group in ("1", "2"):
            bench.reader.tell(group)
        bench.pass_time(0.1, step=0.1)
    calls = bench.library.calls.count("group 1")
    assert calls == bench.library.calls.count("group 2") <= 10 / told.SETTLE_SECONDS
    assert calls >= 10


def test_more_than_can_be_told_is_not_kept(bench, monkeypatch):
    monkeypatch.setattr(told, "MAX_TOLD", 3)
    bench.reader.startService()
    for number in range(100, 200):
        bench.reader.tell(str(number))
    bench.pass_time(5, step=0.1)
    assert len(bench.library.calls) == 1 + 3


def test_what_is_told_is_read_though_a_whole_reading_goes_on_and_is_not_undone_by_it(bench):
    """A whole reading may have got long ago what it is about to write."""
    bench.library.pauses = Deferred()
    bench.reader.startService()
    newer = change(MATRIX, size=5)
    bench.library.groups = {**bench.library.groups, "1": [newer], "3": [change(MATRIX, id="aaaaaaaa:movie:3")]}
    for group in ("1", "3"):
        bench.reader.tell(group)
    bench.pass_time(1, step=0.1)
    assert result_of(bench.store.item(MATRIX.id)).size == 5
    bench.library.pauses.callback(None)
    assert bench.state.read_at is not None
    assert result_of(bench.store.item(MATRIX.id)).size == 5
    assert bench.shared() == {MATRIX.id, OTHER.id, "aaaaaaaa:movie:3"}


def test_what_was_told_while_the_library_was_down_is_read_when_it_comes_back(bench):
    bench.reader.startService()
    bench.library.groups["1"] = []
    bench.library.failure, bench.library.fails_for = LibraryUnavailable("timeout"), "1"
    bench.reader.tell("1")
    bench.pass_time(10, step=0.5)
    assert bench.shared() == {MATRIX.id, OTHER.id}
    bench.library.failure = None
    bench.pass_time(15, step=0.5)
    assert bench.shared() == {OTHER.id}


def test_a_library_that_tells_is_asked_less_often(bench):
    bench.state.tells = True
    bench.reader.startService()
    bench.pass_time(3600, step=30)
    assert bench.library.calls.count("changed") == 12


def test_changes_are_asked_for_with_an_overlap(bench):
    """F55: the server's clock is not ours."""
    bench.reader.startService()
    bench.pass_time(120)
    start = datetime.fromtimestamp(NOW, UTC)
    assert bench.library.since == [start - module.OVERLAP, start + timedelta(seconds=60) - module.OVERLAP]


def test_a_change_is_not_lost_when_reading_it_fails(bench):
    bench.reader.startService()
    bench.library.groups["2"] = []
    bench.library.changes = ["1", "2"]
    bench.library.failure, bench.library.fails_for = LibraryUnavailable("timeout"), "2"
    bench.pass_time(60)
    assert bench.state.library_error == "timeout"
    bench.library.changes = []
    bench.library.failure = None
    bench.pass_time(60)
    assert bench.shared() == {MATRIX.id}
    calls = bench.library.calls.count("group 2")
    bench.pass_time(600)
    assert bench.library.calls.count("group 2") == calls


def test_a_complete_reading_every_six_hours_forgets_what_went_without_notice(bench):
    bench.reader.startService()
    del bench.library.groups["2"]
    bench.pass_time(6 * 3600 - 60, step=60)
    assert bench.shared() == {MATRIX.id, OTHER.id}
    bench.pass_time(120)
    assert bench.shared() == {MATRIX.id}
    assert bench.library.calls.count("read") == 2


def test_a_library_that_cannot_tell_is_read_every_quarter_of_an_hour(bench):
    bench.library.changes = None
    bench.reader.startService()
    bench.pass_time(3600, step=60)
    assert bench.library.calls.count("read") in (4, 5)


def test_after_a_slow_poll_comes_a_longer_rest(bench):
    bench.reader.startService()
    bench.library.hangs = Deferred()
    bench.pass_time(90)
    bench.library.hangs.callback(None)
    bench.pass_time(590)
    assert bench.library.calls.count("changed") == 1
    bench.pass_time(20)
    assert bench.library.calls.count("changed") == 2


def test_a_large_library_is_written_in_parts(bench, monkeypatch):
    monkeypatch.setattr(module, "ITEMS_AT_ONCE", 2)
    writes = []
    replace = bench.store.replace
    monkeypatch.setattr(bench.store, "replace", lambda lib, *b: writes.append(len(b)) or replace(lib, *b))
    bench.library.groups = {str(n): [change(MATRIX, id=f"aaaaaaaa:movie:{n}")] for n in range(5)}
    bench.reader.startService()
    assert writes == [2, 2, 1]
    assert len(bench.shared()) == 5


def test_nothing_goes_on_after_the_stop(bench):
    bench.library.failure = LibraryUnavailable("down")
    bench.reader.startService()
    bench.reader.stopService()
    assert bench.clock.getDelayedCalls() == []
    bench.pass_time(600)
    assert bench.library.calls == ["read"]


def test_one_failing_library_does_not_touch_another(bench):
    item = change(MATRIX, id="bbbbbbbb:movie:1")
    fine = Bench(library=FakeLibrary(id="bbbbbbbb", groups={"1": [item]}), store=bench.store)
    bench.library.failure = LibraryUnavailable("down")
    bench.reader.startService()
    fine.reader.startService()
    assert bench.shared() == {item.id}
    assert (fine.state.library_error, bench.state.library_error) == (None, "down")
    fine.reader.stopService()


# -- a group that can't be read


def newer(bench: Bench, *groups: str) -> None:
    """Those have other files now, and the library says so once."""
    for group in groups:
        bench.library.groups[group] = [change(item, size=77) for item in bench.library.groups[group]]
    bench.library.changes = groups


def sizes(bench: Bench) -> dict[str, int]:
    return {item.id: item.size for item in result_of(bench.store.search(Query(), limit=10))}


def test_a_group_that_can_not_be_read_keeps_nobody_from_the_others(bench):
    bench.reader.startService()
    bench.library.failure, bench.library.fails_for = LibraryUnavailable("HTTP 500"), "1"
    newer(bench, "1", "2")
    bench.pass_time(60)
    assert sizes(bench) == {MATRIX.id: MATRIX.size, OTHER.id: 77}
    assert bench.state.library_error == "HTTP 500"
    bench.library.failure = None
    bench.pass_time(300)
    assert sizes(bench) == {MATRIX.id: 77, OTHER.id: 77}
    assert bench.state.library_error is None


def test_nor_from_a_whole_reading(bench):
    bench.reader.startService()
    bench.library.failure, bench.library.fails_for = LibraryUnavailable("HTTP 500"), "1"
    bench.library.fails_after = 99
    newer(bench, "1")
    bench.pass_time(13 * 3600, step=60)
    assert bench.library.calls.count("read") == 3


def test_what_a_whole_reading_goes_on_without_stays_and_is_read_again(bench):
    bench.reader.startService()
    bench.library.unread = "1"
    bench.library.failure, bench.library.fails_for, bench.library.fails_after = LibraryUnavailable("500"), "1", 99
    bench.pass_time(7 * 3600, step=60)
    assert bench.shared() == {MATRIX.id, OTHER.id}
    assert bench.state.library_error == "500"
    newer(bench, "1")
    bench.library.failure = None
    bench.pass_time(300)
    assert sizes(bench)[MATRIX.id] == 77


def test_after_some_failures_in_a_row_the_library_is_left_in_peace(bench):
    bench.library.groups = {str(n): [change(MATRIX, id=f"aaaaaaaa:movie:{n}")] for n in range(9)}
    bench.reader.startService()
    bench.library.calls.clear()
    bench.library.failing = {str(n) for n in range(9)}
    newer(bench, *map(str, range(9)))
    bench.pass_time(60)
    assert bench.library.calls == ["changed", "group 0", "group 1", "group 2"]
    bench.pass_time(10)
    assert bench.library.calls[4:8] == ["changed", "group 3", "group 4", "group 5"]
    bench.library.failing.clear()
    bench.pass_time(60)
    assert set(sizes(bench).values()) == {77}


def test_what_is_told_is_read_though_another_group_can_not_be(bench):
    bench.reader.startService()
    bench.library.failing = {"1"}
    bench.reader.tell("1")
    bench.pass_time(2 * module.TOLD_PATIENCE)
    newer(bench, "2")
    bench.library.changes = ()
    bench.reader.tell("2")
    bench.pass_time(2, step=0.5)
    assert sizes(bench)[OTHER.id] == 77
