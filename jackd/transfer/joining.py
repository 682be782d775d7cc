"""Who else has the same content may help: found while the first bytes come already."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from jackd.model.file import DownloadFile
from jackd.model.manifest import Manifest
from jackd.model.release import Source
from jackd.transfer.finder import ManifestFinder
from jackd.transfer.lanes import Lanes
from jackd.transfer.seeders import Seeders
from jackd.transfer.tools import Tools

MAX_ASKED = 8
"""Friends of whom the manifest is wanted."""

_log = Logger(namespace="jackd.transfer")


class Joining:
    """
    Of one attempt. Whoever says that his file has the same root becomes a seeder; his word is enough, for each block
    that he gives is compared.
    """

    def __init__(self, file: DownloadFile, *, seeders: Seeders, lanes: Lanes, tools: Tools) -> None:
        self._file = file
        self._seeders = seeders
        self._lanes = lanes
        self._tools = tools
        self._asking: list[Deferred[None]] = []
        self._begun = False

    def begin(self, manifest: Manifest) -> None:
        """Look for friends with that content."""
        if not self._begun:
            self._begun = True
            self._do(self._look(manifest))

    def stop(self) -> None:
        """Nobody joins any more."""
        self._begun = True
        for asking in list(self._asking):
            asking.cancel()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self._lanes.joining += 1
        asking = Deferred.fromCoroutine(work)
        self._asking.append(asking)
        asking.addErrback(self._broken).addBoth(self._done, asking)

    def _broken(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            _log.failure("somebody could not join {title}", failure, title=self._file.title)

    def _done(self, _: object, asking: Deferred[None]) -> None:
        self._asking.remove(asking)
        self._lanes.joining -= 1
        self._lanes.refill()

    async def _look(self, manifest: Manifest) -> None:
        known = self._seeders.sources()
        others = [source for source in await others_of(self._file, self._tools) if source not in known]
        for source in others[:MAX_ASKED]:
            self._do(self._ask(source, manifest))

    async def _ask(self, source: Source, manifest: Manifest) -> None:
        tools = self._tools
        finder = ManifestFinder(self._file, store=tools.manifests, files=tools.files, clock=tools.clock)
        found = await finder.ask(source)
        if found is None or (found.size, found.root) != (manifest.size, manifest.root):
            return
        self._seeders.add(source, found.etag)
        told = {"title": self._file.title, "hash": self._file.hash}
        _log.info("{title}: {peer} has the same file and helps", peer=source.peer_name, **told)


async def others_of(file: DownloadFile, tools: Tools) -> list[Source]:
    """Who seems to have the file beside its lead; the friend of the grab first, when he is not the lead."""
    if file.wanted.is_extra:
        return []
    lead = file.lead or file.source
    found = await tools.files.sources(lead.peer, lead.item, size=file.size, title=file.release)
    return [source for source in dict.fromkeys([file.source, *found]) if source != lead]
