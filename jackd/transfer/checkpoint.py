"""Which bytes would survive if the power failed now."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from jackd.model.coverage import Coverage

CHECKPOINT_BYTES = 24 * 1024 * 1024
CHECKPOINT_SECONDS = 5.0
"""A checkpoint begins after that many bytes or seconds, whichever comes first."""

AHEAD_BYTES = 32 * 1024 * 1024
"""So much more than what would survive may be written while one runs, before somebody who writes has to wait."""

AT_ONCE_BYTES = 32 * 1024 * 1024
"""
What all who write may write, together, until they ask again. So no more than 64 MiB are fetched again after a crash
(F1); for a moment more when another one has just begun.
"""


class Checkpoints:
    """
    First the bytes are put on the disk, then the database is told which ones are there: never the other way round.
    A checkpoint runs beside the writing, one at a time; the next one begins when it is done. Once one has failed, none
    follows.

    :ivar durable: the bytes of the last complete checkpoint. After a failed one nobody knows what else is on the disk:
        it is fetched again.
    """

    def __init__(
        self,
        *,
        sync: Callable[[], Deferred[None]],
        commit: Callable[[Coverage], Deferred[None]],
        clock: IReactorTime,
        start: Coverage,
    ) -> None:
        self.durable = start
        self._sync = sync
        self._commit = commit
        self._clock = clock
        self._begun = self._safe = start
        self._at = clock.seconds()
        self._running = False
        self._failure: Failure | None = None
        self._waiting: list[Deferred[None]] = []

    async def advance(self, written: Callable[[], Coverage]) -> None:
        """
        More bytes are in the file: begin a checkpoint if it is time, and wait for it when too much is at stake. Several
        may call it at the same time.

        :param written: which ones, when it begins.
        :raises Exception: what the last one raised.
        """
        while True:
            if self._due(written()) and not self._running:
                self._begin(written())
            if not self._running or (written() - self._safe).total <= AHEAD_BYTES:
                return
            await self.settle()

    def remove(self, span: Coverage) -> None:
        """Those bytes are good for nothing: what comes in their place is new."""
        self._begun -= span
        self._safe -= span

    async def finish(self, written: Coverage) -> None:
        """Make all ``written`` bytes durable."""
        await self.settle()
        if written != self._safe:
            self._begin(written)
            await self.settle()

    async def settle(self) -> None:
        """Wait for the checkpoint that runs. Raises what the last one raised."""
        if self._running:
            waiter: Deferred[None] = Deferred()
            self._waiting.append(waiter)
            await waiter
        if self._failure is not None:
            self._failure.raiseException()

    def _due(self, written: Coverage) -> bool:
        if self._failure is not None:
            self._failure.raiseException()
        much = (written - self._begun).total >= CHECKPOINT_BYTES
        return written != self._begun and (much or self._clock.seconds() - self._at >= CHECKPOINT_SECONDS)

    def _begin(self, written: Coverage) -> None:
        self._begun = written
        self._at = self._clock.seconds()
        self._running = True
        Deferred.fromCoroutine(self._checkpoint(written)).addErrback(self._failed).addBoth(self._end)

    async def _checkpoint(self, written: Coverage) -> None:
        await self._sync()
        await self._commit(written)
        self.durable, self._safe = written, self._begun

    def _failed(self, failure: Failure) -> None:
        self._failure = failure

    def _end(self, _: object) -> None:
        self._running = False
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.callback(None)
