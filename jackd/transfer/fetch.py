"""One file, from what is on the disk to its final name."""

from __future__ import annotations

from jackd.model.download import Download
from jackd.transfer.attempt import Attempt
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.placing import candidates
from jackd.transfer.sink import Stopped
from jackd.transfer.tools import Tools


class Fetch:
    """
    Runs once. It alone changes meanwhile what the download says of its file's bytes, and ``file`` when that name is
    taken.
    """

    def __init__(self, download: Download, tools: Tools) -> None:
        self._download = download
        self._tools = tools
        self._disk = tools.disk
        self._folder = tools.folder
        self._stopped = False
        self._attempt: Attempt | None = None

    def stop(self) -> None:
        """Make :meth:`run` raise ``Stopped`` as soon as nothing is being written any more."""
        self._stopped = True
        if self._attempt is not None:
            self._attempt.stop()

    @property
    def limited(self) -> bool:
        """Whether a speed limit of ours holds for anybody who gives it."""
        lead = self._download.lead or self._download.grab.source
        return self._tools.limited(lead.peer) or (self._attempt is not None and self._attempt.swarm.limited)

    async def run(self) -> None:
        """Returns when the file has its final name. Raises as :meth:`jackd.transfer.job.Job.run` does."""
        if not await self._is_there():
            await self._bring()
            await self._publish()

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

    async def _bring(self) -> None:
        self._go_on()
        part = await self._disk.run(self._folder.open_part, self._download.hash, self._download.there.end)
        self._attempt = attempt = Attempt(self._download, part, self._tools)
        try:
            self._go_on()
            await attempt.run()
        finally:
            await attempt.close()
            self._attempt = None
            await self._disk.run(part.close)

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

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopped
