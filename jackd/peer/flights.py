"""Equal work that is asked for several times at once is done once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred

T = TypeVar("T")


class Flights(Generic[T]):
    """
    Work under way, by key. Who waits may give up (cancel his Deferred) without stopping the work, for others wait too,
    and its result may be kept.
    """

    def __init__(self) -> None:
        self._work: dict[Hashable, Deferred[None]] = {}
        self._waiting: dict[Hashable, list[Deferred[T]]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> Deferred[T]:
        """The result of the work with that key; begun now unless it is under way."""
        mine: Deferred[T] = Deferred()
        if key in self._waiting:
            self._waiting[key].append(mine)
            return mine
        self._waiting[key] = [mine]
        under_way = Deferred.fromCoroutine(work()).addBoth(self._landed, key)
        if key in self._waiting:
            self._work[key] = under_way
        return mine

    def cancel(self) -> None:
        """Stop all work; who waits is told."""
        for work in list(self._work.values()):
            work.cancel()

    def _landed(self, result: Any, key: Hashable) -> None:
        self._work.pop(key, None)
        for waiting in self._waiting.pop(key):
            if not waiting.called:
                waiting.callback(result)
