"""Looks at start whether the completed folder can be used, before somebody waits for a download."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.transfer.disk import DiskTrouble

AGAIN_SECONDS = 60.0

_log = Logger(namespace="jackd.transfer")


class CategoryFolders(Service):
    """
    Makes the folder of each category, for the *arrs warn of one that is not there. Whatever is in the way, a disk that
    is mounted late too, is told once, and tried again for ever (F10, F36).

    :param make: makes a category's folder; raises ``DiskTrouble``.
    """

    def __init__(
        self, *, make: Callable[[str], Awaitable[None]], categories: Sequence[str], clock: IReactorTime
    ) -> None:
        self.setName("category-folders")
        self._make = make
        self._categories = categories
        self._clock = clock
        self._trouble = ""
        self._task: Deferred[None] | None = None

    def startService(self) -> None:
        super().startService()
        self._task = Deferred.fromCoroutine(self._run())
        self._task.addErrback(lambda failure: failure.trap(CancelledError) and None)
        self._task.addErrback(lambda failure: _log.failure("the completed folder can't be looked at", failure))

    def stopService(self) -> None:
        super().stopService()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while not await self._made():
            await deferLater(self._clock, AGAIN_SECONDS)

    async def _made(self) -> bool:
        try:
            for category in self._categories:
                await self._make(category)
        except DiskTrouble as error:
            self._tell(str(error))
            return False
        if self._trouble:
            _log.info("the completed folder can be used now")
        return True

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            _log.warn("nothing can be downloaded until downloads.completedPath can be used: {trouble}", trouble=trouble)
        self._trouble = trouble
