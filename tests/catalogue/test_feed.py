"""Who waits for a change hears of it soon, and nobody waits for nothing for ever."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from jackd.catalogue import bell as bell_module
from jackd.catalogue.bell import GATHER_SECONDS, Bell
from jackd.catalogue.feed import CatalogueFeed
from jackd.model.feed import Changes
from jackd.model.item import Item
from jackd.ports import Batch
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.changes import ChangeStore
from jackd.storage.database import Database
from tests.support import MATRIX, PILOT, result_of


class Owner:
    """A catalogue with a feed."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.bell = Bell(self.clock)
        database = Database.in_memory()
        self.store = CatalogueStore(database, changed=self.bell.ring)
        self.feed = CatalogueFeed(store=ChangeStore(database), bell=self.bell, clock=self.clock)
        self.feed.startService()

    def put(self, group: str, *items: Item) -> None:
        result_of(self.store.replace("aaaaaaaa", Batch(group=group, items=items)))

    def ask(self, since: str = "", wait: float = 0, viewer: str = "bob") -> Deferred[Changes]:
        return Deferred.fromCoroutine(self.feed.changes(since, viewer=viewer, limit=100, wait=wait))

    @property
    def level(self) -> str:
        return result_of(self.ask()).cursor


@pytest.fixture
def owner() -> Any:
    owner = Owner()
    yield owner
    owner.feed.stopService()
    assert not [call for call in owner.clock.getDelayedCalls() if call.active()], "something still waits"


def test_who_does_not_wait_is_answered_at_once(owner):
    assert not result_of(owner.ask(owner.level)).is_news


def test_who_waits_hears_of_a_change_with_what_comes_just_after_it(owner):
    waiting = owner.ask(owner.level, wait=45)
    owner.clock.advance(10)
    owner.put("1", MATRIX)
    owner.put("2", PILOT)
    assert not waiting.called
    owner.clock.advance(GATHER_SECONDS)
    assert [item.id for item in result_of(waiting).items] == [MATRIX.id, PILOT.id]


def test_when_there_is_something_already_nobody_waits(owner):
    level = owner.level
    owner.put("1", MATRIX)
    assert len(result_of(owner.ask(level, wait=45)).items) == 1


def test_a_change_that_is_none_wakes_nobody(owner):
    owner.put("1", MATRIX)
    waiting = owner.ask(owner.level, wait=45)
    owner.put("1", MATRIX)
    owner.clock.advance(GATHER_SECONDS)
    assert not waiting.called
    owner.put("1")
    owner.clock.advance(GATHER_SECONDS)
    assert result_of(waiting).gone == [MATRIX.id]


def test_the_wait_has_an_end(owner):
    waiting = owner.ask(owner.level, wait=45)
    owner.clock.advance(44)
    assert not waiting.called
    owner.clock.advance(1)
    assert not result_of(waiting).is_news


def test_a_change_between_the_look_and_the_wait_is_not_missed():
    clock = Clock()
    bell = Bell(clock)
    seen = bell.rung
    bell.ring()
    waiting = Deferred.fromCoroutine(bell.wait("bob", seen, 45))
    clock.advance(GATHER_SECONDS)
    assert waiting.called


@pytest.mark.parametrize(("limit", "other"), [("MAX_WAITING_EACH", False), ("MAX_WAITING", True)])
def test_too_many_do_not_wait(owner, monkeypatch, limit, other):
    """A connection is not free: neither one account nor all together hold too many."""
    monkeypatch.setattr(bell_module, limit, 2)
    level = owner.level
    waiting = [owner.ask(level, wait=45) for _ in range(2)]
    assert not any(w.called for w in waiting)
    assert owner.ask(level, wait=45).called
    assert owner.ask(level, wait=45, viewer="carol").called is other


def test_who_goes_away_leaves_nothing_behind(owner):
    waiting = owner.ask(owner.level, wait=45)
    waiting.addErrback(lambda failure: failure.trap(CancelledError))
    waiting.cancel()
    owner.put("1", MATRIX)
    assert not owner.bell.is_crowded("bob")


def test_when_jack_stops_nobody_waits_on(owner):
    waiting = owner.ask(owner.level, wait=45)
    owner.feed.stopService()
    assert waiting.called
