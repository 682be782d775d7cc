"""How long to wait before something that failed is tried again."""

from __future__ import annotations

from random import Random

from attrs import define, field


@define(kw_only=True)
class Backoff:
    """
    Waits that double from ``first`` to ``last`` seconds, for ever; each shortened by up to half at random, so that many
    who failed together do not come back together.
    """

    rng: Random
    first: float
    last: float
    _next: float = field(default=0.0, init=False)

    def pause(self) -> float:
        """Seconds to wait after one more failure."""
        self._next = min(self._next * 2 or self.first, self.last)
        return self._next * self.rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """All is well again."""
        self._next = 0.0
