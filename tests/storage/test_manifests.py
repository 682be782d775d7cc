"""Manifests in the database, and digests of parts of files."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
from attrs import evolve
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.manifest import Manifest, block_count
from jackd.storage import manifests
from jackd.storage.database import Database
from jackd.storage.digests import FileTooShort, digest, digest_span
from jackd.storage.manifests import ManifestStore
from tests.support import result_of

ONE = Manifest(size=10, etag='"one"', block_size=4, root=b"r" * 32, digests=b"abc" * 32)


def test_what_was_saved_comes_back():
    store = ManifestStore(Database.in_memory())
    stamp = f"1:{2**64 - 1}:10:5"
    assert result_of(store.shared(stamp)) is None
    result_of(store.save_shared(stamp, ONE))
    assert result_of(store.shared(stamp)) == ONE
    assert result_of(store.kept(stamp)) is None


def test_the_last_word_of_a_friend_counts():
    store = ManifestStore(Database.in_memory())
    result_of(store.keep("h", ONE))
    other = evolve(ONE, etag='"two"')
    result_of(store.keep("h", other))
    assert result_of(store.kept("h")) == other


def test_the_oldest_go_when_there_are_too_many(monkeypatch):
    monkeypatch.setitem(manifests._TABLES, "shared_manifests", ("stamp", 2))
    seconds = iter(range(10))
    store = ManifestStore(Database.in_memory(), now=lambda: next(seconds))
    for stamp in ("c", "b", "a"):
        result_of(store.save_shared(stamp, ONE))
    assert [result_of(store.shared(stamp)) is not None for stamp in ("c", "b", "a")] == [False, True, True]


@given(st.integers(1, 200), st.integers(1, 64))
def test_the_blocks_cover_the_file(size, block):
    manifest = evolve(ONE, size=size, block_size=block)
    spans = [manifest.span(number) for number in range(manifest.count)]
    assert spans[0][0] == 0
    assert spans[-1][1] == size
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert all(0 < stop - start <= block for start, stop in spans)
    assert manifest.count == block_count(size, block)


@pytest.mark.parametrize(("start", "stop"), [(0, 3_000_000), (1, 2), (1_048_575, 2_097_153), (5, 5)])
def test_the_digest_of_a_span_is_that_of_its_bytes(tmp_path, start, stop):
    data = os.urandom(3_000_000)
    path = tmp_path / "file"
    path.write_bytes(data)
    with path.open("rb") as file:
        assert digest_span(file.fileno(), start, stop) == blake3(data[start:stop]).digest() == digest(data[start:stop])


def test_a_file_that_ends_too_early_has_no_digest(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    with path.open("rb") as file, pytest.raises(FileTooShort):
        digest_span(file.fileno(), 0, 4)
