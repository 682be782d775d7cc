"""Friends' catalogues, kept here: every question is answered from the own disk, whoever is away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from attrs import frozen
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from jackd.peer.follower import Follower
from jackd.peer.friend import Friend
from jackd.storage.copies import Copy
from jackd.storage.mirror import MirrorStore

log = Logger(namespace="jackd.peer")

AT_ONCE = 2
"""Pages in memory: one is written while the next is read. All friends' first pages come at about the same time."""

STALE = 86_400.0
"""So old, in seconds, may the copy be of one who can be reached, but whose catalogue can't be read any more."""


@frozen(kw_only=True)
class Freshness:
    """
    Seconds.

    :ivar refresh: between two questions to a friend who does not tell by himself what changed.
    :ivar keep: so long the items of one who can't be reached are listed.
    """

    refresh: float = 900.0
    keep: float = 7 * 86_400.0


FRESHNESS = Freshness()


class Mirror:
    """
    The copies of all friends' catalogues, and those who keep them fresh.

    :ivar store: where they are.
    """

    def __init__(
        self,
        *,
        friends: Sequence[Friend],
        store: MirrorStore,
        clock: IReactorTime,
        now: Callable[[], float],
        rng: Random,
        freshness: Freshness,
    ) -> None:
        self.store = store
        self._now = now
        self._keep = freshness.keep
        self._since = now()
        turns = DeferredSemaphore(AT_ONCE)
        copies = store.copies()
        self._followers = {
            friend.peer.id: Follower(
                friend=friend,
                store=store,
                copy=copies.get(friend.peer.id) or Copy(peer=friend.peer.id),
                clock=clock,
                now=now,
                rng=rng,
                interval=freshness.refresh,
                turns=turns,
            )
            for friend in friends
        }

    def start(self) -> None:
        """Follow every friend; forget those who are friends no more."""
        tidied = Deferred.fromCoroutine(self._tidy())
        tidied.addErrback(lambda failure: log.failure("the copies of old friends can't be removed", failure))
        for follower in self._followers.values():
            follower.start()

    async def _tidy(self) -> None:
        await self.store.keep_only(set(self._followers))
        await self.store.sweep()

    def stop(self) -> None:
        """Follow nobody."""
        for follower in self._followers.values():
            follower.stop()

    def listed(self) -> frozenset[str]:
        """The friends who need not be asked: what they have is here, all of it, and not too old."""
        now = self._now()
        return frozenset(peer for peer, follower in self._followers.items() if self._is_listed(follower, now))

    def _is_listed(self, follower: Follower, now: float) -> bool:
        copy = follower.copy
        if not copy.complete or not follower.possible:
            return False
        age = now - copy.heard
        return age <= self._keep or (age <= STALE and follower.reachable)

    def is_awaited(self, peer: str) -> bool:
        """Whether that friend, who is away, was there lately; of one who never was followed the last start counts."""
        return self._now() - (self._followers[peer].copy.heard or self._since) <= self._keep
