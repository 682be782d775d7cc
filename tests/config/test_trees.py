"""The two parsers: one tree, whatever the language."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jackd.config.jsonc import read_jsonc
from jackd.config.node import Block, Listing, Malformed, Node, Scalar, place
from jackd.config.yamltree import read_yaml

TEXT = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def plain(node: Node) -> object:
    """The value alone."""
    if isinstance(node, Block):
        return {entry.key: plain(entry.value) for entry in node.entries}
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.value


def places(node: Node) -> list[tuple[int, int]]:
    """Where everything stands, in order."""
    if isinstance(node, Block):
        inner = [at for entry in node.entries for at in [(entry.line, entry.column), *places(entry.value)]]
    else:
        inner = [at for item in (node.items if isinstance(node, Listing) else ()) for at in places(item)]
    return [(node.line, node.column), *inner]


@given(VALUES, st.sampled_from([None, 1, 2]))
def test_both_parsers_see_the_same_values_in_the_same_places(value, indent):
    text = json.dumps(value, indent=indent)
    assert plain(read_jsonc(text)) == value
    assert plain(read_yaml(text)) == value
    assert places(read_jsonc(text)) == places(read_yaml(text))


@given(VALUES)
@example({"1]": "// ,]"})
def test_comments_and_trailing_commas_change_nothing(value):
    text = json.dumps(value, indent=1)
    lines = ["// [ {", *(f'{line} /* "}} */ // ,"' for line in text.split("\n"))]
    assert plain(read_jsonc("\n".join(lines))) == value
    dense = f'[{json.dumps(value)}, [1, ], {{"a": "//,]", }},\n]'
    assert plain(read_jsonc(dense)) == [value, [1], {"a": "//,]"}]


@given(st.text(alphabet='{}[]",:/*\\ \n#-&!a1', max_size=40))
def test_nonsense_is_malformed_and_nothing_else(text):
    for read in (read_jsonc, read_yaml):
        try:
            assert isinstance(read(text), Node)
        except Malformed as error:
            assert 1 <= error.line <= text.count("\n") + 2
            assert error.column >= 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("True", True), ("false", False), ("yes", "yes"), ("off", "off"), ("~", None), ("null", None),
        ("12", 12), ("-3", -3), ("0", 0), ("0123", "0123"), ("0x1f", "0x1f"), ("1_000", "1_000"), ("1:30", "1:30"),
        ("1.5", 1.5), ("0.5", 0.5), ("1e3", 1000.0), (".5", 0.5), (".inf", ".inf"), ("2001-02-03", "2001-02-03"),
        ("=", "="), ("'12'", "12"), ('"no"', "no"),
    ],
)  # fmt: skip
def test_yaml_scalars_are_what_they_look_like(text, value):
    (item,) = plain(read_yaml(f"- {text}"))
    assert (item, type(item)) == (value, type(value))


def test_places_count_from_one():
    assert (place("ab\ncd", 0), place("ab\ncd", 3), place("ab\ncd", 4)) == ((1, 1), (2, 1), (2, 2))
