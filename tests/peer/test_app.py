"""What friends are answered with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jackd import __version__
from jackd.model.ids import MediaIds
from jackd.model.item import Kind
from jackd.model.search import Query
from tests.fakes.original import original_reads
from tests.peer.support import Shelf, web
from tests.support import MATRIX, PILOT, change

KEY = {"X-Api-Key": "k"}
ROUTES = ("/handshake", "/peer/search", "/peer/items/x:movie:1", "/peer/items/x:movie:1/file", "/peer/what")


def test_every_route_is_closed_without_a_key():
    """S1"""
    site = web(Shelf([MATRIX]))
    for route in ROUTES:
        for headers in ({}, {"X-Api-Key": "wrong"}, {"X-Api-Key": ""}):
            got = site.get(route, headers=headers)
            assert (got.status, got.json()["code"]) == (401, "UNAUTHORIZED")


def test_a_key_for_something_else_opens_nothing():
    """S4"""
    site = web(Shelf([MATRIX]))
    assert [site.get(route, headers={"X-Api-Key": "other"}).status for route in ROUTES] == [403] * 5


def test_the_key_in_the_query_comes_first():
    site = web(Shelf([MATRIX]))
    assert site.get("/handshake?apikey=k", headers={"X-Api-Key": "wrong"}).status == 200
    assert site.get("/handshake?apikey=wrong", headers=KEY).status == 401


def test_the_handshake_tells_what_we_can():
    got = web(Shelf([])).get("/handshake", headers=KEY)
    assert got.json() == {
        "name": "jack",
        "version": __version__,
        "features": ["query", "validators", "manifest", "catalogue", "extras"],
    }
    assert got.header("content-type") == "application/json"


def test_an_original_gets_what_it_asks_for_and_can_read_it():
    shelf = Shelf([MATRIX, PILOT])
    site = web(shelf)
    everything = original_reads(site.get("/peer/search", headers=KEY).json())
    assert [release["id"] for release in everything] == [MATRIX.id, PILOT.id]
    by_id = original_reads(site.get("/peer/search?tvdbId=81189&season=1&episode=1", headers=KEY).json())
    assert [release["id"] for release in by_id] == [PILOT.id]
    assert shelf.searched[0][1] == 10_000


def test_our_own_question_is_answered_page_by_page():
    items = [change(MATRIX, id=f"a:movie:{n}", published=MATRIX.published - timedelta(days=n)) for n in range(5)]
    shelf = Shelf(items)
    got = web(shelf).get("/peer/search?q=matrix&kind=movie&limit=2&offset=1", headers=KEY)
    assert [i["id"] for i in got.json()["items"]] == ["a:movie:1", "a:movie:2"]
    assert shelf.searched == [(Query(kind=Kind.MOVIE, text="matrix"), 2, 1)]


def test_a_question_that_cannot_be_read_is_400():
    got = web(Shelf([])).get("/peer/search?season=x", headers=KEY)
    assert (got.status, got.json()["code"]) == (400, "BAD_REQUEST")


def test_one_item():
    got = web(Shelf([MATRIX])).get("/peer/items/aaaaaaaa%3Amovie%3A1", headers=KEY)
    assert (got.status, got.json()["id"]) == (200, MATRIX.id)


@pytest.mark.parametrize("item", ["x:movie:1", "..", "%2e%2e%2fetc", "a%00b", "a%2Fb", "%ff", "x" * 300])
def test_unknown_and_impossible_items_are_the_same_404(item):
    """S9"""
    site = web(Shelf([MATRIX]))
    for path in (f"/peer/items/{item}", f"/peer/items/{item}/file"):
        got = site.get(path, headers=KEY)
        assert got.status in (400, 404) if item == "%ff" else got.status == 404


def test_nobody_writes():
    """S30"""
    site = web(Shelf([MATRIX]))
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert site.request(method, f"/peer/items/{MATRIX.id}", headers=KEY).status == 405


def test_nothing_tells_a_path(tmp_path):
    """S30"""
    shelf = Shelf([MATRIX], tmp_path)
    site = web(shelf)
    answers = [site.get(p, headers=KEY) for p in ("/peer/search", f"/peer/items/{MATRIX.id}")]
    answers.append(site.get(f"/peer/items/{MATRIX.id}/file", headers=KEY))
    assert answers[-1].status == 404
    assert not any(str(tmp_path) in answer.text for answer in answers)


def test_ids_of_a_series_find_its_episodes():
    shelf = Shelf([MATRIX, PILOT])
    got = web(shelf).get("/peer/search?imdbId=903747&limit=10", headers=KEY)
    assert [i["id"] for i in got.json()["items"]] == [PILOT.id]
    assert shelf.searched[0][0].ids == MediaIds(imdb="tt0903747")
