"""One attempt at the bytes of one file: from an open part to one that is whole and right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from jackd.model.download import Download, State
from jackd.model.errors import NotFound, PeerError
from jackd.model.file import DownloadFile
from jackd.model.manifest import Manifest
from jackd.model.release import Source
from jackd.ports import RemoteFile
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.finder import ManifestFinder
from jackd.transfer.inbox import Overlong
from jackd.transfer.joining import Joining, others_of
from jackd.transfer.lanes import Lanes
from jackd.transfer.ledger import Ledger
from jackd.transfer.mender import Mender
from jackd.transfer.part import Part
from jackd.transfer.seeders import Seeder, Seeders, is_for_good
from jackd.transfer.sink import Stopped
from jackd.transfer.source import open_source, opened
from jackd.transfer.tools import Tools
from jackd.transfer.verification import Verification

T = TypeVar("T")

_log = Logger(namespace="jackd.transfer")


class Attempt:
    """
    Runs once: the lead is asked first, and what he answers says by which file the download goes. Behind the writers
    comes the verification; when it knows what the bytes must be, others may join.

    :ivar lanes: who gives the bytes.
    """

    def __init__(self, download: Download, file: DownloadFile, part: Part, tools: Tools) -> None:
        self._download = download
        self._file = file
        self._tools = tools
        self._stopped = False
        self._interrupt: Callable[[], object] | None = None
        if not file.there:
            file.lead = None
        lead = file.lead or file.source
        self._ledger = ledger = Ledger(download, file, part, tools)
        self._seeders = seeders = Seeders(lead, clock=tools.clock, expelled=self._expel)
        self._finder = ManifestFinder(file, store=tools.manifests, files=tools.files, clock=tools.clock)
        self.lanes = Lanes(file, part, ledger=ledger, seeders=seeders, tools=tools, news=self._advance)
        self._joining = Joining(file, seeders=seeders, lanes=self.lanes, tools=tools)
        self._verification = Verification(
            file.size,
            ledger,
            part,
            finder=self._finder,
            mender=Mender(file, part, ledger=ledger, seeders=seeders, tools=tools),
            threads=tools.digests,
            clock=tools.clock,
            found=self._found,
            broken=self.lanes.stop,
        )

    def stop(self) -> None:
        """Make :meth:`run` raise ``Stopped`` as soon as nothing is being written any more."""
        self._stopped = True
        self._joining.stop()
        self.lanes.stop()
        self._verification.stop()
        if self._interrupt is not None:
            self._interrupt()

    async def run(self) -> None:
        """
        Returns when all bytes are there, are right or nobody knows, and are on the disk.

        :raises PeerError: nobody can be asked any more.
        :raises DiskTrouble: the disk does not take it.
        :raises Stopped: after :meth:`stop`.
        """
        try:
            first = await self._begin() if self._file.left else None
            self._seeders.lead.etag = self._file.etag
            self._verification.begin()
            while self.lanes.wanting or not await self._is_right():
                await self._flow(first)
                first = None
            await self._ledger.seal()
        except Stopped:
            raise self._verification.error or Stopped from None

    async def close(self) -> None:
        """What is there, and durable, stands in the file when this returns; nobody is at the part any more."""
        self._joining.stop()
        await self._verification.close()
        await self._ledger.close(known=self._verification.manifest is not None)
        self._file.sources = 0

    # Whose file it is

    async def _begin(self) -> RemoteFile | None:
        """The answer of the one who leads; ``None`` when he can't be asked, but others may have the same content."""
        lead = self._seeders.lead
        try:
            return await self._lead(lead.source, etag=self._file.etag)
        except (PeerError, NotFound) as error:
            self._seeders.failed(lead, error)
            kept = await self._finder.kept() if self._ledger.there else None
            if kept is not None:
                self._found(kept)
                return None
            if self._ledger.there and not is_for_good(error):
                raise
            return await self._somebody_else(error)

    async def _somebody_else(self, error: Exception) -> RemoteFile:
        """
        Nothing that is there is of any use, and he is gone: begin with another friend's file (F46). Raises why another
        one can't give it now, if there is one who may later.
        """
        passing: Exception | None = None
        for source in await self._until(others_of(self._file, self._tools)):
            try:
                remote = await self._lead(source, etag=None)
            except (PeerError, NotFound) as his:
                passing = passing or (None if is_for_good(his) else his)
                continue
            told = {"title": self._file.title, "hash": self._file.hash, "reason": str(error)}
            _log.info("{title} comes from {peer} instead: {reason}", peer=source.peer_name, **told)
            return remote
        raise passing or error

    async def _lead(self, source: Source, *, etag: str | None) -> RemoteFile:
        """By his file the download goes if he answers: by what is there if it is the file with ``etag``."""
        [*gaps] = self._ledger.there.gaps(self._file.size).spans if source == self._seeders.lead.source else []
        gap = gaps[0] if gaps else (0, self._file.size)
        remote = await self._until(open_source(self._tools.files, source, gap, size=self._file.size, etag=etag))
        try:
            self._go_on()
            await self._go_by(remote, source, gap[0])
            self._go_on()
        except BaseException:
            remote.abort()
            raise
        return remote

    async def _go_by(self, remote: RemoteFile, source: Source, start: int) -> None:
        same = source == self._seeders.lead.source
        if not same:
            self._seeders.lead_by(source)
        changed = self._ledger.there and remote.etag != self._file.etag
        if not same or changed or remote.start != start:
            await self._ledger.start_over(remote.etag, source)
            self.lanes.start_over()
        else:
            await self._ledger.vouch(remote.etag)

    async def _until(self, waiting: Awaitable[T]) -> T:
        async def wait() -> T:
            return await waiting

        self._go_on()
        deferred = Deferred.fromCoroutine(wait()).addTimeout(self._tools.idle_timeout, self._tools.clock)
        self._interrupt = deferred.cancel
        try:
            return await opened(deferred)
        finally:
            self._interrupt = None

    def _expel(self, seeder: Seeder) -> None:
        self.lanes.expel(seeder)

    def _advance(self) -> None:
        self._verification.advance()

    def _found(self, manifest: Manifest) -> None:
        self.lanes.widen(manifest.block_size)
        if self._file.left:
            self._joining.begin(manifest)

    # What comes of it

    async def _flow(self, first: RemoteFile | None) -> None:
        self._go_on()
        self._download.state = State.DOWNLOADING
        try:
            await self.lanes.run(first)
        except DiskTrouble:
            raise
        except Overlong:
            if self._verification.manifest is None:  # nobody can tell what of it is right
                await self._ledger.start_over(self._file.etag, self._seeders.lead.source)
            raise
        except (PeerError, NotFound, Stopped):
            await self._ledger.finish()
            raise
        await self._ledger.finish()

    async def _is_right(self) -> bool:
        """Whether all that is there is, or nobody knows."""
        self._go_on()
        self._download.state = State.VERIFYING
        return await self._verification.finish()

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopped
