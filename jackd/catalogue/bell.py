"""Who waits for a change of the catalogue is told of it."""

from __future__ import annotations

from collections import Counter

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

GATHER_SECONDS = 1.0
"""What changes within this time is told together: the first reading of a library is thousands of writes."""

MAX_WAITING = 256
MAX_WAITING_EACH = 64
"""Of one friend, or of all together who do not say which they are."""


class Bell:
    """
    Rings a moment after :meth:`ring`.

    :ivar rung: how often :meth:`ring` was called. Who looks at it before he looks at the catalogue misses no change.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.rung = 0
        self._clock = clock
        self._waiting: dict[Deferred[None], str] = {}
        self._next: IDelayedCall | None = None

    def ring(self) -> None:
        """Something may have changed."""
        self.rung += 1
        if self._next is None and self._waiting:
            self._next = self._clock.callLater(GATHER_SECONDS, self._wake)

    def is_crowded(self, name: str) -> bool:
        """Whether that friend must not wait, for too many do."""
        return len(self._waiting) >= MAX_WAITING or Counter(self._waiting.values())[name] >= MAX_WAITING_EACH

    async def wait(self, name: str, seen: int, seconds: float) -> None:
        """Until it rings, ``seconds`` at most. When it :attr:`rung` more than ``seen`` times already, it will."""
        waiter: Deferred[None] = Deferred()
        self._waiting[waiter] = name
        late = self._clock.callLater(seconds, waiter.callback, None)
        if self.rung != seen:
            self.ring()
        try:
            await waiter
        finally:
            self._waiting.pop(waiter, None)
            if late.active():
                late.cancel()

    def silence(self) -> None:
        """Let all go."""
        if self._next is not None:
            self._next.cancel()
        self._wake()

    def _wake(self) -> None:
        self._next = None
        waiting, self._waiting = self._waiting, {}
        for waiter in waiting:
            if not waiter.called:
                waiter.callback(None)
