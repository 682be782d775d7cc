"""How a file's bytes get from the disk into a connection. :class:`Sender` is the seam for faster ways."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.defer import TimeoutError as StillWaiting
from twisted.internet.interfaces import IConsumer, IPushProducer, IReactorTime
from zope.interface import implementer

from jackd.model.errors import JackError
from jackd.storage.threads import Workers
from jackd.web.ranges import Range
from jackd.web.rate import Flow

BLOCK = 262_144
"""
Bytes read at once. At most three blocks of a transfer are in memory: one read ahead, one on its way into the transport,
one in the transport's buffer.
"""

STALLED_SECONDS = 60.0
"""So long may a reader take nothing before it is dropped (F18)."""


class TransferBroken(JackError):
    """The file can't be read any further, or is not the same any more."""


class ReaderStalled(JackError):
    """The reader took nothing for too long."""


@frozen
class Stamp:
    """What tells one content of a file from another (F32, F33): not ctime, which hard links change."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, fd: int) -> Stamp:
        """The stamp of an open file."""
        stat = os.fstat(fd)
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)

    def __str__(self) -> str:
        return f"{self.device}:{self.inode}:{self.size}:{self.mtime_ns}"


class FileReader:
    """
    A file that is opened and read in workers, while the reactor may lose interest at any time: :meth:`close` never
    waits, and the descriptor is closed by whoever leaves last, so that its number is never read by mistake.

    :param opener: gives the descriptor; blocks.
    """

    stamp: Stamp

    def __init__(self, opener: Callable[[], int]) -> None:
        self._opener = opener
        self._fd: int | None = None
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False

    @property
    def size(self) -> int:
        """Bytes, when it was opened."""
        return self.stamp.size

    def open(self) -> None:
        """Raises what the opener raises."""
        with self._in_use():
            self._fd = self._opener()
            self.stamp = Stamp.of(self._fd)

    @contextmanager
    def descriptor(self) -> Iterator[int]:
        """The descriptor, which stays open inside the block. Raises ``TransferBroken`` when nobody wants the file."""
        with self._in_use():
            assert self._fd is not None
            yield self._fd

    def check(self) -> None:
        """Raises ``TransferBroken`` when the content is not the one that was opened (F32)."""
        with self.descriptor() as fd:
            if Stamp.of(fd) != self.stamp:
                raise TransferBroken("the file has changed")

    def read(self, start: int, length: int) -> bytes:
        """Exactly those bytes. Raises ``TransferBroken`` when the file ends before, or has changed; ``OSError``."""
        with self.descriptor() as fd:
            data = _pread(fd, start, length)
            self.check()
            if len(data) < length:
                raise TransferBroken
            return data

    def close(self) -> None:
        """Fine at any time, from any thread, also twice."""
        with self._lock:
            self._closed = True
            self._close_unused()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._lock:
            if self._closed:
                raise TransferBroken("nobody wants the file any more")
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._close_unused()

    def _close_unused(self) -> None:
        if self._closed and not self._users and self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _pread(fd: int, start: int, length: int) -> bytes:
    data = os.pread(fd, length, start)
    while data and len(data) < length:
        more = os.pread(fd, length - len(data), start + len(data))
        if not more:
            break
        data += more
    return data


class Sender(Protocol):
    """Puts a part of a file into a connection."""

    async def send(self, file: FileReader, part: Range, consumer: IConsumer, flow: Flow) -> None:
        """
        Returns when the last byte was handed over; each waited for the turn of ``flow``. Raises ``TransferBroken``,
        ``ReaderStalled`` or ``OSError`` when that is not possible any more: the connection must then be broken off.
        Closes neither.
        """


class BlockSender:
    """
    Works everywhere, also over TLS: reads blocks in a worker, one ahead of the connection; stops when the reader does.

    :param workers: for the reading; not those that other work waits for.
    """

    def __init__(self, *, workers: Workers, clock: IReactorTime) -> None:
        self._workers = workers
        self._clock = clock

    async def send(self, file: FileReader, part: Range, consumer: IConsumer, flow: Flow) -> None:
        """See :meth:`Sender.send`."""
        gate = _Gate()
        consumer.registerProducer(gate, True)
        consumer.write(b"")  # the headers do not wait for their turn
        start = part.start
        ahead = self._read(file, start, part.stop)
        try:
            while block := await ahead:
                start += len(block)
                ahead = self._read(file, start, part.stop)
                await self._write(block, gate, consumer, flow)
                del block
        finally:
            ahead.addErrback(lambda _: None)
            ahead.cancel()
        consumer.unregisterProducer()

    def _read(self, file: FileReader, start: int, stop: int) -> Deferred[bytes]:
        if start >= stop:
            return succeed(b"")
        return self._workers.run(file.read, start, min(BLOCK, stop - start))

    async def _write(self, block: bytes, gate: _Gate, consumer: IConsumer, flow: Flow) -> None:
        done = 0
        while done < len(block):
            allowed = await flow.turn(len(block) - done, self._clock)
            await self._opened(gate)
            # A slice of all of it is the same object.
            consumer.write(block[done : done + allowed])
            flow.move(allowed)
            done += allowed

    async def _opened(self, gate: _Gate) -> None:
        try:
            await gate.opened().addTimeout(STALLED_SECONDS, self._clock)
        except StillWaiting:
            raise ReaderStalled from None


@implementer(IPushProducer)
class _Gate:
    """Open while the connection takes bytes."""

    def __init__(self) -> None:
        self._shut = False
        self._waiting: Deferred[None] = succeed(None)

    def opened(self) -> Deferred[None]:
        """Fires as soon as bytes may be written; never, once the connection is gone."""
        self._waiting = Deferred() if self._shut else succeed(None)
        return self._waiting

    def pauseProducing(self) -> None:
        self._shut = True

    def resumeProducing(self) -> None:
        self._shut = False
        if not self._waiting.called:
            self._waiting.callback(None)

    def stopProducing(self) -> None:
        self._shut = True
