"""One attempt at one download: its folder, its files, the end of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from attrs import evolve

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.fetch import Fetch
from jackd.transfer.placing import folder_of
from jackd.transfer.tools import Tools


def _completed(download: Download, now: float) -> Download:
    download.state, download.completed = State.COMPLETED, now
    download.attempts, download.retry_at, download.reason = 0, 0.0, ""
    return download


class Job:
    """
    Runs once.

    :ivar stopping: whether :meth:`stop` was called.
    """

    def __init__(self, download: Download, tools: Tools, *, claimed_space: Callable[[], int] = lambda: 0) -> None:
        self.stopping = False
        self._download = download
        self._tools = tools
        self._disk = tools.disk
        self._folder = tools.folder
        self._claimed_space = claimed_space
        self._fetch = Fetch(download, tools)

    def stop(self) -> None:
        """Make :meth:`run` raise ``Stopped`` as soon as nothing is being written any more."""
        self.stopping = True
        self._fetch.stop()

    @property
    def limited(self) -> bool:
        """Whether a speed limit of ours holds for anybody who gives it."""
        return self._fetch.limited

    async def run(self) -> None:
        """
        Returns when the file has its final name and the database knows.

        :raises PeerError: the friends failed us.
        :raises DiskTrouble: the completed folder can't be used.
        :raises Stopped: after :meth:`stop`; what came is kept.
        """
        await self._prepare()
        await self._fetch.run()
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
        download.settle(Coverage(), Coverage())
        download.etag = download.lead = None
        await self._tools.store.checkpoint(download, download.there, download.good)
        await self._tools.store.save_settings([download])

    async def _complete(self) -> None:
        download = self._download
        await self._tools.store.save_state([_completed(evolve(download), self._tools.now())])
        _completed(download, self._tools.now())
        with suppress(DiskTrouble):  # an empty folder stays until the next start
            await self._disk.run(self._folder.discard_part, download.hash)
