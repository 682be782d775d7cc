"""``torrents/*``: what a client reads of its downloads, and what it does with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from jackd.model.download import Download, State
from jackd.model.errors import BadRequest, Conflict
from jackd.ports import Downloads
from jackd.qbittorrent import contents, wire
from jackd.qbittorrent.adding import share_limits
from jackd.qbittorrent.calls import Actions, Answer, Call
from jackd.qbittorrent.queue import Queue, select

_FILE_PRIORITIES = {"0", "1", "6", "7"}


class Reading:
    """What does not change anything."""

    actions: ClassVar[Actions] = Actions()

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    @actions.read("torrents/info")
    async def info(self, call: Call) -> Answer:
        """``filter``, ``category``, ``tag``, ``hashes`` choose; ``sort``, ``reverse``, ``offset``, ``limit`` cut."""
        return [shown.json for shown in select(self._queue.shown(call.view), call)]

    @actions.read("torrents/properties")
    async def properties(self, call: Call) -> Answer:
        """More about ``hash``."""
        return wire.properties(self._queue.one(call), call.view)

    @actions.read("torrents/files")
    async def files(self, call: Call) -> Answer:
        """The files of ``hash``, or those that ``indexes`` names."""
        files = contents.files(self._queue.one(call))
        indexes = call.words("indexes", "|")
        known = {str(file["index"]): file for file in files}
        for index in indexes:
            if index not in known:
                raise Conflict(f"Index {index} is out of bounds.")
        return [known[index] for index in indexes] or files

    @actions.read("torrents/trackers")
    async def trackers(self, call: Call) -> Answer:
        """Where the data comes from: the friend, and why he does not give it."""
        return wire.trackers(self._queue.one(call))

    @actions.read("torrents/webseeds")
    async def web_seeds(self, call: Call) -> Answer:
        """There are none."""
        self._queue.one(call)
        return []

    @actions.read("torrents/pieceHashes")
    async def piece_hashes(self, call: Call) -> Answer:
        """All zero, as in the stub."""
        return ["0" * 40] * len(contents.pieces_of(self._queue.one(call)))

    @actions.read("torrents/pieceStates")
    async def pieces(self, call: Call) -> Answer:
        """For progress bars."""
        return [*contents.pieces_of(self._queue.one(call))]

    @actions.read("torrents/export")
    async def export(self, call: Call) -> Answer:
        """A stub is good for one grab and not kept."""
        self._queue.one(call)
        raise Conflict("Unable to export torrent file")


class Changing:
    """What the queue can do; unknown hashes are passed over (F48)."""

    actions: ClassVar[Actions] = Actions()

    def __init__(self, downloads: Downloads, queue: Queue) -> None:
        self._downloads = downloads
        self._queue = queue

    @actions.change("torrents/pause", "torrents/stop")
    async def pause(self, call: Call) -> Answer:
        """``hashes``."""
        await self._downloads.pause(self._queue.hashes(call))
        return ""

    @actions.change("torrents/resume", "torrents/start")
    async def resume(self, call: Call) -> Answer:
        """``hashes``."""
        await self._downloads.resume(self._queue.hashes(call))
        return ""

    @actions.change("torrents/recheck")
    async def recheck(self, call: Call) -> Answer:
        """``hashes``."""
        await self._downloads.recheck(self._queue.hashes(call))
        return ""

    @actions.change("torrents/delete")
    async def delete(self, call: Call) -> Answer:
        """``hashes``; ``deleteFiles`` may be missing: the *arrs leave it out to keep the data (F47)."""
        await self._downloads.delete(self._queue.hashes(call), delete_files=call.flag("deleteFiles"))
        return ""

    @actions.change("torrents/setForceStart")
    async def force(self, call: Call) -> Answer:
        """``hashes``, ``value``; what is paused goes on when it is forced."""
        call.need("hashes", "value")
        chosen, value = self._queue.chosen(call), call.flag("value")
        await self._downloads.set_forced([d.hash for d in chosen], value)
        if value:
            await self._downloads.resume([d.hash for d in chosen if d.state is State.PAUSED])
        return ""

    @actions.change("torrents/setShareLimits")
    async def share(self, call: Call) -> Answer:
        """``hashes``, ``ratioLimit``, ``seedingTimeLimit``; what is no number counts as 0."""
        call.need("hashes", "ratioLimit", "seedingTimeLimit")
        await self._downloads.set_share_limits(self._queue.hashes(call), *share_limits(call))
        return ""

    async def _move(self, call: Call, where: str) -> Answer:
        await self._downloads.move(self._queue.hashes(call), where)
        return ""

    @actions.change("torrents/topPrio")
    async def top(self, call: Call) -> Answer:
        """``hashes``."""
        return await self._move(call, "top")

    @actions.change("torrents/bottomPrio")
    async def bottom(self, call: Call) -> Answer:
        """``hashes``."""
        return await self._move(call, "bottom")

    @actions.change("torrents/increasePrio")
    async def up(self, call: Call) -> Answer:
        """``hashes``."""
        return await self._move(call, "up")

    @actions.change("torrents/decreasePrio")
    async def down(self, call: Call) -> Answer:
        """``hashes``."""
        return await self._move(call, "down")


class Limits:
    """The speed limits of each download."""

    actions: ClassVar[Actions] = Actions()

    def __init__(self, downloads: Downloads, queue: Queue) -> None:
        self._downloads = downloads
        self._queue = queue

    def _each(self, call: Call, rate: Callable[[Download], int]) -> Answer:
        """For each of ``hashes``; 0 is no limit, -1 stands for what is not there."""
        call.need("hashes")
        names = [name.lower() for name in call.words("hashes", "|")]
        there = {download.hash: download for download in self._queue.seen(call.view)}
        return {name: rate(there[name]) if name in there else -1 for name in names}

    @actions.read("torrents/downloadLimit")
    async def download_limits(self, call: Call) -> Answer:
        """Bytes/s of each of ``hashes``."""
        return self._each(call, lambda download: download.download_limit)

    @actions.read("torrents/uploadLimit")
    async def upload_limits(self, call: Call) -> Answer:
        """The same; nothing is uploaded of a download, so it is only what was set."""
        return self._each(call, lambda download: download.upload_limit)

    @actions.change("torrents/setDownloadLimit")
    async def limit_download(self, call: Call) -> Answer:
        """``hashes``, ``limit``: bytes/s, 0 for no limit."""
        call.need("hashes", "limit")
        await self._downloads.set_speed_limits(self._queue.hashes(call), download=call.rate("limit"))
        return ""

    @actions.change("torrents/setUploadLimit")
    async def limit_upload(self, call: Call) -> Answer:
        """``hashes``, ``limit``; without effect."""
        call.need("hashes", "limit")
        await self._downloads.set_speed_limits(self._queue.hashes(call), upload=call.rate("limit"))
        return ""


class Unsupported:
    """
    What only makes sense for BitTorrent. Settings without a meaning here are taken and forgotten; what a client would
    rely on afterwards (another name, another folder) is refused.
    """

    actions: ClassVar[Actions] = Actions()

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    @actions.change(
        "torrents/reannounce",
        "torrents/setAutoManagement",
        "torrents/setSuperSeeding",
        "torrents/toggleSequentialDownload",
        "torrents/toggleFirstLastPiecePrio",
        "torrents/addPeers",
    )
    async def for_hashes(self, call: Call) -> Answer:
        """``hashes`` and a setting."""
        call.need("hashes")
        return ""

    @actions.change("torrents/addTrackers", "torrents/removeTrackers", "torrents/editTracker")
    async def for_trackers(self, call: Call) -> Answer:
        """``hash`` and its trackers."""
        self._queue.one(call)
        return ""

    @actions.change("torrents/filePrio")
    async def file_priority(self, call: Call) -> Answer:
        """``hash``, ``id``, ``priority``: all files are wanted, and stay so."""
        _, ids, priority = call.need("hash", "id", "priority")
        if priority not in _FILE_PRIORITIES:
            raise BadRequest("Priority is not valid")
        if not all(part.isdecimal() for part in ids.split("|")):
            raise BadRequest("File IDs must be integers")
        files = self._queue.one(call).files
        if any(int(part) >= len(files) for part in call.words("id", "|")):
            raise Conflict("File ID is not valid")
        return ""

    @actions.change("torrents/rename")
    async def rename(self, call: Call) -> Answer:
        """The name is what the *arrs know a grab by."""
        call.need("name")
        self._queue.one(call)
        raise Conflict("Incorrect torrent name")

    @actions.change("torrents/renameFile", "torrents/renameFolder")
    async def rename_file(self, call: Call) -> Answer:
        """``hash``, ``oldPath``, ``newPath``."""
        old, _ = call.need("oldPath", "newPath")
        self._queue.one(call)
        raise Conflict(f"No such file: '{old}'.")

    @actions.change("torrents/setLocation")
    async def move(self, call: Call) -> Answer:
        """Where grabs go is the configuration's business."""
        _, path = call.need("hashes", "location")
        if not path:
            raise BadRequest("Save path cannot be empty")
        if self._queue.chosen(call):
            raise Conflict("Cannot make save path")
        return ""
