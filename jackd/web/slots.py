"""Who may read a file now, and who comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define

from jackd.model.errors import Unavailable

MAX_STREAMS, MAX_STREAMS_PER_KEY = 200, 32
"""Where the operator says nothing else."""

MAX_WAITING = 1000
"""Callers whose place is remembered; further ones are told to wait, and have none."""

WAIT_SECONDS, MAX_WAIT_SECONDS = 5.0, 60.0
"""What a caller is told to wait, for each place in the queue and at most."""

GRACE_SECONDS = 15.0
"""Who does not come back so long after the time that he was told has lost his place."""


class Busy(Unavailable):
    """All slots for reading files are taken."""

    def __init__(self, place: int, retry_after: float) -> None:
        super().__init__(f"all slots for reading files are taken; place {place} in the queue", retry_after=retry_after)
        self.place = place


@define(eq=False)
class _Waiting:
    who: str
    until: float


class Slots:
    """
    A bounded number of streams in all, and of each account's. A caller who finds none free is told his place and when
    to ask again, and keeps the place as long as he does. Accounts take turns: who reads the least goes first.

    :param now: seconds that never go back.
    :ivar running: how many each account has.
    """

    def __init__(self, *, total: int = MAX_STREAMS, each: int = MAX_STREAMS_PER_KEY, now: Callable[[], float]) -> None:
        self._total = total
        self._each = each
        self._now = now
        self.running: Counter[str] = Counter()
        self._waiting: dict[str, _Waiting] = {}

    def resize(self, *, total: int, each: int) -> None:
        """So many from now on. Who holds one keeps it."""
        self._total, self._each = total, each

    @property
    def waiting(self) -> int:
        """Callers who have a place in the queue."""
        self._forget_the_absent()
        return len(self._waiting)

    @contextmanager
    def taken(self, who: str, what: str) -> Iterator[None]:
        """
        Hold a slot.

        :param who: the account.
        :param what: tells its requests apart, so that one that comes again is known.
        :raises Busy: when others go first.
        """
        self._take(who, f"{who} {what}")
        self.running[who] += 1
        try:
            yield
        finally:
            self.running[who] -= 1
            if not self.running[who]:
                del self.running[who]

    def _take(self, who: str, key: str) -> None:
        self._forget_the_absent()
        free = self._total - self.running.total()
        place = self._place(who, key)
        if self.running[who] < self._each and place <= free:
            self._waiting.pop(key, None)
            return
        wait = min(MAX_WAIT_SECONDS, WAIT_SECONDS * place)
        if key in self._waiting or len(self._waiting) < MAX_WAITING:
            waiting = self._waiting.setdefault(key, _Waiting(who, 0.0))
            waiting.until = self._now() + wait + GRACE_SECONDS
        raise Busy(place, wait)

    def _place(self, who: str, key: str) -> int:
        """From 1, among those who may take a slot that is free."""
        queue = {**self._waiting}
        queue.setdefault(key, _Waiting(who, 0.0))
        turns, ranks = Counter(self.running), dict[str, tuple[int, int]]()
        for number, (other, waiting) in enumerate(queue.items()):
            if other == key or self.running[waiting.who] < self._each:
                ranks[other] = (turns[waiting.who], number)
                turns[waiting.who] += 1
        return 1 + sum(rank < ranks[key] for rank in ranks.values())

    def _forget_the_absent(self) -> None:
        now = self._now()
        for key in [key for key, waiting in self._waiting.items() if waiting.until < now]:
            del self._waiting[key]
