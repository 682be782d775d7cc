"""
Past the page cache: on a fast line it costs more to fill the cache, and to have it written back, than to write
(``O_DIRECT``). The bytes come into a few pieces of memory, one is received while the one before is written, and the
digest of each is computed while it is there: nothing is ever read again.
"""

from __future__ import annotations

import mmap
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from jackd.model.manifest import BLOCK_BYTES
from jackd.storage.digests import digest
from jackd.transfer.cached import Incoming
from jackd.transfer.part import Part

PIECE_BYTES = BLOCK_BYTES
PIECES = 3
SETS = 2
"""So many streams may have pieces at the same time; all others use the page cache."""


FAST = 200 * 1024 * 1024
"""Bytes a second into the page cache; whoever is slower gains nothing by the way past it."""

MEMORY = 1024 * 1024 * 1024
"""Bytes a second; what the page cache takes faster says nothing about the disk."""

TRIES = 3
"""Slices in a row that must be slow: one alone may have met somebody else's writes."""


class Pace:
    """
    Which way is the faster one for a stream. Where disks want to be written behind its back (a RAID with parity, a
    network file system) the way past the cache is slow, and not tried again.

    :ivar is_direct: whether the next slice should go past the page cache.
    """

    def __init__(self) -> None:
        self.is_direct = False
        self._slow = 0
        self._cached = 0.0

    def told(self, count: int, seconds: float, *, direct: bool) -> None:
        """So many bytes took so long."""
        speed = count / max(seconds, 1e-6)
        if not direct:
            self._cached = min(speed, MEMORY)
        elif self._slow < TRIES:
            self._slow = self._slow + 1 if speed < self._cached / 2 else 0
        self.is_direct = self._slow < TRIES and self._cached >= FAST


class Memory:
    """Pieces for :data:`SETS` streams. They are kept: memory that is new costs as much as what comes into it."""

    def __init__(self) -> None:
        self._free: list[list[memoryview]] = []
        self._left = SETS
        self._lock = threading.Lock()

    def claim(self) -> list[memoryview] | None:
        """A set, if there is one left."""
        with self._lock:
            if self._free:
                return self._free.pop()
            if not self._left:
                return None
            self._left -= 1
        try:
            return _new_pieces()
        except OSError:  # there is not so much memory
            return None

    def release(self, pieces: list[memoryview]) -> None:
        """Nobody reads or writes them any more."""
        with self._lock:
            self._free.append(pieces)


def _new_pieces() -> list[memoryview]:
    return [memoryview(mmap.mmap(-1, PIECE_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)) for _ in range(PIECES)]


class Direct:
    """
    Receives into a part, from ``at`` on. Its methods are called by one thread at a time.

    :param at: the beginning of a block.
    :ivar received: the offset behind the last byte that came.
    :ivar written: the offset up to which the part has all of them.
    """

    def __init__(self, part: Part, at: int, memory: Memory, pieces: list[memoryview]) -> None:
        self.received = self.written = at
        self._part = part
        self._memory = memory
        self._pieces = pieces
        self._free = deque(pieces)
        self._full = 0
        self._writing: deque[tuple[Future[int], Future[None] | None, memoryview]] = deque()
        self._writer = ThreadPoolExecutor(1, "jack-direct")
        self._digester = ThreadPoolExecutor(1, "jack-direct-digest")
        self._broken = False

    @classmethod
    def begin(cls, part: Part, at: int, memory: Memory) -> Direct | None:
        """``None`` where it is not possible, or just now not."""
        pieces = memory.claim() if part.open_direct() else None
        return cls(part, at, memory, pieces) if pieces else None

    def make_room(self) -> None:
        """Before each :meth:`receive`: waits for the disk if need be. Raises ``OSError``."""
        if self._full == PIECE_BYTES:
            self._hand_over()
        if not self._free:
            self._await_one()

    def receive(self, incoming: Incoming, most: int) -> int:
        """Take what has come, up to ``most`` bytes; how many those were, 0 at the end. Raises what it raises."""
        count = incoming.recv_into(self._free[0][self._full :], min(most, PIECE_BYTES - self._full))
        self._full += count
        self.received += count
        return count

    def drain(self, left: int = 0) -> None:
        """All that was received is written when this returns, but for the last ``left`` pieces. Raises ``OSError``."""
        if self._full:
            self._hand_over()
        while len(self._writing) > left:
            self._await_one()

    def close(self) -> None:
        """After :meth:`drain`, whatever that raised. Writes that failed one are not done."""
        while self._writing:
            with suppress(OSError):
                self._await_one()
        self._writer.shutdown()
        self._digester.shutdown()
        self._memory.release(self._pieces)

    def _hand_over(self) -> None:
        piece, start = self._free.popleft()[: self._full], self.received - self._full
        whole, self._full = self._full == PIECE_BYTES, 0
        digested = self._digester.submit(self._digest, piece, start) if whole and self._part.digesting else None
        self._writing.append((self._writer.submit(self._write, piece, start), digested, piece))

    def _digest(self, piece: memoryview, start: int) -> None:
        self._part.remember(start, digest(piece))

    def _write(self, piece: memoryview, start: int) -> int:
        if self._broken:  # what comes behind a gap does not count
            return 0
        self._broken = True
        self._part.write_direct(piece, start)
        self._broken = False
        return len(piece)

    def _await_one(self) -> None:
        written, digested, piece = self._writing.popleft()
        try:
            count = written.result()
        finally:
            if digested is not None:
                digested.result()
            self._free.append(memoryview(piece.obj))
        self.written += count
