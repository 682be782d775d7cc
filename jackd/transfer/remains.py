"""What lies on the disk of a download that nobody works on: looked at again, or removed."""

from __future__ import annotations

from twisted.logger import Logger

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.transfer.completed import CompletedFolder
from jackd.transfer.disk import Disk, DiskTrouble

_log = Logger(namespace="jackd.transfer")


class Remains:
    """Of all downloads; each is looked at by one caller at a time."""

    def __init__(self, folder: CompletedFolder, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk

    async def discard(self, download: Download, *, delete_files: bool) -> None:
        """
        Remove them, finished files only when asked for. A disk that is not there can't keep a row in the list; what
        remains of a part is swept away later.
        """
        unseen = download.state is not State.COMPLETED and not download.left
        try:
            await self._disk.run(self._folder.discard_part, download.hash)
            if delete_files or unseen:
                await self._disk.run(self._folder.discard_finished, download.folder, download.file)
            await self._disk.run(self._folder.tidy, download.folder, download.file)
        except DiskTrouble as error:
            _log.warn("{title}: its files are not removed: {error}", title=download.grab.title, error=str(error))

    async def look_again(self, download: Download) -> bool:
        """
        Whether all is there that should be: the finished file with its size, or of an unfinished one some bytes, which
        are compared again. What is not is forgotten. Raises ``DiskTrouble``.
        """
        await self._disk.run(self._folder.check)
        if download.state is not State.COMPLETED:
            size = await self._disk.run(self._folder.part_size, download.hash) or 0
            download.settle(download.there.clipped(size), Coverage())
            return True
        if await self._disk.run(self._folder.finished_size, download.folder, download.file) == download.grab.size:
            return True
        await self._disk.run(self._folder.discard_finished, download.folder, download.file)
        download.settle(Coverage(), Coverage())
        download.etag = download.lead = download.completed = None
        return False
