"""What lies on the disk of a download that nobody works on: looked at again, or removed."""

from __future__ import annotations

from twisted.logger import Logger

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.model.file import DownloadFile
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
        Remove them; the finished files of a complete download only when asked for: of what was not complete nobody
        knows yet. A disk that is not there can't keep a row in the list; what remains of a part is swept away later.
        """
        try:
            ours = delete_files or download.state is not State.COMPLETED
            finished = [file for file in download.files if ours and await self._is_finished(file)]
            await self._disk.run(self._folder.discard_parts, download.hash)
            for file in finished:
                await self._disk.run(self._folder.discard_finished, download.folder, file.path)
            await self._disk.run(self._folder.tidy, download.folder, download.files[0].path)
        except DiskTrouble as error:
            _log.warn("{title}: its files are not removed: {error}", title=download.grab.title, error=str(error))

    async def _is_finished(self, file: DownloadFile) -> bool:
        """
        Whether it has its name, perhaps since just before a crash. As long as its part is there it has not: under that
        name lies another one's then, such as what was kept of an earlier grab (F12).
        """
        whole = not file.left and await self._disk.run(self._folder.part_size, file.hash, file.number) is None
        return file.done or whole

    async def look_again(self, download: Download) -> bool:
        """
        Whether all is there that should be: each finished file with its size, or of an unfinished one some bytes, which
        are compared again. What is not is forgotten. Raises ``DiskTrouble``.
        """
        await self._disk.run(self._folder.check)
        for file in download.files:
            await self._look_at(download.folder, file)
        whole = download.state is not State.COMPLETED or not download.left
        download.completed = download.completed if whole else None
        return whole

    async def _look_at(self, folder: str, file: DownloadFile) -> None:
        if not file.done:
            size = await self._disk.run(self._folder.part_size, file.hash, file.number) or 0
            file.settle(file.there.clipped(size), Coverage())
        elif await self._disk.run(self._folder.finished_size, folder, file.path) != file.size:
            await self._disk.run(self._folder.discard_finished, folder, file.path)
            file.forget()
