"""Lists of JSON that are parsed while they are taken in."""

from __future__ import annotations

import json
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.arr import lists
from jackd.arr.lists import elements
from jackd.model.errors import LibraryUnavailable

MEMBERS = st.lists(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | st.lists(st.text(max_size=9)),
    max_size=5,
)
SIZES = st.lists(st.integers(1, 9), min_size=1)


@pytest.fixture(autouse=True, scope="module")
def small_windows():
    """So that everything happens at the edge of one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "WINDOW", 4)
        yield


def parts(body: bytes, sizes: list[int]) -> deque[bytes]:
    """``body`` as it may come: in pieces, also cut within a character."""
    cut, at = deque[bytes](), 0
    while at < len(body):
        size = sizes[len(cut) % len(sizes)]
        cut.append(body[at : at + size])
        at += size
    return cut


@given(MEMBERS, st.sampled_from([None, 2]), SIZES, st.booleans())
def test_a_list_read_bit_by_bit_is_the_same_list(value, indent, sizes, ascii_only):
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    left = parts(body, sizes)
    assert list(elements(left)) == value
    assert not left


@given(MEMBERS.filter(bool), SIZES, st.data())
def test_a_list_that_breaks_off_is_never_taken_for_whole(value, sizes, data):
    """F38"""
    body = json.dumps(value).encode()
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(LibraryUnavailable):
        list(elements(parts(body[:cut], sizes)))


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"[1 2]", b"[\xff]", b"[" * 100_000, b"nul"])
def test_what_is_no_list(body, size):
    with pytest.raises(LibraryUnavailable, match="not a complete JSON list"):
        list(elements(parts(body, [size])))


def test_a_byte_order_mark_is_no_reason_to_refuse():
    assert list(elements(parts(b"\xef\xbb\xbf[1]", [1]))) == [1]


def test_a_member_has_a_limit(monkeypatch):
    """F38"""
    monkeypatch.setattr(lists, "MAX_MEMBER", 64)
    assert list(elements(parts(b'["' + b"x" * 50 + b'"]', [1000]))) == ["x" * 50]
    with pytest.raises(LibraryUnavailable):
        list(elements(parts(b'["' + b"x" * 5000 + b'"]', [10])))


def test_no_more_of_the_text_is_kept_than_is_needed():
    body = deque([b"[1", *([b", 1"] * 1000), b"]"])
    reading = elements(body)
    assert next(reading) == 1
    assert len(body) > 900
