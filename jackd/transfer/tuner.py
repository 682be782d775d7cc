"""How many connections to each friend make a download fastest: found out by trying."""

from __future__ import annotations

from collections import deque

MAX_EACH = 4

SLOW_RATE = 40_000_000
"""Bytes/s. What is faster needs no help; one connection fills a gigabit line three times over."""

MIN_LEFT = 64 * 1024 * 1024
"""Bytes still to come; for less it is not worth trying."""

SETTLE_SECONDS = 3.0
WINDOW_SECONDS = 6.0
"""After each change the speed is looked at for the second time, once the first has passed."""

GAIN = 1.15
"""By so much all must be faster together, or the last connection was in vain."""

AGAIN_SECONDS = 300.0
"""After which one more is tried again."""


class Tuner:
    """
    Looks at what a whole download moves. While that is slow, and for no limit of ours, it tries one connection more to
    each friend, and keeps it only when it paid.

    :ivar lanes: connections to each friend that there should be now.
    """

    def __init__(self) -> None:
        self.lanes = 1
        self._before: float | None = None
        self._rests_until = 0.0
        self._changed: float | None = None
        self._seen: deque[tuple[float, int]] = deque()

    def look(self, at: float, moved: int, *, left: int, limited: bool) -> None:
        """
        Every second or so.

        :param at: seconds of a clock that never goes back.
        :param moved: bytes so far.
        :param limited: whether there is a reason for its slowness: a limit of ours, or others who share the friend.
        """
        if limited:
            self._return(at, 1)
            return
        self._changed = at if self._changed is None else self._changed
        if at - self._changed < SETTLE_SECONDS:
            return
        self._seen.append((at, moved))
        since, before = self._seen[0]
        if at - since >= WINDOW_SECONDS:
            self._judge(at, (moved - before) / (at - since), left)

    def _judge(self, at: float, rate: float, left: int) -> None:
        if self._before is not None and rate < GAIN * self._before:
            self._rests_until = at + AGAIN_SECONDS
            self._return(at, self.lanes - 1)
        elif rate < SLOW_RATE and left >= MIN_LEFT and self.lanes < MAX_EACH and at >= self._rests_until:
            self._change(at, self.lanes + 1, rate)
        else:
            self._return(at, self.lanes)

    def _return(self, at: float, lanes: int) -> None:
        self._change(at, lanes, None)

    def _change(self, at: float, lanes: int, before: float | None) -> None:
        self.lanes, self._before, self._changed = lanes, before, at
        self._seen.clear()
