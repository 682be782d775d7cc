"""One attempt at one download: its folder, its files one after the other, the end of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.model.download import Download, State
from jackd.model.errors import NotFound, PeerError
from jackd.model.file import DownloadFile
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.fetch import Fetch
from jackd.transfer.placing import folder_of
from jackd.transfer.seeders import is_for_good
from jackd.transfer.sink import Stopped
from jackd.transfer.source import opened
from jackd.transfer.tools import Tools

EXTRA_TRIES = 3
FIRST_PAUSE, LAST_PAUSE = 2.0, 30.0
"""Seconds between two tries at what lies beside a video; the friend may ask for more than the first, up to the last."""

_log = Logger(namespace="jackd.transfer")


def _completed(download: Download, now: float) -> Download:
    download.state, download.completed = State.COMPLETED, now
    download.attempts, download.retry_at, download.reason = 0, 0.0, ""
    return download


class Job:
    """
    Runs once. Each file gets its final name as soon as it is whole; the download is complete, and an *arr looks at it,
    when all of them are.

    :ivar stopping: whether :meth:`stop` was called.
    """

    def __init__(self, download: Download, tools: Tools, *, claimed_space: Callable[[], int] = lambda: 0) -> None:
        self.stopping = False
        self._download = download
        self._tools = tools
        self._disk = tools.disk
        self._folder = tools.folder
        self._claimed_space = claimed_space
        self._fetch: Fetch | None = None
        self._pause: Deferred[None] | None = None
        self._failed, self._reason = 0, ""

    def stop(self) -> None:
        """Make :meth:`run` raise ``Stopped`` as soon as nothing is being written any more."""
        self.stopping = True
        if self._fetch is not None:
            self._fetch.stop()
        if self._pause is not None:
            self._pause.cancel()

    @property
    def limited(self) -> bool:
        """Whether a speed limit of ours holds for anybody who gives it."""
        return self._fetch is not None and self._fetch.limited

    async def run(self) -> None:
        """
        Returns when all files have their final names and the database knows.

        :raises PeerError: the friends failed us.
        :raises DiskTrouble: the completed folder can't be used.
        :raises Stopped: after :meth:`stop`; what came is kept.
        """
        await self._prepare()
        for file in self._download.files:
            self._go_on()
            if not file.left_out:
                await (self._try_extra(file) if file.wanted.is_extra else self._bring(file))
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
        for file in download.files:
            await self._forget(file)
        await self._tools.store.save_settings([download])

    async def _forget(self, file: DownloadFile) -> None:
        file.forget()
        await self._tools.store.save_file(file)
        await self._tools.store.checkpoint(self._download, file, file.there, file.good)

    async def _bring(self, file: DownloadFile) -> None:
        self._fetch = Fetch(self._download, file, self._tools)
        try:
            await self._fetch.run()
        finally:
            self._fetch = None

    async def _try_extra(self, file: DownloadFile) -> None:
        """
        What lies beside a video never keeps it back for long: what is gone stays behind, and when the friend fails a
        few times in a row, so does all that is left.
        """
        while self._failed < EXTRA_TRIES:
            try:
                await self._bring(file)
                self._failed = 0
                return
            except (PeerError, NotFound) as error:
                self._reason = str(error)
                if is_for_good(error):
                    break
                self._failed += 1
                if self._failed < EXTRA_TRIES:
                    await self._wait(getattr(error, "retry_after", None) or 0.0)
        await self._leave_out(file, self._reason)

    async def _leave_out(self, file: DownloadFile, reason: str) -> None:
        await self._forget(file)
        file.left_out = reason
        await self._tools.store.save_file(file)
        _log.info("{name} stays behind: {reason}", name=file.wanted.name, hash=file.hash, reason=reason)

    async def _wait(self, asked: float) -> None:
        self._go_on()
        self._pause = deferLater(self._tools.clock, min(max(asked, FIRST_PAUSE), LAST_PAUSE))
        try:
            await opened(self._pause)
        finally:
            self._pause = None

    async def _complete(self) -> None:
        download = self._download
        copy = evolve(download, files=[evolve(file) for file in download.files])
        await self._tools.store.save_state([_completed(copy, self._tools.now())])
        _completed(download, self._tools.now())
        with suppress(DiskTrouble):  # an empty folder stays until the next start
            await self._disk.run(self._folder.discard_parts, download.hash)

    def _go_on(self) -> None:
        if self.stopping:
            raise Stopped
