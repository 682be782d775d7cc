"""Copies of friends' catalogues: like the catalogues in the end, whatever happens on the way."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from jackd.model.errors import PeerError
from jackd.model.feed import Changes
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind
from jackd.model.search import Query, matches
from jackd.model.versions import MAX_VERSIONS
from jackd.peer.feed import read_feed, write_feed
from jackd.ports import Batch
from jackd.storage import changes as changes_module
from jackd.storage import mirror as mirror_module
from jackd.storage import sweeping as sweeping_module
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.changes import EVERYTHING, ChangeStore
from jackd.storage.copies import Copy
from jackd.storage.criteria import Criterion
from jackd.storage.database import MIRROR, Database
from jackd.storage.mirror import MirrorStore, open_mirror
from jackd.storage.threads import InlineWorkers
from tests.storage.test_catalogue import ITEMS, QUERIES
from tests.support import MATRIX, PILOT, change, result_of

ALICE, BOB = "aaaaaaaa", "bbbbbbbb"
NOW = 1_800_000_000.0


@pytest.fixture
def store() -> MirrorStore:
    return MirrorStore(Database.in_memory(MIRROR))


def page(
    *items: Item, gone: tuple[str, ...] = (), cursor: str = "c", more: bool = False, reset: bool = False
) -> Changes:
    return Changes(items=items, gone=gone, cursor=cursor, more=more, reset=reset)


def keep(store: MirrorStore, peer: str, *items: Item) -> Copy:
    """All that ``peer`` has."""
    result_of(store.apply(peer, page(*items, reset=True), NOW))
    return result_of(store.sweep())[peer]


EVERY = Query()


def parts_of_words(store: MirrorStore) -> int:
    """In how many parts the index of words lies (fts5 keeps them apart as segments of its table ``_idx``)."""
    counted = "SELECT COUNT(DISTINCT segid) FROM item_words_idx"
    return result_of(store._database.read(lambda db: db.execute(counted).fetchone()[0]))


def test_a_whole_catalogue_has_its_words_in_one_place(store):
    """They are written in many, and each is another one to look into."""
    for n in range(3):
        result_of(store.apply(ALICE, page(*numbered(*range(10 * n, 10 * n + 10)), reset=not n, more=n < 2), NOW))
    assert parts_of_words(store) > 1
    result_of(store.sweep())
    assert parts_of_words(store) == 1
    assert len(found(store, Query(text=numbered(7)[0].title))) == 30


def test_words_are_not_put_together_while_others_are_read(store):
    """With fifty friends it would be done fifty times for nothing."""
    result_of(store.apply(BOB, page(*numbered(1), reset=True, more=True), NOW))
    result_of(store.apply(ALICE, page(*numbered(2), reset=True), NOW))
    result_of(store.sweep())
    assert parts_of_words(store) == 2


def found(store: MirrorStore, query: Query = EVERY, peers: tuple[str, ...] = (ALICE, BOB), **kwargs: Any) -> list[str]:
    return [f"{peer}:{item.id}" for peer, item, _ in result_of(store.search(query, peers, **{"limit": 100, **kwargs}))]


def numbered(*numbers: int, size: int = 5) -> list[Item]:
    """Different films of one title."""
    return [change(MATRIX, id=f"m:movie:{n}", size=size, ids=MediaIds(tmdb=1000 + n)) for n in numbers]


@given(st.lists(ITEMS, max_size=12), st.lists(ITEMS, max_size=12), QUERIES)
@settings(max_examples=150, deadline=None)
def test_a_search_finds_in_all_copies_what_matches(alices, bobs, query):
    """Every form of question: by ids, words, season, episode, date, number, kind."""
    store = MirrorStore(Database.in_memory(MIRROR))
    alices, bobs = ({item.id: item for item in items} for items in (alices, bobs))
    keep(store, ALICE, *alices.values())
    keep(store, BOB, *bobs.values())
    expected = {
        f"{peer}:{i.id}" for peer, items in ((ALICE, alices), (BOB, bobs)) for i in items.values() if matches(query, i)
    }
    assert set(found(store, query)) == expected


def test_newest_first_so_many_and_of_those_friends_alone(store):
    dated = [change(MATRIX, id=f"m:movie:{n}", published=datetime(2026, 1, 1 + n, tzinfo=UTC)) for n in range(4)]
    keep(store, ALICE, *dated[::2])
    keep(store, BOB, *dated[1::2])
    assert found(store, limit=3) == [f"{BOB}:m:movie:3", f"{ALICE}:m:movie:2", f"{BOB}:m:movie:1"]
    assert found(store, peers=(ALICE,)) == [f"{ALICE}:m:movie:2", f"{ALICE}:m:movie:0"]
    assert found(store, peers=()) == []


def test_the_limit_counts_what_is_wanted(store):
    keep(store, ALICE, *numbered(1, 2, size=1), *numbered(3, 4, size=9))
    assert len(found(store, limit=2, wanted=lambda item: item.size == 9)) == 2


def test_one_friend_who_has_the_same_film_a_hundred_times_hides_nobody(store):
    keep(store, BOB, MATRIX)
    late = MATRIX.published + timedelta(days=1)
    keep(store, ALICE, *(change(MATRIX, id=f"m:movie:{n}", size=n + 1, published=late) for n in range(100)))
    for query in (EVERY, Query(text="matrix"), Query(ids=MATRIX.ids)):
        there = found(store, query, limit=MAX_VERSIONS + 1)
        assert f"{BOB}:{MATRIX.id}" in there
        assert len(there) == MAX_VERSIONS + 1


def test_a_search_for_what_few_have_comes_to_an_end(store, monkeypatch):
    """It would look at a whole catalogue each time."""
    monkeypatch.setattr(mirror_module, "MAX_ROWS", 5)
    dated = [change(i, published=MATRIX.published - timedelta(days=n)) for n, i in enumerate(numbered(*range(9)))]
    keep(store, ALICE, *dated)
    looked_at: list[Item] = []
    assert found(store, wanted=looked_at.append) == []
    assert [item.id for item in looked_at] == [item.id for item in dated[:5]]


def test_readings_that_never_come_to_an_end_do_not_fill_the_disk(store, monkeypatch):
    """He begins anew each time, with other items."""
    monkeypatch.setattr(mirror_module, "MAX_ITEMS", 6)
    monkeypatch.setattr(sweeping_module, "MAX_ITEMS", 6)
    monkeypatch.setattr(sweeping_module, "SWEPT_AT_ONCE", 2)
    keep(store, BOB, *numbered(1, 2))
    keep(store, ALICE, *numbered(1, 2, 3))
    for start in range(10, 100, 10):
        result_of(store.make_room(ALICE))
        result_of(store.apply(ALICE, page(*numbered(*range(start, start + 5)), reset=True, more=True), NOW))
        assert len(found(store, peers=(ALICE,))) <= 2 * 6
    assert len(found(store, peers=(BOB,))) == 2
    keep(store, ALICE, *numbered(1))
    assert found(store, peers=(ALICE,)) == [f"{ALICE}:m:movie:1"]


def test_what_was_known_stays_while_there_is_room(store):
    keep(store, ALICE, *numbered(1, 2, 3))
    for start in (10, 20):
        result_of(store.apply(ALICE, page(*numbered(start), reset=True, more=True), NOW))
        result_of(store.make_room(ALICE))
    assert len(found(store)) == 5


def test_no_item_is_newer_than_now(store):
    keep(store, ALICE, change(MATRIX, published=datetime.fromtimestamp(NOW, UTC) + timedelta(days=9)))
    ((_, item, _),) = result_of(store.search(Query(), [ALICE], limit=1))
    assert item.published == datetime.fromtimestamp(NOW, UTC)


def test_a_page_changes_what_it_names(store):
    keep(store, ALICE, *numbered(1, 2, 3))
    copy = result_of(store.apply(ALICE, page(*numbered(2, size=7), *numbered(4), gone=("m:movie:1", "unknown")), NOW))
    assert (copy.items, copy.cursor, copy.heard) == (3, "c", NOW)
    assert sorted(found(store)) == [f"{ALICE}:m:movie:{n}" for n in (2, 3, 4)]
    assert result_of(store.item(ALICE, "m:movie:2")).size == 7
    assert result_of(store.item(ALICE, "m:movie:1")) is result_of(store.item(BOB, "m:movie:2")) is None


def test_what_was_there_stays_until_the_new_reading_is_at_its_end(store):
    keep(store, ALICE, *numbered(1, 2, 3))
    copy = result_of(store.apply(ALICE, page(*numbered(3, 4), more=True, reset=True), NOW))
    assert (copy.reading, copy.complete, copy.items) == (True, True, 2)
    assert len(found(store)) == 4
    result_of(store.apply(ALICE, page(*numbered(5)), NOW))
    copy = result_of(store.sweep())[ALICE]
    assert (copy.reading, copy.complete, copy.items) == (False, True, 3)
    assert sorted(found(store)) == [f"{ALICE}:m:movie:{n}" for n in (3, 4, 5)]


def test_a_reading_that_another_one_replaces_leaves_nothing(store):
    result_of(store.apply(ALICE, page(*numbered(1, 2), more=True, reset=True), NOW))
    keep(store, ALICE, *numbered(3))
    assert found(store) == [f"{ALICE}:m:movie:3"]


def test_the_sweep_of_one_leaves_the_others_readings_alone(store):
    keep(store, BOB, *numbered(1, 2))
    result_of(store.apply(BOB, page(*numbered(1), more=True, reset=True), NOW))
    keep(store, ALICE, *numbered(3))
    assert len(found(store, peers=(BOB,))) == 2


def test_who_is_no_friend_any_more_is_forgotten_and_never_becomes_another(store):
    keep(store, ALICE, *numbered(1, 2))
    keep(store, BOB, *numbered(3))
    result_of(store.keep_only([BOB]))
    assert found(store) == [f"{BOB}:m:movie:3"]
    keep(store, ALICE, *numbered(9))
    assert sorted(found(store)) == [f"{ALICE}:m:movie:9", f"{BOB}:m:movie:3"]
    assert set(store.copies()) == {ALICE, BOB}


def test_too_many_items_are_refused_whole(store, monkeypatch):
    monkeypatch.setattr(mirror_module, "MAX_ITEMS", 3)
    keep(store, BOB, *numbered(7))
    result_of(store.apply(ALICE, page(*numbered(1, 2), more=True, reset=True), NOW))
    with pytest.raises(PeerError, match="more than 3"):
        result_of(store.apply(ALICE, page(*numbered(3, 4), cursor="d"), NOW))
    assert store.copies()[ALICE].cursor == "c"
    assert found(store, peers=(BOB,)) == [f"{BOB}:m:movie:7"]


def test_the_revision_grows_only_when_an_answer_may_change(store):
    keep(store, ALICE, MATRIX)
    before = store.revision
    result_of(store.apply(ALICE, page(cursor="d"), NOW))
    assert store.revision == before
    result_of(store.apply(ALICE, page(PILOT, cursor="e"), NOW))
    assert store.revision > before


def opened(path: Path) -> Database:
    return open_mirror(path, InlineWorkers(), InlineWorkers())


def test_the_copies_are_there_again_after_a_restart(tmp_path):
    database = opened(tmp_path / "mirror.db")
    keep(MirrorStore(database), ALICE, MATRIX)
    database.close()
    database = opened(tmp_path / "mirror.db")
    assert MirrorStore(database).copies()[ALICE].items == 1
    assert (tmp_path / "mirror.db").stat().st_mode & 0o777 == 0o600
    database.close()


@pytest.mark.parametrize("spoil", ["rubbish", "another schema", "empty"])
def test_a_file_that_can_not_be_used_is_made_anew(tmp_path, spoil):
    """It holds nothing that can't be read again."""
    path = tmp_path / "mirror.db"
    if spoil == "another schema":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version=99")
        connection.close()
    else:
        path.write_bytes(b"rubbish" * 1000 if spoil == "rubbish" else b"")
    database = opened(path)
    keep(MirrorStore(database), ALICE, MATRIX)
    database.close()


SOME = st.integers(0, 5)


class Following(RuleBasedStateMachine):
    """
    Any order of changes, pages, kills of either side, restored backups, forgotten tombstones and other rules: in the
    end the copy is what the owner shares.
    """

    def __init__(self) -> None:
        super().__init__()
        changes_module.MAX_GONE, self.usual = 2, changes_module.MAX_GONE
        sweeping_module.SWEPT_AT_ONCE = 2
        self.database, self.backup = Database.in_memory(), None
        self.permitted: Criterion = EVERYTHING
        self.mirror = Database.in_memory(MIRROR)
        self.restart_owner()
        self.restart_mirror()

    @rule()
    def restart_owner(self) -> None:
        self.catalogue, self.changes = CatalogueStore(self.database), ChangeStore(self.database)
        result_of(self.changes.begin())

    @rule()
    def restart_mirror(self) -> None:
        self.store = MirrorStore(self.mirror)
        self.copy = self.store.copies().get(ALICE, Copy(peer=ALICE))
        self.copy = result_of(self.store.sweep()).get(ALICE, self.copy)

    @rule(group=SOME, numbers=st.sets(SOME), size=st.integers(1, 2), kind=st.sampled_from(Kind))
    def change(self, group: int, numbers: set[int], size: int, kind: Kind) -> None:
        items = [change(MATRIX, id=f"m:{group}:{n}", size=size, kind=kind, media_info=None) for n in numbers]
        result_of(self.catalogue.replace("m", Batch(group=str(group), items=items)))

    @rule(groups=st.sets(SOME))
    def forget_groups(self, groups: set[int]) -> None:
        result_of(self.catalogue.keep_groups("m", {str(group) for group in groups}))

    @rule()
    def prune(self) -> None:
        result_of(self.changes.prune())

    @rule(kind=st.sampled_from([None, *Kind]))
    def rules(self, kind: Kind | None) -> None:
        self.permitted = ("kind = ?", (kind.value,)) if kind else EVERYTHING

    @rule()
    def back_up(self) -> None:
        self.backup = self.copied(self.database)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def restore(self) -> None:
        self.database = self.copied(self.backup)
        self.restart_owner()

    @staticmethod
    def copied(database: Database) -> Database:
        made = Database.in_memory()
        made.read_now(lambda target: database.read_now(lambda source: source.backup(target)))
        return made

    @rule(limit=st.integers(1, 4), lost=st.booleans(), killed=st.booleans())
    def follow(self, limit: int, lost: bool, killed: bool) -> None:
        """:param lost: the answer never comes; :param killed: between the page and the sweep."""
        told = read_feed(
            write_feed(result_of(self.changes.page(self.copy.cursor, limit=limit, permitted=self.permitted)))
        )
        if lost:
            return
        self.copy = result_of(self.store.apply(ALICE, told, NOW))
        if killed:
            self.restart_mirror()
        elif self.copy.reading and not told.more:
            self.copy = result_of(self.store.sweep())[ALICE]
        self.more = told.more

    @invariant()
    def nothing_is_there_twice(self) -> None:
        there = found(self.store)
        assert len(there) == len(set(there))

    def teardown(self) -> None:
        self.more = True
        while self.more:
            self.follow(limit=3, lost=False, killed=False)
        shared = self.database.read_now(
            lambda db: {
                (row["id"], row["item"])
                for row in db.execute(f"SELECT id, item FROM items WHERE {self.permitted[0]}", self.permitted[1])
            }
        )
        here = self.mirror.read_now(lambda db: {(r["id"], r["item"]) for r in db.execute("SELECT id, item FROM items")})
        assert here == shared
        assert (self.copy.items, self.copy.complete, self.copy.reading) == (len(shared), True, False)
        words = self.mirror.read_now(lambda db: db.execute("SELECT COUNT(*) FROM item_words").fetchone()[0])
        assert words == len(shared)
        changes_module.MAX_GONE = self.usual


TestFollowing = Following.TestCase
TestFollowing.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
