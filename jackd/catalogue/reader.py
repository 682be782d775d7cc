"""
Keeps the index like one library: a complete reading at start and now and then; in between what has changed, as the
library tells by itself or when it is asked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.catalogue.told import Told
from jackd.model.backoff import Backoff
from jackd.model.errors import JackError
from jackd.model.server import ServerState
from jackd.ports import Batch, Library
from jackd.storage.catalogue import CatalogueStore

_log = Logger(namespace="jackd.catalogue")

FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds, before a library that failed is tried again."""

FULL_EVERY = 6 * 3600.0
FULL_EVERY_UNTOLD = 15 * 60.0
"""The same, in seconds, for a library that can't tell what changed."""

CHANGES_EVERY = 60.0
CHANGES_EVERY_TOLD = 300.0
"""The same, in seconds, for a library that tells of most changes by itself."""

REST = 20
"""After a poll that took long comes a rest of so many times as long: looking at a large folder is work."""

OVERLAP = timedelta(minutes=2)
"""Changes are asked for from that long before the last poll: the server's clock is not ours."""

FAILURES = 3
"""Groups in a row that can't be read; then the others have to wait as well."""

TOLD_PATIENCE = 60.0
"""Seconds for which what the library told of is tried again at once; then it waits for the next poll."""

ITEMS_AT_ONCE = 200
"""About so many new items are written in one transaction: fewer and the first reading is slow, more and grabs wait."""


class LibraryReader(Service):
    """
    Reads ``library`` into ``store`` while it runs. Whatever fails is tried again for ever; until then the last known
    items stay, and other libraries never notice.

    :param state: told how it goes.
    :param full_every: seconds between complete readings.
    :param changes_every: seconds between polls for changes.
    """

    def __init__(
        self,
        *,
        library: Library,
        store: CatalogueStore,
        state: ServerState,
        clock: IReactorTime,
        now: Callable[[], float] = time.time,
        rng: Random | None = None,
        full_every: float = FULL_EVERY,
        changes_every: float = CHANGES_EVERY,
    ) -> None:
        self.setName(f"library-{library.id}")
        self._library = library
        self._store = store
        self._state = state
        self._clock = clock
        self._now = now
        self._rng = rng or Random()  # noqa: S311 - spreads load, no secret
        self._full_every = full_every
        self._changes_every = changes_every
        self._since = datetime.fromtimestamp(0, UTC)
        self._tells_changes = True
        self._poll_took = 0.0
        self._stale: set[str] = set()
        self._failing: dict[str, None] = {}
        self._told = Told(clock)
        self._reread: set[str] = set()
        self._one_at_a_time = DeferredLock()
        self._tasks: list[Deferred[None]] = []

    def startService(self) -> None:
        super().startService()
        self._tasks = [Deferred.fromCoroutine(task) for task in (self._run(), self._listen())]
        for task in self._tasks:
            task.addErrback(lambda failure: failure.trap(CancelledError))

    def stopService(self) -> None:
        super().stopService()
        for task in self._tasks:
            task.cancel()

    def tell(self, group: str) -> None:
        """The library says that this group has changed: it is read again in a moment."""
        self._told.add(group)

    async def _run(self) -> None:
        while True:
            await self._until_it_works(self._read_all)
            await self._follow()

    async def _follow(self) -> None:
        """Poll until the next complete reading is due."""
        read_at = self._clock.seconds()
        while self._clock.seconds() < read_at + self._until_full_reading():
            await deferLater(self._clock, max(self._until_poll(), REST * self._poll_took))
            await self._until_it_works(self._read_changes, until=read_at + self._until_full_reading())

    def _until_poll(self) -> float:
        return CHANGES_EVERY_TOLD if self._state.tells else self._changes_every

    def _until_full_reading(self) -> float:
        return self._full_every if self._tells_changes else min(self._full_every, FULL_EVERY_UNTOLD)

    async def _listen(self) -> None:
        """Also while everything is being read, which may take minutes."""
        while True:
            self._stale |= await self._told.next()
            await self._until_it_works(self._read_stale, until=self._clock.seconds() + TOLD_PATIENCE)

    async def _read_all(self) -> None:
        began = self._moment()
        seen: set[str] = set()
        waiting: list[Batch] = []
        self._reread.clear()
        async for batch in self._library.read():
            seen.add(batch.group)
            if batch.unread:
                self._not_read(batch.group, batch.unread)
                continue
            waiting.append(batch)
            if sum(len(b.items) for b in waiting) >= ITEMS_AT_ONCE:
                await self._write_unless_newer(waiting)
                waiting.clear()
        await self._write_unless_newer(waiting)
        await self._store.keep_groups(self._library.id, seen | self._reread)
        self._since = began
        await self._count()
        self._state.read_at = self._now()
        _log.info("{name}: {items} items are shared", name=self._library.name, items=self._state.items)

    async def _write_unless_newer(self, batches: Sequence[Batch]) -> None:
        """What was read again meanwhile is newer than what this reading may have got long ago."""
        await self._store.replace(self._library.id, *(b for b in batches if b.group not in self._reread))

    async def _read_changes(self) -> None:
        began, asked = self._moment(), self._clock.seconds()
        changed = await self._library.changed(self._since - OVERLAP)
        self._poll_took = self._clock.seconds() - asked
        self._tells_changes = changed is not None
        # A group leaves the set when its items are stored: whatever fails on the way, no change is lost.
        self._since = began
        self._stale.update(changed or ())
        await self._read_stale()

    async def _read_stale(self) -> None:
        await self._one_at_a_time.run(lambda: Deferred.fromCoroutine(self._read_groups()))

    async def _read_groups(self) -> None:
        """Those that failed come last, and some of them are enough. Raises what the last one failed with."""
        failures: list[Exception] = []
        failing = [group for group in self._failing if group in self._stale]
        for group in (*sorted(self._stale - self._failing.keys()), *failing):
            try:
                await self._read_group(group)
            except CancelledError:
                raise
            except Exception as error:
                failures.append(error)
                if len(failures) == FAILURES:
                    break
        await self._count()
        if failures:
            raise failures[-1]

    async def _read_group(self, group: str) -> None:
        # Told again from here on, it is read again.
        self._stale.discard(group)
        try:
            await self._store.replace(self._library.id, await self._library.read_group(group))
        except CancelledError:
            self._stale.add(group)
            raise
        except Exception as error:
            self._not_read(group, str(error) or repr(error))
            raise
        self._failing.pop(group, None)
        self._reread.add(group)

    def _not_read(self, group: str, why: str) -> None:
        """Another time, after all others."""
        self._stale.add(group)
        if group not in self._failing:
            _log.info("{name}: {group} can't be read: {why}", name=self._library.name, group=group, why=why)
        self._failing.pop(group, None)
        self._failing[group] = None

    async def _count(self) -> None:
        self._state.items = await self._store.count(self._library.id)

    async def _until_it_works(self, job: Callable[[], Awaitable[None]], until: float = math.inf) -> None:
        backoff = Backoff(rng=self._rng, first=FIRST_WAIT, last=LONGEST_WAIT)
        while not await self._works(job) and self._clock.seconds() < until:
            await deferLater(self._clock, backoff.pause())

    async def _works(self, job: Callable[[], Awaitable[None]]) -> bool:
        try:
            await job()
        except CancelledError:
            raise
        except JackError as error:
            self._failed(str(error))
        except Exception as error:
            _log.failure("{name}: can't be read", name=self._library.name)
            self._failed(f"unexpected error: {type(error).__name__}")
        else:
            self._healed()
            return True
        return False

    def _failed(self, why: str) -> None:
        if why != self._state.library_error:
            _log.warn("{name}: can't be read: {why}; will be tried again", name=self._library.name, why=why)
        self._state.library_error = why

    def _healed(self) -> None:
        if self._state.library_error is not None:
            _log.info("{name}: can be read again", name=self._library.name)
        self._state.library_error = None

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)
