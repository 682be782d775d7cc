"""Manifests between two jacks, and what friends may send instead of them."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.errors import ItemGone, PeerError
from jackd.model.manifest import BLOCK_BYTES, Manifest, block_count
from jackd.peer.manifest import BadManifest, max_body, read_manifest, write_manifest
from jackd.storage.digests import digest
from tests.peer.support import HANDSHAKE, JSON, Clock, Liar, Shelf, Sums, client, network, plain, web
from tests.support import MATRIX, result_of

PATH = "/peer/items/aaaaaaaa%3Amovie%3A1/manifest"


def a_manifest(size: int = MATRIX.size) -> Manifest:
    digests = b"".join(digest(str(n).encode()) for n in range(min(3, block_count(size, BLOCK_BYTES))))
    digests = (digests * block_count(size, BLOCK_BYTES))[: 32 * block_count(size, BLOCK_BYTES)]
    return Manifest(size=size, etag='"one"', root=digest(digests), digests=digests)


def members(**changes: object) -> bytes:
    known = json.loads(write_manifest(a_manifest(10_000_000)))
    return json.dumps({k: v for k, v in (known | changes).items() if v is not None}).encode()


@given(st.integers(1, 2**36))
def test_what_is_written_is_read_again_and_fits_the_limit(size):
    manifest = a_manifest(size)
    body = write_manifest(manifest)
    assert read_manifest(body) == manifest
    assert len(body) <= max_body(size)


def test_the_manifest_of_60_gb_is_small():
    assert max_body(60 * 10**9) < 640_000


def test_members_that_are_not_known_are_ignored_and_their_order_does_not_matter():
    value = json.loads(members(more="x"))
    body = json.dumps(dict(reversed(value.items())), indent=1).encode()
    assert read_manifest(body).size == 10_000_000


BAD = {
    "no JSON": b"<html>",
    "no object": b'["blocks", "QUJD"]',
    "a nested one": b'{"x": {"blocks": "QUJD"}}',
    "no digests": members(blocks=None),
    "not base64": members(blocks="%%%%"),
    "too few digests": members(blocks=base64.b64encode(b"x" * 64).decode()),
    "half a digest": members(blocks=base64.b64encode(b"x" * 80).decode()),
    "another algorithm": members(algorithm="md5"),
    "another block size": members(blockSize=1),
    "a block size of nothing": members(blockSize=0),
    "no size": members(size=None),
    "size is true": members(size=True),
    "negative": members(size=-1),
    "huge": members(size=10**400),
    "a weak ETag": members(etag='W/"one"'),
    "no ETag": members(etag=5),
    "another root": members(root="0" * 64),
    "root is none": members(root="xyz"),
    "deep": b'{"blocks":"","x":' + b"[" * 3000 + b"]" * 3000 + b"}",
    "much else": members(more="x" * 5000),
    "cut off": members()[:-10],
    "cut off in the digests": members(root=None)[:-100],
    "empty": b"",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_what_breaks_the_protocol_is_no_manifest(body):
    with pytest.raises(BadManifest):
        read_manifest(body)


@given(st.binary(max_size=300))
def test_garbage_is_no_manifest(body):
    with pytest.raises(BadManifest):
        read_manifest(b'{"blocks":"' + body)


# --- the server's side


def test_a_friend_is_given_the_manifest():
    got = web(Shelf([MATRIX]), manifests=Sums(a_manifest())).get(PATH, headers={"X-Api-Key": "k"})
    assert (got.status, got.header("content-type"), got.header("etag")) == (200, "application/json", '"one"')
    assert read_manifest(got.body) == a_manifest()


def test_one_that_is_not_ready_is_202_and_says_when_to_come_back():
    got = web(Shelf([MATRIX])).get(PATH, headers={"X-Api-Key": "k"})
    assert (got.status, got.header("retry-after")) == (202, "2")


@pytest.mark.parametrize("path", [PATH.replace("movie", "other"), "/peer/items/a%20b/manifest"])
def test_what_is_not_shared_has_none(path):
    assert web(Shelf([MATRIX]), manifests=Sums(a_manifest())).get(path, headers={"X-Api-Key": "k"}).status == 404


@pytest.mark.parametrize(("key", "status"), [("", 401), ("wrong", 401), ("other", 403)])
def test_nobody_else_is_given_one(key, status):
    got = web(Shelf([MATRIX]), manifests=Sums(a_manifest())).get(PATH, headers={"X-Api-Key": key})
    assert got.status == status


def test_the_feature_is_announced():
    assert "manifest" in web(Shelf([])).get("/handshake", headers={"X-Api-Key": "k"}).json()["features"]


# --- the client's side


def test_both_ends_understand_each_other():
    alice = client(web(Shelf([MATRIX]), manifests=Sums(a_manifest())).outgoing())
    assert result_of(alice.manifest(MATRIX.id, MATRIX.size)) == a_manifest()


def asked(status: int, body: bytes = b"", **headers: str):
    liar = Liar(lambda _: (status, {**JSON, **headers}, body))
    return result_of(client(plain(liar)).manifest(MATRIX.id, 10_000_000))


def test_a_friend_without_manifests_says_404():
    assert asked(404, b"{}") is None


def test_one_that_is_being_computed_is_asked_for_again():
    with pytest.raises(PeerError) as caught:
        asked(202, **{"retry-after": "7"})
    assert (caught.value.temporary, caught.value.retry_after) == (True, 7)


def test_a_long_wait_is_cut():
    with pytest.raises(PeerError) as caught:
        asked(202, **{"retry-after": "999999999"})
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize("body", [b"{}", members(root="0" * 64)])
def test_a_broken_one_is_given_up(body):
    with pytest.raises(PeerError) as caught:
        asked(200, body)
    assert not caught.value.temporary


def test_an_endless_one_is_not_read_to_its_end():
    with pytest.raises(PeerError, match="too large"):
        asked(200, b" " * max_body(10_000_000) + b" ")


def test_another_answer_is_what_it_is_everywhere():
    with pytest.raises(ItemGone):
        asked(410)
    with pytest.raises(PeerError, match="not JSON"):
        asked(200, members(), **{"content-type": "text/plain"})


def friend(handshake):
    liar = Liar(lambda path: handshake if path == "/handshake" else (200, JSON, members()))
    friends = network(plain(liar), Clock())
    return friends, liar


def test_a_friend_who_does_not_announce_manifests_is_not_asked():
    friends, liar = friend(HANDSHAKE)
    friends.startService()
    [alice] = friends.statuses()
    assert result_of(friends.manifest(alice.peer.id, MATRIX.id, size=10_000_000)) is None
    assert [path for path in liar.asked if "manifest" in path] == []
    friends.stopService()


def test_a_friend_whose_abilities_are_not_known_is_asked():
    """A download goes on right after the start, before anybody has shaken hands."""
    friends, _ = friend(HANDSHAKE)
    [alice] = friends.statuses()
    found = result_of(friends.manifest(alice.peer.id, MATRIX.id, size=10_000_000))
    assert found is not None
    assert found.size == 10_000_000


def test_a_friend_who_is_gone_from_the_configuration_has_nothing():
    with pytest.raises(PeerError):
        result_of(friend(HANDSHAKE)[0].manifest("ffffffff", MATRIX.id, size=1))


# --- a part of a file


DATA = bytes(range(200))


def part(status: int, body: bytes, *, start: int = 10, stop: int = 20, **headers: str):
    liar = Liar(lambda _: (status, {"etag": '"one"', **headers}, body))
    alice = client(plain(liar))
    return result_of(alice.open(MATRIX.id, start=start, stop=stop, etag='"one"')), liar


@pytest.mark.parametrize(("start", "stop"), [(10, 20), (0, 20), (10, 200), (0, 200)])
def test_a_part_is_asked_for_by_its_range_alone(start, stop):
    range = {"content-range": f"bytes {start}-{stop - 1}/200"}
    file, liar = part(206, DATA[start:stop], start=start, stop=stop, **range)
    assert (file.start, file.size, file.etag) == (start, 200, '"one"')
    assert liar.headers[0]["range"] == f"bytes={start}-{stop - 1}"
    file.abort()
    assert liar.headers[0].get("if-range") == '"one"'
    assert len(liar.headers) == 1


OTHER = {
    "the whole file": (200, DATA, {}),
    "all the rest": (206, DATA[10:], {"content-range": "bytes 10-199/200"}),
    "another part": (206, DATA[20:30], {"content-range": "bytes 20-29/200"}),
    "one of another file": (206, DATA[10:20], {"content-range": "bytes 10-19/200", "etag": '"two"'}),
    "nothing": (416, b"", {"content-range": "bytes */10"}),
}


@pytest.mark.parametrize(("status", "body", "headers"), OTHER.values(), ids=OTHER.keys())
def test_instead_of_a_part_nothing_else_is_taken(status, body, headers):
    with pytest.raises(PeerError):
        part(status, body, **headers)
