"""What a friend answered lately."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime

from jackd.model.search import Query
from jackd.peer.page import Page

KEPT_SECONDS = 60.0
"""So long an answer does for the same question again: a wanted list asks once for each episode of a series."""

MAX_KEPT_ITEMS = 20_000


class Answered:
    """Pages by question; the oldest go first when there are too many items in them."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._pages: dict[Query, tuple[float, Page]] = {}
        self._items = 0

    def get(self, query: Query) -> Page | None:
        """The answer to that question, unless it is too old."""
        self.tidy()
        found = self._pages.get(query)
        return found[1] if found else None

    def put(self, query: Query, page: Page) -> None:
        """Keep it for :data:`KEPT_SECONDS`, at most."""
        self._drop(query)
        self._pages[query] = (self._clock.seconds(), page)
        self._items += _weight(page)
        self.tidy()

    def tidy(self) -> None:
        """Forget what is old or too much; the newest stays."""
        oldest = self._clock.seconds() - KEPT_SECONDS
        for query, (at, _) in list(self._pages.items()):
            if at > oldest and (self._items <= MAX_KEPT_ITEMS or len(self._pages) == 1):
                return
            self._drop(query)

    def _drop(self, query: Query) -> None:
        found = self._pages.pop(query, None)
        if found is not None:
            self._items -= _weight(found[1])


def _weight(page: Page) -> int:
    return len(page.items) + 1
