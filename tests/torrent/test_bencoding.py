from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.torrent.bencoding import MAX_BENCODED, MAX_DEPTH, NotBencoded, decode, encode

integers = st.integers(min_value=-(10**19 - 1), max_value=10**19 - 1)
values = st.recursive(
    st.one_of(integers, st.binary(max_size=50)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def depth(value) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(values.filter(lambda value: depth(value) <= MAX_DEPTH))
def test_what_was_encoded_decodes_to_the_same(value):
    assert decode(encode(value)) == value


@given(st.binary(max_size=200) | st.text("deil0123456789:-ab", max_size=60).map(str.encode))
def test_anything_else_is_refused_and_nothing_else_happens(data):
    """S16"""
    try:
        value = decode(data)
    except NotBencoded:
        return
    assert encode(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"e",
        b"i1",
        b"ie",
        b"i-e",
        b"i01e",
        b"i-0e",
        b"i+1e",
        b"i 1e",
        b"i1_0e",
        b"i" + b"9" * 20 + b"e",
        b"3:ab",
        b"03:abc",
        b"-3:abc",
        b"99999999:abc",
        b"l",
        b"le3:abc",
        b"d1:ae",
        b"di1ei2ee",
        b"d1:bi1e1:ai2ee",
        b"d1:ai1e1:ai2ee",
        b"d-3:ai1ee",
        b"d1:a",
        b"i1ei2e",
        b"d4:infod",
    ],
)
def test_only_the_canonical_form_is_taken(data):
    with pytest.raises(NotBencoded):
        decode(data)


def test_depth_is_bounded_before_anything_is_parsed():
    deepest = b"l" * MAX_DEPTH + b"e" * MAX_DEPTH
    assert depth(decode(deepest)) == MAX_DEPTH
    for bomb in (b"l" + deepest + b"e", b"l" * 60_000, b"d1:a" * 12_000):
        with pytest.raises(NotBencoded):
            decode(bomb)


def test_size_is_bounded():
    fits = encode(b"x" * (MAX_BENCODED - 6))
    assert len(fits) == MAX_BENCODED
    assert decode(fits)
    with pytest.raises(NotBencoded):
        decode(encode(b"x" * (MAX_BENCODED - 5)))
    with pytest.raises(NotBencoded):
        decode(b"2:ab", limit=3)


@pytest.mark.parametrize("value", [None, 1.5, object(), {b"a": None}])
def test_what_has_no_bencoding_is_a_type_error(value):
    with pytest.raises(TypeError):
        encode(value)


def test_text_is_utf8_and_keys_are_sorted():
    assert encode({"b": "ü", "a": True}) == b"d1:ai1e1:b2:\xc3\xbce"
