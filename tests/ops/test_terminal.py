"""What fits on a terminal."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.ops import terminal
from jackd.ops.terminal import bar, cells, duration, fitted, size

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=40)


@given(PRINTABLE, st.integers(0, 30))
def test_fitted_text_has_exactly_that_width(text, width):
    assert cells(fitted(text, width)) == width


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("abc", "abc  "),
        ("abcde", "abcde"),
        ("abcdef", "abcd…"),
        ("千と千尋", "千と…"),
        ("千と", "千と "),
        ("e\u0301bcdef", "e\u0301bcd…"),
    ],
)
def test_characters_of_two_cells_and_of_none(text, cut):
    assert fitted(text, 5) == cut


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1.0 kB"),
        (1234, "1.2 kB"),
        (99_000, "99 kB"),
        (8_450_000_000, "8.4 GB"),
        (999_600_000, "1.0 GB"),
        (5e15, "5000 TB"),
    ],
)
def test_sizes_have_three_digits_at_the_most(count, text):
    assert size(count) == text


def test_durations():
    assert [duration(n) for n in (0, 65, 3599, 7384, 8_640_000)] == ["0:00", "1:05", "59:59", "2:03:04", "100 days"]


def test_a_bar_is_full_only_at_the_end(monkeypatch):
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert [bar(share, 4) for share in (-1, 0, 0.12, 0.13, 0.5, 0.99, 1, 9)] == [
        "────",
        "────",
        "────",
        "╸───",
        "━━──",
        "━━━╸",
        "━━━━",
        "━━━━",
    ]
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert bar(0.625, 4) == "==>-"


def test_the_room_is_the_terminals(monkeypatch):
    monkeypatch.setenv("COLUMNS", "99")
    monkeypatch.setenv("LINES", "9")
    assert terminal.room() == (99, 9)
