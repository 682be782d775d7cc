"""What a library tells by itself to have changed."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

SETTLE_SECONDS = 0.5
"""What is told within this time is read once: an import of a season is told file by file."""

MAX_TOLD = 10_000
"""Groups that may wait; what is told beyond is found by the next poll."""


class Told:
    """Groups to be read again, each once however often it is told."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._groups: set[str] = set()
        self._waiting: Deferred[None] | None = None

    def add(self, group: str) -> None:
        """It has changed."""
        if len(self._groups) < MAX_TOLD:
            self._groups.add(group)
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.callback(None)

    async def next(self) -> set[str]:
        """All that were told, as soon as there are any and a moment has passed."""
        if not self._groups:
            self._waiting = Deferred()
            await self._waiting
        await deferLater(self._clock, SETTLE_SECONDS)
        groups, self._groups = self._groups, set()
        return groups
