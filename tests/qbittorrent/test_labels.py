from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.qbittorrent.categories import valid_category
from tests.qbittorrent.support import RADARR, Client, World


def test_a_created_category_is_listed_and_survives():
    """The *arrs' Test creates one and wants to see it at once."""
    world = World()
    operator, radarr, _ = world.clients()
    assert radarr.post("torrents/createCategory", {"category": "films"}).status == 200
    assert radarr.get("torrents/categories").json()["films"] == {"name": "films", "savePath": ""}
    assert radarr.post("torrents/createCategory", {"category": "films"}).text == "Unable to create category"
    assert radarr.post("torrents/editCategory", {"category": "films", "savePath": "/x"}).status == 200
    again = Client(world.web(), operator.cookie)
    assert again.get("torrents/categories").json()["films"]["savePath"] == "/x"


def test_a_removed_category_is_gone():
    world = World()
    operator, radarr, _ = world.clients()
    radarr.add(world.stub(), category="films")
    operator.post("torrents/removeCategories", {"categories": "nosuch\nfilms"})
    assert "films" not in operator.get("torrents/categories").json()
    assert radarr.info()[0]["category"] == ""


def test_only_known_categories_can_be_set():
    world = World()
    _, radarr, _ = world.clients()
    radarr.add(world.stub())
    got = radarr.post("torrents/setCategory", {"hashes": "all", "category": "nosuch"})
    assert (got.status, got.text) == (409, "Incorrect category name")
    radarr.post("torrents/createCategory", {"category": "imported"})
    for category in ("imported", "", f"jack-{RADARR}"):
        assert radarr.post("torrents/setCategory", {"hashes": "all", "category": category}).status == 200
        assert radarr.info()[0]["category"] == category


@pytest.mark.parametrize("name", ["radarr", "tv/4k", "Фильмы", "a b", "a.b", "a..b"])
def test_good_names(name):
    assert valid_category(name)


@pytest.mark.parametrize(
    "name", ["", "/", "/a", "a/", "a//b", "a\\b", ".", "..", "a/..", "../a", ".a", " ", "a/ /b", "a\nb", "a" * 201]
)
def test_bad_names(name):
    assert not valid_category(name)


@given(st.text(max_size=30))
def test_a_good_name_stays_inside_a_folder(name):
    import posixpath

    if valid_category(name):
        assert posixpath.normpath(f"/done/{name}") == f"/done/{name}"


def test_tags_come_and_go():
    world = World()
    operator, radarr, _ = world.clients()
    radarr.add(world.stub())
    radarr.post("torrents/addTags", {"hashes": "all", "tags": "b, a,,b"})
    assert (radarr.info()[0]["tags"], operator.get("torrents/tags").json()) == ("a, b", ["a", "b"])
    radarr.post("torrents/removeTags", {"hashes": "all", "tags": "a"})
    assert radarr.hashes(tag="b") and not radarr.hashes(tag="a") and not radarr.hashes(tag="")
    radarr.post("torrents/createTags", {"tags": "c"})
    operator.post("torrents/deleteTags", {"tags": "b"})
    assert (radarr.info()[0]["tags"], operator.get("torrents/tags").json()) == ("", ["a", "c"])


def test_removing_no_tag_removes_all():
    world = World()
    _, radarr, _ = world.clients()
    radarr.add(world.stub(), tags="a,b")
    radarr.post("torrents/removeTags", {"hashes": "all"})
    assert radarr.info()[0]["tags"] == ""
