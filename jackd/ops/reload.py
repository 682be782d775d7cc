"""The configuration is read again while jack runs, when it is told to by SIGHUP (F43)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger

from jackd.config import ConfigErrors, Settings
from jackd.config.pending import pending
from jackd.model.errors import Unavailable
from jackd.storage.threads import Workers

log = Logger(namespace="jackd.config")

MAX_TOLD = 50
"""Lines about one file."""


@define
class ConfigState:
    """
    How the file stands to what is in force.

    :ivar errors: what is wrong with it, so that what was read before holds on; empty when it is in force.
    :ivar pending: the settings in it that take effect at the next start.
    """

    errors: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


class Reload(Service):
    """
    Takes up a configuration as a whole or not at all. While it runs SIGHUP is its own; by default that ends a process.

    :param settings: what jack was started with.
    :param read: reads the file and checks it; on a worker. Raises ``ConfigErrors``.
    :param apply: has everything take effect that can while jack runs, with nothing in between.
    :param state: what to keep up to date.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        read: Callable[[], Settings],
        apply: Callable[[Settings], Awaitable[None]],
        state: ConfigState,
        workers: Workers,
        reactor: IReactorFromThreads,
    ) -> None:
        self.setName("reload")
        self._started_with = settings
        self._notes = settings.notes
        self._read, self._apply, self._state = read, apply, state
        self._workers, self._reactor = workers, reactor
        self._asked = self._busy = False
        self._work: Deferred[None] | None = None
        self._before: Any = None

    def startService(self) -> None:
        super().startService()
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGHUP, self._signalled)

    def stopService(self) -> None:
        super().stopService()
        if self._before is not None:
            signal.signal(signal.SIGHUP, self._before)
            self._before = None
        if self._work is not None:
            self._work.cancel()

    def reload(self) -> None:
        """Read it now; when it is being read just now, once more after that."""
        self._asked = True
        if self.running and not self._busy:
            self._work = Deferred.fromCoroutine(self._run())
            self._work.addErrback(lambda failure: failure.trap(CancelledError) and None)

    def _signalled(self, number: int, frame: object) -> None:
        self._reactor.callFromThread(self.reload)

    async def _run(self) -> None:
        self._busy = True
        try:
            while self._asked:
                self._asked = False
                await self._take_up()
        finally:
            self._busy = False

    async def _take_up(self) -> None:
        try:
            new = await self._workers.run(self._read)
        except (ConfigErrors, Unavailable) as error:
            self._refuse(str(error).splitlines())
            return
        try:
            await self._apply(new)
        except CancelledError:
            raise
        except Exception:
            log.failure("the configuration is in force, but not all of it could be kept")
        self._tell(new)

    def _refuse(self, errors: list[str]) -> None:
        self._state.errors = _bounded(errors)
        log.error("the configuration is not taken up, what was read before stays in force")
        for error in self._state.errors:
            log.error("{error}", error=error)

    def _tell(self, new: Settings) -> None:
        self._state.errors = ()
        self._state.pending = _bounded(pending(self._started_with, new))
        log.info("the configuration is read again from {path}", path=str(new.path))
        for setting in self._state.pending:
            log.warn("{setting} takes effect at the next start", setting=setting)
        for note in new.notes:
            if note not in self._notes:
                log.info("{note}", note=note)
        self._notes = new.notes


def _bounded(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MAX_TOLD
    return tuple(lines) if more <= 0 else (*lines[:MAX_TOLD], f"{more} more")
