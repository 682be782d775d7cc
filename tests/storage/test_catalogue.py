from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.errors import NotFound
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind, Quality
from jackd.model.search import Query, matches
from jackd.ports import Batch
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


@given(items=st.lists(ITEMS, max_size=12, unique_by=lambda i: i.id), queries=st.lists(QUERIES, min_size=1, max_size=6))
def test_the_index_finds_what_the_definition_says(items, queries):
    store = CatalogueStore(Database.in_memory())
    result_of(store.replace(A, Batch(group="g", items=items)))
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
