"""An *arr account sees, finds and changes what it grabbed itself and nothing else; the operator everything."""

from __future__ import annotations

import pytest

from tests.qbittorrent.support import RADARR, SONARR, World


class Two:
    """Radarr's grab and Sonarr's, both in one category of the same name."""

    def __init__(self) -> None:
        self.world = World()
        self.operator, self.radarr, self.sonarr = self.world.clients()
        self.radarr.add(self.world.stub(), category="shared", tags="mine")
        self.sonarr.add(self.world.stub(7, episode=True), category="shared")
        self.movie, self.episode = (d.hash for d in self.world.downloads.list())


def test_lists():
    two = Two()
    for params in ({}, {"category": "shared"}, {"hashes": f"{two.movie}|{two.episode}"}, {"filter": "all", "tag": ""}):
        assert two.sonarr.hashes(**params) == [two.episode]
    assert two.radarr.hashes() == [two.movie]
    assert two.operator.hashes() == [two.movie, two.episode]


@pytest.mark.parametrize(
    "path", ["properties", "files", "trackers", "webseeds", "pieceStates", "pieceHashes", "export"]
)
def test_single_reads(path):
    two = Two()
    assert two.radarr.post(f"torrents/{path}", {"hash": two.episode}).status == 404
    assert two.radarr.post(f"torrents/{path}", {"hash": two.movie}).status != 404


def test_sync_and_sums():
    two = Two()
    two.world.downloads.get(two.movie).speed = 1000.0
    assert list(two.sonarr.get("sync/maindata").json()["torrents"]) == [two.episode]
    assert two.sonarr.get("transfer/info").json()["dl_info_speed"] == 0
    assert two.operator.get("transfer/info").json()["dl_info_speed"] == 1000
    assert two.sonarr.post("sync/torrentPeers", {"hash": two.movie}).status == 404


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("pause", {}),
        ("recheck", {}),
        ("delete", {"deleteFiles": "true"}),
        ("setForceStart", {"value": "true"}),
        ("setCategory", {"category": ""}),
        ("addTags", {"tags": "x"}),
        ("removeTags", {}),
        ("setShareLimits", {"ratioLimit": "7", "seedingTimeLimit": "7"}),
    ],
)
@pytest.mark.parametrize("hashes", ["all", "{movie}|{episode}", "{movie}"])
def test_changes(path, fields, hashes):
    two = Two()
    before = two.radarr.info()
    got = two.sonarr.post(f"torrents/{path}", {"hashes": hashes.format(movie=two.movie, episode=two.episode), **fields})
    assert got.status == 200
    assert two.radarr.info() == before
    assert two.world.downloads.rechecked in ([], [two.episode])


def test_removing_labels_leaves_the_others_rows_alone():
    two = Two()
    two.sonarr.post("torrents/deleteTags", {"tags": "mine"})
    two.sonarr.post("torrents/removeCategories", {"categories": "shared"})
    assert two.radarr.info()[0]["tags"] == "mine"
    assert two.radarr.info()[0]["category"] == "shared"
    assert two.sonarr.info()[0]["category"] == ""


def test_each_arr_has_its_own_category_from_the_start():
    """F64: its path is the one that the *arr itself can open."""
    world = World()
    operator, radarr, sonarr = world.clients()
    own = {"name": f"jack-{RADARR}", "savePath": f"/downloads/jack-{RADARR}"}
    other = {"name": f"jack-{SONARR}", "savePath": f"/data/done/jack-{SONARR}"}
    assert radarr.get("torrents/categories").json() == {own["name"]: own}
    assert sonarr.get("torrents/categories").json() == {other["name"]: other}
    assert set(operator.get("torrents/categories").json()) == {own["name"], other["name"]}


def test_paths_are_the_arr_s_own():
    two = Two()
    (row,) = two.sonarr.info()
    assert row["save_path"] == f"/data/done/shared/{two.episode[:8]}"
    assert row["content_path"] == row["save_path"] + "/" + row["name"]
    assert two.sonarr.post("torrents/properties", {"hash": two.episode}).json()["save_path"] == row["save_path"]
    assert two.operator.info(hashes=two.episode)[0]["save_path"].startswith("/downloads/")


@pytest.mark.parametrize("path", ["createCategory", "editCategory"])
def test_the_servers_categories_can_not_be_made_or_changed(path):
    _, radarr, _ = World().clients()
    for name in (f"jack-{RADARR}", f"jack-{SONARR}", f"jack-{SONARR}/x", "jack-01234567"):
        assert radarr.post(f"torrents/{path}", {"category": name, "savePath": "/x"}).status == 409
    radarr.post("torrents/removeCategories", {"categories": f"jack-{RADARR}"})
    assert f"jack-{RADARR}" in radarr.get("torrents/categories").json()


def test_nothing_can_be_moved_into_another_arr_s_category():
    two = Two()
    for client, status in ((two.radarr, 409), (two.operator, 200)):
        assert client.post("torrents/setCategory", {"hashes": two.movie, "category": f"jack-{SONARR}"}).status == status
    assert two.sonarr.hashes(category=f"jack-{SONARR}") == []
