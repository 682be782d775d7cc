"""Spans behave as the sets of bytes that they stand for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.coverage import Coverage

MOST = 40
OFFSET = st.integers(0, MOST)
SPANS = st.lists(st.tuples(OFFSET, OFFSET), max_size=6)


def members(coverage: Coverage) -> set[int]:
    return {byte for start, stop in coverage.spans for byte in range(start, stop)}


@given(SPANS, SPANS)
def test_they_are_sets(a, b):
    one, two = Coverage(tuple(a)), Coverage(tuple(b))
    assert members(one) == {n for start, stop in a for n in range(start, stop)}
    assert members(one | two) == members(one) | members(two)
    assert members(one - two) == members(one) - members(two)
    assert members(one & two) == members(one) & members(two)
    assert (one == two) == (members(one) == members(two))


def test_many_spans_are_no_trouble():
    """As many as the database keeps: each is looked at once, and not once more for all before it."""
    one = Coverage(tuple((n, n + 6) for n in range(0, 2560, 10)))
    two = Coverage(tuple((n, n + 6) for n in range(5, 2560, 10)))
    assert (one - two).spans == ((0, 5), *((n + 1, n + 5) for n in range(10, 2560, 10)))
    assert (one & two).total == 2 * 256 - 1


@given(SPANS)
def test_they_are_kept_as_few_spans_as_possible(spans):
    found = Coverage(tuple(spans)).spans
    assert all(start < stop for start, stop in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))


@given(SPANS, OFFSET, OFFSET)
def test_what_is_asked_of_them(spans, start, stop):
    coverage = Coverage(tuple(spans))
    there = members(coverage)
    assert coverage.total == len(there)
    assert coverage.end == max(there, default=-1) + 1
    assert coverage.covers(start, stop) == there.issuperset(range(start, stop))
    assert members(coverage.gaps(stop)) == set(range(stop)) - there
    assert members(coverage.clipped(stop)) == {byte for byte in there if byte < stop}
    assert bool(coverage) == bool(there)


@given(SPANS, st.integers(0, 4))
def test_of_too_many_the_largest_are_kept(spans, count):
    coverage = Coverage(tuple(spans))
    kept = coverage.largest(count).spans
    assert len(kept) == min(count, len(coverage.spans))
    dropped = set(coverage.spans) - set(kept)
    assert all(s[1] - s[0] <= k[1] - k[0] for s in dropped for k in kept)


@given(SPANS)
def test_text(spans):
    coverage = Coverage(tuple(spans))
    assert Coverage.from_text(coverage.to_text()) == coverage


def test_how_it_is_written():
    assert Coverage(((8192, 9000), (0, 4096))).to_text() == "0-4096,8192-9000"


@pytest.mark.parametrize("text", ["x", "1", "1-", "1-2-3"])
def test_what_is_no_coverage(text):
    with pytest.raises(ValueError):
        Coverage.from_text(text)
