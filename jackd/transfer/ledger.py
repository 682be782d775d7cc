"""What of one file is there, what of that is right, and who gave it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

from twisted.internet.defer import Deferred

from jackd.model.coverage import Coverage
from jackd.model.download import Download
from jackd.model.file import DownloadFile
from jackd.model.release import Source
from jackd.transfer.checkpoint import Checkpoints
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.part import Part
from jackd.transfer.tools import Tools

P = ParamSpec("P")
T = TypeVar("T")


class Ledger:
    """
    Of one attempt. It alone changes what is said of the file's bytes, and the database learns of them here: only of
    what is on the disk, and never of a byte of one file under another file's validator.

    :ivar good: what was compared with the manifest and is right; the file says so once it is on the disk.
    """

    def __init__(self, download: Download, file: DownloadFile, part: Part, tools: Tools) -> None:
        file.settle(file.there.clipped(part.size), file.good)
        self.good = file.good
        self._download = download
        self._file = file
        self._part = part
        self._tools = tools
        self._read = Coverage()
        self._unsure = False
        self._givers: dict[Source, Coverage] = {}
        self._checkpoints = self._new_checkpoints()

    @property
    def there(self) -> Coverage:
        """What is written and not known to be wrong."""
        return self._file.there

    def givers(self, span: Coverage) -> list[Source]:
        """Who gave any of these bytes in this attempt."""
        return [source for source, given in self._givers.items() if given & span]

    def unproved(self, source: Source) -> Coverage:
        """What he gave in this attempt and nobody has found to be right yet."""
        return self._givers.get(source, Coverage()) & self.there - self.good

    def count(self, source: Source, size: int) -> None:
        """So many bytes came from him."""
        given = self._file.given
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
        self._read -= span
        self._checkpoints.remove(span)
        self._set(self.there - span)

    def reading(self, span: Coverage) -> None:
        """What is there of these bytes is being compared from now on."""
        self._read = span & self.there

    def is_as_read(self, span: Coverage) -> bool:
        """Whether no other bytes came in their place since."""
        return not span - self._read

    def approve(self, span: Coverage) -> None:
        """These bytes were found to be right; what came in their place since is not what was found so."""
        self.good |= span & self._read

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
        if self._file.etag != etag or not self.there:
            self._file.etag = etag
            await self.commit(self.there)

    def _begin_with(self, etag: str | None, lead: Source) -> None:
        file = self._file
        self.good = self._read = Coverage()
        self._givers.clear()
        self._set(Coverage())
        file.etag = etag
        file.lead = lead if lead != file.source else None
        self._checkpoints = self._new_checkpoints()

    def commit(self, there: Coverage) -> Deferred[None]:
        """Tell the database that ``there`` is on the disk."""
        return self._tools.store.checkpoint(self._download, self._file, there, self._file.good)

    async def finish(self) -> None:
        """All that was written is on the disk. Raises ``DiskTrouble``."""
        await self._checkpoints.finish(self.there)

    async def seal(self) -> None:
        """The whole file is on the disk, and the database knows. Raises ``DiskTrouble``."""
        file, good, known = self._file, self.good, (self._file.there, self._file.good)
        if not await self.synced(self._part.seal, file.size):
            raise DiskTrouble("the disk lost bytes that were written")
        file.settle(Coverage.of(0, file.size), good)
        if (file.there, file.good) != known or self._checkpoints.durable != file.there:
            await self.commit(file.there)
        self._checkpoints.durable = file.there

    async def close(self, *, known: bool) -> None:
        """
        The attempt is over: the file says what is durable.

        :param known: whether there is a manifest. When a sync failed, blocks that were mended before it can still be
            read, and are right, but perhaps the disk does not have them: only what was compared before the last good
            sync is known to be on it.
        """
        with suppress(Exception):  # it is not the first error
            await self._checkpoints.settle()
        file = self._file
        durable = self._checkpoints.durable
        if self._unsure and known:
            durable &= file.good
            file.settle(durable, file.good)
            with suppress(Exception):  # nor is this
                await self.commit(durable)
        file.settle(durable, file.good)

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
        self._file.settle(self.there, good)

    def _set(self, there: Coverage) -> None:
        self._file.settle(there, self._file.good)

    def _new_checkpoints(self) -> Checkpoints:
        return Checkpoints(
            sync=lambda: Deferred.fromCoroutine(self._sync()),
            commit=self.commit,
            clock=self._tools.clock,
            start=self.there,
        )
