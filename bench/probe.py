"""How fast small requests are answered while something else goes on; measured by a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

INTERVAL = 0.01
TIMEOUT = 10.0
NICE = -10


@dataclass(frozen=True)
class Target:
    """What is asked every ``interval`` seconds, on one connection that is kept."""

    name: str
    port: int
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    interval: float = INTERVAL


class Prober:
    """Asks until :meth:`stop`; when this process dies it ends by itself."""

    def __init__(self, targets: Iterable[Target]) -> None:
        command = [sys.executable, "-m", "bench.probe", json.dumps([asdict(target) for target in targets])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it has begun

    def stop(self) -> dict[str, list[float]]:
        """The milliseconds of each answer, by the target's name."""
        out, _ = self._process.communicate(timeout=2 * TIMEOUT)
        measured: dict[str, list[float]] = json.loads(out)
        return measured


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below that ``share`` (0 to 1) of them; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _ask(target: Target, over: threading.Event, taken: list[float]) -> None:
    """A failed request counts with the time that it took; an answer that never comes counts with all of it."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=TIMEOUT)
    while not over.wait(target.interval):
        started = time.perf_counter()
        try:
            connection.request("GET", target.path, headers=dict(target.headers))
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()
        taken.append((time.perf_counter() - started) * 1000)
    connection.close()


def _main() -> None:
    with suppress(OSError):  # only root may; what waits for the CPU would be counted as the daemon's delay
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    targets = [Target(**told) for told in json.loads(sys.argv[1])]
    over = threading.Event()
    taken: dict[str, list[float]] = {target.name: [] for target in targets}
    threads = [threading.Thread(target=_ask, args=(t, over, taken[t.name])) for t in targets]
    for thread in threads:
        thread.start()
    print(flush=True)
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    json.dump(taken, sys.stdout)


if __name__ == "__main__":
    _main()
