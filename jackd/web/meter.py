"""How fast it goes."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 5.0


class Meter:
    """The mean speed over the last ``window`` seconds, from a counter that is looked at now and then."""

    def __init__(self, window: float = WINDOW_SECONDS) -> None:
        self._window = window
        self._samples: deque[tuple[float, int]] = deque()

    @property
    def full(self) -> bool:
        """Whether it has been looked at for nearly all of its window."""
        return bool(self._samples) and self._samples[-1][0] - self._samples[0][0] >= 0.9 * self._window

    def sample(self, at: float, total: int) -> float:
        """
        Bytes/s up to now.

        :param at: seconds of a clock that never goes back.
        :param total: the counter; when it goes back, the download has started anew, and so does the meter.
        """
        if self._samples and total < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((at, total))
        while at - self._samples[0][0] > self._window:
            self._samples.popleft()
        since, before = self._samples[0]
        return (total - before) / (at - since) if at > since else 0.0
