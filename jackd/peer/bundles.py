"""What friends have, as it is offered: whole seasons beside their episodes, and what lies beside a grab's files."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Hashable, Sequence
from operator import attrgetter
from typing import TypeAlias

from attrs import evolve
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.internet.defer import TimeoutError as StillWaiting
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from jackd.model.errors import ItemGone, PeerError
from jackd.model.filenames import extra_extension
from jackd.model.item import Item
from jackd.model.peer import Peer, PeerStatus
from jackd.model.release import Release
from jackd.model.search import Query, matches
from jackd.peer.network import Network, Wanted
from jackd.peer.seasons import may_be_season, season_packs, season_query
from jackd.ports import MAX_FOUND
from jackd.storage.threads import Workers, workers_for

log = Logger(namespace="jackd.peer")

LOOKED_AT = 2000
FEED_LOOKED_AT = 300
"""Newest releases that whole seasons are looked for among, at least; fewer when nothing in particular is asked for."""

MAX_KEPT = 100
"""Answers that are not made again as long as the network gives the same."""

FEED_SEASONS = 20
"""Whole seasons in an answer to a question for nothing in particular: the newest. Their episodes are there as well."""

EXTRAS_AT_ONCE = 4
EXTRAS_SECONDS = 8.0
"""For all questions about extras of one grab, which an *arr waits for; what is not known then stays behind."""


Answer: TypeAlias = tuple[Sequence[Release], Sequence[Release]]
"""What the network gave, and what was made of it."""


class Bundles:
    """
    Implements :class:`jackd.ports.PeerNetwork` over the network's own answers.

    :param workers: look for seasons.
    :param extras: extensions of what may come along with a video.
    """

    def __init__(
        self, network: Network, *, workers: Workers, clock: IReactorTime, extras: Collection[str] = frozenset()
    ) -> None:
        self._network = network
        self._workers = workers
        self._clock = clock
        self._wanted = frozenset(extras)
        self._kept: OrderedDict[Hashable, Answer] = OrderedDict()

    async def search(
        self, query: Query, *, limit: int = MAX_FOUND, offset: int = 0, wanted: Wanted | None = None
    ) -> Sequence[Release]:
        """See the port."""
        if not may_be_season(query):
            return await self._network.search(query, limit=limit, offset=offset, wanted=wanted)
        least = FEED_LOOKED_AT if query.is_feed else LOOKED_AT
        found = await self._network.search(query, limit=max(least, offset + limit), wanted=wanted)
        question = query, limit, offset, wanted
        kept = self._kept.get(question)
        if kept is None or kept[0] is not found:
            workers = workers_for(len(found), self._workers)
            made = await workers.run(_with_seasons, query, found, wanted)
            kept = found, made[offset : offset + limit]
        self._keep(question, kept)
        return kept[1]

    def _keep(self, question: Hashable, answer: Answer) -> None:
        self._kept[question] = answer
        self._kept.move_to_end(question)
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)

    async def release(self, peer: str, item_id: str) -> Release:
        """See the port."""
        season = season_query(item_id)
        if season is None:
            return await self._with_extras(await self._network.release(peer, item_id))
        return await self._with_extras(await self._season(peer, item_id, season))

    def statuses(self) -> Sequence[PeerStatus]:
        """See the port."""
        return self._network.statuses()

    def peer(self, peer_id: str) -> Peer | None:
        """See the port."""
        return self._network.peer(peer_id)

    async def _season(self, peer: str, item_id: str, query: Query) -> Release:
        """No friend knows of it: it is made again of what they have now."""
        for release in await self.search(query):
            if (release.peer, release.item.id) == (peer, item_id):
                return release
        raise ItemGone("the season is not whole any more, or the friend can't be reached")

    async def _with_extras(self, release: Release) -> Release:
        """Asked for now: subtitles often come later than the video."""
        if not self._wanted:
            return release
        few, until = DeferredSemaphore(EXTRAS_AT_ONCE), self._clock.seconds() + EXTRAS_SECONDS
        asked = [Deferred.fromCoroutine(self._asked(release.peer, item, few, until)) for item in release.parts]
        items = await gatherResults(asked)
        return evolve(release, files=items) if release.files else evolve(release, item=items[0])

    async def _asked(self, peer: str, item: Item, few: DeferredSemaphore, until: float) -> Item:
        """``item`` with what lies beside its file, if that can be known in time."""
        async with few:
            left = until - self._clock.seconds()
            if left <= 0:
                return item
            try:
                extras = await Deferred.fromCoroutine(self._network.extras(peer, item.id)).addTimeout(left, self._clock)
            except (PeerError, StillWaiting) as error:
                log.info("what lies beside {title} is not known: {why!r}", title=item.title, why=error)
                return item
        return evolve(item, extras=[extra for extra in extras if extra_extension(extra.suffix) in self._wanted])


def _with_seasons(query: Query, found: Sequence[Release], wanted: Wanted | None) -> list[Release]:
    """Newest first; in a worker, for these may be many."""
    fitting = [season for season in season_packs(found) if matches(query, season.item)]
    seasons = [season for season in fitting if wanted is None or wanted(season.item)]
    newest = sorted(seasons, key=_published, reverse=True)[: FEED_SEASONS if query.is_feed else None]
    return sorted((*newest, *found), key=_published, reverse=True)


_published = attrgetter("item.published")
