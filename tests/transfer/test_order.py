"""Moving in the queue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.errors import BadRequest
from jackd.transfer.order import moved

ORDER = list("abcde")


@pytest.mark.parametrize(
    ("chosen", "where", "result"),
    [
        ("c", "top", "cabde"),
        ("db", "top", "bdace"),
        ("c", "bottom", "abdec"),
        ("c", "up", "acbde"),
        ("a", "up", "abcde"),
        ("ab", "up", "abcde"),
        ("bc", "up", "bcade"),
        ("c", "down", "abdce"),
        ("e", "down", "abcde"),
        ("bc", "down", "adbce"),
        ("x", "top", "abcde"),
    ],
)
def test_moves(chosen, where, result):
    assert "".join(moved(ORDER, set(chosen), where)) == result


def test_nowhere_else():
    with pytest.raises(BadRequest):
        moved(ORDER, set("a"), "sideways")


@given(st.sets(st.sampled_from(ORDER)), st.sampled_from(["top", "bottom", "up", "down"]))
def test_nobody_is_lost_and_each_group_keeps_its_order(chosen, where):
    result = moved(ORDER, chosen, where)
    assert sorted(result) == ORDER
    assert [x for x in result if x in chosen] == sorted(chosen)
    assert [x for x in result if x not in chosen] == [x for x in ORDER if x not in chosen]
