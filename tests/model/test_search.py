from __future__ import annotations

from datetime import date

import pytest

from jackd.model.ids import MediaIds, canonical_imdb
from jackd.model.item import Kind
from jackd.model.search import Query, matches, words
from tests.support import MATRIX, PILOT, change

SWAT = change(PILOT, title="S.W.A.T.2017.S01E01.1080p.WEB-DL", name="S.W.A.T.")
DAILY = change(PILOT, season=2024, episodes=(98,), aired=date(2024, 5, 17))


@pytest.mark.parametrize("form", ["tt0133093", "0133093", "133093", " TT0133093 ", "tt00133093"])
def test_every_form_of_an_imdb_id_is_one(form):
    assert canonical_imdb(form) == "tt0133093"


@pytest.mark.parametrize("form", [None, "", "tt", "0", "tt0000000", "nm0000206", "tt12345678901", "tt-5", "१२३x"])
def test_what_is_no_imdb_id_is_none(form):
    assert canonical_imdb(form) is None


def test_of_several_ids_any_is_enough():
    assert MediaIds(tmdb=1, imdb="133093").any_in(MATRIX.ids)
    assert not MediaIds(tmdb=1, imdb="1").any_in(MATRIX.ids)
    assert not MediaIds().any_in(MATRIX.ids)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Lord of the Rings: The Two Towers", ("lord", "of", "rings", "two", "towers")),
        ("Amélie & Co.", ("amelie", "co")),
        ("Schindler's List", ("schindlers", "list")),
        ("WALL·E", ("wall", "e")),
        ("The", ("the",)),
        ("Some.Show.S01E02", ("some", "show", "s01e02")),
    ],
)
def test_words_fold_what_people_write_differently(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("query", "item", "found"),
    [
        (Query(), MATRIX, True),
        (Query(kind=Kind.EPISODE), MATRIX, False),
        (Query(ids=MediaIds(tmdb=603)), MATRIX, True),
        (Query(ids=MediaIds(tmdb=604)), MATRIX, False),
        (Query(text="matrix 1999"), MATRIX, True),
        (Query(text="1999 The Matrix"), MATRIX, True),
        (Query(text="matrix 2003"), MATRIX, False),
        (Query(text="matri"), MATRIX, False),
        (Query(season=1), PILOT, True),
        (Query(season=1, episode=1), PILOT, True),
        (Query(season=1, episode=2), PILOT, False),
        (Query(season=1, episode=2), change(PILOT, episodes=(1, 2)), True),
        (Query(season=0), PILOT, False),
        (Query(season=0), change(PILOT, season=0), True),
        (Query(season=1), MATRIX, False),
        (Query(text="some show s01e01"), PILOT, True),
        (Query(season=2024), DAILY, True),
        (Query(season=2024), change(DAILY, season=12), True),
        (Query(season=2023), DAILY, False),
        (Query(aired=date(2024, 5, 17)), DAILY, True),
        (Query(aired=date(2024, 5, 18)), DAILY, False),
        (Query(absolute=7), change(PILOT, absolute=7), True),
        (Query(absolute=7), PILOT, False),
        (Query(text="SWAT 2017"), SWAT, True),
        (Query(text="s w a t"), SWAT, True),
        (Query(text="SWA"), SWAT, False),
        (Query(text="SHIELD"), change(PILOT, title="Agents.of.S.H.I.E.L.D.S01E01.1080p"), True),
        (Query(text="RIPD 2013"), change(MATRIX, title="R.I.P.D.2013.1080p.BluRay"), True),
        (Query(text="RIPD"), change(MATRIX, name="R.I.P.D"), True),
        (Query(text="WEBDL"), change(MATRIX, title="X.2013.WEB-DL.H.264"), False),
    ],
)
def test_matching(query, item, found):
    assert matches(query, item) is found


def test_only_a_query_without_criteria_is_the_feed():
    assert Query().is_feed
    assert Query(kind=Kind.MOVIE).is_feed
    assert not Query(season=0).is_feed
    assert not Query(ids=MediaIds(tmdb=1)).is_feed
