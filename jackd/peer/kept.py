"""The last answers, as long as they would be the same again: an RSS poll with nothing new costs next to nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_KEPT = 100


class Kept(Generic[T]):
    """Answers by question. They hold as long as the ``state`` that they were given in."""

    def __init__(self) -> None:
        self._state: Hashable = None
        self._answers: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, question: Hashable, state: Hashable) -> T | None:
        """The answer, if it was given in that state."""
        if state != self._state:
            self._state = state
            self._answers.clear()
        return self._answers.get(question)

    def put(self, question: Hashable, state: Hashable, answer: T) -> None:
        """Keep it, unless the state is another one by now; the oldest goes first."""
        if state == self._state:
            self._answers[question] = answer
            if len(self._answers) > MAX_KEPT:
                self._answers.popitem(last=False)
