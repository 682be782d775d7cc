from __future__ import annotations

import resource

import pytest

from jackd.ops import descriptors

INFINITY = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ((1024, 1_048_576), (65_536, 1_048_576)),
        ((1024, 4096), (4096, 4096)),
        ((1024, INFINITY), (65_536, INFINITY)),
        ((100_000, 1_048_576), None),
        ((INFINITY, INFINITY), None),
        ((4096, 4096), None),
    ],
)
def test_the_limit_is_raised_as_far_as_may_be_and_never_lowered(monkeypatch, now, then):
    set_to = []
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _: now)
    monkeypatch.setattr(descriptors.resource, "setrlimit", lambda _, limits: set_to.append(limits))
    descriptors.allow_descriptors()
    assert set_to == ([then] if then else [])


def test_a_system_that_refuses_is_no_reason_not_to_start(monkeypatch):
    def refuse(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr(descriptors.resource, "setrlimit", refuse)
    descriptors.allow_descriptors()
