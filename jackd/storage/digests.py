"""
BLAKE3 of parts of a file, read with ``pread`` in pieces: a file that is cut while it is mapped into memory would kill
the process. All block, and let go of the interpreter while they read and hash; they belong in threads.

The system is not told that a file will be read from its beginning to its end: it would read twice as far ahead, in one
piece, and where that is much (``read_ahead_kb``) everybody else waits for the processor meanwhile.
"""

from __future__ import annotations

import os
import threading

from blake3 import blake3

PIECE_BYTES = 1024 * 1024
"""Read at once: large enough that the interpreter is asked for rarely, small enough for the processor's cache."""

_local = threading.local()


class FileTooShort(OSError):
    """The file ends before the block does."""


def digest(data: bytes | memoryview) -> bytes:
    """Of bytes in memory."""
    return blake3(data).digest()


def digest_span(descriptor: int, start: int, stop: int) -> bytes:
    """Of the bytes of an open file from ``start`` up to ``stop``. Raises ``FileTooShort``, ``OSError``."""
    hasher = blake3()
    piece = _piece()
    while start < stop:
        count = os.preadv(descriptor, [piece[: stop - start]], start)
        if not count:
            raise FileTooShort(f"the file ends at {start}, a block at {stop}")
        hasher.update(piece[:count])
        start += count
    return hasher.digest()


def _piece() -> memoryview:
    """One for each thread, not for each file."""
    if not hasattr(_local, "piece"):
        _local.piece = memoryview(bytearray(PIECE_BYTES))
    found: memoryview = _local.piece
    return found
