"""The catalogue for friends who follow it: what changed since, and a way to wait for it."""

from __future__ import annotations

from collections.abc import Callable

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.catalogue.bell import Bell
from jackd.model.feed import Changes
from jackd.storage.changes import EVERYTHING, ChangeStore
from jackd.storage.criteria import Criterion

_log = Logger(namespace="jackd.catalogue")

PRUNE_EVERY = 86_400.0


class CatalogueFeed(Service):
    """
    The port :class:`~jackd.ports.Feed`.

    :param bell: rings when the catalogue changes.
    :param permitted: which items the friend with that id may know of.
    """

    def __init__(
        self,
        *,
        store: ChangeStore,
        bell: Bell,
        clock: IReactorTime,
        permitted: Callable[[str | None], Criterion] = lambda _: EVERYTHING,
    ) -> None:
        self.setName("feed")
        self._store = store
        self._bell = bell
        self._clock = clock
        self._permitted = permitted
        self._tidying: Deferred[None] | None = None

    def startService(self) -> None:
        super().startService()
        self._tidying = Deferred.fromCoroutine(self._tidy())
        self._tidying.addErrback(lambda failure: failure.trap(CancelledError))

    def stopService(self) -> None:
        super().stopService()
        if self._tidying is not None:
            self._tidying.cancel()
        self._bell.silence()

    async def changes(self, since: str, *, viewer: str | None, limit: int, wait: float) -> Changes:
        """See :meth:`jackd.ports.Feed.changes`."""
        until = self._clock.seconds() + wait
        while True:
            rung = self._bell.rung
            page = await self._store.page(since, limit=limit, permitted=self._permitted(viewer))
            left = until - self._clock.seconds()
            if page.is_news or page.more or left <= 0 or not self.running or self._bell.is_crowded(viewer or ""):
                return page
            await self._bell.wait(viewer or "", rung, left)

    async def _tidy(self) -> None:
        while True:
            try:
                await self._store.begin()
                break
            except Exception:
                _log.failure("the catalogue can't be followed yet")
                await deferLater(self._clock, 60.0)
        while True:
            try:
                await self._store.prune()
            except Exception:
                _log.failure("what is gone can't be forgotten")
            await deferLater(self._clock, PRUNE_EVERY)
