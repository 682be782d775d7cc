"""One friend as the network sees him: can he be reached, and what does he have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nlargest
from operator import attrgetter
from random import Random

from twisted.internet.defer import CancelledError, DeferredSemaphore
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from jackd.model.backoff import Backoff
from jackd.model.errors import PeerError, PeerRefused
from jackd.model.item import Item
from jackd.model.peer import PeerStatus
from jackd.model.search import Query, matches
from jackd.peer.answered import Answered
from jackd.peer.client import PeerClient
from jackd.peer.flights import Flights
from jackd.peer.page import Page
from jackd.peer.query import PAGE, widened
from jackd.peer.seasons import united
from jackd.peer.wire import Handshake
from jackd.storage.threads import Workers

log = Logger(namespace="jackd.peer")

FIRST_RETRY = 5.0
LAST_RETRY = 300.0
REFUSED_RETRY = 900.0
"""A key that is refused is not tried more often than this (F30)."""

REFRESH = 900.0
"""A friend who is well is asked again after this long: he may have upgraded."""

MAX_IN_FLIGHT = 4
MAX_WAITING = 200
"""Different questions at once to one friend, of which :data:`MAX_IN_FLIGHT` are under way."""


class Friend:
    """
    Asks one friend, knows how he is.

    Nobody waits for one who can't be reached: he is skipped until a handshake succeeds, which is tried with growing
    pauses. Failed searches count as well, so that one who shakes hands and then says nothing is asked less and less.
    """

    def __init__(self, *, client: PeerClient, workers: Workers, clock: IReactorTime, rng: Random) -> None:
        self.peer = client.peer
        self.client = client
        self._workers = workers
        self._clock = clock
        self._known: Handshake | None = None
        self._error: str | None = None
        self._backoff = Backoff(rng=rng, first=FIRST_RETRY, last=LAST_RETRY)
        self._next: IDelayedCall | None = None
        self._slots = DeferredSemaphore(MAX_IN_FLIGHT)
        self._shaking: Flights[Handshake] = Flights()
        self._searching: Flights[Page] = Flights()
        self._answered = Answered(clock)
        self._stopped = False
        self.came: Callable[[], object] = lambda: None
        """Called when he can be reached, which he could not, or can do other things than before."""

    @property
    def status(self) -> PeerStatus:
        """How he is now."""
        known = self._known
        return PeerStatus(
            peer=self.peer,
            version=known.version if known else None,
            features=known.features if known else frozenset(),
            error=self._error,
        )

    @property
    def reachable(self) -> bool:
        """Whether the last handshake succeeded."""
        return self._known is not None and self._error is None

    def can(self, feature: str) -> bool | None:
        """Whether he has that feature; ``None`` as long as nobody knows."""
        return None if self._known is None else feature in self._known.features

    @property
    def usable(self) -> bool:
        """Whether it makes sense to ask him something now."""
        return self._error is None

    def start(self) -> None:
        """Shake hands, and keep doing so."""
        self._stopped = False
        self._shake()

    def check(self) -> None:
        """Somebody has found that he does not answer, or that he does: see how he is, now."""
        if not self._stopped:
            self._plan(None)
            self._shake()

    @property
    def asked_again_in(self) -> float:
        """Seconds until the next handshake."""
        return max(0.0, self._next.getTime() - self._clock.seconds()) if self._next and self._next.active() else 0.0

    def stop(self) -> None:
        """No more calls; those under way are broken off."""
        self._stopped = True
        self._plan(None)
        self._shaking.cancel()
        self._searching.cancel()

    async def search(self, query: Query) -> Sequence[Item]:
        """What he has that answers ``query``. Raises ``PeerError``."""
        known = self._known or await self._shaking.join("", self._handshake)
        extended = "query" in known.features
        wide = widened(query, extended=extended)
        page = await self._page(wide, extended)
        if extended and wide != query and page.count >= PAGE:
            page = await self._page(query, extended)
        return await self._workers.run(_fitting, query, page)

    async def _page(self, query: Query, extended: bool) -> Page:
        kept = self._answered.get(query)
        if kept is not None:
            return kept
        if len(self._searching) >= MAX_WAITING:
            raise PeerError("too many questions are waiting for this peer")
        return await self._searching.join(query, lambda: self._ask(query, extended))

    async def _ask(self, query: Query, extended: bool) -> Page:
        async with self._slots:
            if not self.usable:
                raise PeerError(self._error or "")
            try:
                page = await self.client.search(query, extended=extended)
            except PeerError as error:
                self._failed(error)
                raise
        self._backoff.reset()
        self._answered.put(query, page)
        return page

    def _shake(self) -> None:
        self._next = None
        self._answered.tidy()
        self._shaking.join("", self._handshake).addErrback(self._surprised)

    async def _handshake(self) -> Handshake:
        try:
            found = await self.client.handshake()
        except PeerError as error:
            self._failed(error)
            raise
        came = self._error is not None or self._known != found
        self._known, self._error = found, None
        self._plan(REFRESH)
        if came:
            log.info("{peer}: reachable, jack {version}", peer=self.peer.name, version=found.version)
            self.came()
        return found

    def _surprised(self, failure: Failure) -> None:
        if failure.check(PeerError, CancelledError) is None:
            log.failure("{peer}: handshake", failure, peer=self.peer.name)
            self._failed(PeerError("internal error; the log says more"))

    def _failed(self, error: PeerError) -> None:
        delay = self._pause(error)
        shown = log.warn if str(error) != self._error else log.debug
        shown("{peer}: {error}; next try in {delay:.0f} s", peer=self.peer.name, error=str(error), delay=delay)
        self._error = str(error)
        self._plan(delay)

    def _pause(self, error: PeerError) -> float:
        if isinstance(error, PeerRefused):
            return REFUSED_RETRY
        return max(self._backoff.pause(), error.retry_after or 0.0)

    def _plan(self, delay: float | None) -> None:
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None if delay is None or self._stopped else self._clock.callLater(delay, self._shake)


def _fitting(query: Query, page: Page) -> list[Item]:
    """
    In a worker, for a catalogue is long: what was asked for, for a peer may answer with anything; the newest of it, for
    one without pages answers with everything; each file once.
    """
    fitting = (item for item in united(page.items) if matches(query, item))
    return nlargest(PAGE, fitting, key=attrgetter("published"))
