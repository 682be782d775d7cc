"""All friends at once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from heapq import nlargest
from random import Random
from typing import TypeAlias

from attrs import evolve
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.defer import TimeoutError as StillWaiting
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from jackd.model.errors import NotFound, PeerError, Unavailable
from jackd.model.item import Extra, Item
from jackd.model.manifest import Manifest
from jackd.model.peer import Peer, PeerStatus
from jackd.model.release import Release
from jackd.model.search import Query
from jackd.peer.client import PeerClient
from jackd.peer.friend import Friend
from jackd.peer.remote import OpenedFile
from jackd.peer.wire import is_item_id
from jackd.storage.threads import Workers
from jackd.web.outgoing import Outgoing

log = Logger(namespace="jackd.peer")

DEADLINE = 8.0
"""Seconds for a search; the *arrs wait for 100 and put an indexer that fails to sleep (F41)."""

MAX_FOUND = 10_000
"""Releases in one answer."""

REMEMBERED = 20_000
"""Releases of the last answers, so that a grab needs to ask nobody."""


Offers: TypeAlias = tuple[Peer, Sequence[Item]]


class Network(Service):
    """
    Implements :class:`jackd.ports.PeerNetwork` and :class:`jackd.ports.RemoteFiles`.

    :param workers: read and sift the answers.
    :param rng: jitters the pauses between tries.
    :param deadline: seconds that a search may take; who has not answered then is left out.
    """

    name = "peers"

    def __init__(
        self,
        *,
        peers: Sequence[Peer],
        outgoing: Outgoing,
        workers: Workers,
        clock: IReactorTime,
        streams: Outgoing | None = None,
        now: Callable[[], float] = time.time,
        rng: Random | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        rng = rng or Random()  # noqa: S311 - it only spreads calls
        clients = [
            PeerClient(outgoing=outgoing, peer=peer, workers=workers, clock=clock, streams=streams, now=now)
            for peer in peers
        ]
        self._friends = {
            client.peer.id: Friend(client=client, workers=workers, clock=clock, rng=rng) for client in clients
        }
        self._workers = workers
        self._clock = clock
        self._now = now
        self._deadline = deadline
        self._releases: OrderedDict[str, Release] = OrderedDict()

    def startService(self) -> None:
        super().startService()
        for friend in self._friends.values():
            friend.start()

    def stopService(self) -> None:
        super().stopService()
        for friend in self._friends.values():
            friend.stop()

    async def search(self, query: Query) -> Sequence[Release]:
        """See the port."""
        asked = [self._asked(friend, query) for friend in self._friends.values() if friend.usable]
        answers = [answer for _, answer in await DeferredList(asked)]
        found = await self._workers.run(_merged, answers, datetime.fromtimestamp(self._now(), UTC))
        for release in found:
            self._remember(release)
        return found

    def _asked(self, friend: Friend, query: Query) -> Deferred[Offers]:
        """Never fails."""
        answer = Deferred.fromCoroutine(friend.search(query)).addTimeout(self._deadline, self._clock)
        return answer.addErrback(_left_out, friend.peer).addCallback(lambda items: (friend.peer, items))

    def _remember(self, release: Release) -> None:
        self._releases[release.guid] = release
        self._releases.move_to_end(release.guid)
        if len(self._releases) > REMEMBERED:
            self._releases.popitem(last=False)

    async def release(self, peer: str, item_id: str) -> Release:
        """See the port."""
        known = self._releases.get(f"{peer}:{item_id}")
        if known is not None:
            return known
        friend = self._friends.get(peer)
        if friend is None or not is_item_id(item_id):
            raise NotFound
        item = evolve(await friend.client.item(item_id), extras=())
        release = _release(friend.peer, item, datetime.fromtimestamp(self._now(), UTC))
        self._remember(release)
        return release

    async def extras(self, peer: str, item_id: str) -> Sequence[Extra]:
        """What lies beside that item's file, if the friend tells such things. Raises ``PeerError``."""
        friend = self._friend(peer)
        if not friend.usable or "extras" not in friend.status.features:
            return ()
        return (await friend.client.item(item_id)).extras

    def statuses(self) -> Sequence[PeerStatus]:
        """See the port."""
        return [friend.status for friend in self._friends.values()]

    def peer(self, peer_id: str) -> Peer | None:
        """See the port."""
        friend = self._friends.get(peer_id)
        return friend.peer if friend else None

    async def open(
        self, peer: str, item_id: str, *, start: int = 0, stop: int | None = None, etag: str | None = None
    ) -> OpenedFile:
        """See the port."""
        known = self._releases.get(f"{peer}:{item_id}")
        announced = known.item.size if known else None
        return await self._friend(peer).client.open(item_id, start=start, stop=stop, etag=etag, announced=announced)

    async def manifest(self, peer: str, item_id: str, *, size: int) -> Manifest | None:
        """See the port. One whose abilities are not known yet is asked: he may have shaken hands before a restart."""
        friend = self._friend(peer)
        status = friend.status
        if status.version is not None and "manifest" not in status.features:
            return None
        return await friend.client.manifest(item_id, size)

    def _friend(self, peer: str) -> Friend:
        friend = self._friends.get(peer)
        if friend is None:
            raise PeerError("this peer is not configured any more", temporary=False)
        return friend


def _merged(answers: Sequence[Offers], now: datetime) -> list[Release]:
    """Newest first; in a worker, for these may be many."""
    found = (_release(peer, item, now) for peer, items in answers for item in items)
    return nlargest(MAX_FOUND, found, key=lambda release: (release.item.published, release.guid))


def _release(peer: Peer, item: Item, now: datetime) -> Release:
    if item.published > now:
        item = evolve(item, published=now)
    return Release(item=item, peer=peer.id, peer_name=peer.name)


def _left_out(failure: Failure, peer: Peer) -> list[Item]:
    if failure.check(PeerError, Unavailable, CancelledError, StillWaiting) is None:
        log.failure("{peer}: search", failure, peer=peer.name)
    else:
        reason = "no answer before the deadline" if failure.check(StillWaiting) else str(failure.value)
        log.debug("{peer} is left out of a search: {reason}", peer=peer.name, reason=reason)
    return []
