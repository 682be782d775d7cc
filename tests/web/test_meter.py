"""The speed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.web.meter import WINDOW_SECONDS, Meter


def test_the_mean_of_the_last_seconds():
    meter = Meter()
    assert meter.sample(0, 500) == 0
    assert meter.sample(1, 1500) == 1000
    for second in range(2, 20):
        speed = meter.sample(second, 1500)
    assert speed == 0


def test_a_new_start_is_no_negative_speed():
    meter = Meter()
    meter.sample(0, 10_000)
    meter.sample(1, 20_000)
    assert meter.sample(2, 0) == 0
    assert meter.sample(3, 700) == 700


def test_the_same_moment_twice():
    meter = Meter()
    meter.sample(1, 0)
    assert meter.sample(1, 1000) == 0


@given(st.integers(1, 10**9), st.floats(0.1, 3))
def test_a_steady_flow_is_measured_as_it_is(rate, step):
    meter = Meter()
    for tick in range(30):
        speed = meter.sample(tick * step, int(rate * tick * step))
    assert speed == pytest.approx(rate, rel=0.01, abs=2 / step)


@given(st.lists(st.floats(0.01, 2), min_size=1, max_size=200))
def test_memory_is_bounded_by_the_window(steps):
    meter, at = Meter(), 0.0
    for step in steps:
        at += step
        meter.sample(at, 0)
        assert at - meter._samples[0][0] <= WINDOW_SECONDS
