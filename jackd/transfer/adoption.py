"""
A file that lies already where a download would put it, as after a grab that was removed from the list without its files
and is grabbed again. When it is what the friend has it is kept, and nothing is fetched.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.model.errors import NotFound, PeerError
from jackd.model.file import DownloadFile
from jackd.model.manifest import Manifest
from jackd.storage.digests import FileTooShort, digest_span
from jackd.transfer.finder import ManifestFinder
from jackd.transfer.source import opened
from jackd.transfer.tools import Tools
from jackd.transfer.verification import BLOCKS_AT_ONCE, PATIENCE_SECONDS

_log = Logger(namespace="jackd.transfer")


class Adoption:
    """
    Of one file. It is only read, never written: it may be a hard link into somebody's library.

    :param go_on: called now and then; raises what ends it.
    """

    def __init__(self, download: Download, file: DownloadFile, tools: Tools, *, go_on: Callable[[], None]) -> None:
        self._download = download
        self._file = file
        self._tools = tools
        self._go_on = go_on
        self._asking: Deferred[Manifest | None] | None = None

    def stop(self) -> None:
        """Ask nobody any more."""
        if self._asking is not None:
            self._asking.cancel()

    async def run(self) -> bool:
        """
        Whether the file is there, is right, and the database knows. Of what lies beside a video nobody has digests: it
        need only be as large. Raises ``DiskTrouble``, ``Stopped``.
        """
        file = self._file
        if file.there or await self._size() != file.size:
            return False
        if not file.wanted.is_extra:
            manifest = await self._manifest()
            if manifest is None or not await self._is_it(manifest):
                return False
            await self._tools.manifests.keep(file.key, manifest)
            file.etag = manifest.etag
        await self._keep()
        _log.info("{title} was there already, and is right", title=file.title, hash=file.hash)
        return True

    async def _size(self) -> int | None:
        return await self._tools.disk.run(self._tools.folder.finished_size, self._download.folder, self._file.path)

    async def _manifest(self) -> Manifest | None:
        """The friend's, of whatever he has now; nobody waits for it longer than for that of a finished download."""
        tools, file = self._tools, self._file
        finder = ManifestFinder(file, store=tools.manifests, files=tools.files, clock=tools.clock)
        self._asking = Deferred.fromCoroutine(finder.ask(file.source)).addTimeout(PATIENCE_SECONDS, tools.clock)
        try:
            found = await opened(self._asking)
        except (PeerError, NotFound):
            return None
        finally:
            self._asking = None
        return found if found is not None and found.size == file.size else None

    async def _is_it(self, manifest: Manifest) -> bool:
        self._download.state = State.VERIFYING
        open_file = self._tools.folder.open_finished
        descriptor = await self._tools.disk.run(open_file, self._download.folder, self._file.path)
        try:
            for first in range(0, manifest.count, BLOCKS_AT_ONCE):
                self._go_on()
                last = min(manifest.count, first + BLOCKS_AT_ONCE)
                if not await self._tools.digests.run(_are_right, descriptor, manifest, first, last):
                    return False
            await self._tools.disk.run(os.fsync, descriptor)
        finally:
            os.close(descriptor)
        return True

    async def _keep(self) -> None:
        file, whole = self._file, Coverage.of(0, self._file.size)
        good = Coverage() if file.wanted.is_extra else whole
        await self._tools.disk.run(self._tools.folder.settle, self._download.folder, file.path)
        await self._tools.store.checkpoint(self._download, file, whole, good)
        file.settle(whole, good)


def _are_right(descriptor: int, manifest: Manifest, first: int, last: int) -> bool:
    with suppress(FileTooShort):
        return all(digest_span(descriptor, *manifest.span(n)) == manifest.digest(n) for n in range(first, last))
    return False
