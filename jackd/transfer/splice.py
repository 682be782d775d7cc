"""
The fast way to receive: in threads of their own, straight from the socket (``splice(2)``, as long as they go into the
page cache). Neither this process's memory nor the reactor notices how large a file is.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable

from jackd.model.errors import PeerError
from jackd.ports import RemoteFile, Taken
from jackd.storage.pump import Stalled
from jackd.storage.pumps import Pumps
from jackd.transfer.body import SLICE_SECONDS, BodyPump
from jackd.transfer.direct import Memory
from jackd.transfer.disk import Disk, told_as_trouble
from jackd.transfer.part import Part
from jackd.transfer.sink import Account, Sink, Stopped
from jackd.web.rate import Flow


class SpliceSink:
    """A :class:`~jackd.transfer.sink.Sink` for connections that can be taken over; ``portable`` gets all others."""

    def __init__(
        self,
        *,
        pumps: Pumps,
        disk: Disk,
        memory: Memory,
        portable: Sink,
        idle_timeout: float,
        flow: Flow | None = None,
    ) -> None:
        self._flow = flow or Flow()
        self._pumps = pumps
        self._disk = disk
        self._memory = memory
        self._portable = portable
        self._idle_timeout = idle_timeout
        self._stopped = threading.Event()
        self._stop: int | None = None
        self._writing = 0

    async def receive(self, remote: RemoteFile, part: Part, *, offset: int, size: int, account: Account) -> None:
        """See :meth:`~jackd.transfer.sink.Sink.receive`."""
        taking = remote.take_over()
        if taking is None:
            await self._portable.receive(remote, part, offset=offset, size=size, account=account)
            return
        self._writing = offset
        self._stop = size if self._stop is None else self._stop
        try:
            with BodyPump(
                await _taken(taking), part, offset, size, self._idle_timeout, self._flow, self._stopped, self._memory
            ) as pump:
                try:
                    await self._slices(pump, account)
                finally:
                    await self._disk.run(pump.settle)
        finally:
            remote.abort()
            self._flow.close()

    async def _slices(self, pump: BodyPump, account: Account) -> None:
        while self._stop is not None and pump.came < self._stop:
            if not pump.fits(account.room()):
                await self._disk.run(pump.settle)
            pump.begin_slice(self._stop, account.room())
            self._writing = pump.until
            await self._slice(pump, account)
        if pump.at < pump.came:  # it was shortened to where it was just then
            await self._disk.run(pump.settle)
            await account.written(pump.at)

    async def _slice(self, pump: BodyPump, account: Account) -> None:
        """What came before a slice broke off is there as well: an attempt that brought bytes is not one in vain."""
        try:
            with told_as_trouble():
                await self._pumps.run(pump, SLICE_SECONDS)
        except (PeerError, Stopped):
            await account.written(pump.at)
            raise
        except Stalled:
            await self._disk.run(pump.settle)
            await account.written(pump.at)
            pump.check_silence()
        else:
            await account.written(pump.at)

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
