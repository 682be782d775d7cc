"""Who is next, when many wait for one thing and some of them want it very often."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from twisted.internet.defer import Deferred


class Turns:
    """One at a time. Those who wait take turns by who they are, however much each of them wants."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: OrderedDict[str, deque[Deferred[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        """Wait for it, and have it as long as the block runs."""
        if self._busy:
            await self._wait(who)
        self._busy = True
        try:
            yield
        finally:
            self._next()

    async def _wait(self, who: str) -> None:
        mine: Deferred[None] = Deferred()
        self._waiting.setdefault(who, deque()).append(mine)
        try:
            await mine
        except BaseException:
            self._forget(who, mine)
            raise

    def _forget(self, who: str, gone: Deferred[None]) -> None:
        queue = self._waiting.get(who, deque())
        if gone in queue:
            queue.remove(gone)
        if not queue:
            self._waiting.pop(who, None)

    def _next(self) -> None:
        """To the one who has waited for the longest since his last turn; he comes last then."""
        if not self._waiting:
            self._busy = False
            return
        who, queue = self._waiting.popitem(last=False)
        turn = queue.popleft()
        if queue:
            self._waiting[who] = queue
        turn.callback(None)
