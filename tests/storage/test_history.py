"""The lines of the history."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.history import Event, Record
from jackd.storage.database import Database
from jackd.storage.history import CONTINUED_SECONDS, HistoryStore, Total
from tests.storage.test_downloads import SECONDS, TEXT
from tests.support import result_of

RECORDS = st.builds(
    Record,
    event=st.sampled_from([Event.COMPLETED, Event.FAILED, Event.REMOVED]),
    title=TEXT,
    size=st.integers(0, 2**62),
    friends=st.dictionaries(TEXT, st.integers(0, 2**53)),
    seconds=SECONDS,
    began=SECONDS,
    ended=SECONDS,
    hash=TEXT,
    owner=TEXT,
    failures=st.integers(0, 99),
    verified=st.booleans(),
    reason=TEXT,
    client=st.just(""),
)


def fetched(title: str = "Heat", event: Event = Event.COMPLETED, **values) -> Record:
    known = {"size": 100, "friends": {"Alice": 100}, "seconds": 4.0, "began": 1000.0, "ended": 1010.0}
    return Record(event=event, title=title, **known | values)


def share(moved: int, *, at: float = 1000.0, seconds: float = 1.0, who: str = "Bob", **values) -> Record:
    """``moved`` bytes went to a friend, the last one at ``at``."""
    known = {"title": "heat.mkv", "size": 100, "client": "::1"} | values
    return Record(event=Event.PARTLY, friends={who: moved}, seconds=seconds, began=at - seconds, ended=at, **known)


@pytest.fixture
def store():
    return HistoryStore(Database.in_memory(), most=5)


def page(store, limit=100, **which):
    return result_of(store.page(limit=limit, **which))


def moved(store):
    return [(record.event, record.moved) for record in page(store)]


@given(RECORDS)
def test_a_line_comes_back_as_it_was_written(record):
    store = HistoryStore(Database.in_memory())
    result_of(store.add(record))
    assert page(store) == [evolve(record, n=1)]


def test_pages_are_newest_first_and_go_on_where_the_last_one_ended(store):
    for title in "abcd":
        result_of(store.add(fetched(title)))
    first = page(store, 3)
    assert [record.title for record in first] == ["d", "c", "b"]
    assert [record.title for record in page(store, 3, before=first[-1].n)] == ["a"]
    result_of(store.add_shared([share(1)]))
    assert [record.event for record in page(store, shared=True)] == [Event.PARTLY]
    assert len(page(store, shared=False)) == 4


def test_the_oldest_lines_go_and_none_of_the_other_direction(store):
    result_of(store.add(fetched("mine")))
    result_of(store.add_shared([share(1, title=f"{n}.mkv") for n in range(9)]))
    assert [record.title for record in page(store)] == ["8.mkv", "7.mkv", "6.mkv", "5.mkv", "4.mkv", "mine"]
    result_of(store.add(fetched("later")))
    assert [record.title for record in page(store, shared=False)] == ["later", "mine"]
    for title in "abcdef":
        result_of(store.add(fetched(title)))
    assert [record.title for record in page(store, shared=False)] == list("fedcb")
    assert len(page(store, shared=True)) == 5


def test_ranges_of_one_transfer_are_one_line(store):
    result_of(store.add_shared([share(40, at=1000.0)]))
    assert moved(store) == [(Event.PARTLY, 40)]
    result_of(store.add_shared([share(60, at=1000.0 + CONTINUED_SECONDS, seconds=2.0)]))
    assert moved(store) == [(Event.SENT, 100)]
    (record,) = page(store)
    assert (record.began, record.ended, record.seconds) == (999.0, 1000.0 + CONTINUED_SECONDS, 3.0)


@pytest.mark.parametrize(
    "other",
    [
        {"who": "Carol"},
        {"title": "other.mkv"},
        {"size": 101},
        {"client": "::2"},
        {"at": 1000.0 + CONTINUED_SECONDS + 2},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_friend_file_address_or_day_is_another_line(store, other):
    result_of(store.add_shared([share(50), share(50, **other)]))
    assert [record.moved for record in page(store)] == [50, 50]


def test_a_download_is_never_a_friends_transfer(store):
    result_of(store.add(fetched("heat.mkv", friends={"Bob": 7}, client="::1")))
    result_of(store.add_shared([share(9)]))
    assert moved(store) == [(Event.PARTLY, 9), (Event.COMPLETED, 7)]


def test_totals_of_each_friend(store):
    result_of(store.add(fetched(friends={"Alice": 70, "Bob": 30})))
    result_of(store.add(fetched(friends={"Alice": 5}, event=Event.FAILED)))
    result_of(store.add_shared([share(100), share(20, title="b.mkv")]))
    assert result_of(store.totals()) == [
        Total(name="Alice", fetched=75, fetched_files=1),
        Total(name="Bob", fetched=30, fetched_files=1, shared=120, shared_files=1),
    ]


def test_the_mean_speed():
    assert fetched().speed == 25.0
    assert fetched(seconds=0.0).speed == 0.0
