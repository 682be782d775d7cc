"""One attempt at one download: from what is on the disk to the finished file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

from attrs import evolve
from twisted.internet.defer import Deferred

from jackd.model.download import Download, State
from jackd.model.errors import PeerError
from jackd.ports import RemoteFile
from jackd.transfer.checkpoint import Checkpoints
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.finder import ManifestFinder
from jackd.transfer.inbox import Overlong
from jackd.transfer.mender import Mender
from jackd.transfer.part import Part
from jackd.transfer.placing import candidates, folder_of
from jackd.transfer.sink import Stopped
from jackd.transfer.source import open_source, opened
from jackd.transfer.tools import Tools
from jackd.transfer.verification import Verification

P = ParamSpec("P")
T = TypeVar("T")


def _completed(download: Download, now: float) -> Download:
    download.state, download.completed = State.COMPLETED, now
    download.attempts, download.retry_at, download.reason = 0, 0.0, ""
    return download


class Job:
    """
    Runs once. It alone changes ``received``, ``etag``, ``checked`` and ``active`` of the download meanwhile, and
    ``file`` when that name is taken.

    :ivar stopping: whether :meth:`stop` was called.
    """

    def __init__(self, download: Download, tools: Tools, *, claimed_space: Callable[[], int] = lambda: 0) -> None:
        self.stopping = False
        self._unsure = False
        self._download = download
        self._tools = tools
        self._disk = tools.disk
        self._folder = tools.folder
        self._claimed_space = claimed_space
        self._interrupt: Callable[[], object] | None = None

    def stop(self) -> None:
        """Make :meth:`run` raise ``Stopped`` as soon as nothing is being written any more."""
        self.stopping = True
        self._break_off()

    def _break_off(self) -> None:
        if self._interrupt is not None:
            self._interrupt()

    async def run(self) -> None:
        """
        Returns when the file has its final name and the database knows.

        :raises PeerError: the friend failed us.
        :raises DiskTrouble: the completed folder can't be used.
        :raises Stopped: after :meth:`stop`; what came is kept.
        """
        await self._prepare()
        if not await self._is_there():
            await self._fetch()
            await self._publish()
        await self._complete()

    async def _prepare(self) -> None:
        folder, download = self._folder, self._download
        await self._tools.claim_folder()
        if not folder.holds(download.folder):
            await self._rehome()
        if download.left:
            await self._disk.run(folder.require, download.left + self._claimed_space())

    async def _rehome(self) -> None:
        """The operator has chosen another completed folder since: start anew there."""
        download = self._download
        download.folder = folder_of(download.grab, self._folder.path, download.category)
        download.received, download.etag = 0, None
        await self._commit(0)
        await self._tools.store.save_settings([download])

    async def _is_there(self) -> bool:
        """A crash may have come between the last renaming and the database's knowing of it (F2)."""
        download = self._download
        if download.left:
            return False
        part = await self._disk.run(self._folder.part_size, download.hash)
        size = await self._disk.run(self._folder.finished_size, download.folder, download.file)
        if part is not None or size != download.grab.size:
            return False
        await self._disk.run(self._folder.settle, download.folder, download.file)
        return True

    async def _fetch(self) -> None:
        download = self._download
        self._go_on()
        part = await self._disk.run(self._folder.open_part, download.hash, download.received)
        verification = self._verification(part)
        try:
            download.received = part.size
            download.checked = min(download.checked, part.size)
            if download.left:
                await self._receive(part, verification)
            else:
                verification.begin(part.size)
            await self._verify(part, verification)
        except Stopped:
            raise verification.error or Stopped from None
        finally:
            await verification.close()
            if self._unsure and verification.known:
                await self._distrust()
            await self._disk.run(part.close)

    async def _synced(self, sync: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await self._disk.run(sync, *args, **kwargs)
        except DiskTrouble:
            self._unsure = True
            raise

    async def _distrust(self) -> None:
        """
        A sync failed. Blocks that were mended before it can still be read, and are right, but perhaps the disk does
        not have them: only what was compared before the last good sync is known to be on it.
        """
        download = self._download
        download.received = min(download.received, download.checked)
        with suppress(Exception):  # it is not the first error
            await self._commit(download.received)

    def _verification(self, part: Part) -> Verification:
        download, tools = self._download, self._tools
        finder = ManifestFinder(download, store=tools.manifests, files=tools.files, clock=tools.clock)
        mender = Mender(
            download,
            part,
            files=tools.files,
            sink=tools.sink,
            clock=tools.clock,
            idle_timeout=tools.idle_timeout,
        )
        return Verification(
            download,
            part,
            finder=finder,
            mender=mender,
            threads=tools.digests,
            clock=tools.clock,
            broken=self._break_off,
        )

    async def _verify(self, part: Part, verification: Verification) -> None:
        """All blocks are right, or nobody knows; then the disk has them all; then the database knows."""
        download = self._download
        self._go_on()
        download.state = State.VERIFYING
        self._interrupt = verification.stop
        try:
            await verification.finish()
        finally:
            self._interrupt = None
        if not await self._synced(part.seal, download.grab.size):
            raise DiskTrouble("the disk lost bytes that were written")
        if (download.received, download.checked) != (download.grab.size, verification.checked):
            download.received, download.checked = download.grab.size, verification.checked
            await self._commit(download.received)

    async def _receive(self, part: Part, verification: Verification) -> None:
        self._go_on()
        remote = await self._open()
        try:
            await self._start_at(remote, part)
            self._go_on()
        except BaseException:
            remote.abort()
            raise
        verification.begin(remote.start)
        await self._pump(remote, part, verification)

    async def _open(self) -> RemoteFile:
        download = self._download
        opening = Deferred.fromCoroutine(
            open_source(self._tools.files, download.grab, start=download.received, etag=download.etag)
        )
        opening.addTimeout(self._tools.idle_timeout, self._tools.clock)
        self._interrupt = opening.cancel
        try:
            return await opened(opening)
        finally:
            self._interrupt = None

    async def _start_at(self, remote: RemoteFile, part: Part) -> None:
        """
        The database knows the validator before the first byte that it vouches for is in the part, and that bytes are
        worthless before they are thrown away.
        """
        download = self._download
        restarts = remote.start != download.received
        download.received = remote.start
        download.checked = min(download.checked, remote.start)
        if remote.etag != download.etag or not remote.start:
            download.etag = remote.etag
            await self._commit(remote.start)
        if restarts:
            await self._disk.run(part.restart)

    async def _pump(self, remote: RemoteFile, part: Part, verification: Verification) -> None:
        download = self._download
        start = download.received

        async def sync() -> None:
            checked = verification.checked  # of what is mended while the disk works nobody knows whether it is on it
            await self._synced(part.sync)
            download.checked = checked

        checkpoints = Checkpoints(
            sync=lambda: Deferred.fromCoroutine(sync()),
            commit=self._commit,
            clock=self._tools.clock,
            start=start,
        )
        sink = self._tools.sink()

        async def written(offset: int) -> None:
            verification.advance(offset)
            download.received = verification.trusted(offset)
            download.active = self._tools.now()
            await checkpoints.advance(download.received)

        self._interrupt = sink.stop
        try:
            await sink.receive(remote, part, offset=start, size=download.grab.size, written=written)
            await checkpoints.finish(download.received)
        except Overlong:
            await checkpoints.finish(0)
            await self._commit(0)
            checkpoints.durable = 0
            raise
        except (PeerError, Stopped):
            await checkpoints.finish(download.received)
            raise
        finally:
            self._interrupt = None
            with suppress(Exception):  # it is not the first error, or finish() raised it already
                await checkpoints.settle()
            download.received = checkpoints.durable

    def _commit(self, received: int) -> Deferred[None]:
        download = self._download
        return self._tools.store.checkpoint(
            download.hash,
            received=received,
            etag=download.etag,
            active=download.active,
            checked=download.checked,
            seconds=download.seconds,
        )

    async def _publish(self) -> None:
        download = self._download
        for file in candidates(download.file):
            self._go_on()
            if file != download.file:
                download.file = file
                await self._tools.store.save_state([download])
            if await self._disk.run(self._folder.publish, download.hash, download.folder, file):
                return
        raise DiskTrouble(f"the name {download.file} is taken")

    async def _complete(self) -> None:
        download = self._download
        await self._tools.store.save_state([_completed(evolve(download), self._tools.now())])
        _completed(download, self._tools.now())
        with suppress(DiskTrouble):  # an empty folder stays until the next start
            await self._disk.run(self._folder.discard_part, download.hash)

    def _go_on(self) -> None:
        if self.stopping:
            raise Stopped
