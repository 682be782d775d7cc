"""
``twistd`` with a probe in its reactor: ``python probed.py REPORT -n jack ...``. The probe asks to be called every few
milliseconds; how much later than asked it is called is the reactor's lag. Each line of the report is a JSON list: when,
the lag, and how much of it this thread spent waiting for a processor, which is the machine's fault.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

PERIOD = 0.005
NOTED = 0.010
"""Seconds of lag from which on a line is written."""

_SCHEDSTAT = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")


def waited() -> float:
    """Seconds that this thread was ready to run and did not, since it began; 0 where Linux does not tell."""
    try:
        return int(_SCHEDSTAT.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


class Probe:
    """Begins when the reactor runs."""

    def __init__(self, reactor: Any, report: Path) -> None:
        self._reactor = reactor
        self._report = report.open("a", buffering=1)
        reactor.callWhenRunning(self._plan)

    def _plan(self) -> None:
        self._due, self._waited = time.perf_counter() + PERIOD, waited()
        self._reactor.callLater(PERIOD, self._called)

    def _called(self) -> None:
        lag = time.perf_counter() - self._due
        if lag >= NOTED:
            self._report.write(json.dumps([time.time(), lag, waited() - self._waited]) + "\n")
        self._plan()


if __name__ == "__main__":
    from twisted.internet import reactor
    from twisted.scripts.twistd import run

    Probe(reactor, Path(sys.argv.pop(1)))
    sys.argv[0] = "twistd"
    run()
