"""How long to wait before a library that failed is tried again."""

from __future__ import annotations

from random import Random

FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0


class Backoff:
    """Waits that double from 5 s to 5 min, each shortened by up to half at random; for ever."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._longest = FIRST_WAIT

    def next(self) -> float:
        """Seconds to wait now."""
        wait = self._longest * self._rng.uniform(0.5, 1)
        self._longest = min(LONGEST_WAIT, self._longest * 2)
        return wait
