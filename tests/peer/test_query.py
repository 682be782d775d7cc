"""Questions as parameters, the original's and ours."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.errors import BadRequest
from jackd.model.ids import MediaIds
from jackd.model.item import Kind
from jackd.model.search import Query
from jackd.peer.query import ORIGINAL_PAGE, PAGE, parameters, read_parameters, widened

numbers = st.none() | st.integers(0, 10**9)
ids = st.builds(
    MediaIds,
    tmdb=st.none() | st.integers(1, 10**9),
    imdb=st.none() | st.integers(1, 10**9).map(str),
    tvdb=st.none() | st.integers(1, 10**9),
)
queries = st.builds(
    Query,
    kind=st.sampled_from([None, *Kind]),
    ids=ids,
    text=st.text(max_size=50).map(str.strip),
    season=numbers,
    episode=numbers,
    absolute=numbers,
    aired=st.none() | st.dates(),
)


@given(queries)
def test_our_question_reads_back_as_it_was(query):
    asked = read_parameters(parameters(query, extended=True))
    assert (asked.query, asked.limit, asked.offset) == (query, PAGE, 0)


@given(queries)
def test_an_original_is_asked_by_one_id_at_most_and_nothing_else(query):
    sent = parameters(widened(query, extended=False), extended=False)
    assert len(sent) <= 1
    assert set(sent) <= {"tmdbId", "imdbId", "tvdbId"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Kind.MOVIE, "tmdbId"), (None, "tmdbId"), (Kind.EPISODE, "tvdbId")],
)
def test_an_original_is_asked_by_the_id_that_its_arr_knows(kind, expected):
    query = Query(kind=kind, ids=MediaIds(tmdb=603, imdb="tt0133093", tvdb=81189), season=1)
    assert list(parameters(widened(query, extended=False), extended=False)) == [expected]


def test_an_episode_without_tvdb_id_needs_an_originals_whole_catalogue():
    query = Query(kind=Kind.EPISODE, ids=MediaIds(imdb="tt0903747"))
    assert widened(query, extended=False) == Query()


def test_one_question_for_all_episodes_of_a_series():
    ids = MediaIds(tvdb=81189)
    asked = {widened(Query(kind=Kind.EPISODE, ids=ids, season=1, episode=n), extended=True) for n in range(178)}
    assert asked == {Query(kind=Kind.EPISODE, ids=ids)}


def test_a_question_without_ids_is_asked_as_it_is():
    query = Query(text="some show", season=2)
    assert widened(query, extended=True) == query


BOTH = {"tmdbId": "603", "imdbId": "0133093", "tvdbId": "81189", "season": "1", "episode": "2"}


@pytest.mark.parametrize(
    ("given_parameters", "expected"),
    [
        (BOTH, Query(ids=MediaIds(tmdb=603))),
        ({**BOTH, "tmdbId": ""}, Query(ids=MediaIds(imdb="tt0133093"))),
        ({"tvdbId": "81189", "season": "0", "episode": "2"}, Query(ids=MediaIds(tvdb=81189), season=0, episode=2)),
        ({"season": "1"}, Query()),
        ({}, Query()),
    ],
)
def test_an_originals_question_is_read_as_it_reads_it(given_parameters, expected):
    """tmdb, else imdb, else tvdb with its numbers, else the whole catalogue"""
    asked = read_parameters(given_parameters)
    assert (asked.query, asked.limit, asked.offset) == (expected, ORIGINAL_PAGE, 0)


def test_any_of_our_parameters_makes_it_our_question():
    asked = read_parameters({**BOTH, "limit": "50", "offset": "7"})
    ids = MediaIds(tmdb=603, imdb="tt0133093", tvdb=81189)
    assert (asked.query, asked.limit, asked.offset) == (Query(ids=ids, season=1, episode=2), 50, 7)
    asked = read_parameters({"airDate": "2024-05-17", "kind": "episode"})
    assert asked.query == Query(kind=Kind.EPISODE, aired=date(2024, 5, 17))


@pytest.mark.parametrize(("limit", "expected"), [("0", PAGE), ("1", 1), ("999999", PAGE)])
def test_a_page_is_bounded(limit, expected):
    assert read_parameters({"limit": limit}).limit == expected


@pytest.mark.parametrize(
    "bad",
    [
        {"tmdbId": "x"},
        {"season": "-1"},
        {"episode": "03/14"},
        {"tvdbId": "9" * 5000},
        {"imdbId": "nonsense"},
        {"kind": "book"},
        {"airDate": "17.5.2024"},
        {"absolute": "٣"},
    ],
)
def test_what_cannot_be_read_is_refused_and_never_answered_with_everything(bad):
    with pytest.raises(BadRequest):
        read_parameters(bad)


def test_a_long_text_is_cut():
    long = evolve(Query(), text="x" * 5000)
    assert len(parameters(long, extended=True)["q"]) == 512
    assert len(read_parameters({"q": "x" * 5000}).query.text) == 512
