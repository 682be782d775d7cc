"""How what is left is divided: so that both are done at the same time, and nobody is disturbed for little."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.transfer.division import HOPELESS_SECONDS, MIN_SHARE, SOON_SECONDS, fair_cut, is_hopeless
from jackd.transfer.pool import Claim

BLOCK = 4 * 1024 * 1024
MIB = 1024 * 1024


def a_lane(at: int, stop: int, speed: float = 0.0, began: float = 0.0):
    return SimpleNamespace(claim=Claim(at, stop), speed=speed, began=began)


@given(st.integers(0, 2**40), st.integers(0, 2**38), st.floats(0, 1e9), st.floats(0, 1e9))
def test_each_gets_some_and_the_border_is_one_of_blocks(at, left, speed, other):
    cut = fair_cut(a_lane(at, at + left, speed), other, BLOCK)
    if cut is not None:
        assert at < cut < at + left
        assert cut % BLOCK == 0
        assert left >= 2 * MIN_SHARE


@pytest.mark.parametrize(("speed", "other", "kept"), [(0, 0, 500), (10 * MIB, 0, 500), (10 * MIB, 30 * MIB, 250)])
def test_shares_are_as_the_speeds(speed, other, kept):
    cut = fair_cut(a_lane(0, 1000 * MIB, speed), other, BLOCK)
    assert kept * MIB <= cut < kept * MIB + BLOCK


def test_who_is_slow_keeps_little():
    assert fair_cut(a_lane(0, 1000 * MIB, 1.0), 1e9, BLOCK) == MIN_SHARE


def test_who_is_soon_done_is_left_alone():
    left = 100 * MIB
    assert fair_cut(a_lane(0, left, left / (SOON_SECONDS - 0.1)), 1e9, BLOCK) is None
    assert fair_cut(a_lane(0, left, left / (SOON_SECONDS + 0.1)), 1e9, BLOCK) is not None
    assert fair_cut(a_lane(0, 2 * MIN_SHARE - 1, 1.0), 1e9, BLOCK) is None


def test_a_small_rest_is_taken_from_who_is_much_slower():
    """Also from one who sends nothing at all; not from one who has only begun."""
    rest = 10 * MIB
    assert is_hopeless(a_lane(0, rest, 0.0), 1e6, HOPELESS_SECONDS)
    assert is_hopeless(a_lane(0, rest, 1000.0), 1e6, HOPELESS_SECONDS)
    assert not is_hopeless(a_lane(0, rest, 1000.0), 0.0, HOPELESS_SECONDS), "nobody knows that it would be faster"
    assert not is_hopeless(a_lane(0, rest, 1000.0), 2000.0, HOPELESS_SECONDS)
    assert not is_hopeless(a_lane(0, rest, rest / 5), 1e9, HOPELESS_SECONDS)
    assert not is_hopeless(a_lane(0, rest, 0.0, began=1.0), 1e6, HOPELESS_SECONDS)
    assert not is_hopeless(a_lane(0, 2 * MIN_SHARE, 0.0), 1e6, HOPELESS_SECONDS), "that can be divided"
