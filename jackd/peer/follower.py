"""Keeps the copy of one friend's catalogue like the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from jackd.model.backoff import Backoff
from jackd.model.errors import JackError, PeerError
from jackd.model.feed import Changes
from jackd.peer.feed import FEATURE
from jackd.peer.friend import Friend
from jackd.storage.copies import Copy
from jackd.storage.mirror import MirrorStore

log = Logger(namespace="jackd.peer")

WAIT = 45
"""Seconds that a friend is asked to hold his answer while there is nothing new; proxies cut off at 60."""

REST = 1.0
"""Seconds between two requests to one who holds his answers."""

MAX_PAGES = 2000
"""In one interval; who has still more to say is told to wait."""

MAX_RESETS = 4
"""In one interval."""

FIRST_PAUSE = 5.0
JITTER = 0.1


class Follower:
    """
    Follows one friend while he has the feature ``catalogue``: reads what changed since, then waits at him for more.

    :ivar copy: what is known of his catalogue.
    :param interval: seconds until he is asked again who does not hold his answers.
    :param turns: for whoever has an answer to read and to write: a page is much larger in memory than on the wire.
    """

    def __init__(
        self,
        *,
        friend: Friend,
        store: MirrorStore,
        copy: Copy,
        clock: IReactorTime,
        now: Callable[[], float],
        rng: Random,
        interval: float,
        turns: DeferredSemaphore,
    ) -> None:
        self.copy = copy
        self._friend = friend
        self._store = store
        self._clock = clock
        self._now = now
        self._rng = rng
        self._interval = interval
        self._turns = turns
        self._backoff = Backoff(rng=rng, first=FIRST_PAUSE, last=interval)
        self._pages = 0
        self._counted_from = 0.0
        self._resets = 0
        self._error: str | None = None
        self._rest: Deferred[None] | None = None
        self._task: Deferred[None] | None = None
        friend.came = self.wake

    @property
    def possible(self) -> bool:
        """Whether he can be followed, as far as is known: one who was not asked yet may be."""
        return self._friend.can(FEATURE) is not False

    @property
    def reachable(self) -> bool:
        """Whether the friend is there now."""
        return self._friend.reachable

    def start(self) -> None:
        """Follow him until :meth:`stop`."""
        self._task = Deferred.fromCoroutine(self._run())
        self._task.addErrback(self._broke)

    def stop(self) -> None:
        """Break off what is under way."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def wake(self) -> None:
        """Do not wait any longer."""
        if self._rest is not None and not self._rest.called:
            self._rest.callback(None)

    async def _run(self) -> None:
        while True:
            await self._pause(await self._tried())

    async def _pause(self, seconds: float) -> None:
        self._rest = Deferred()
        late = self._clock.callLater(seconds, self.wake)
        try:
            await self._rest
        finally:
            if late.active():
                late.cancel()

    async def _tried(self) -> float:
        """Seconds to wait after one step."""
        try:
            pause = await self._step()
        except CancelledError:
            raise
        except JackError as error:
            return self._failed(error)
        except Exception:
            log.failure("{peer}: his catalogue can't be kept", peer=self._friend.peer.name)
            return self._jittered(self._interval)
        self._healed()
        return pause

    async def _step(self) -> float:
        if not self.reachable or not self.possible:
            return self._interval  # he is waited for: this ends when he comes
        wait = WAIT if self.copy.complete and not self.copy.reading else 0
        asked = self._clock.seconds()
        answer = await self._friend.client.catalogue(self.copy.cursor, wait=wait)
        async with self._turns:
            page = await self._friend.client.changes(answer)
            self._check(page)
            if page.reset and self.copy.reading:
                await self._store.make_room(self._friend.peer.id)
            self.copy = await self._store.apply(self._friend.peer.id, page, self._now())
        if self.copy.reading and not page.more:
            await self._complete()
        if page.more:
            return 0.0
        held = self._clock.seconds() - asked > wait / 2
        return REST if held or page.is_news else self._jittered(self._interval)

    def _check(self, page: Changes) -> None:
        """Raises ``PeerError`` for what would never come to an end."""
        at = self._clock.seconds()
        if at - self._counted_from >= self._interval:
            self._counted_from, self._pages, self._resets = at, 0, 0
        self._pages += 1
        self._resets += page.reset
        if self._pages > MAX_PAGES:
            raise PeerError("the peer's catalogue does not come to an end")
        if self._resets > MAX_RESETS:
            raise PeerError("the peer's catalogue begins anew time and again")
        if page.more and page.cursor == self.copy.cursor:
            raise PeerError("the peer's catalogue does not go on")

    async def _complete(self) -> None:
        copies = await self._store.sweep()
        self.copy = copies.get(self._friend.peer.id, self.copy)
        log.info("{peer}: has {items} items", peer=self._friend.peer.name, items=self.copy.items)

    def _failed(self, error: JackError) -> float:
        if str(error) != self._error:
            log.warn("{peer}: his catalogue can't be read: {error}", peer=self._friend.peer.name, error=str(error))
        self._error = str(error)
        self._friend.check()
        return self._backoff.pause()

    def _healed(self) -> None:
        self._backoff.reset()
        self._error = None

    def _jittered(self, seconds: float) -> float:
        return seconds * self._rng.uniform(1 - JITTER, 1 + JITTER)

    def _broke(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            log.failure("{peer} is not followed any more", failure, peer=self._friend.peer.name)
