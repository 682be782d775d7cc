"""What the friend says that the bytes must be."""

from __future__ import annotations

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.model.download import Download
from jackd.model.errors import PeerError
from jackd.model.manifest import Manifest
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
    Finds the manifest of one download: in the database, else at the friend's, who may need time for it.

    :ivar failing: whether the friend gave no answer at all when he was asked last.
    """

    def __init__(self, download: Download, *, store: ManifestStore, files: RemoteFiles, clock: IReactorTime) -> None:
        self.failing = False
        self._download = download
        self._grab = download.grab
        self._store = store
        self._files = files
        self._clock = clock

    async def find(self) -> Manifest | None:
        """The one that belongs to the download's bytes; ``None`` when there is none to be had. May be cancelled."""
        if self._download.etag is None:
            return None
        kept = await self._store.kept(self._grab.hash)
        if kept is not None and self._fits(kept):
            return kept
        for _ in range(MISFITS):
            found = await self._ask()
            if found is None:
                return None
            if self._fits(found):
                await self._store.keep(self._grab.hash, found)
                return found
        _log.info("{title}: the friend's manifest is of another file", title=self._grab.title, hash=self._grab.hash)
        return None

    def _fits(self, manifest: Manifest) -> bool:
        return manifest.size == self._grab.size and manifest.etag == self._download.etag

    async def _ask(self) -> Manifest | None:
        grab, pause = self._grab, FIRST_PAUSE
        for _ in range(MAX_ASKED):
            try:
                return await self._files.manifest(grab.peer, grab.item, size=grab.size)
            except PeerError as error:
                if not error.temporary:
                    _log.info("{title} has no manifest: {reason}", title=grab.title, reason=str(error))
                    return None
                self.failing = error.retry_after is None
                await deferLater(self._clock, min(max(error.retry_after or 0.0, pause), LAST_PAUSE))
                pause *= 2 if self.failing else 1
        return None
