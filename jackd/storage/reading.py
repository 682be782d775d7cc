"""Questions to a database. Those that wait are taken together: to wake a thread up costs more than to answer one."""

from __future__ import annotations

import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from jackd.model.errors import Unavailable
from jackd.storage.threads import Workers

T = TypeVar("T")
Question: TypeAlias = Callable[[sqlite3.Connection], T]

TOGETHER = 5
"""At most; whoever asks at the same time waits for all of them."""

LANES = 2
PATIENCE_SECONDS = 0.05
"""
One thread is quicker than several, which fight for Python's lock, and the only one by whom nobody is overtaken. When it
has not come back for so long, who asks now need not wait for it.
"""

MAX_WAITING = 1000


@frozen(eq=False)
class _Asked:
    question: Question[Any]
    answer: Deferred[Any]


class Readers:
    """
    Has questions answered in the order in which they come, each batch at one moment of the database.

    :param workers: :data:`LANES` threads.
    :param connected: gives the connection of the worker that calls it.
    :param seconds: a clock.
    """

    def __init__(
        self,
        workers: Workers,
        connected: Callable[[], sqlite3.Connection],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._connected = connected
        self._seconds = seconds
        self._under_way = 0
        self._began = 0.0
        self._waiting: deque[_Asked] = deque()

    def ask(self, question: Question[T]) -> Deferred[T]:
        """``question(connection)``. Raises ``Unavailable`` when too much is waiting already."""
        if len(self._waiting) >= MAX_WAITING:
            return fail(Unavailable("too much is waiting for the database"))
        asked = _Asked(question, Deferred())
        self._waiting.append(asked)
        self._go_on()
        return asked.answer

    def _go_on(self) -> None:
        if self._waiting and (not self._under_way or self._is_slow()):
            self._under_way += 1
            self._began = self._seconds()
            batch = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            done = self._workers.run(self._answers, batch)
            done.addErrback(lambda why: [why] * len(batch)).addCallback(self._tell, batch)

    def _is_slow(self) -> bool:
        return self._under_way < LANES and self._seconds() - self._began > PATIENCE_SECONDS

    def _tell(self, answers: Sequence[Any], batch: Sequence[_Asked]) -> None:
        self._under_way -= 1
        self._go_on()
        for asked, answer in zip(batch, answers, strict=True):
            asked.answer.callback(answer)  # a failure goes to the errbacks

    def _answers(self, batch: Sequence[_Asked]) -> list[Any]:
        connection = self._connected()
        connection.execute("BEGIN")  # all that a question asks is of one moment
        try:
            return [_answered(asked.question, connection) for asked in batch]
        finally:
            if connection.in_transaction:  # a broken disk may have ended it already
                connection.execute("ROLLBACK")


def _answered(question: Question[T], connection: sqlite3.Connection) -> T | Failure:
    try:
        return question(connection)
    except Exception:
        return Failure()
