"""Programs: started, measured by /proc and wait4, and stopped by their own pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.ground import BenchFailed

START_SECONDS = 20.0
STOP_SECONDS = 10.0
_SCHEDULER_S = 2
"""``CPUCLOCK_SCHED`` of Linux."""
_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Program:
    """A server that runs until :meth:`stop`."""

    def __init__(self, command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> None:
        self._name, self._log = command[0], log
        with log.open("ab") as out:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environ)
        self.pid = self._process.pid

    def wait_for_port(self, port: int) -> None:
        """Until it listens. Raises ``BenchFailed``."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        said = self._log.read_text("utf-8", "replace")[-500:]
        raise BenchFailed(f"{self._name} does not listen: {said}")

    def stop(self) -> None:
        """Ends it, by force if need be."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run(command: Sequence[str], log: Path, seconds: float) -> tuple[float, float]:
    """A client from start to end: its wall-clock and its CPU seconds. Raises ``BenchFailed``."""
    with log.open("wb") as out:
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    timer = threading.Timer(seconds, os.kill, (process.pid, signal.SIGKILL))  # wait4 takes no timeout
    timer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - started
    finally:
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = log.read_text("utf-8", "replace")[-500:]
        raise BenchFailed(f"{command[0]} ended with {process.returncode}: {said}")
    return took, usage.ru_utime + usage.ru_stime


def cpu_seconds(pid: int) -> float:
    """
    User and system time of a process, all its threads, and its children, living or gone. Of those that live it is as
    exact as the scheduler's own accounts; ``/proc`` shows them in steps of 10 ms only.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    gone = sum(int(ticks) for ticks in fields[13:15]) * _TICK
    return _clock(pid) + gone + sum(cpu_seconds(child) for child in _children(pid))


def _clock(pid: int) -> float:
    """What ``clock_getcpuclockid(3)`` gives, read."""
    return time.clock_gettime(~pid << 3 | _SCHEDULER_S)


def _children(pid: int) -> list[int]:
    found = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for children in found for child in children]


def thread_seconds(pid: int) -> float:
    """On the CPU, of a process's first thread only: in a jack the reactor."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def memory(pid: int, field: str = "VmRSS") -> int:
    """Resident bytes now; with ``VmHWM`` the most since :func:`forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


def forget_peak(pid: int) -> None:
    """Let ``VmHWM`` begin anew (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def interrupt_on_sigterm() -> None:
    """So that everything is cleaned up then as well."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
