from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.errors import NotFound
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind, Quality
from jackd.model.search import Query, matches
from jackd.model.sharing import Facts
from jackd.ports import Batch
from jackd.storage import criteria
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.database import Database
from jackd.storage.items import item_from_json, item_to_json
from tests.support import MATRIX, PILOT, change, result_of

A, B = "aaaaaaaa", "bbbbbbbb"
EVERYTHING = Query()


@pytest.fixture
def database() -> Database:
    return Database.in_memory()


@pytest.fixture
def store(database: Database) -> CatalogueStore:
    return CatalogueStore(database)


def found(store: CatalogueStore, query: Query = EVERYTHING, limit: int = 100, offset: int = 0) -> list[str]:
    return [item.id for item in result_of(store.search(query, limit=limit, offset=offset))]


def fill(store: CatalogueStore) -> None:
    result_of(store.replace(A, Batch(group="1", items=[MATRIX])))
    result_of(store.replace(B, Batch(group="1", items=[PILOT])))


WORDS = st.sampled_from(
    ["The", "Matrix", "matrix", "é", "e", "S01E01", "s01", "1999", "07", "№", "Foo™", "ᴬ", "中文", "ß", "ss", '"', "OR",
     "NOT", "*", "a*", "İ", "-", "_", "'", "ﬁ", "fi", "&", "and", "x\ny", "\0", "\ud800", "٣", "ǅ", "ǆ", "NEAR(a b)"]
)  # fmt: skip
TEXT = st.lists(WORDS, max_size=4).map(" ".join) | st.text(max_size=12)
SMALL = st.none() | st.sampled_from([0, 1, 2, 12])
SEASONS = st.none() | st.sampled_from([0, 1, 2, 2024, 1999, 20_240])
DATES = st.none() | st.sampled_from([date(2024, 5, 17), date(1999, 1, 1), date(1, 1, 1)])
IDS = st.builds(MediaIds, tmdb=SMALL, imdb=st.sampled_from([None, "tt0000001", "tt0133093"]), tvdb=SMALL)
MOMENTS = st.integers(0, 3).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
ITEMS = st.builds(
    Item,
    id=st.integers(0, 99).map(lambda n: f"{A}:movie:{n}"),
    kind=st.sampled_from(Kind),
    title=TEXT,
    filename=TEXT,
    size=st.integers(0, 2**60),
    ids=IDS,
    name=st.none() | TEXT,
    year=st.none() | st.sampled_from([1999, 2024]),
    season=SEASONS,
    episodes=st.lists(st.sampled_from([1, 2, 12]), max_size=3).map(tuple),
    absolute=SMALL,
    aired=DATES,
    published=MOMENTS,
)
QUERIES = st.builds(
    Query,
    kind=st.none() | st.sampled_from(Kind),
    ids=st.just(MediaIds()) | IDS,
    text=st.just("") | TEXT,
    season=SEASONS,
    episode=SMALL,
    absolute=SMALL,
    aired=DATES,
)


@given(
    items=st.lists(ITEMS, max_size=12, unique_by=lambda i: i.id),
    queries=st.lists(QUERIES, min_size=1, max_size=6),
    many=st.sampled_from([1, 1000]),
)
def test_the_index_finds_what_the_definition_says(items, queries, many):
    """Whichever way it goes: with ``many`` at 1 every word is a frequent one."""
    store = CatalogueStore(Database.in_memory())
    result_of(store.replace(A, Batch(group="g", items=items)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(criteria, "MANY", many)
        for query in queries:
            expected = sorted((i for i in items if matches(query, i)), key=lambda i: (-i.published.timestamp(), i.id))
            assert result_of(store.search(query, limit=100)) == expected


@given(item=ITEMS)
def test_an_item_is_stored_whole(item):
    assert item_from_json(item_to_json(item)) == item


def test_quality_languages_and_media_info_are_stored_too():
    item = change(
        MATRIX,
        quality=Quality(name="WEBDL-720p", source="webdl", resolution=720),
        languages=("English", "German"),
        edition="Extended",
        media_info={"audioChannels": 5.1, "subtitles": "en/de", "nested": {"a": [1, None]}},
    )
    again = item_from_json(item_to_json(item))
    assert again == item
    assert again.media_info == item.media_info


def test_newest_first_by_pages(store):
    items = [change(MATRIX, id=f"{A}:movie:{n}", published=MATRIX.published + timedelta(n)) for n in range(5)]
    result_of(store.replace(A, Batch(group="g", items=items)))
    assert found(store, limit=2) == [f"{A}:movie:4", f"{A}:movie:3"]
    assert found(store, limit=2, offset=4) == [f"{A}:movie:0"]


def test_any_of_several_ids_is_enough(store):
    fill(store)
    assert found(store, Query(ids=MediaIds(tmdb=603, imdb="tt9999999"))) == [MATRIX.id]
    assert found(store, Query(ids=MediaIds(imdb="133093"))) == [MATRIX.id]
    assert found(store, Query(ids=MediaIds(tvdb=81189), season=1, episode=1)) == [PILOT.id]
    assert found(store, Query(ids=MediaIds(tvdb=81189), season=1, episode=2)) == []


def test_numbers_beyond_sqlite_find_nothing_and_break_nothing(store):
    """S19"""
    result_of(store.replace(A, Batch(group="1", items=[change(MATRIX, ids=MediaIds(tmdb=10**30))])))
    for query in (Query(ids=MediaIds(tmdb=10**30)), Query(season=10**30), Query(absolute=-(10**30))):
        assert found(store, query) == []
    assert found(store, Query(episode=10**30)) == []


def test_text_is_never_syntax(store):
    fill(store)
    for text in ('" OR "', "matrix* OR", "words:matrix", "(matrix", "matrix NOT 1999x", "x' OR 1=1 --"):
        assert found(store, Query(text=text)) in ([], [MATRIX.id])
    assert found(store, Query(text="matrix* 1999")) == [MATRIX.id]


def test_a_batch_replaces_its_group_and_nothing_else(store):
    fill(store)
    other = change(MATRIX, id=f"{A}:movie:2", title="Other.2001")
    result_of(store.replace(A, Batch(group="1", items=[other]), Batch(group="2", items=[])))
    assert found(store) == [other.id, PILOT.id]
    assert found(store, Query(text="matrix")) == [other.id]  # by its name
    assert found(store, Query(text="1999 bluray")) == []
    result_of(store.replace(A, Batch(group="1", items=[])))
    assert found(store) == [PILOT.id]


def test_equal_rows_are_not_written(store, database):
    fill(store)
    before = result_of(database.read(lambda c: c.total_changes))
    fill(store)
    assert result_of(database.read(lambda c: c.total_changes)) == before


def test_a_file_keeps_the_date_it_was_first_seen_with(store):
    fill(store)
    later = MATRIX.published + timedelta(days=1)
    result_of(store.replace(A, Batch(group="1", items=[change(MATRIX, published=later, edition="Extended")])))
    kept = result_of(store.item(MATRIX.id))
    assert (kept.published, kept.edition) == (MATRIX.published, "Extended")
    result_of(store.replace(A, Batch(group="1", items=[change(MATRIX, published=later, size=5)])))
    assert result_of(store.item(MATRIX.id)).published == later


def test_an_item_may_move_to_another_group(store):
    fill(store)
    result_of(store.replace(A, Batch(group="9", items=[MATRIX])))
    result_of(store.replace(A, Batch(group="1", items=[])))
    assert found(store) == [MATRIX.id, PILOT.id]


def test_groups_not_seen_any_more_go(store):
    fill(store)
    result_of(store.replace(A, Batch(group="2", items=[change(MATRIX, id=f"{A}:movie:2")])))
    result_of(store.keep_groups(A, {"2"}))
    assert found(store) == [f"{A}:movie:2", PILOT.id]
    assert found(store, Query(text="matrix")) == [f"{A}:movie:2"]


def test_libraries_not_configured_any_more_go(store):
    fill(store)
    result_of(store.drop_libraries_except([B]))
    assert found(store) == [PILOT.id]
    assert (result_of(store.count(A)), result_of(store.count(B))) == (0, 1)


def test_no_words_are_left_behind(store, database):
    fill(store)
    result_of(store.replace(A, Batch(group="1", items=[change(MATRIX, title="Other.2001")])))
    result_of(store.drop_libraries_except([A]))
    result_of(store.replace(A, Batch(group="1", items=[])))
    for table in ("items", "item_words"):
        assert result_of(database.read(lambda c, t=table: c.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0])) == 0


def test_a_failing_batch_leaves_everything_as_it_was(store):
    fill(store)
    bad = change(MATRIX, id="\ud800")
    with pytest.raises(UnicodeEncodeError):
        result_of(store.replace(A, Batch(group="1", items=[]), Batch(group="2", items=[bad])))
    assert found(store) == [MATRIX.id, PILOT.id]


def test_an_unknown_item(store):
    with pytest.raises(NotFound):
        result_of(store.item("aaaaaaaa:movie:404"))


def test_what_is_read_again_and_is_the_same_is_not_written_and_wakes_nobody(database):
    """A complete reading in which nothing changed costs no write, whatever it is called with."""
    rung = []
    store = CatalogueStore(database, changed=lambda: rung.append(1))
    facts = {MATRIX.id: Facts(folder="/m", tags=("a",), modified=5)}
    for _ in range(3):
        result_of(store.replace(A, Batch(group="1", items=[MATRIX], facts=facts)))
        result_of(store.keep_groups(A, {"1"}))
        result_of(store.drop_libraries_except([A]))
    assert rung == [1]
    touched = {MATRIX.id: Facts(folder="/m", tags=("a",), modified=6)}
    result_of(store.replace(A, Batch(group="1", items=[MATRIX], facts=touched)))
    assert rung == [1, 1]


# -- how -------------------------------------------------------------------------------------------------------------

TV = MediaIds(tvdb=81189)
PLANS = {
    "by ids": (Query(kind=Kind.MOVIE, ids=MediaIds(tmdb=603, imdb="tt0133093")), ["items_tmdb", "items_imdb"]),
    "a series": (Query(kind=Kind.EPISODE, ids=TV), ["items_tvdb"]),
    "a season": (Query(kind=Kind.EPISODE, ids=TV, season=1), ["items_tvdb"]),
    "an episode": (Query(kind=Kind.EPISODE, ids=TV, season=1, episode=2), ["items_tvdb"]),
    "a day": (Query(kind=Kind.EPISODE, ids=TV, season=2024, aired=date(2024, 5, 17)), ["items_tvdb", "items_aired"]),
    "an absolute number": (Query(kind=Kind.EPISODE, ids=TV, absolute=7), ["items_tvdb", "items_absolute"]),
    "a title and year": (Query(text="The Matrix 1999"), ["item_words"]),
    "a title's episode": (Query(kind=Kind.EPISODE, text="Some Show", season=1, episode=2), ["item_words"]),
    "an episode of anything": (Query(kind=Kind.EPISODE, season=1, episode=2), ["item_words"]),
    "a day of anything": (Query(aired=date(2024, 5, 17)), ["items_aired"]),
    "an absolute number of anything": (Query(absolute=7), ["items_absolute"]),
}
NEWEST = {"of a kind": (Query(kind=Kind.MOVIE), "items_kind"), "of all": (Query(), "items_published")}


def steps(database: Database, query: Query) -> list[str]:
    def explain(connection: sqlite3.Connection) -> list[str]:
        (condition, values), newest = criteria.plan(connection, query)
        sql = f"EXPLAIN QUERY PLAN SELECT item FROM items WHERE {condition} ORDER BY {newest}, id LIMIT 100"
        return [row["detail"] for row in connection.execute(sql, values)]

    return result_of(database.read(explain))


@pytest.mark.parametrize("form", PLANS)
def test_what_is_asked_for_is_found_by_an_index_and_then_sorted(database, form):
    """arr.md 1.6: nothing that an *arr asks for makes jack look at everything."""
    query, indexes = PLANS[form]
    found = steps(database, query)
    assert not [step for step in found if step.startswith("SCAN items")], found
    if indexes == ["item_words"]:
        assert any("json_each VIRTUAL TABLE" in step for step in found), found
        assert any("SEARCH items USING INTEGER PRIMARY KEY" in step for step in found), found
    else:
        used = [name for name in indexes for step in found if f" {name} " in f"{step} "]
        assert used and not any("items_kind" in step or "items_published" in step for step in found), found


@pytest.mark.parametrize("form", NEWEST)
def test_the_newest_are_read_in_their_order(database, form):
    """arr.md 1.5: a feed's page costs as much as it has items."""
    query, index = NEWEST[form]
    found = steps(database, query)
    assert len(found) == 1 and index in found[0], found


def test_a_word_that_nearly_everything_has_is_met_by_going_through_the_newest(database, store, monkeypatch):
    monkeypatch.setattr(criteria, "MANY", 2)
    fill(store)
    assert any("TEMP B-TREE" in step for step in steps(database, Query(text="matrix")))
    batch = [change(MATRIX, id=f"{A}:movie:{n}") for n in (21, 22)]
    result_of(store.replace(A, Batch(group="9", items=batch)))
    found = steps(database, Query(text="matrix", kind=Kind.MOVIE))
    assert not any("TEMP B-TREE" in step for step in found), found
    assert any("items_kind" in step for step in found)
