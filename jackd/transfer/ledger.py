"""What of one file is there, what of that is right, and who gave it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

from twisted.internet.defer import Deferred

from jackd.model.coverage import Coverage
from jackd.model.download import Download
from jackd.model.release import Source
from jackd.transfer.checkpoint import Checkpoints
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.part import Part
from jackd.transfer.tools import Tools

P = ParamSpec("P")
T = TypeVar("T")


class Ledger:
    """
    Of one attempt. It alone changes what the download says of its bytes, and the database learns of them here: only of
    what is on the disk, and never of a byte of one file under another file's validator.

    :ivar good: what was compared with the manifest and is right; the download says so once it is on the disk.
    """

    def __init__(self, download: Download, part: Part, tools: Tools) -> None:
        download.settle(download.there.clipped(part.size), download.good)
        self.good = download.good
        self._download = download
        self._part = part
        self._tools = tools
        self._unsure = False
        self._givers: dict[Source, Coverage] = {}
        self._checkpoints = self._new_checkpoints()

    @property
    def there(self) -> Coverage:
        """What is written and not known to be wrong."""
        return self._download.there

    def givers(self, span: Coverage) -> list[Source]:
        """Who gave any of these bytes in this attempt."""
        return [source for source, given in self._givers.items() if given & span]

    def unproved(self, source: Source) -> Coverage:
        """What he gave in this attempt and nobody has found to be right yet."""
        return self._givers.get(source, Coverage()) & self.there - self.good

    def count(self, source: Source, size: int) -> None:
        """So many bytes came from him."""
        given = self._download.given
        given[source.peer_name] = given.get(source.peer_name, 0) + size

    def add(self, span: Coverage, source: Source) -> None:
        """These bytes are written; they came from ``source``."""
        for other in self._givers:
            self._givers[other] -= span
        self._givers[source] = self._givers.get(source, Coverage()) | span
        self._set(self.there | span)
        self._download.active = self._tools.now()

    async def advance(self) -> None:
        """More is written: make it durable if it is time. Raises ``DiskTrouble``."""
        await self._checkpoints.advance(lambda: self.there)

    def remove(self, span: Coverage) -> None:
        """These bytes are wrong, or may be."""
        self.good -= span
        self._set(self.there - span)

    def approve(self, span: Coverage) -> None:
        """These bytes were found to be right, if they are still there."""
        if self.there.covers(*span.spans[0]):
            self.good |= span

    async def start_over(self, etag: str | None, lead: Source) -> None:
        """
        Nothing of what is there is of any use for the file with this validator. The database knows that before it is
        thrown away.
        """
        await self._checkpoints.settle()
        anything = bool(self.there)
        self._begin_with(etag, lead)
        await self.commit(Coverage())
        if anything:
            await self._tools.disk.run(self._part.restart)

    async def vouch(self, etag: str | None) -> None:
        """The validator of what follows, before its first byte; known to the database when this returns."""
        if self._download.etag != etag or not self.there:
            self._download.etag = etag
            await self.commit(self.there)

    def _begin_with(self, etag: str | None, lead: Source) -> None:
        download = self._download
        self.good = Coverage()
        self._givers.clear()
        self._set(Coverage())
        download.etag = etag
        download.lead = lead if lead != download.grab.source else None
        self._checkpoints = self._new_checkpoints()

    def commit(self, there: Coverage) -> Deferred[None]:
        """Tell the database that ``there`` is on the disk."""
        return self._tools.store.checkpoint(self._download, there, self._download.good)

    async def finish(self) -> None:
        """All that was written is on the disk. Raises ``DiskTrouble``."""
        await self._checkpoints.finish(self.there)

    async def seal(self) -> None:
        """The whole file is on the disk, and the database knows. Raises ``DiskTrouble``."""
        download, good, known = self._download, self.good, (self._download.there, self._download.good)
        if not await self.synced(self._part.seal, download.grab.size):
            raise DiskTrouble("the disk lost bytes that were written")
        download.settle(Coverage.of(0, download.grab.size), good)
        if (download.there, download.good) != known or self._checkpoints.durable != download.there:
            await self.commit(download.there)
        self._checkpoints.durable = download.there

    async def close(self, *, known: bool) -> None:
        """
        The attempt is over: the download says what is durable.

        :param known: whether there is a manifest. When a sync failed, blocks that were mended before it can still be
            read, and are right, but perhaps the disk does not have them: only what was compared before the last good
            sync is known to be on it.
        """
        with suppress(Exception):  # it is not the first error
            await self._checkpoints.settle()
        download = self._download
        durable = self._checkpoints.durable
        if self._unsure and known:
            durable &= download.good
            download.settle(durable, download.good)
            with suppress(Exception):  # nor is this
                await self.commit(durable)
        download.settle(durable, download.good)

    async def synced(self, sync: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Have the disk run ``sync``, and remember it when that fails."""
        try:
            return await self._tools.disk.run(sync, *args, **kwargs)
        except DiskTrouble:
            self._unsure = True
            raise

    async def _sync(self) -> None:
        good = self.good  # of what is mended while the disk works nobody knows whether it is on it
        await self.synced(self._part.sync)
        self._download.settle(self.there, good)

    def _set(self, there: Coverage) -> None:
        self._download.settle(there, self._download.good)

    def _new_checkpoints(self) -> Checkpoints:
        return Checkpoints(
            sync=lambda: Deferred.fromCoroutine(self._sync()),
            commit=self.commit,
            clock=self._tools.clock,
            start=self.there,
        )
