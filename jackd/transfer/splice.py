"""
The fast way to receive: ``splice(2)`` in threads of their own, from the socket through a pipe into the page cache. The
bytes never come into this process's memory, so neither its size nor the reactor notices how large a file is.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from jackd.model.errors import PeerError
from jackd.ports import RemoteFile, Taken
from jackd.transfer.disk import Disk
from jackd.transfer.inbox import Overlong
from jackd.transfer.part import Part
from jackd.transfer.sink import Sink, Stopped
from jackd.web.rate import Flow

PIPE_BYTES = 1024 * 1024
SLICE_BYTES = 8 * 1024 * 1024
SLICE_SECONDS = 0.25
"""How much, and for how long, a thread moves before it says how far it is, so that a checkpoint may begin."""

_F_SETPIPE_SZ = 1031
_LOST = "the connection was lost, {left} bytes before the end"


class SpliceSink:
    """
    A :class:`~jackd.transfer.sink.Sink` for answers whose connection can be taken over; ``portable`` gets the others.

    :param pumps: threads for nothing else.
    """

    def __init__(self, *, pumps: Disk, portable: Sink, idle_timeout: float, flow: Flow | None = None) -> None:
        self._flow = flow or Flow()
        self._pumps = pumps
        self._portable = portable
        self._idle_timeout = idle_timeout
        self._stopped = threading.Event()
        self._stop: int | None = None
        self._writing = 0

    async def receive(
        self, remote: RemoteFile, part: Part, *, offset: int, size: int, written: Callable[[int], Awaitable[None]]
    ) -> None:
        """See :meth:`~jackd.transfer.sink.Sink.receive`."""
        taking = remote.take_over()
        if taking is None:
            await self._portable.receive(remote, part, offset=offset, size=size, written=written)
            return
        self._writing = offset
        self._stop = size if self._stop is None else self._stop
        try:
            taken = await _taken(taking)
            with _Pump(taken, part, offset, size, self._idle_timeout, self._flow, self._stopped) as pump:
                while pump.at < self._stop:
                    pump.until = self._writing = min(pump.at + SLICE_BYTES, self._stop)
                    await self._slice(pump, written)
        finally:
            remote.abort()
            self._flow.close()

    async def _slice(self, pump: _Pump, written: Callable[[int], Awaitable[None]]) -> None:
        """What came before a slice broke off is there as well: an attempt that brought bytes is not one in vain."""
        try:
            await self._pumps.run(pump.run)
        except (PeerError, Stopped):
            await written(pump.at)
            raise
        await written(pump.at)

    def stop(self) -> None:
        """See :meth:`~jackd.transfer.sink.Sink.stop`."""
        self._stopped.set()
        self._portable.stop()

    def shorten(self, stop: int) -> int:
        """See :meth:`~jackd.transfer.sink.Sink.shorten`."""
        self._stop = self._portable.shorten(max(stop, self._writing))
        return self._stop


async def _taken(taking: Awaitable[Taken]) -> Taken:
    try:
        return await taking
    except Exception as error:
        raise PeerError(f"the connection was lost: {type(error).__name__}") from None


class _Pump:
    """
    Moves one body, a slice of time at each call of :meth:`run`; between two calls no byte is under way.

    :ivar at: the offset up to which the file is written.
    :ivar until: nothing behind it is written.
    """

    def __init__(
        self,
        taken: Taken,
        part: Part,
        at: int,
        size: int,
        idle_timeout: float,
        flow: Flow,
        stopped: threading.Event,
    ) -> None:
        self.at = at
        self.until = size
        self._flow, self._stopped = flow, stopped
        self._part, self._size = part, size
        self._prefix = taken.prefix
        self._socket = taken.connection
        self._idle_timeout = idle_timeout
        self._heard = time.monotonic()
        self._out, self._in = os.pipe2(os.O_CLOEXEC)
        with suppress(OSError):  # an unprivileged user has only so many pages; a small pipe does it too
            fcntl.fcntl(self._in, _F_SETPIPE_SZ, PIPE_BYTES)

    def __enter__(self) -> _Pump:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)
        os.close(self._in)
        if self._socket is not None:
            self._socket.close()

    def run(self) -> None:
        """Blocks for one slice. Raises ``PeerError``, ``Stopped``, ``OSError``."""
        until = time.monotonic() + SLICE_SECONDS
        if self._prefix:
            self._take_prefix()
        while self.at < self.until and time.monotonic() < until:
            if self._stopped.is_set():
                raise Stopped
            count = self._receive(until)
            if count:
                self._part.splice(self._out, count, self.at)
                self.at += count
                self._flow.move(count)
                self._heard = time.monotonic()

    def _take_prefix(self) -> None:
        if len(self._prefix) > self._size - self.at:
            raise Overlong
        now, self._prefix = self._prefix[: self.until - self.at], self._prefix[self.until - self.at :]
        self.at = self._part.write([now], self.at)
        self._flow.move(len(now))

    def _receive(self, until: float) -> int:
        """How many bytes are in the pipe now; 0 when none came in time."""
        if self._socket is None:
            raise PeerError(_LOST.format(left=self._size - self.at))
        allowed = self._allowed(until)
        if not allowed:
            return 0
        try:
            count = os.splice(self._socket.fileno(), self._in, allowed)
        except BlockingIOError:
            self._await_bytes(self._socket, until)
            return 0
        except OSError as error:
            raise PeerError(f"the connection was lost: {error.strerror}") from None
        if not count:
            raise PeerError(_LOST.format(left=self._size - self.at))
        return count

    def _allowed(self, until: float) -> int:
        """How many bytes may be received now; 0 when our turn does not come in time."""
        most = min(PIPE_BYTES, self.until - self.at)
        allowed, seconds = self._flow.ask(most)
        while not allowed and not self._stopped.is_set() and (left := until - time.monotonic()) > 0:
            self._stopped.wait(min(seconds, left))
            # It is not the friend who is silent.
            self._heard = time.monotonic()
            allowed, seconds = self._flow.ask(most)
        return allowed

    def _await_bytes(self, connection: socket.socket, until: float) -> None:
        if time.monotonic() - self._heard > self._idle_timeout:
            raise PeerError(f"no byte came for {self._idle_timeout:g} seconds")
        ready = select.poll()
        ready.register(connection, select.POLLIN)
        ready.poll(max(0.0, until - time.monotonic()) * 1000)
