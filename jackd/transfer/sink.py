"""
From a friend's answer to the disk. :class:`Sink` is the seam: :class:`BufferedSink` works for every connection and on
every system; a sink that lets the kernel move the bytes can stand in its place where that is possible.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from jackd.ports import RemoteFile
from jackd.transfer.disk import Disk
from jackd.transfer.inbox import HIGH, Inbox
from jackd.transfer.part import Part
from jackd.web.rate import Flow

LIMITED_HIGH = 256 * 1024
"""Instead of :data:`~jackd.transfer.inbox.HIGH` while a limit holds: what lies in memory came faster than it allows."""


class Stopped(Exception):
    """The transfer was told to stop."""


class Account(Protocol):
    """Counts what a sink writes, so that no more is at stake than a crash may cost."""

    async def written(self, offset: int) -> None:
        """The file is written up to ``offset``. It is waited for."""

    def room(self) -> int:
        """How many bytes may be written until :meth:`written` is called again; a few MiB may always be."""


class Sink(Protocol):
    """Lets one body flow into a part."""

    async def receive(self, remote: RemoteFile, part: Part, *, offset: int, size: int, account: Account) -> None:
        """
        Write the bytes from ``offset`` to ``size``, never one more. Returns when all of them are written.

        :param account: where the bytes are counted.
        :raises PeerError: for a body that is too short, too long or falls silent.
        :raises DiskTrouble: when the disk does not take it.
        :raises Stopped: after :meth:`stop`.

        When it raises, no write is running any more and the connection is closed.
        """

    def stop(self) -> None:
        """Stop as soon as the write that is running is done."""

    def shorten(self, stop: int) -> int:
        """
        Write nothing behind ``stop``, or behind the end of the write that is running if that is further; returns which.
        :meth:`receive` returns when it is there, and hangs up. May be called before it.
        """


class BufferedSink:
    """Through memory: an :class:`~jackd.transfer.inbox.Inbox` fills, one write at a time empties it."""

    def __init__(self, *, disk: Disk, clock: IReactorTime, idle_timeout: float, flow: Flow | None = None) -> None:
        self._flow = flow or Flow()
        self._stopped = False
        self._stop: int | None = None
        self._writing = 0
        self._disk = disk
        self._clock = clock
        self._idle_timeout = idle_timeout
        self._inbox: Inbox | None = None

    async def receive(self, remote: RemoteFile, part: Part, *, offset: int, size: int, account: Account) -> None:
        """See :meth:`Sink.receive`. One write is never much, but what waits in memory is lost in a crash as well."""
        inbox = self._inbox = Inbox(
            left=size - offset,
            clock=self._clock,
            idle_timeout=self._idle_timeout,
            high=lambda: min(self._high(), account.room()),
        )
        self._writing = offset
        self._stop = size if self._stop is None else self._stop
        try:
            remote.deliver(inbox)
            while (offset < self._stop or self._stop == size) and (pieces := await inbox.take()):
                pieces = _first(pieces, self._stop - offset)
                self._writing = offset + sum(map(len, pieces))
                await self._turns(self._writing - offset)
                offset = await self._disk.run(part.write, pieces, offset)
                await account.written(offset)
            if offset < size:
                remote.abort()
        except BaseException:
            remote.abort()
            raise
        finally:
            inbox.close()
            self._flow.close()

    def shorten(self, stop: int) -> int:
        """See :meth:`Sink.shorten`."""
        self._stop = max(stop, self._writing)
        return self._stop

    def _high(self) -> int:
        return LIMITED_HIGH if self._flow.limited else HIGH

    async def _turns(self, count: int) -> None:
        while count:
            allowed, seconds = self._flow.ask(count)
            if not allowed:
                await deferLater(self._clock, seconds)
            if self._stopped:
                raise Stopped
            self._flow.move(allowed)
            count -= allowed

    def stop(self) -> None:
        """See :meth:`Sink.stop`."""
        self._stopped = True
        if self._inbox is not None:
            self._inbox.fail(Stopped())


def _first(pieces: list[bytes], count: int) -> list[bytes]:
    """The first ``count`` bytes of them."""
    kept: list[bytes] = []
    for piece in pieces:
        kept.append(piece[:count])
        count -= len(kept[-1])
    return [piece for piece in kept if piece]
