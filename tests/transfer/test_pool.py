"""F46: every byte comes exactly once, whatever lanes do, and whichever way they share what is left."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.coverage import Coverage
from jackd.transfer.pool import Pool

SIZE = 1000


@given(st.data())
def test_every_byte_comes_exactly_once(data):
    """F46: lanes take, bring, share, fail; what was of no use comes once more."""
    wanted = Coverage(tuple(data.draw(st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)), max_size=4))))
    pool, claims, came = Pool(wanted), [], Counter()
    useless = Coverage()

    def bring(claim, at):
        for start, stop in pool.advance(claim, at).spans:
            came.update(range(start, stop))

    for _ in range(data.draw(st.integers(0, 40))):
        deed = data.draw(st.sampled_from(["take", "bring", "cut", "fail", "again"]))
        if deed == "take":
            claims += [claim for claim in [pool.take()] if claim is not None]
        elif deed == "again" and not useless:
            there = Coverage.of(0, SIZE) & wanted - pool.free
            for claim in claims:
                there -= Coverage.of(claim.at, claim.stop)
            useless = Coverage(there.spans[:1])
            pool.want(useless)
        elif claims:
            claim = data.draw(st.sampled_from(claims))
            at = data.draw(st.integers(claim.at, claim.stop))
            if deed == "bring":
                bring(claim, at)
            elif deed == "cut":
                pool.cut(claim, at)
            elif deed == "fail":
                pool.give_back(claim)
                claims.remove(claim)
    for claim in claims:
        bring(claim, claim.stop)
        pool.give_back(claim)
    while (claim := pool.take()) is not None:
        bring(claim, claim.stop)
        pool.give_back(claim)
    assert pool.empty
    twice = {byte for start, stop in useless.spans for byte in range(start, stop)}
    once = {byte for start, stop in wanted.spans for byte in range(start, stop)}
    assert came == Counter(once) + Counter(twice)


def test_two_writers_are_refused():
    pool = Pool(Coverage.of(0, 100))
    claim = pool.take()
    assert pool.take() is None
    pool.cut(claim, 50)
    other = pool.take()
    assert (claim.stop, other.at) == (50, 50)
    with pytest.raises(AssertionError, match="two writers"):
        pool.advance(claim, 51)
    with pytest.raises(AssertionError, match="two writers"):
        pool.want(Coverage.of(60, 61))
    pool.give_back(claim)
    with pytest.raises(AssertionError, match="two writers"):
        pool.advance(claim, 10)
