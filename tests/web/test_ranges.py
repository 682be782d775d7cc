"""Ranges and validators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.web.ranges import (
    UNSATISFIABLE,
    Range,
    content_range,
    if_range_holds,
    parse_content_range,
    parse_range,
    parse_unsatisfied,
    strong_etag,
)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Range(0, 1)),
        ("bytes=2-4", Range(2, 5)),
        ("bytes=2-", Range(2, 10)),
        ("bytes=2-999", Range(2, 10)),
        ("bytes=9-9", Range(9, 10)),
        ("bytes=-3", Range(7, 10)),
        ("bytes=-99", Range(0, 10)),
        (" BYTES=2-4 ", Range(2, 5)),
        ("bytes=10-", UNSATISFIABLE),
        ("bytes=10-20", UNSATISFIABLE),
        ("bytes=999999999999999999999999-", UNSATISFIABLE),
        ("bytes=-0", UNSATISFIABLE),
        (None, None),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=4-2", None),
        ("bytes=99-20", None),
        ("bytes=0-1,3-4", None),
        ("bytes=a-b", None),
        ("bytes=٣-", None),
        ("bytes=+1-2", None),
        ("items=0-1", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_one_range_is_served_and_what_cannot_be_read_is_ignored(header, expected):
    assert parse_range(header, 10) == expected


def test_nothing_of_an_empty_file_can_be_asked_for():
    assert [parse_range(h, 0) for h in ("bytes=0-", "bytes=-5", "bytes=0-0")] == [UNSATISFIABLE] * 3


@given(st.text(max_size=40) | st.from_regex(r"bytes=[0-9]{0,22}-[0-9]{0,22}", fullmatch=True), st.integers(0, 2**45))
def test_no_header_gives_a_range_outside_the_file(header, size):
    found = parse_range(header, size)
    if isinstance(found, Range):
        assert 0 <= found.start < found.stop <= size


@given(st.integers(0, 2**40), st.integers(1, 2**40), st.integers(0, 2**40))
def test_a_content_range_reads_back(start, length, rest):
    part, size = Range(start, start + length), start + length + rest
    assert parse_range(f"bytes={start}-{part.stop - 1}", size) == part
    assert parse_content_range(content_range(part, size)) == (part, size)


def test_416_tells_the_size():
    assert parse_unsatisfied(content_range(None, 7)) == 7
    assert parse_unsatisfied("bytes 0-1/7") is None


@pytest.mark.parametrize(
    "header", [None, "", "bytes 0-9/*", "bytes */10", "bytes 5-4/10", "bytes 0-10/10", "bytes 0-9", "items 0-9/10"]
)
def test_a_claim_that_is_not_complete_and_consistent_is_none(header):
    """F26"""
    assert parse_content_range(header) is None


def test_only_a_strong_validator_lets_a_range_be_served():
    """F33: no dates, no weak ones"""
    assert if_range_holds(None, '"a"')
    assert if_range_holds('"a"', '"a"')
    for header in ('"b"', 'W/"a"', "Sat, 14 Nov 2026 10:00:00 GMT", "a", ""):
        assert not if_range_holds(header, '"a"')
    assert not if_range_holds('W/"a"', 'W/"a"')


def test_a_strong_etag_is_quoted_visible_and_short():
    assert strong_etag('"abc"') == '"abc"'
    for bad in (None, "", "abc", 'W/"abc"', '"a"b"', '"a b"', '"' + "x" * 300 + '"', '""'):
        assert strong_etag(bad) is None
