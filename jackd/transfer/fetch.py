"""One file, from what is on the disk to its final name."""

from __future__ import annotations

from attrs import evolve

from jackd.model.download import Download
from jackd.model.file import DownloadFile
from jackd.transfer.adoption import Adoption
from jackd.transfer.attempt import Attempt
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.placing import candidates
from jackd.transfer.sink import Stopped
from jackd.transfer.tools import Tools


class Fetch:
    """Runs once. It alone changes what is known of the file meanwhile, such as its ``path`` when that name is taken."""

    def __init__(self, download: Download, file: DownloadFile, tools: Tools) -> None:
        self._download = download
        self._file = file
        self._tools = tools
        self._disk = tools.disk
        self._folder = tools.folder
        self._stopped = False
        self._attempt: Attempt | None = None
        self._adoption: Adoption | None = None

    def stop(self) -> None:
        """Make :meth:`run` raise ``Stopped`` as soon as nothing is being written any more."""
        self._stopped = True
        if self._adoption is not None:
            self._adoption.stop()
        if self._attempt is not None:
            self._attempt.stop()

    @property
    def limited(self) -> bool:
        """Whether a speed limit of ours holds for anybody who gives it."""
        lead = self._file.lead or self._file.source
        return self._tools.limited(lead.peer) or (self._attempt is not None and self._attempt.lanes.limited)

    async def run(self) -> None:
        """
        Returns when the file has its final name and the database knows. Raises as :meth:`jackd.transfer.job.Job.run`
        does.
        """
        if not await self._is_there() and not await self._adopt():
            await self._mark(done=False)
            await self._bring()
            await self._publish()
        await self._mark(done=True)

    async def _is_there(self) -> bool:
        """
        An earlier attempt may have brought it, and somebody have taken it away since; or a crash may have come between
        the renaming and the database's knowing of it (F2).
        """
        file, folder = self._file, self._download.folder
        if file.left:
            return False
        part = await self._disk.run(self._folder.part_size, file.hash, file.number)
        size = await self._disk.run(self._folder.finished_size, folder, file.path)
        if part is not None or size != file.size:
            return False
        await self._disk.run(self._folder.settle, folder, file.path)
        return True

    async def _adopt(self) -> bool:
        self._adoption = Adoption(self._download, self._file, self._tools, go_on=self._go_on)
        try:
            return await self._adoption.run()
        finally:
            self._adoption = None

    async def _bring(self) -> None:
        self._go_on()
        file = self._file
        part = await self._disk.run(self._folder.open_part, file.hash, file.there.end, file.number)
        self._attempt = attempt = Attempt(self._download, file, part, self._tools)
        try:
            self._go_on()
            await attempt.run()
        finally:
            await attempt.close()
            self._attempt = None
            await self._disk.run(part.close)

    async def _publish(self) -> None:
        file, folder = self._file, self._download.folder
        for path in candidates(file.path):
            self._go_on()
            if path != file.path:
                file.path = path
                await self._tools.store.save_file(file)
            if await self._disk.run(self._folder.publish, file.hash, folder, path, file.number):
                return
        raise DiskTrouble(f"the name {file.path} is taken")

    async def _mark(self, *, done: bool) -> None:
        if self._file.done is not done:
            await self._tools.store.save_file(evolve(self._file, done=done))
            self._file.done = done

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopped
