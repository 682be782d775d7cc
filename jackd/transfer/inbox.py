"""What has come from the network and is not yet on the disk: bounded, by stopping the sender."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss

from jackd.model.errors import PeerError

HIGH = 4 * 1024 * 1024
"""Bytes not yet on the disk at which the sender is paused."""

LOW = 4
"""The share of them at which it may go on."""

TAKE = 2 * 1024 * 1024
"""Bytes that are handed to the disk at once (a single piece may be larger)."""


class Overlong(PeerError):
    """The friend sends more than was announced."""

    def __init__(self) -> None:
        super().__init__(temporary=False)


class Inbox(Protocol):
    """
    Receives a body of exactly ``left`` bytes and gives it out piece by piece.

    At ``high()`` bytes the transport is paused, at a share of that it goes on, so no more than that and one piece
    are ever in memory. Silence of ``idle_timeout`` seconds is an error, unless it is we who made the sender pause.

    :ivar buffered: bytes that came and whose writing has not been confirmed by the next :meth:`take`.
    """

    transport: Any

    def __init__(
        self, *, left: int, clock: IReactorTime, idle_timeout: float, high: Callable[[], int] = lambda: HIGH
    ) -> None:
        self._high = high
        self.buffered = 0
        self.paused = False
        self._left = left
        self._clock = clock
        self._idle_timeout = idle_timeout
        self._idle: IDelayedCall | None = clock.callLater(idle_timeout, self._silent)
        self._pieces: deque[bytes] = deque()
        self._taken = 0
        self._taker: Deferred[list[bytes]] | None = None
        self._ended = False
        self._error: BaseException | None = None

    def dataReceived(self, data: bytes) -> None:
        if self._ended:
            return
        if len(data) > self._left:
            self.fail(Overlong())
            return
        self._left -= len(data)
        self._pieces.append(data)
        self.buffered += len(data)
        self._watch()
        self._give()
        if self.buffered >= self._high() and not self.paused and not self._ended:
            self.paused = True
            self._unwatch()
            self.transport.pauseProducing()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        whole = reason.check(ResponseDone, PotentialDataLoss) is not None and not self._left
        self._end(None if whole else PeerError(f"the connection was lost, {self._left} bytes before the end"))

    def fail(self, error: BaseException) -> None:
        """End at once with ``error``; what has not been taken yet is forgotten."""
        self._pieces.clear()
        self._ended = False
        self._end(error)

    def take(self) -> Deferred[list[bytes]]:
        """
        The next pieces, in order, at least one; an empty list at the end. Calling it says that the pieces given
        before are written. Fails with what ended the body too early, after all that came before that.
        """
        self.buffered -= self._taken
        self._taken = 0
        if self.paused and self.buffered <= self._high() // LOW and not self._ended:
            self.paused = False
            self._watch()
            self.transport.resumeProducing()
        taker: Deferred[list[bytes]] = Deferred()
        self._taker = taker
        self._give()
        return taker

    def close(self) -> None:
        """Nobody will take any more."""
        self._ended = True
        self._unwatch()

    def _give(self) -> None:
        if self._taker is None or not (self._pieces or self._ended):
            return
        taker, self._taker = self._taker, None
        if self._pieces or self._error is None:
            taker.callback(self._next())
        else:
            taker.errback(Failure(self._error))

    def _next(self) -> list[bytes]:
        pieces: list[bytes] = []
        while self._pieces and (not pieces or self._taken + len(self._pieces[0]) <= TAKE):
            piece = self._pieces.popleft()
            self._taken += len(piece)
            pieces.append(piece)
        return pieces

    def _end(self, error: BaseException | None) -> None:
        if self._ended:
            return
        self.close()
        self._error = error
        self._give()

    def _watch(self) -> None:
        if self.paused or self._ended:
            return
        if self._idle is None:
            self._idle = self._clock.callLater(self._idle_timeout, self._silent)
        else:
            self._idle.reset(self._idle_timeout)

    def _unwatch(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _silent(self) -> None:
        self._idle = None
        self._end(PeerError(f"no byte came for {self._idle_timeout:g} seconds"))
