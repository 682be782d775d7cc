from __future__ import annotations

import hashlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jackd.model.errors import UnsupportedMedia
from jackd.model.naming import release_title
from jackd.model.release import Release
from jackd.torrent.bencoding import MAX_BENCODED, decode, encode
from jackd.torrent.metainfo import MAX_PIECE, MAX_PIECES, MIN_PIECE, piece_length, pieces
from jackd.torrent.stub import MAX_SIZE, MAX_TEXT, ForeignTorrent, Stubs
from jackd.web.auth import Mint
from tests.fakes.metainfo import Refused, load
from tests.support import MATRIX, change

MINT = Mint(b"s" * 32)
STUBS = Stubs(MINT)
SIZES = st.integers(min_value=1, max_value=10**12) | st.integers(0, 40).map(lambda n: 2**n)
TEXTS = st.text(max_size=60)


def offer(**changes) -> Release:
    return Release(item=change(MATRIX, **changes), peer="11111111", peer_name="Alice")


STUB = STUBS.make(offer())


def real_torrent(**info) -> bytes:
    real = {"name": "linux.iso", "piece length": 16384, "pieces": bytes(20), "length": 100, **info}
    return encode({"announce": "http://127.0.0.1/announce", "info": {k: v for k, v in real.items() if v is not None}})


# -- what the *arrs accept -----------------------------------------------------------------------------------------


@given(size=SIZES, title=TEXTS, filename=TEXTS)
@example(size=1, title="x", filename="x")
@example(size=MAX_SIZE, title="x", filename="x")
@example(size=2**30 * 256 + 1, title="x", filename="x")
def test_both_generations_of_the_arrs_parser_take_every_stub(size, title, filename):
    stub = STUBS.make(offer(size=size, title=title, filename=filename))
    assert load(stub, 2) == load(stub, 3) == STUBS.read(stub).hash.upper()


@given(SIZES)
def test_the_pieces_are_few_and_as_many_as_the_size_has(size):
    length = piece_length(size)
    count = len(pieces(size, length)) // 20
    assert length & (length - 1) == 0
    assert MIN_PIECE <= length <= MAX_PIECE
    assert (count - 1) * length < size <= count * length
    assert count <= MAX_PIECES or length == MAX_PIECE
    assert length == MIN_PIECE or count > MAX_PIECES // 2


def test_the_largest_stub_can_be_uploaded():
    largest = offer(size=MAX_SIZE, filename="x" * MAX_TEXT, title="x" * 1000, id="x" * MAX_TEXT)
    assert len(STUBS.make(largest)) <= MAX_BENCODED


def test_a_stub_is_harmless_to_a_real_client():
    whole = decode(STUB)
    assert set(whole) == {b"info"}
    info = whole[b"info"]
    assert info[b"private"] == 1
    assert info[b"name"] == b"The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"
    assert info[b"length"] == MATRIX.size
    assert not any(info[b"pieces"])


def test_the_strict_parser_refuses_what_the_arrs_refuse():
    """The fake must be able to fail, or the tests above say nothing."""
    one_hash = real_torrent(length=20_000)
    assert load(one_hash, 2)
    for data, generation in (
        (one_hash, 3),
        (real_torrent(length=0), 3),
        (b"d4:infod4:name1:xe1:ai1ee", 3),
        (real_torrent(pieces=bytes(21)), 2),
        (real_torrent(pieces=None), 2),
        (real_torrent(length=None), 2),
        (real_torrent(**{"piece length": 2**31}), 2),
        (real_torrent(name="../x"), 2),
        (b"hello", 2),
        (STUB[:-1], 2),
        (STUB + b"x", 2),
    ):
        with pytest.raises(Refused):
            load(data, generation)


# -- grabs ---------------------------------------------------------------------------------------------------------


@given(title=TEXTS, filename=TEXTS, item=st.text(max_size=80), friend=TEXTS, size=SIZES)
def test_all_that_a_grab_needs_is_in_the_stub(title, filename, item, friend, size):
    release = Release(
        item=change(MATRIX, title=title, filename=filename, id=item, size=size), peer="22222222", peer_name=friend
    )
    grab = STUBS.read(STUBS.make(release))
    assert (grab.peer, grab.peer_name, grab.item, grab.size) == ("22222222", friend, item, size)
    assert (grab.title, grab.filename) == (release_title(release.item), filename)


def test_every_grab_has_another_info_hash():
    """An *arr never looks again at a hash that it imported once."""
    assert len({STUBS.read(STUBS.make(offer())).hash for _ in range(20)}) == 20


def test_the_nonce_alone_makes_the_difference():
    numbered = Stubs(MINT, random=bytes)
    assert numbered.make(offer()) == numbered.make(offer())


def test_the_hash_is_of_the_raw_info():
    start = STUB.index(b"4:info") + 6
    assert STUBS.read(STUB).hash == hashlib.sha1(STUB[start:-1]).hexdigest()


@pytest.mark.parametrize("size", [0, -1, MAX_SIZE + 1])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(UnsupportedMedia):
        STUBS.make(offer(size=size))


def test_endless_names_are_refused():
    with pytest.raises(UnsupportedMedia):
        STUBS.make(offer(filename="ü" * MAX_TEXT))


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("a.mkv", ".mkv"),
        ("a.b.MP4", ".MP4"),
        ("noextension", "-GRP"),
        (".hidden", "-GRP"),
        ("a.../../etc", ".etc"),
        ("a.\x00", "-GRP"),
    ],
)
def test_the_name_inside_has_the_files_extension_and_nothing_else_of_it(filename, name):
    assert (
        decode(STUBS.make(offer(filename=filename)))[b"info"][b"name"]
        == f"{MATRIX.title}{name}".replace("-GRP-GRP", "-GRP").encode()
    )


# -- what is not ours ----------------------------------------------------------------------------------------------


@given(st.integers(min_value=STUB.index(b"4:info") + 6, max_value=len(STUB) - 2), st.integers(1, 255))
@settings(max_examples=300)
def test_any_changed_byte_is_refused(at, flip):
    changed = STUB[:at] + bytes([STUB[at] ^ flip]) + STUB[at + 1 :]
    with pytest.raises((UnsupportedMedia, ForeignTorrent)):
        STUBS.read(changed)


def test_every_byte_outside_the_hashes_is_covered():
    """The long run of zeros is left to the random test."""
    info = STUB.index(b"4:info") + 6
    for at in [*range(info, STUB.index(b"pieces") + 20), *range(len(STUB) - 15, len(STUB) - 1)]:
        with pytest.raises((UnsupportedMedia, ForeignTorrent)):
            STUBS.read(STUB[:at] + bytes([STUB[at] ^ 1]) + STUB[at + 1 :])


def test_what_others_put_beside_the_info_does_not_matter():
    assert STUBS.read(encode({b"announce": b"x", **decode(STUB)})) == STUBS.read(STUB)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"i1e",
        b"le",
        b"de",
        b"d4:infoi1ee",
        b"d4:infodee",
        real_torrent(name=None),
        real_torrent(pieces=None),
        STUB[:-1],
        STUB + b"x",
        b"\x89PNG" + bytes(200_000),
    ],
)
def test_what_is_no_torrent_is_unsupported(data):
    with pytest.raises(UnsupportedMedia):
        STUBS.read(data)


def with_ours(value) -> bytes:
    return encode({b"info": {**decode(STUB)[b"info"], b"jack": value}})


def without_mac() -> dict:
    return {key: value for key, value in decode(STUB)[b"info"][b"jack"].items() if key != b"mac"}


@pytest.mark.parametrize(
    "data",
    [
        real_torrent(),
        real_torrent(length=None, files=[{"length": 1, "path": ["a"]}]),
        real_torrent(pieces=bytes(20 * 10_000)),
        real_torrent(pieces=None, **{"meta version": 2, "file tree": {}}),
        with_ours(1),
        with_ours({}),
        with_ours(without_mac()),
        with_ours({**without_mac(), b"mac": b""}),
        with_ours({**without_mac(), b"mac": b"\xff\xfe"}),
        with_ours({**without_mac(), b"mac": {}}),
        Stubs(Mint(b"t" * 32)).make(offer()),
    ],
)
def test_other_torrents_are_foreign(data):
    with pytest.raises(ForeignTorrent):
        STUBS.read(data)


def signed(info: dict) -> bytes:
    """As another version of jack with the same secret might make it."""
    ours = {key: value for key, value in info[b"jack"].items() if key != b"mac"}
    digest = hashlib.sha256(encode({**info, b"jack": ours})).hexdigest()
    return encode({b"info": {**info, b"jack": {**ours, b"mac": MINT.sign("stub", digest)}}})


@pytest.mark.parametrize(
    ("ours", "info"),
    [
        ({b"version": 2}, {}),
        ({b"version": b"1"}, {}),
        ({b"title": 1}, {}),
        ({b"title": b"\xff"}, {}),
        ({b"item": b"x" * (MAX_TEXT + 1)}, {}),
        ({}, {b"length": 0}),
        ({}, {b"length": MAX_SIZE + 1}),
        ({}, {b"length": b"1"}),
    ],
)
def test_fields_are_checked_although_they_are_signed(ours, info):
    genuine = decode(STUB)[b"info"]
    assert STUBS.read(signed(genuine)).item == MATRIX.id
    with pytest.raises(ForeignTorrent):
        STUBS.read(signed({**genuine, **info, b"jack": {**genuine[b"jack"], **ours}}))
