"""One change at a time for each key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from twisted.internet.defer import Deferred, DeferredLock

P = ParamSpec("P")
T = TypeVar("T")


class Turns:
    """A lock for each key that is in use; nothing is kept for the others."""

    def __init__(self) -> None:
        self._locks: dict[str, DeferredLock] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._locks

    @asynccontextmanager
    async def take(self, keys: Iterable[str]) -> AsyncIterator[None]:
        """Wait until all ``keys`` are free and hold them; always in the same order, so that nobody waits for ever."""
        async with AsyncExitStack() as held:
            for key in sorted(set(keys)):
                await held.enter_async_context(self._one(key))
            yield

    @asynccontextmanager
    async def _one(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, DeferredLock())
        await lock.acquire()
        try:
            yield
        finally:
            lock.release()
            if not lock.locked:
                del self._locks[key]


def uncancelled(change: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """
    A change that goes on to its end when the one who waits for it goes away: a client that closes its connection
    must not leave a row on disk that memory does not know.
    """

    @wraps(change)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        result: Deferred[T] = Deferred()
        Deferred.fromCoroutine(change(*args, **kwargs)).addCallbacks(result.callback, result.errback)
        return await result

    return call
