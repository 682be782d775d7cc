"""
From a friend's answer to the disk. :class:`Sink` is the seam: :class:`BufferedSink` works for every connection and on
every system; a sink that lets the kernel move the bytes can stand in its place where that is possible.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from jackd.ports import RemoteFile
from jackd.transfer.disk import Disk
from jackd.transfer.inbox import Inbox
from jackd.transfer.part import Part


class Stopped(Exception):
    """The transfer was told to stop."""


class Sink(Protocol):
    """Lets one body flow into a part."""

    async def receive(
        self, remote: RemoteFile, part: Part, *, offset: int, size: int, written: Callable[[int], Awaitable[None]]
    ) -> None:
        """
        Write the bytes from ``offset`` to ``size``, never one more. Returns when all of them are written.

        :param written: is called, and waited for, with the offset up to which the file is written.
        :raises PeerError: for a body that is too short, too long or falls silent.
        :raises DiskTrouble: when the disk does not take it.
        :raises Stopped: after :meth:`stop`.

        When it raises, no write is running any more and the connection is closed.
        """

    def stop(self) -> None:
        """Stop as soon as the write that is running is done."""


class BufferedSink:
    """Through memory: an :class:`~jackd.transfer.inbox.Inbox` fills, one write at a time empties it."""

    def __init__(self, *, disk: Disk, clock: IReactorTime, idle_timeout: float) -> None:
        self._disk = disk
        self._clock = clock
        self._idle_timeout = idle_timeout
        self._inbox: Inbox | None = None

    async def receive(
        self, remote: RemoteFile, part: Part, *, offset: int, size: int, written: Callable[[int], Awaitable[None]]
    ) -> None:
        """See :meth:`Sink.receive`."""
        inbox = self._inbox = Inbox(left=size - offset, clock=self._clock, idle_timeout=self._idle_timeout)
        try:
            remote.deliver(inbox)
            while pieces := await inbox.take():
                offset = await self._disk.run(part.write, pieces, offset)
                await written(offset)
        except BaseException:
            remote.abort()
            raise
        finally:
            inbox.close()

    def stop(self) -> None:
        """See :meth:`Sink.stop`."""
        if self._inbox is not None:
            self._inbox.fail(Stopped())
