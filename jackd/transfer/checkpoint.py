"""Which bytes would survive if the power failed now."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

CHECKPOINT_BYTES = 24 * 1024 * 1024
CHECKPOINT_SECONDS = 5.0
"""
A checkpoint begins after that many bytes or seconds, whichever comes first. While one runs the next may fill up, so
with what one write brings at once, 64 MiB are fetched again after a crash at the most (F1).
"""


class Checkpoints:
    """
    First the bytes are put on the disk, then the database is told how many there are: never the other way round.
    A checkpoint runs beside the writing; the next one begins when it is done.

    :ivar durable: bytes of the last complete checkpoint. After a failed one nobody knows what is on the disk
        behind them: they are fetched again.
    """

    def __init__(
        self,
        *,
        sync: Callable[[], Deferred[None]],
        commit: Callable[[int], Deferred[None]],
        clock: IReactorTime,
        start: int,
    ) -> None:
        self.durable = start
        self._sync = sync
        self._commit = commit
        self._clock = clock
        self._begun = start
        self._at = clock.seconds()
        self._running: Deferred[None] | None = None

    async def advance(self, written: int) -> None:
        """``written`` bytes are in the file: begin a checkpoint if it is time. Raises what the last one raised."""
        due = written - self._begun >= CHECKPOINT_BYTES or self._clock.seconds() - self._at >= CHECKPOINT_SECONDS
        if due and written > self._begun:
            await self.settle()
            self._begin(written)

    async def finish(self, written: int) -> None:
        """Make all ``written`` bytes durable."""
        await self.settle()
        if written > self.durable:
            self._begin(written)
            await self.settle()

    async def settle(self) -> None:
        """Wait for the checkpoint that runs. Raises what it raised."""
        running, self._running = self._running, None
        if running is not None:
            await running

    def _begin(self, written: int) -> None:
        self._begun = written
        self._at = self._clock.seconds()
        self._running = Deferred.fromCoroutine(self._checkpoint(written))

    async def _checkpoint(self, written: int) -> None:
        await self._sync()
        await self._commit(written)
        self.durable = written
