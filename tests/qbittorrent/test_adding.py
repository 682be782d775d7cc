from __future__ import annotations

import pytest

from jackd.qbittorrent.adding import guid_in
from jackd.torrent.bencoding import encode
from jackd.web.limits import MAX_UPLOAD
from tests.qbittorrent.support import RADARR, SONARR, World, release

FOREIGN = encode({b"info": {b"length": 5, b"name": b"x", b"piece length": 16384, b"pieces": bytes(20)}})


def test_a_grab_is_visible_when_the_answer_is_there():
    world = World()
    _, radarr, _ = world.clients()
    torrent = world.stub()
    got = radarr.add(torrent, category=f"jack-{RADARR}", paused="False")
    assert (got.status, got.text) == (200, "Ok.")
    (row,) = radarr.info()
    assert row["hash"] == world.stubs.read(torrent).hash
    assert row["name"] == "The.Matrix.1999.1080p.BluRay.x264-GRP"
    assert row["state"] == "queuedDL"
    assert world.downloads.list()[0].owner == RADARR
    assert radarr.get("torrents/properties", params={"hash": row["hash"]}).status == 200


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"paused": "True"}, "pausedDL"),
        ({"stopped": "true"}, "pausedDL"),
        ({"paused": "False"}, "queuedDL"),
        ({}, "queuedDL"),
        ({"paused": "false", "stopped": "True"}, "pausedDL"),
    ],
)
def test_both_names_of_paused_are_known(fields, state):
    """``stopped`` since API 2.11."""
    world = World()
    _, radarr, _ = world.clients()
    radarr.add(world.stub(), **fields)
    assert radarr.info()[0]["state"] == state


def test_the_same_torrent_again_is_fine():
    """F3, F45: the *arr did not hear the first answer. Another category counts, none does not."""
    world = World()
    _, radarr, _ = world.clients()
    torrent = world.stub()
    for category, expected in (("films", "films"), ("other", "other"), ("", "other")):
        assert radarr.add(torrent, category=category).text == "Ok."
        assert [row["category"] for row in radarr.info()] == [expected]


def test_without_a_category_an_arr_gets_its_own():
    world = World()
    operator, radarr, _ = world.clients()
    radarr.add(world.stub())
    assert radarr.info()[0]["category"] == f"jack-{RADARR}"
    operator.add(world.stub(2))
    assert operator.info(category="")[0]["name"] == "The.Matrix.1999.1080p.BluRay.x264-GRP"


@pytest.mark.parametrize(
    "category", ["..", "a/../b", ".jack", "/etc", "a//b", "a\\b", "a\x00b", "x" * 300, f"jack-{SONARR}"]
)
def test_a_category_never_leads_out_of_the_folder(category):
    """Also into another *arr's folder."""
    world = World()
    _, radarr, _ = world.clients()
    assert radarr.add(world.stub(), category=category).text == "Ok."
    assert [d.category for d in world.downloads.list()] == [f"jack-{RADARR}"]


def test_an_unknown_category_is_created():
    world = World()
    operator, radarr, _ = world.clients()
    radarr.add(world.stub(), category="films/4k")
    assert operator.get("torrents/categories").json()["films/4k"] == {"name": "films/4k", "savePath": ""}


def test_tags_and_limits_come_along():
    world = World()
    operator, _, _ = world.clients()
    limits = {"ratioLimit": "1.5", "seedingTimeLimit": "60", "dlLimit": "204800", "upLimit": "-1"}
    operator.add(world.stub(), tags="one, new tag", **limits)
    (row,) = operator.info()
    assert (row["dl_limit"], row["up_limit"]) == (204800, 0)
    assert (row["tags"], row["ratio_limit"], row["seeding_time_limit"]) == ("new tag, one", 1.5, 60)
    assert operator.get("torrents/tags").json() == ["new tag", "one"]


def test_what_is_no_torrent_is_415():
    operator, _, _ = World().clients()
    got = operator.post("torrents/add", files={"torrents": ("bad.torrent", b"<html>")})
    assert (got.status, got.text) == (415, "Error: 'bad.torrent' is not a valid torrent file.")


def test_a_bad_file_does_not_harm_the_good_one():
    world = World()
    operator, _, _ = world.clients()
    files = {"a": ("bad.torrent", b"junk"), "b": ("good.torrent", world.stub())}
    assert operator.post("torrents/add", files=files).status == 415
    assert len(operator.hashes()) == 1


def test_a_foreign_torrent_is_refused_as_the_arrs_want_it():
    """S16: 200 ``Fails.`` blames neither the client nor the indexer."""
    operator, _, _ = World().clients()
    got = operator.add(FOREIGN)
    assert (got.status, got.text) == (200, "Fails.")
    assert operator.hashes() == []


def test_a_full_disk_refuses():
    world = World()
    operator, _, _ = world.clients()
    world.downloads.full = True
    assert operator.add(world.stub()).text == "Fails."


def test_nothing_is_refused():
    operator, _, _ = World().clients()
    assert operator.post("torrents/add").text == "Fails."
    assert operator.post("torrents/add", {"category": "x"}, files={}).text == "Fails."


@pytest.mark.parametrize(
    "url",
    [
        "magnet:?xt=urn:btih:1111111111111111111111111111111111111111",
        "http://127.0.0.1:9/x.torrent",
        "file:///etc/passwd",
        "http://jack.test:5225/torznab/download/x.torrent",
        "http://[::1/torznab/download/x.torrent",
        "notaurl",
    ],
)
def test_other_links_are_never_followed(url):
    """S20"""
    world = World()
    operator, _, _ = world.clients()
    assert operator.post("torrents/add", {"urls": url}).text == "Fails."
    assert world.network.asked == []


def test_own_links_are_resolved_here():
    """S20: whatever host they name; ``urls`` may hold several lines."""
    world = World()
    operator, _, _ = world.clients()
    first, second, gone = release(1), release(2), release(3)
    world.network.releases = {(r.peer, r.item.id): r for r in (first, second)}
    links = "\n".join([world.link(first), "junk", world.link(second), world.link(gone), world.link(first)])
    assert operator.post("torrents/add", {"urls": links}).text == "Ok."
    assert sorted(d.grab.item for d in world.downloads.list()) == [first.item.id, second.item.id]


def test_a_link_with_a_wrong_token_is_foreign():
    world = World()
    offer = release()
    assert guid_in(world.link(offer), world.mint) == (offer.peer, offer.item.id)
    assert guid_in(world.link(offer, token="wrong"), world.mint) is None
    assert guid_in(world.link(offer, token=world.mint.sign("session", offer.guid)), world.mint) is None


def test_a_link_to_what_is_gone_is_refused():
    world = World()
    operator, _, _ = world.clients()
    assert operator.post("torrents/add", {"urls": world.link(release())}).text == "Fails."


def test_one_arr_can_not_take_over_what_another_grabbed():
    world = World()
    operator, radarr, sonarr = world.clients()
    torrent = world.stub()
    assert radarr.add(torrent).text == "Ok."
    assert sonarr.add(torrent, category="mine").text == "Fails."
    assert operator.add(torrent).text == "Ok."
    assert [(d.owner, d.category) for d in world.downloads.list()] == [(RADARR, f"jack-{RADARR}")]


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=XX"}
PART = b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
ABUSE = {
    "newlines": b"\r\n" * (MAX_UPLOAD // 2 - 8),
    "bare newlines": b"\n" * (MAX_UPLOAD - 16),
    "tiny parts": (PART * (MAX_UPLOAD // len(PART) - 1)) + b"--XX--\r\n",
    "endless header": b"--XX\r\nContent-Disposition: " + b"x" * (MAX_UPLOAD - 100),
    "many headers": b"--XX\r\n" + b"A: b\r\n" * (MAX_UPLOAD // 6 - 8),
    "boundaries": b"--XX\r\n" * (MAX_UPLOAD // 6 - 8),
    "almost boundaries": b"--X\r" * (MAX_UPLOAD // 4 - 8),
}


@pytest.mark.parametrize("kind", ABUSE)
def test_abusive_forms_are_refused(kind):
    """S17: within the size that is let in."""
    operator, _, _ = World().clients()
    assert len(ABUSE[kind]) <= MAX_UPLOAD
    got = operator.ask("POST", "torrents/add", data=ABUSE[kind], headers=BOUNDARY)
    assert (got.status, got.text) in [(400, "the form can't be read"), (200, "Fails.")]
    assert operator.hashes() == []


def test_a_larger_form_is_refused_before_it_is_read():
    """S17: 256 KiB for adding, less elsewhere."""
    operator, _, _ = World().clients()
    assert operator.ask("POST", "torrents/add", data=b"x" * (MAX_UPLOAD + 1), headers=BOUNDARY).status == 413
    assert operator.ask("POST", "torrents/delete", data=b"x" * 70_000).status == 413


def test_a_large_form_without_files_is_refused():
    """S17: escapes are slow to undo; the *arrs send files as multipart."""
    operator, _, _ = World().clients()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert operator.ask("POST", "torrents/add", data=b"urls=" + b"%0a" * 80_000, headers=kind).status == 413
    assert operator.ask("POST", "torrents/add", data=b"urls=" + b"%0a" * 20_000, headers=kind).text == "Fails."
