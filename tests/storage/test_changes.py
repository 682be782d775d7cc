"""The catalogue as a series of changes: nobody who follows it misses one, and nothing is told twice over."""

from __future__ import annotations

import sqlite3

import pytest
from attrs import evolve

from jackd.model.errors import Unavailable
from jackd.model.feed import Changes
from jackd.model.item import Item, Kind
from jackd.ports import Batch
from jackd.storage import changes as changes_module
from jackd.storage import migrate as migrate_module
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.changes import EVERYTHING, ChangeStore
from jackd.storage.criteria import Criterion
from jackd.storage.database import Database
from jackd.storage.items import item_to_json
from jackd.storage.migrate import migrate, migrations
from tests.support import MATRIX, PILOT, change, result_of

A = "aaaaaaaa"


class Owner:
    """A catalogue and its changes."""

    def __init__(self, database: Database | None = None) -> None:
        self.database = database or Database.in_memory()
        self.catalogue = CatalogueStore(self.database)
        self.restart()

    def restart(self) -> None:
        self.changes = ChangeStore(self.database)
        result_of(self.changes.begin())

    def put(self, group: str, *items: Item) -> None:
        result_of(self.catalogue.replace(A, Batch(group=group, items=items)))

    def page(self, since: str = "", limit: int = 100, permitted: Criterion = EVERYTHING) -> Changes:
        return result_of(self.changes.page(since, limit=limit, permitted=permitted))

    def follow(self, since: str = "", limit: int = 100) -> tuple[dict[str, Item], set[str], str]:
        """All pages until there is no more."""
        items, gone = {}, set()
        while True:
            page = self.page(since, limit)
            items |= {item.id: item for item in page.items}
            gone |= set(page.gone)
            since = page.cursor
            if not page.more:
                return items, gone, since


def numbered(count: int, first: int = 0) -> list[Item]:
    return [change(MATRIX, id=f"{A}:movie:{n}", media_info=None) for n in range(first, first + count)]


@pytest.fixture
def owner() -> Owner:
    return Owner()


def test_who_begins_gets_everything_and_a_place_to_go_on_from(owner):
    owner.put("1", MATRIX)
    owner.put("2", PILOT)
    page = owner.page()
    assert ([i.id for i in page.items], page.gone, page.more, page.reset) == ([MATRIX.id, PILOT.id], [], False, True)
    again = owner.page(page.cursor)
    assert (again.items, again.gone, again.more, again.reset) == ([], [], False, False)


def test_only_what_changed_follows_each_thing_once_as_it_is_now(owner):
    owner.put("1", *numbered(3))
    cursor = owner.page().cursor
    owner.put("1", *numbered(2))
    for size in (1, 2, 3):
        owner.put("1", evolve(numbered(1)[0], size=size), numbered(2)[1])
    page = owner.page(cursor)
    assert [(i.id, i.size) for i in page.items] == [(f"{A}:movie:0", 3)]
    assert (page.gone, page.reset) == ([f"{A}:movie:2"], False)


def test_what_says_the_same_as_before_is_no_change(owner):
    owner.put("1", *numbered(3))
    cursor = owner.page().cursor
    owner.put("1", *numbered(3))
    assert not owner.page(cursor).is_news


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_put_together_are_everything(owner, limit):
    owner.put("1", *numbered(7))
    items, gone, _ = owner.follow(limit=limit)
    assert (len(items), gone) == (7, set())


def test_a_page_has_room_for_so_much_text_but_at_least_for_one_item(owner, monkeypatch):
    monkeypatch.setattr(changes_module, "MAX_TEXT", 10)
    owner.put("1", *numbered(3))
    page = owner.page()
    assert (len(page.items), page.more) == (1, True)
    assert len(owner.follow()[0]) == 3


def test_what_changes_during_the_reading_comes_at_its_end(owner):
    owner.put("1", *numbered(4))
    first = owner.page(limit=2)
    owner.put("1", evolve(numbered(1)[0], size=5), *numbered(3, 1))
    owner.put("1", evolve(numbered(1)[0], size=5), *numbered(2, 1))
    items, gone, _ = owner.follow(first.cursor, limit=2)
    assert items[f"{A}:movie:0"].size == 5
    assert gone == {f"{A}:movie:3"}


def test_who_begins_is_not_told_what_was_gone_before(owner):
    owner.put("1", *numbered(3))
    owner.put("1", *numbered(1))
    items, gone, _ = owner.follow(limit=1)
    assert (list(items), gone) == ([f"{A}:movie:0"], set())


@pytest.mark.parametrize("cursor", ["nonsense", "", "0" * 12 + "-1-0", "-", "x" * 200, "\0"])
def test_what_is_no_cursor_of_ours_begins_anew(owner, cursor):
    owner.put("1", *numbered(2))
    page = owner.page(cursor)
    assert (len(page.items), page.reset) == (2, True)


def test_a_restart_is_no_reason_to_begin_anew(owner):
    owner.put("1", *numbered(2))
    cursor = owner.page().cursor
    owner.restart()
    owner.put("1", *numbered(3))
    page = owner.page(cursor)
    assert ([i.id for i in page.items], page.reset) == ([f"{A}:movie:2"], False)


def test_a_reading_goes_on_after_a_restart(owner):
    owner.put("1", *numbered(3))
    cursor = owner.page(limit=1).cursor
    owner.restart()
    page = owner.page(cursor)
    assert (len(page.items), page.reset, page.more) == (2, False, False)


def test_another_database_begins_anew(owner):
    owner.put("1", *numbered(2))
    cursor = owner.page().cursor
    other = Owner()
    other.put("1", *numbered(5))
    assert other.page(cursor).reset


def copy(database: Database) -> Database:
    """A backup, as it is when it is put back."""
    restored = Database.in_memory()

    def back_up(connection: sqlite3.Connection) -> None:
        database.read_now(lambda source: source.backup(connection))

    restored.read_now(back_up)
    return restored


def test_a_backup_that_was_put_back_never_loses_a_change_in_silence(owner):
    """Its revisions were given a second time, to other changes."""
    owner.put("1", *numbered(2))
    before = owner.page().cursor
    backup = copy(owner.database)
    owner.put("1", *numbered(4))
    after = owner.page(before).cursor
    restored = Owner(backup)
    restored.put("2", *numbered(9, 10))
    assert restored.page(after).reset, "he knows what this database never had"
    told = restored.page(before)
    assert (told.reset, len(told.items)) == (False, 9), "what he knows, this database knows too"


def test_a_backup_from_an_earlier_start_begins_anew_as_well(owner):
    owner.put("1", *numbered(2))
    backup = copy(owner.database)
    owner.restart()
    cursor = owner.page().cursor
    assert Owner(backup).page(cursor).reset


def test_what_is_gone_is_forgotten_some_day_and_who_comes_later_begins_anew(owner, monkeypatch):
    monkeypatch.setattr(changes_module, "MAX_GONE", 2)
    owner.put("1", *numbered(6))
    old = owner.page().cursor
    owner.put("1", *numbered(4))
    fresh = owner.page(old).cursor
    owner.put("1", *numbered(2))
    result_of(owner.changes.prune())
    assert owner.page(old).reset
    page = owner.page(fresh)
    assert (page.reset, page.gone) == (False, [f"{A}:movie:2", f"{A}:movie:3"])


MOVIES: Criterion = ("kind = ?", ("movie",))


def test_what_is_not_permitted_is_not_shown(owner):
    owner.put("1", MATRIX)
    owner.put("2", PILOT)
    page = owner.page(permitted=MOVIES)
    assert ([i.id for i in page.items], page.gone) == ([MATRIX.id], [])


def test_what_is_not_permitted_any_more_is_gone(owner):
    owner.put("1", MATRIX)
    cursor = owner.page(permitted=MOVIES).cursor
    owner.put("1", evolve(MATRIX, kind=Kind.EPISODE))
    page = owner.page(cursor, permitted=MOVIES)
    assert (page.items, page.gone, page.reset) == ([], [MATRIX.id], False)


def test_other_rules_begin_anew(owner):
    owner.put("1", PILOT)
    cursor = owner.page().cursor
    page = owner.page(cursor, permitted=MOVIES)
    assert (page.items, page.reset) == ([], True)
    assert owner.page(page.cursor, permitted=("kind = ?", ("episode",))).reset


def test_before_the_start_is_written_there_is_no_cursor_to_give():
    store = ChangeStore(Database.in_memory())
    with pytest.raises(Unavailable):
        result_of(store.page("", limit=1))


def test_the_items_of_an_older_database_are_changes_too(monkeypatch):
    """A library is not read again for the sake of the feed."""
    whole = migrations()
    monkeypatch.setattr(migrate_module, "migrations", lambda schema: [m for m in whole if m[0] < 5])
    database = Database.in_memory()
    insert = (
        "INSERT INTO items (id, library, grp, kind, episodes, published, item) VALUES (?, ?, '1', 'movie', ',', 0, ?)"
    )
    database.read_now(lambda db: db.execute(insert, (MATRIX.id, A, item_to_json(MATRIX))))
    monkeypatch.undo()
    database.read_now(lambda db: migrate(db, ":memory:"))
    assert [item.id for item in Owner(database).page().items] == [MATRIX.id]
