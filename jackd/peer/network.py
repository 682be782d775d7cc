"""All friends at once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import TypeAlias

from attrs import evolve
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.defer import TimeoutError as StillWaiting
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from jackd.model.errors import ItemGone, NotFound, PeerAway, PeerError, PeerRefused, Unavailable
from jackd.model.item import Extra, Item
from jackd.model.manifest import Manifest
from jackd.model.peer import Peer, PeerStatus
from jackd.model.release import Release, Source
from jackd.model.search import Query
from jackd.model.versions import Versions
from jackd.peer.client import PeerClient
from jackd.peer.friend import Friend
from jackd.peer.kept import Kept
from jackd.peer.mirror import FRESHNESS, Freshness, Mirror
from jackd.peer.offers import alike, at_hand, is_same_file, merged, query_for, same_title, source_of
from jackd.peer.remote import OpenedFile
from jackd.peer.wire import is_item_id
from jackd.ports import MAX_FOUND
from jackd.storage.mirror import MirrorStore
from jackd.storage.threads import Workers, workers_for
from jackd.web.outgoing import Outgoing

log = Logger(namespace="jackd.peer")

DEADLINE = 8.0
"""Seconds for a search; the *arrs wait for 100 and put an indexer that fails to sleep (F41)."""

MAX_LOOKED_AT = 20_000
"""Items of the mirror, so that what several friends have is found at all of them; more for what lies further back."""

AWAY_SECONDS = 5.0
"""At least so long a download waits for a friend who is away; else until he is asked again how he is."""

REMEMBERED = 20_000
"""Releases of the last answers, so that a grab needs to ask nobody."""


Wanted: TypeAlias = Callable[[Item], bool]
Offer: TypeAlias = tuple[str, Item, str | None]
"""Who has it, by his id, what it is, and its title if that was made already."""


class Network(Service):
    """
    Implements :class:`jackd.ports.PeerNetwork` and :class:`jackd.ports.RemoteFiles`.

    Friends whose catalogues are kept here are not asked: one question to the mirror does for all of them.

    :param workers: read and sift the answers.
    :param mirror: where the copies of their catalogues are.
    :param freshness: of the copies.
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
        mirror: MirrorStore,
        clock: IReactorTime,
        freshness: Freshness = FRESHNESS,
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
        self._mirror = Mirror(
            friends=list(self._friends.values()), store=mirror, clock=clock, now=now, rng=rng, freshness=freshness
        )
        self._kept: Kept[Sequence[Release]] = Kept()
        self._workers = workers
        self._clock = clock
        self._now = now
        self._deadline = deadline
        self._releases: OrderedDict[str, Release] = OrderedDict()

    def startService(self) -> None:
        super().startService()
        self._mirror.start()
        for friend in self._friends.values():
            friend.start()

    def stopService(self) -> None:
        super().stopService()
        self._kept.stop()
        self._mirror.stop()
        for friend in self._friends.values():
            friend.stop()

    async def search(
        self, query: Query, *, limit: int = MAX_FOUND, offset: int = 0, wanted: Wanted | None = None
    ) -> Sequence[Release]:
        """See the port."""
        listed = self._mirror.listed()
        live = [friend for peer, friend in self._friends.items() if peer not in listed and friend.usable]
        reachable = frozenset(peer for peer, friend in self._friends.items() if friend.usable)
        question, state = (query, limit, offset, wanted), (listed, self._mirror.store.revision, reachable)

        async def find() -> Sequence[Release]:
            offers = await self._offers(query, offset + limit, wanted, listed, live)
            workers = workers_for(len(offers), self._workers)
            now = datetime.fromtimestamp(self._now(), UTC)
            page = slice(offset, offset + limit)
            found = await workers.run(self._merged, offers, now, reachable, wanted, page)
            for release in found:
                self._remember(release)
            return found

        return await (find() if live else self._kept.get(question, state, find))

    async def _offers(
        self, query: Query, limit: int, wanted: Wanted | None, listed: Collection[str], live: Iterable[Friend]
    ) -> Sequence[Offer]:
        answers = [self._asked(friend, query) for friend in live]
        if listed:
            most = max(limit, min(limit * len(listed), MAX_LOOKED_AT))
            kept = self._looked_up(query, listed, most, wanted)
            if not answers:
                return await kept
            answers.append(kept)
        return [offer for _, answer in await DeferredList(answers) for offer in answer]

    def _looked_up(
        self, query: Query, listed: Collection[str], limit: int, wanted: Wanted | None
    ) -> Deferred[Sequence[Offer]]:
        """What the mirror has; never fails."""
        found = self._mirror.store.search(query, listed, limit=limit, wanted=wanted)
        return found.addErrback(self._unreadable)

    def _unreadable(self, failure: Failure) -> list[Offer]:
        log.failure("the copies of the friends' catalogues can't be searched", failure)
        self._kept.forget()
        return []

    def _asked(self, friend: Friend, query: Query) -> Deferred[Sequence[Offer]]:
        """What he answers; never fails."""
        answer = Deferred.fromCoroutine(friend.search(query)).addTimeout(self._deadline, self._clock)
        answer.addErrback(_left_out, friend.peer)
        return answer.addCallback(lambda items: [(friend.peer.id, item, None) for item in items])

    def _merged(
        self, offers: Sequence[Offer], now: datetime, reachable: Container[str], wanted: Wanted | None, page: slice
    ) -> list[Release]:
        """What the mirror has is all wanted, and has its title."""
        versions = Versions()
        picked = {
            (peer, item.id): (peer, item, made)
            for peer, item, made in offers
            if made or ((not wanted or wanted(item)) and versions.has_room(peer, item))
        }
        found = [_release(self._friends[peer].peer, item, now, made) for peer, item, made in picked.values()]
        order = {peer: place for place, peer in enumerate(self._friends)}
        return merged(found, order=order, reachable=reachable, page=page)

    def _remember(self, release: Release) -> None:
        self._releases[release.guid] = release
        self._releases.move_to_end(release.guid)
        if len(self._releases) > REMEMBERED:
            self._releases.popitem(last=False)

    async def release(self, peer: str, item_id: str) -> Release:
        """See the port."""
        known = self._releases.get(f"{peer}:{item_id}")
        friend = self._friends.get(peer)
        if friend is None or not is_item_id(item_id):
            raise NotFound
        listed = peer in self._mirror.listed()
        kept = await self._mirror.store.item(peer, item_id) if listed else None
        if known is not None:
            if listed and (kept is None or not is_same_file(kept, known.item)):
                raise ItemGone(f"{friend.peer.name} has another file now, or none")
            return at_hand(known, lambda peer: self._friends[peer].usable)
        item = evolve(kept or await friend.client.item(item_id), extras=())
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
        self,
        peer: str,
        item_id: str,
        *,
        start: int = 0,
        stop: int | None = None,
        etag: str | None = None,
        size: int | None = None,
    ) -> OpenedFile:
        """See the port."""
        friend = self._friend(peer)
        try:
            return await friend.client.open(item_id, start=start, stop=stop, etag=etag, announced=size)
        except PeerError as error:
            raise self._judged(friend, error) from None

    def _judged(self, friend: Friend, error: PeerError) -> PeerError:
        """``error``, or that the friend is away, as he was before; when he was not, he is asked whether he is now."""
        if not error.temporary or error.retry_after is not None or isinstance(error, PeerRefused):
            return error
        if friend.usable:
            friend.check()
            return error
        if not self._mirror.is_awaited(friend.peer.id):
            return error
        return PeerAway(
            f"{error}; waiting for {friend.peer.name}", retry_after=max(friend.asked_again_in, AWAY_SECONDS)
        )

    async def sources(self, peer: str, item_id: str, *, size: int, title: str) -> Sequence[Source]:
        """See the port."""
        item = await self._remembered(peer, item_id)
        query = query_for(item) if item is not None else None
        found = await self.search(query or Query(text=title))
        fits = [
            r for r in found if (alike(r.item, item) if query and item else same_title(r.item, size=size, title=title))
        ]
        offers = [source for release in fits for source in (source_of(release), *release.others)]
        return [source for source in offers if source.peer != peer and self._friends[source.peer].usable]

    async def _remembered(self, peer: str, item_id: str) -> Item | None:
        """What is known of it here, without asking anybody."""
        known = self._releases.get(f"{peer}:{item_id}")
        if known is not None:
            return known.item
        return await self._mirror.store.item(peer, item_id) if peer in self._mirror.listed() else None

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


def _release(peer: Peer, item: Item, now: datetime, made: str | None = None) -> Release:
    if item.published > now:
        item = evolve(item, published=now)
    return Release(item=item, peer=peer.id, peer_name=peer.name, made=made)


def _left_out(failure: Failure, peer: Peer) -> list[Item]:
    if failure.check(PeerError, Unavailable, CancelledError, StillWaiting) is None:
        log.failure("{peer}: search", failure, peer=peer.name)
    else:
        reason = "no answer before the deadline" if failure.check(StillWaiting) else str(failure.value)
        log.debug("{peer} is left out of a search: {reason}", peer=peer.name, reason=reason)
    return []
