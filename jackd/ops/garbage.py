"""When Python's garbage collector looks at all that is kept: every thread waits for it, so when nothing goes on."""

from __future__ import annotations

import gc

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

THRESHOLDS = 700, 10, 1000
"""
Only the last is not Python's own. What requests leave behind is mostly young when it is found; a look at all takes some
10 ms, more while a large library is read, and comes by itself only in a daemon that never has a quiet moment.
"""

LOOK_SECONDS = 5.0

WORTH = 20
"""Collections of what is young since the last look at all; after fewer there is next to nothing to find."""


class QuietCollector(Service):
    """
    Looks at all that was made since the start once in a while, at a quiet moment: when so little was made lately that
    not even what is young was looked at.
    """

    def __init__(self, *, clock: IReactorTime) -> None:
        self.setName("garbage")
        self._seen = 0
        self._looking = LoopingCall(self._look)
        self._looking.clock = clock

    def startService(self) -> None:
        super().startService()
        gc.set_threshold(*THRESHOLDS)
        self._looking.start(LOOK_SECONDS)

    def stopService(self) -> None:
        super().stopService()
        self._looking.stop()

    def _look(self) -> None:
        young = gc.get_count()[2]
        if young == self._seen and young >= WORTH:
            gc.collect()
        self._seen = young


def settle() -> None:
    """What is there by now stays: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
