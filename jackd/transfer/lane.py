"""One connection to one friend, for one span of the file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred

from jackd.model.errors import AnotherFile
from jackd.ports import RemoteFile
from jackd.transfer.part import Part
from jackd.transfer.pool import Claim
from jackd.transfer.seeders import Seeder
from jackd.transfer.sink import Sink, Stopped
from jackd.transfer.source import opened
from jackd.transfer.tools import Tools
from jackd.web.meter import Meter


class Lane:
    """
    Fetches one claim, in order.

    :param size: of the whole file.
    :param written: called, and waited for, with the lane and the offset up to which its span is written.
    :param room: how many bytes it may write until then.
    :ivar speed: bytes/s over the last seconds; 0 as long as nothing is known.
    """

    def __init__(
        self,
        seeder: Seeder,
        claim: Claim,
        *,
        size: int,
        part: Part,
        tools: Tools,
        written: Callable[[Lane, int], Awaitable[None]],
        room: Callable[[], int],
    ) -> None:
        self.seeder = seeder
        self.claim = claim
        self.speed = 0.0
        self.began = tools.clock.seconds()
        self._asked = claim.stop
        self._size = size
        self._part = part
        self._tools = tools
        self._written = written
        self._room = room
        self._stopped = False
        self._opening: Deferred[RemoteFile] | None = None
        self._sink: Sink | None = None
        self._meter = Meter()
        self._first = claim.at
        self._meter.sample(self.began, 0)

    async def run(self, remote: RemoteFile | None = None) -> None:
        """
        Returns when all of the claim is written. Raises as :meth:`jackd.transfer.sink.Sink.receive` does, and
        ``AnotherFile``.

        :param remote: his answer, when he was asked already: for all bytes from the claim's first one on.
        """
        if remote is None:
            remote = await self._open()
        try:
            await self._receive(remote)
        finally:
            remote.abort()
            self.look()

    def stop(self) -> None:
        """Make :meth:`run` raise ``Stopped`` as soon as nothing is being written any more."""
        self._stopped = True
        if self._opening is not None:
            self._opening.cancel()
        if self._sink is not None:
            self._sink.stop()

    def shorten(self, stop: int) -> int:
        """Write nothing behind ``stop``, or behind what is being written just now; returns which."""
        return stop if self._sink is None else self._sink.shorten(stop)

    def look(self) -> None:
        """Now and then: how fast it is."""
        self.speed = self._meter.sample(self._tools.clock.seconds(), self.claim.at - self._first)
        self.seeder.speed = self.speed or self.seeder.speed

    async def written(self, offset: int) -> None:
        """See :class:`~jackd.transfer.sink.Account`."""
        await self._written(self, offset)

    def room(self) -> int:
        """See :class:`~jackd.transfer.sink.Account`."""
        return self._room()

    async def _open(self) -> RemoteFile:
        self._go_on()
        source, claim, tools = self.seeder.source, self.claim, self._tools
        self._opening = Deferred.fromCoroutine(
            tools.files.open(
                source.peer, source.item, start=claim.at, stop=claim.stop, etag=self.seeder.etag, size=self._size
            )
        )
        self._opening.addTimeout(tools.idle_timeout, tools.clock)
        try:
            remote = await opened(self._opening)
        finally:
            self._opening = None
        if (remote.start, remote.size, remote.etag) != (claim.at, self._size, self.seeder.etag):
            remote.abort()
            raise AnotherFile
        return remote

    async def _receive(self, remote: RemoteFile) -> None:
        self._go_on()
        self._sink = self._tools.sink(self.seeder.source.peer)
        if self.claim.stop < self._asked:
            self._sink.shorten(self.claim.stop)
        await self._sink.receive(remote, self._part, offset=self.claim.at, size=self._asked, account=self)

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopped
