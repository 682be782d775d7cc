"""The last answers, as long as they would be the same again: an RSS poll with nothing new costs next to nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from twisted.internet.defer import Deferred, succeed

from jackd.peer.flights import Flights

T = TypeVar("T")

MAX_KEPT = 100


class Kept(Generic[T]):
    """Answers by question. They hold as long as the ``state`` that they were given in."""

    def __init__(self) -> None:
        self._state: Hashable = None
        self._answers: OrderedDict[Hashable, T] = OrderedDict()
        self._making: Flights[T] = Flights()

    def get(self, question: Hashable, state: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> Deferred[T]:
        """The answer that was given in that state, or that of ``make``, for all at once who ask the same meanwhile."""
        if state != self._state:
            self._state = state
            self._answers.clear()
        if question in self._answers:
            return succeed(self._answers[question])
        return self._making.join((question, state), lambda: self._made(question, state, make))

    def forget(self) -> None:
        """Keep nothing of what is known, nor of what is under way."""
        self._state = None
        self._answers.clear()

    def stop(self) -> None:
        """Break off what is under way."""
        self._making.cancel()

    async def _made(self, question: Hashable, state: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Kept unless the state is another one by now; the oldest goes first."""
        answer = await make()
        if state == self._state:
            self._answers[question] = answer
            if len(self._answers) > MAX_KEPT:
                self._answers.popitem(last=False)
        return answer
