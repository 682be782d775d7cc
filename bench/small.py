"""Small requests: how many a second, and for how long each holds the reactor."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from statistics import median

from bench.processes import thread_seconds

CONNECTIONS = 16
SETTLE = 0.01
"""Seconds until the kernel has written down how long the reactor was at it."""


def requests_per_second(port: int, path: str, seconds: float) -> float:
    """GETs answered a second, by so many kept connections at once. The asking itself ends at some 20 000."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    chosen = selectors.DefaultSelector()
    length = 0
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port), 10)
        connection.sendall(request)
        chosen.register(connection, selectors.EVENT_READ)
    received = 0
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        for key, _ in chosen.select(1):
            data = key.fileobj.recv(65536)  # type: ignore[union-attr]
            length = length or len(data)
            received += len(data)
            key.fileobj.sendall(request)  # type: ignore[union-attr]
    took = time.monotonic() - started
    for key in list(chosen.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    return received / length / took if length else 0.0


def reactor_milliseconds(pid: int, ask: Callable[[], object], times: int, before: Callable[[], object]) -> float:
    """
    The median of the reactor's CPU milliseconds for what ``ask`` asks, from the first byte of the request to the last
    of the answer.

    :param before: done each time and not counted; to change something, so that nothing remembered can be answered.
    """
    taken = []
    for _ in range(times):
        before()
        time.sleep(SETTLE)
        used = thread_seconds(pid)
        ask()
        time.sleep(SETTLE)
        taken.append((thread_seconds(pid) - used) * 1000)
    return median(taken)
