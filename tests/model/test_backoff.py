"""Waits before something that failed is tried again."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from jackd.model.backoff import Backoff


@given(seed=st.integers(), failures=st.integers(1, 3000))
def test_waits_double_up_to_the_last_and_never_end(seed, failures):
    backoff = Backoff(rng=Random(seed), first=5.0, last=300.0)
    for n in range(failures):
        longest = min(5.0 * 2 ** min(n, 10), 300.0)
        assert longest / 2 <= backoff.pause() <= longest
    backoff.reset()
    assert backoff.pause() <= 5.0


def test_many_do_not_come_back_together():
    waits = {round(Backoff(rng=Random(seed), first=5.0, last=300.0).pause(), 1) for seed in range(100)}
    assert len(waits) > 15
