"""What friends say that the bytes must be."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.model.errors import PeerError
from jackd.model.file import DownloadFile
from jackd.model.manifest import Manifest
from jackd.model.release import Source
from jackd.ports import RemoteFiles
from jackd.storage.manifests import ManifestStore

MISFITS = 2
"""Manifests of another file that are looked at; then it goes without."""

MAX_ASKED = 1000
FIRST_PAUSE, LAST_PAUSE = 1.0, 60.0
"""Seconds between two questions; he may ask for more, up to the last one."""

_log = Logger(namespace="jackd.transfer")


class ManifestFinder:
    """
    Finds the manifest of one file: in the database, else at the lead's, who may need time for it.

    :ivar failing: whether he gave no answer at all when he was asked last.
    """

    def __init__(self, file: DownloadFile, *, store: ManifestStore, files: RemoteFiles, clock: IReactorTime) -> None:
        self.failing = False
        self._file = file
        self._store = store
        self._files = files
        self._clock = clock

    async def kept(self) -> Manifest | None:
        """The one that belongs to the file's bytes, if the database has it."""
        kept = await self._store.kept(self._file.key)
        return kept if kept is not None and self._fits(kept) else None

    async def find(self) -> Manifest | None:
        """The one that belongs to the file's bytes; ``None`` when there is none to be had. May be cancelled."""
        if self._file.etag is None:
            return None
        kept = await self.kept()
        if kept is not None:
            return kept
        for _ in range(MISFITS):
            found = await self.ask(self._file.lead or self._file.source)
            if found is None:
                return None
            if self._fits(found):
                await self._store.keep(self._file.key, found)
                return found
        _log.info("{title}: the friend's manifest is of another file", title=self._file.title, hash=self._file.hash)
        return None

    def _fits(self, manifest: Manifest) -> bool:
        return manifest.size == self._file.size and manifest.etag == self._file.etag

    async def ask(self, source: Source) -> Manifest | None:
        """What that friend says; waits while he computes it, or can't be reached. ``None`` when he says nothing."""
        pause = FIRST_PAUSE
        for _ in range(MAX_ASKED):
            try:
                return await self._files.manifest(source.peer, source.item, size=self._file.size)
            except PeerError as error:
                if not error.temporary:
                    _log.info("{title} has no manifest: {reason}", title=self._file.title, reason=str(error))
                    return None
                self.failing = error.retry_after is None
                await deferLater(self._clock, min(max(error.retry_after or 0.0, pause), LAST_PAUSE))
                pause *= 2 if self.failing else 1
        return None
