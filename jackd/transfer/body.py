"""One body, on its way from the connection into the part: into the page cache, or, where that is faster, past it."""

from __future__ import annotations

import threading
import time

from jackd.model.errors import PeerError
from jackd.ports import Taken
from jackd.transfer.cached import PIPE_BYTES, way_of
from jackd.transfer.direct import PIECE_BYTES, Direct, Memory, Pace
from jackd.transfer.inbox import Overlong
from jackd.transfer.part import Part
from jackd.transfer.sink import Stopped
from jackd.web.rate import Flow

SLICE_BYTES = 8 * 1024 * 1024
SLICE_SECONDS = 0.25
"""How much, and for how long, a pump moves before it says how far it is, so that a checkpoint may begin."""

DIRECT_BYTES = 28 * 1024 * 1024
"""
The same past the page cache. At the end of it is a moment in which nothing is received: so that the disk has something
to do meanwhile, the last piece is still being written then, and counts with the next slice.
"""

_LOST = "the connection was lost, {left} bytes before the end"


def pieces(room: int, most: int) -> int:
    """No more than ``most`` bytes, but whole pieces: a slice ends where the way past the cache may begin, or go on."""
    return min(most, max(PIECE_BYTES, room // PIECE_BYTES * PIECE_BYTES))


class BodyPump:
    """
    Moves one body: a :class:`~jackd.storage.pump.Pump` for each slice. Between two slices nothing is received.

    :ivar at: the offset up to which the file is written.
    :ivar until: nothing behind it is written.
    :param memory: for the way past the page cache, which is taken while it is the faster one.
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
        memory: Memory,
    ) -> None:
        self.at = self.until = self._end = at
        self._memory = memory
        self._direct: Direct | None = None
        self._pace = Pace()
        self._flow, self._stopped = flow, stopped
        self._part, self._size = part, size
        self._prefix = taken.prefix
        self._way = way_of(taken)
        self._idle_timeout = idle_timeout
        self._heard = time.monotonic()

    def __enter__(self) -> BodyPump:
        return self

    def __exit__(self, *_: object) -> None:
        if self._direct is not None:  # no thread could be had for it: better late than into another file
            self._direct.close()
        self._way.close()

    @property
    def descriptor(self) -> int:
        """See :class:`~jackd.storage.pump.Pump`."""
        return self._way.descriptor

    @property
    def events(self) -> int:
        """See :class:`~jackd.storage.pump.Pump`."""
        return self._way.events

    def fits(self, room: int) -> bool:
        """Whether there is room for a slice past the page cache, if that is the way: a piece, and the one before."""
        return self._direct is None or room >= 2 * PIECE_BYTES

    def begin_slice(self, stop: int, room: int) -> None:
        """The next turns belong to a new one, of ``room`` bytes at the most, which ends before ``stop``."""
        self._first, self._began = self.came, time.monotonic()
        if self._direct is None and room >= 2 * PIECE_BYTES and self._may_be_direct(stop):
            self._direct = Direct.begin(self._part, self.at, self._memory)
        size = pieces(room, SLICE_BYTES) if self._direct is None else pieces(room - PIECE_BYTES, DIRECT_BYTES)
        self.until, self._end = min((self.came // size + 1) * size, stop), stop

    def _may_be_direct(self, stop: int) -> bool:
        apt = self._part.digesting is not None and not self.at % PIECE_BYTES and stop - self.at >= DIRECT_BYTES
        return apt and not self._prefix and not self._flow.limited and self._pace.is_direct

    def turn(self, most: int) -> float | None:
        """See :meth:`~jackd.storage.pump.Pump.turn`. Raises ``PeerError``, ``Stopped``, ``OSError``."""
        try:
            seconds = self._turn(most)
        except (PeerError, Stopped):
            self.settle()
            raise
        if self.came < self.until and time.monotonic() < self._began + SLICE_SECONDS:
            return seconds
        if self.came == self._first:  # what comes through TLS need not have a byte of the body in it
            self.check_silence()
        self._end_slice()
        return None

    @property
    def came(self) -> int:
        """The offset behind the last byte that was received."""
        return self.at if self._direct is None else self._direct.received

    def _turn(self, most: int) -> float:
        if self._stopped.is_set():
            raise Stopped
        if self._prefix:
            self._take_prefix()
        return self._receive(min(most, PIPE_BYTES, self.until - self.came))

    def _end_slice(self) -> None:
        if self._direct is not None:
            self._direct.drain(left=1)
            self.at = self._direct.written
        took = time.monotonic() - self._began
        self._pace.told(self.came - self._first, took, direct=self._direct is not None)
        if not self._pace.is_direct or self.came < self.until or self.until == self._end:
            self.settle()

    def settle(self) -> None:
        """What has come is written when this returns, and goes into the page cache from now on. Raises ``OSError``."""
        direct, self._direct = self._direct, None
        if direct is None:
            return
        try:
            direct.drain()
        finally:
            direct.close()
            self.at = direct.written

    def waits(self) -> int:
        """See :meth:`~jackd.storage.pump.Pump.waits`: nothing, for what was moved is in the file."""
        return 0

    def alone(self, alone: bool) -> bool:
        """A pipe is soon full: there is nothing to wait for."""
        return False

    def close(self) -> None:
        """The slice is over; the connection stays."""

    def check_silence(self) -> None:
        """Nothing came for a while. Raises ``PeerError`` when that is too long, ``Stopped``."""
        if self._stopped.is_set():
            raise Stopped
        if time.monotonic() - self._heard > self._idle_timeout:
            raise PeerError(f"no byte came for {self._idle_timeout:g} seconds")

    def _take_prefix(self) -> None:
        if len(self._prefix) > self._size - self.at:
            raise Overlong
        now, self._prefix = self._prefix[: self.until - self.at], self._prefix[self.until - self.at :]
        self.at = self._part.write([now], self.at)
        self._flow.move(len(now))

    def _receive(self, most: int) -> float:
        """Move what has come, up to ``most`` bytes; the seconds until more of it is allowed."""
        if most <= 0:
            return 0.0
        allowed, seconds = self._flow.ask(most)
        if not allowed:
            self._heard = time.monotonic()  # it is not the friend who is silent
            return seconds
        count = self._move(allowed)
        if count:
            self._flow.move(count)
            self._heard = time.monotonic()
        return 0.0

    def _move(self, most: int) -> int:
        """How many bytes have come, on the way that is taken now."""
        if self._direct is not None:
            self._direct.make_room()
        try:
            count = self._way.take(most) if self._direct is None else self._direct.receive(self._way.incoming, most)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise PeerError(f"the connection was lost: {error.strerror}") from None
        if not count:
            raise PeerError(_LOST.format(left=self._size - self.came))
        if self._direct is None:
            self._way.write(self._part, count, self.at)
            self.at += count
        return count
