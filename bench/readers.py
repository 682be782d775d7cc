"""
Many readers of one file at once, in a process of their own: ``python -m bench.readers PORT PATH KEY READERS SECONDS``
prints an empty line when all read side by side, and then the bytes that each of them got in that time, as JSON; -1 for
who was refused.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass

HEAD = 65_536
CHUNK = 262_144
SETTLING_SECONDS = 1.0
"""The first ones have read alone while the others came; then nothing of it is left in a buffer."""


@dataclass
class Reader:
    """One connection."""

    connection: socket.socket
    head: bytes = b""
    answered: bool = False
    got: int = 0

    def read(self, into: bytearray) -> bool:
        """Whether there may be more."""
        if self.answered:
            count = self.connection.recv_into(into)
            self.got += count
            return count > 0
        data = self.connection.recv(HEAD)
        self.head += data
        head, ended, body = self.head.partition(b"\r\n\r\n")
        if ended:
            self.answered = True
            self.got = len(body) if head.split(b" ", 2)[1] in (b"200", b"206") else -1
        return bool(data) and self.got >= 0


def read_all(port: int, request: bytes, readers: int, seconds: float) -> list[int]:
    """The bytes that each got."""
    chosen = selectors.DefaultSelector()
    everybody = [Reader(socket.create_connection(("127.0.0.1", port), 30)) for _ in range(readers)]
    for reader in everybody:
        reader.connection.sendall(request)
        chosen.register(reader.connection, selectors.EVENT_READ, reader)
    _read(chosen, SETTLING_SECONDS)
    for reader in everybody:
        reader.got = min(reader.got, 0)
    print(flush=True)
    _read(chosen, seconds)
    for reader in everybody:
        reader.connection.close()
    return [reader.got for reader in everybody]


def _read(chosen: selectors.BaseSelector, seconds: float) -> None:
    room = bytearray(CHUNK)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and chosen.get_map():
        for key, _ in chosen.select(1):
            if not _more(key.data, room):
                chosen.unregister(key.fileobj)


def _more(reader: Reader, room: bytearray) -> bool:
    try:
        return reader.read(room)
    except OSError:
        return False


def _main() -> None:
    port, path, key, readers, seconds = sys.argv[1:]
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: {key}\r\n\r\n".encode()
    json.dump(read_all(int(port), request, int(readers), float(seconds)), sys.stdout)


if __name__ == "__main__":
    _main()
