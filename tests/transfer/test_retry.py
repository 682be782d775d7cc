"""Another attempt, later, or the end."""

from __future__ import annotations

import sqlite3
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.errors import ItemGone, NotFound, PeerError, PeerRefused
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.retry import DISK_BASE, DISK_MAX, MAX_RETRY_AFTER, REFUSED_SECONDS, RetryPolicy, is_ours

POLICY = RetryPolicy(attempts=13, base=1.0, maximum=1800.0, rng=Random(1))


def judge(error, attempts=1, disk_waits=1):
    return POLICY.judge(error, attempts=attempts, disk_waits=disk_waits)


@given(st.integers(1, 10_000))
def test_the_delay_is_anything_up_to_the_doubled_base(attempt):
    assert 0 <= POLICY.backoff(attempt) <= min(1800, 2.0 ** (min(attempt, 40) - 1))


def test_many_do_not_come_back_at_once():
    """F6, F15"""
    delays = [POLICY.backoff(8) for _ in range(200)]
    assert max(delays) - min(delays) > 100
    assert min(delays) < 20


def test_the_last_attempt():
    assert judge(PeerError("x"), attempts=12).delay is not None
    assert judge(PeerError("x"), attempts=13).delay is None


@pytest.mark.parametrize("error", [ItemGone("gone"), NotFound("no friend"), PeerError("x", temporary=False)])
def test_for_good(error):
    assert judge(error).delay is None
    assert not is_ours(error)


@given(st.one_of(st.none(), st.floats(0, 1e12)))
def test_what_the_friend_asks_for_is_honoured_within_reason(retry_after):
    """F30"""
    delay = judge(PeerError("x", retry_after=retry_after)).delay
    assert min(retry_after or 0, MAX_RETRY_AFTER) <= delay <= MAX_RETRY_AFTER


def test_a_refused_key_is_not_tried_often():
    """F30"""
    assert judge(PeerRefused("x")).delay >= REFUSED_SECONDS


@given(st.sampled_from([DiskTrouble("full"), sqlite3.OperationalError("x"), KeyError("bug")]), st.integers(1, 1000))
def test_what_is_ours_never_ends_a_download(error, times):
    """F7: and has a clock of its own"""
    assert is_ours(error)
    delay = judge(error, attempts=1000, disk_waits=times).delay
    assert DISK_BASE <= delay <= DISK_MAX * 1.1
