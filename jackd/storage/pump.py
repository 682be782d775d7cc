"""One stream of bytes that the threads of :mod:`jackd.storage.pumps` move."""

from __future__ import annotations

from typing import Protocol

from attrs import define
from twisted.internet.defer import Deferred

LONG_SECONDS = 0.25
"""How long a turn may take, and wait, when there is nobody else."""


class Stalled(Exception):
    """The descriptor was not ready for too long."""


class Pump(Protocol):
    """
    One stream. Its methods are called by one thread at a time, not always the same one; but :meth:`alone` with
    ``False`` at any time.

    :ivar descriptor: not blocking, always the same; nobody else waits for it.
    """

    @property
    def descriptor(self) -> int: ...

    @property
    def events(self) -> int:
        """Of epoll, for which the stream waits before its next turn."""

    def turn(self, most: int) -> float | None:
        """
        Move up to ``most`` bytes, and don't wait for the descriptor when there are fewer. Returns ``None`` when the
        stream is done, else how many seconds not to be asked again for. What it raises ends the stream.
        """

    def alone(self, alone: bool) -> bool:
        """
        Whether nobody else needs the thread: turns may then wait, :data:`LONG_SECONDS` for the descriptor. Returns
        whether they do. ``False`` ends such a wait.
        """

    def waits(self) -> int:
        """Bytes that were moved and wait on their way: as long as they become fewer, somebody takes them."""

    def close(self) -> None:
        """Let go of everything; it is the last call, also when the stream was cancelled or failed."""


@define(eq=False)
class Stream:
    """
    A pump, and how it is doing.

    :ivar idle: seconds in which something must go on.
    :ivar done: fires at its end.
    :ivar heard: when something went on last, by the monotonic clock.
    :ivar waiting: what :meth:`Pump.waits` said then.
    :ivar turning: whether a thread is at it.
    :ivar later: whether it is not to be asked for a while.
    :ivar hurried: whether its long turn is to end.
    """

    pump: Pump
    idle: float
    done: Deferred[None]
    heard: float
    waiting: int = 0
    turning: bool = False
    later: bool = False
    ended: bool = False
    cancelled: bool = False
    hurried: bool = False

    def hurry(self) -> None:
        """Have its turn, if it is a long one, end soon. A reader who has become slow could make it last."""
        if self.turning:
            self.hurried = True
            self.pump.alone(False)
