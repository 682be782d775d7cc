"""The download queue: rows in the database, the truth for reading in memory, a few jobs at a time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from jackd.config.settings import DownloadSettings
from jackd.model.download import Download, State
from jackd.model.errors import Unavailable
from jackd.model.filenames import safe_path
from jackd.model.grab import Grab
from jackd.model.history import Event
from jackd.ports import RemoteFiles
from jackd.storage.downloads import DownloadStore
from jackd.storage.manifests import ManifestStore
from jackd.storage.threads import Workers
from jackd.transfer.completed import CompletedFolder
from jackd.transfer.disk import Disk, DiskTrouble
from jackd.transfer.entry import Entry, Rows
from jackd.transfer.order import moved
from jackd.transfer.placing import new_download
from jackd.transfer.remains import Remains
from jackd.transfer.retry import RetryPolicy
from jackd.transfer.runner import Runner
from jackd.transfer.sink import BufferedSink, Sink
from jackd.transfer.tools import Tools
from jackd.transfer.turns import Turns, uncancelled
from jackd.web.rate import Direction, Flow

MAX_ROWS = 10_000

_RESUMABLE = (State.PAUSED, State.WAITING, State.FAILED)
_FORCEABLE = (State.PAUSED, State.WAITING)

_log = Logger(namespace="jackd.transfer")


class DownloadQueue(Service):
    """
    Implements the port :class:`~jackd.ports.Downloads`.

    Call :meth:`load` on the open database before the reactor runs. Every change is on disk when its Deferred fires,
    and goes on to its end when its caller goes away. For each hash one change runs at a time, and no job starts
    meanwhile.

    :param disk: threads of the completed folder's own, so that a disk that hangs holds up nothing else (F50).
    :param digests: threads that compare what comes with the friends' manifests; the disk's by default.
    :param sink: makes the sink of each transfer; the portable one by default.
    :param speed: the limits of all downloads together, and of each friend's by the friend's id.
    :param over: told how each download came to its end, once the database knows.
    """

    def __init__(
        self,
        *,
        store: DownloadStore,
        manifests: ManifestStore,
        files: RemoteFiles,
        disk: Workers,
        digests: Workers | None = None,
        settings: DownloadSettings,
        clock: IReactorTime,
        now: Callable[[], float] = time.time,
        rng: Random | None = None,
        folder: CompletedFolder | None = None,
        sink: Callable[[Flow], Sink] | None = None,
        speed: Direction | None = None,
        over: Callable[[Download, Event], object] = lambda download, event: None,
    ) -> None:
        self.setName("downloads")
        idle_timeout = settings.idle_timeout_ms / 1000
        self._store = store
        self._now = now
        self._folder = folder or CompletedFolder(settings.completed_path)
        self._disk = Disk(disk)
        self._remains = Remains(self._folder, self._disk)
        self._rows = Rows()
        self._turns = Turns()
        self._last_position = 0
        portable = partial(BufferedSink, disk=self._disk, clock=clock, idle_timeout=idle_timeout)
        self._speed = speed or Direction()
        self._tools = Tools(
            store=store,
            manifests=manifests,
            files=files,
            folder=self._folder,
            disk=self._disk,
            digests=Disk(digests) if digests else self._disk,
            clock=clock,
            now=now,
            sink=lambda peer: portable(),
            limited=lambda peer: False,
            idle_timeout=idle_timeout,
        )
        self._runner = Runner(
            rows=self._rows,
            turns=self._turns,
            tools=self._tools,
            retry=RetryPolicy.of(settings, rng),
            slots=settings.max_concurrent_downloads,
            over=over,
            sink=sink or (lambda flow: portable(flow=flow)),
            speed=self._speed,
        )

    def load(self) -> None:
        """Read all rows. What was under way when jack stopped is queued again."""
        self._folder.claimed = self._store.is_claimed(self._folder.path)
        for download in self._store.all():
            if download.state in (State.DOWNLOADING, State.VERIFYING):
                download.state = State.QUEUED
            bucket = self._speed.bucket(download.download_limit)
            self._rows.append(Entry(download=download, best=download.received, bucket=bucket))
            self._last_position = max(self._last_position, download.position)

    def startService(self) -> None:
        super().startService()
        self._runner.start()

    def stopService(self) -> Deferred[None]:
        """
        Stops all jobs; what came is on disk and in the database when this fires. The disk's threads and the database
        must be there until then.
        """
        super().stopService()
        return self._runner.stop()

    @uncancelled
    async def make_folder(self, category: str) -> None:
        """Make the category's folder, of the empty one the completed folder itself. Raises ``DiskTrouble``."""
        await self._tools.claim_folder()
        await self._disk.run(self._folder.make, [name for name in safe_path(category).split("/") if name])

    def list(self) -> Sequence[Download]:
        """See :meth:`jackd.ports.Downloads.list`."""
        return [entry.download for entry in self._rows.all()]

    def get(self, hash: str) -> Download | None:
        """See :meth:`jackd.ports.Downloads.get`."""
        entry = self._rows.get(hash)
        return entry.download if entry else None

    def resize(self, slots: int) -> None:
        """Fetch so many at the same time from now on; what is being fetched goes on."""
        self._runner.resize(slots)

    @uncancelled
    async def add(self, grab: Grab, *, owner: str | None, category: str, paused: bool = False) -> bool:
        """
        See :meth:`jackd.ports.Downloads.add`. Raises ``UnsupportedMedia`` for what is no video of a sensible size and
        ``Unavailable`` when :data:`MAX_ROWS` are there.
        """
        async with self._held([grab.hash]) as there:
            if there:
                await self._set(there, category=category)
                return False
            state, position = State.PAUSED if paused else State.QUEUED, self._last_position + 1
            known = {"owner": owner, "state": state, "position": position, "added": self._now()}
            download = new_download(grab, self._folder.path, category=category, **known)
            if len(self._rows) >= MAX_ROWS:
                raise Unavailable(f"there are {MAX_ROWS} downloads already; remove some")
            self._last_position = position
            await self._store.insert(download)
            self._rows.append(Entry(download=download, bucket=self._speed.bucket()))
            _log.info("grabbed {title} from {peer}", title=grab.title, peer=grab.peer_name, hash=grab.hash)
            return True

    @uncancelled
    async def delete(self, hashes: Iterable[str], *, delete_files: bool) -> None:
        """See :meth:`jackd.ports.Downloads.delete`."""
        async with self._held(hashes, halt=True) as entries:
            for entry in entries:
                await self._remains.discard(entry.download, delete_files=delete_files)
            await self._store.remove([entry.download.hash for entry in entries])
            for entry in entries:
                self._rows.remove(entry)
                download = entry.download
                _log.info("removed {title}, {state}", title=download.grab.title, state=download.state.value)
                if not download.state.finished:
                    self._runner.tell(download, Event.REMOVED)

    @uncancelled
    async def pause(self, hashes: Iterable[str]) -> None:
        """See :meth:`jackd.ports.Downloads.pause`. What is finished, or failed for good, stays as it is."""
        async with self._held(hashes, halt=True) as entries:
            await self._put([e for e in entries if not e.download.state.finished], State.PAUSED)

    @uncancelled
    async def resume(self, hashes: Iterable[str]) -> None:
        """See :meth:`jackd.ports.Downloads.resume`. Also ends a waiting, and gives what failed another chance."""
        async with self._held(hashes) as entries:
            await self._put([e for e in entries if e.download.state in _RESUMABLE], State.QUEUED)

    @uncancelled
    async def recheck(self, hashes: Iterable[str]) -> None:
        """
        See :meth:`jackd.ports.Downloads.recheck`. A finished file that is not there, or has not its size, is
        downloaded again; of an unfinished one the bytes that are there count.
        """
        async with self._held(hashes, halt=True) as entries:
            for entry in entries:
                try:
                    await self._look_again(entry)
                except DiskTrouble as error:
                    _log.warn("{title} is not checked: {error}", title=entry.download.grab.title, error=str(error))

    @uncancelled
    async def set_forced(self, hashes: Iterable[str], forced: bool) -> None:
        """See :meth:`jackd.ports.Downloads.set_forced`. Forcing also resumes."""
        async with self._held(hashes) as entries:
            await self._set(entries, forced=forced)
            if forced:
                await self._put([e for e in entries if e.download.state in _FORCEABLE], State.QUEUED)

    async def set_category(self, hashes: Iterable[str], category: str) -> None:
        """See :meth:`jackd.ports.Downloads.set_category`. The files stay where they are."""
        await self._set(self._rows.known(hashes), category=category)

    async def set_tags(self, tags: Mapping[str, Sequence[str]]) -> None:
        """See :meth:`jackd.ports.Downloads.set_tags`: all tags that each of them has from now on."""
        entries = self._rows.known(tags)
        for entry in entries:
            entry.download.tags = tuple(tags[entry.download.hash])
        await self._set(entries)

    async def set_share_limits(self, hashes: Iterable[str], ratio: float, seeding_time: int) -> None:
        """See :meth:`jackd.ports.Downloads.set_share_limits`."""
        await self._set(self._rows.known(hashes), ratio_limit=ratio, seeding_time_limit=seeding_time)

    async def set_speed_limits(
        self, hashes: Iterable[str], *, download: int | None = None, upload: int | None = None
    ) -> None:
        """See :meth:`jackd.ports.Downloads.set_speed_limits`."""
        entries = self._rows.known(hashes)
        if download is not None:
            for entry in entries:
                entry.bucket.set(download)
        given = {"download_limit": download, "upload_limit": upload}
        await self._set(entries, **{name: rate for name, rate in given.items() if rate is not None})

    async def move(self, hashes: Iterable[str], where: str) -> None:
        """See :meth:`jackd.ports.Downloads.move`."""
        self._rows.arrange(moved([entry.download.hash for entry in self._rows.all()], set(hashes), where))
        displaced = []
        for position, entry in enumerate(self._rows.all(), 1):
            if entry.download.position != position:
                entry.download.position = position
                displaced.append(entry)
        await self._set(displaced)

    @asynccontextmanager
    async def _held(self, hashes: Iterable[str], *, halt: bool = False) -> AsyncIterator[Sequence[Entry]]:
        """Those of them that are there; nobody else changes them meanwhile, and no job starts on them."""
        hashes = tuple(hashes)
        try:
            async with self._turns.take(hashes):
                entries = self._rows.known(hashes)
                if halt:
                    await DeferredList([entry.halted() for entry in entries])
                yield entries
        finally:
            self._runner.fill()

    async def _set(self, entries: Sequence[Entry], **settings: Any) -> None:
        for entry in entries:
            for name, value in settings.items():
                setattr(entry.download, name, value)
        await self._store.save_settings([entry.download for entry in entries])

    async def _put(self, entries: Sequence[Entry], state: State) -> None:
        """Into ``state``, with a clean slate."""
        for entry in entries:
            entry.wait_no_more()
            entry.disk_waits = 0
            download = entry.download
            download.state, download.attempts, download.retry_at, download.reason = state, 0, 0.0, ""
        await self._store.save_state([entry.download for entry in entries])

    async def _look_again(self, entry: Entry) -> None:
        if not await self._remains.look_again(entry.download):
            entry.best = 0
            await self._put([entry], State.QUEUED)
        for file in entry.download.files:
            await self._store.save_file(file)
            await self._store.checkpoint(entry.download, file, file.there, file.good)
