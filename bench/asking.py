"""
Many questions, so many of them at any time, on as many kept connections: ``python -m bench.asking PORT KEY AT_ONCE``
reads paths, a line each, and prints the milliseconds that each answer took as JSON. One thread in a process of its own:
several would wait for one another, and it would look as if the daemon were slow.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.ground import BenchFailed

ROOM = 1 << 20
SILENCE = 60.0
"""Seconds after which whoever has not answered never will."""


@dataclass
class Line:
    """One connection. ``asked`` when its question was sent; ``left`` of the answer, ``None`` before that is known."""

    connection: socket.socket
    asked: float = 0.0
    answer: bytes = b""
    left: int | None = None

    def ask(self, request: bytes) -> None:
        self.answer, self.left, self.asked = b"", None, time.perf_counter()
        self.connection.sendall(request)

    def hear(self) -> bool:
        """Whether the answer has come. Raises ``BenchFailed`` unless it is a good one."""
        data = self.connection.recv(ROOM)
        if not data:
            raise BenchFailed("a connection was closed instead of an answer")
        if self.left is None:
            self.answer += data
            head, ended, data = self.answer.partition(b"\r\n\r\n")
            if not ended:
                return False
            self.left = _length(head)
        self.left -= len(data)
        return not self.left


def _length(head: bytes) -> int:
    status, *headers = head.lower().split(b"\r\n")
    lengths = [int(header[15:]) for header in headers if header.startswith(b"content-length:")]
    if status.split()[1] != b"200" or not lengths:
        raise BenchFailed(f"not an answer: {head.decode('latin-1')[:200]}")
    return lengths[0]


def ask_all(port: int, requests: Iterator[bytes], at_once: int) -> list[float]:
    """Milliseconds of each."""
    chosen, taken, waiting = selectors.DefaultSelector(), list[float](), 0
    for _ in range(at_once):
        line = Line(socket.create_connection(("127.0.0.1", port), SILENCE))
        chosen.register(line.connection, selectors.EVENT_READ, line)
        waiting += _go_on(line, requests)
    while waiting:
        ready = chosen.select(SILENCE)
        if not ready:
            raise BenchFailed("no answer for a minute")
        for key, _ in ready:
            if key.data.hear():
                taken.append((time.perf_counter() - key.data.asked) * 1000)
                waiting -= not _go_on(key.data, requests)
    return taken


def _go_on(line: Line, requests: Iterator[bytes]) -> bool:
    request = next(requests, None)
    if request is not None:
        line.ask(request)
    return request is not None


def asked(port: int, key: str, paths: Sequence[str], at_once: int) -> list[float]:
    """The milliseconds of each of those questions, by a process of its own. Raises ``BenchFailed``."""
    command = [sys.executable, "-m", "bench.asking", str(port), key, str(at_once)]
    done = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"questions were not answered: {done.stderr[-500:]}")
    taken: list[float] = json.loads(done.stdout)
    return taken


def _main() -> None:
    port, key, at_once = sys.argv[1:]
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: {key}\r\n\r\n".encode()
        for path in sys.stdin.read().split("\n")
    ]
    json.dump(ask_all(int(port), iter(requests), int(at_once)), sys.stdout)


if __name__ == "__main__":
    _main()
