from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from jackd.catalogue import shared as module
from jackd.catalogue.shared import SharedCatalogue
from jackd.model.errors import LibraryUnavailable, NotFound, Unavailable
from jackd.model.ids import MediaIds
from jackd.model.search import Query
from jackd.ports import Batch
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.database import Database
from jackd.storage.threads import InlineWorkers
from tests.catalogue.fake_library import FakeLibrary
from tests.support import MATRIX, PILOT, change, result_of


@pytest.fixture
def store():
    store = CatalogueStore(Database.in_memory())
    result_of(store.replace("aaaaaaaa", Batch(group="1", items=[MATRIX])))
    result_of(store.replace("bbbbbbbb", Batch(group="1", items=[PILOT])))
    return store


@pytest.fixture
def library():
    return FakeLibrary(groups={"1": [MATRIX]})


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shared(store, library, clock):
    return SharedCatalogue(libraries=[library], store=store, clock=clock, disk=InlineWorkers())


def test_searches_are_answered_from_the_index(shared, library):
    assert list(result_of(shared.search(Query(ids=MediaIds(tmdb=603)), limit=10))) == [MATRIX]
    assert result_of(shared.item(MATRIX.id)) == MATRIX
    assert library.calls == []


def test_a_library_that_is_not_shared_any_more_loses_its_rows_at_the_start(shared):
    shared.startService()
    assert list(result_of(shared.search(Query(), limit=10))) == [MATRIX]


@pytest.mark.parametrize("item", [PILOT.id, "", "aaaaaaaa", "aaaaaaaa:movie:404", "x" * 5000, "../../etc/passwd", "\0"])
def test_unknown_and_unshared_items_are_equally_not_found(shared, item):
    """S9"""
    with pytest.raises(NotFound):
        result_of(shared.item(item))
    with pytest.raises(NotFound):
        result_of(shared.locate(item))


def test_the_library_has_the_last_word(shared, library):
    """S10: what the index still holds and the library does not report now is not served."""
    library.groups = {}
    with pytest.raises(NotFound):
        result_of(shared.locate(MATRIX.id))
    new = change(MATRIX, id="aaaaaaaa:movie:9")
    library.groups = {"9": [new]}
    assert result_of(shared.locate(new.id)).path.is_file()


def test_the_answer_is_kept_for_half_a_minute(shared, library, clock):
    for _ in range(3):
        result_of(shared.locate(MATRIX.id))
    assert len(library.calls) == 1
    clock.advance(31)
    result_of(shared.locate(MATRIX.id))
    assert len(library.calls) == 2


def test_a_file_that_moved_is_asked_for_again_at_once(shared, library, tmp_path):
    """F34"""
    before, after = tmp_path / "before.mkv", tmp_path / "after.mkv"
    before.touch()
    library.places = [before, after]
    assert result_of(shared.locate(MATRIX.id)).path == before
    before.rename(after)
    assert result_of(shared.locate(MATRIX.id)).path == after


def test_a_library_that_is_down_is_a_passing_trouble(shared, library):
    """F37: not "not found", which a friend's download would take for final."""
    library.failure = LibraryUnavailable("connection refused")
    with pytest.raises(Unavailable) as raised:
        result_of(shared.locate(MATRIX.id))
    assert "refused" not in str(raised.value)


def test_a_library_that_hangs_has_ten_seconds(shared, library, clock):
    """F37"""
    library.hangs = Deferred()
    asked = Deferred.fromCoroutine(shared.locate(MATRIX.id))
    clock.advance(9.9)
    assert not asked.called
    clock.advance(0.2)
    with pytest.raises(Unavailable):
        result_of(asked)
    assert clock.getDelayedCalls() == []


def test_what_is_kept_is_bounded(shared, library, monkeypatch):
    monkeypatch.setattr(module, "MAX_REMEMBERED", 3)
    items = [change(MATRIX, id=f"aaaaaaaa:movie:{n}") for n in range(10)]
    library.groups = {"1": items}
    for item in items:
        result_of(shared.locate(item.id))
    assert len(shared._remembered) == 3
