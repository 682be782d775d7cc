"""A download queue with everything around it in memory, but for the completed folder, which is real."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed

from jackd.config.settings import DownloadSettings
from jackd.model.download import Download, State
from jackd.model.errors import PeerError
from jackd.model.grab import Grab, GrabFile
from jackd.model.history import Event
from jackd.model.manifest import Manifest
from jackd.model.release import Source
from jackd.storage.database import Database
from jackd.storage.downloads import DownloadStore
from jackd.storage.manifests import ManifestStore
from jackd.storage.reading import Readers
from jackd.storage.threads import InlineWorkers
from jackd.transfer.completed import CompletedFolder
from jackd.transfer.queue import DownloadQueue
from jackd.web.rate import Direction
from tests.support import result_of

GIB = 1024**3
CONTENT = bytes(range(256)) * 40
TITLE = "The.Matrix.1999.1080p.BluRay.x264-GRP"
FILE = f"{TITLE}/{TITLE}.mkv"
NOW = 1_800_000_000.0
KILLED: list[object] = []
"""What was killed must not come to life again when its coroutines are collected."""


def never() -> Deferred:
    """Something that will not come."""
    deferred: Deferred = Deferred()
    KILLED.append(deferred)
    return deferred


def a_grab(number: int = 1, *, size: int = len(CONTENT), **values: Any) -> Grab:
    known = {"peer": "aaaaaaaa", "peer_name": "Alice", "item": "bbbbbbbb:movie:1", "title": TITLE, "filename": "x.mkv"}
    return Grab(hash=f"{number:08x}" + "0" * 32, size=size, **{**known, **values})


def a_season(number: int = 1, *, size: int = len(CONTENT)) -> Grab:
    """Two episodes, and what lies beside each."""
    names = ("S01E01.mkv", "S01E02.mkv", "S01E01.en.srt", "S01E02.en.srt")
    files = [GrabFile(item=f"bbbbbbbb:{name}", name=name, size=size) for name in names]
    return a_grab(number, size=size * len(files), title="S01", files=files)


class Transport:
    """What a body's receiver can do to its sender."""

    def __init__(self) -> None:
        self.paused = False
        self.pauses = 0

    def pauseProducing(self) -> None:
        assert not self.paused
        self.paused = True
        self.pauses += 1

    def resumeProducing(self) -> None:
        assert self.paused
        self.paused = False


class FakeFile:
    """One answer of a friend; the test plays the friend."""

    def __init__(self, content: bytes, *, start: int, etag: str | None, size: int | None = None) -> None:
        self.content = content
        self.start = start
        self.etag = etag
        self.size = len(content) if size is None else size
        self.aborted = False
        self.delivering = False
        self.at = start
        self.transport = Transport()
        self.script = None

    def deliver(self, receiver) -> None:
        self.delivering = True
        self.receiver = receiver
        receiver.makeConnection(self.transport)
        if self.script is not None:
            self.script(self)

    def abort(self) -> None:
        self.aborted = True

    def send(self, count: int | None = None, *, piece: int = 4096) -> FakeFile:
        end = min(len(self.content), self.at + (count or len(self.content)))
        while self.at < end and not self.transport.paused:
            data = self.content[self.at : min(end, self.at + piece)]
            self.at += len(data)
            self.receiver.dataReceived(data)
        return self

    def end(self) -> None:
        self.receiver.connectionLost(Failure(ResponseDone()))

    def lose(self) -> None:
        self.receiver.connectionLost(Failure(ResponseFailed([Failure(ConnectionLost())])))

    def whole(self) -> None:
        self.send()
        self.end()


class FakeFiles:
    """
    A friend with one file.

    :ivar script: what the friend does with each answer; ``FakeFile.whole`` by default.
    :ivar errors: raised instead of the next answers.
    :ivar silent: whether he never answers.
    :ivar ranges: whether he can continue.
    :ivar manifests: what he answers when he is asked for the manifest, one after the other; the last stays.
    :ivar parts_asked: the blocks that were asked for again, answered by ``part_errors`` and ``part_script``.
    """

    def __init__(self) -> None:
        self.content = CONTENT
        self.etag: str | None = '"one"'
        self.size: int | None = None
        self.asked: list[tuple[int, str | None]] = []
        self.opened: list[FakeFile] = []
        self.errors: list[Exception] = []
        self.silent = False
        self.ranges = True
        self.script = FakeFile.whole
        self.manifests: list[Manifest | Exception | Deferred | None] = []
        self.manifests_asked = 0
        self.parts_asked: list[tuple[int, int]] = []
        self.parts: list[FakeFile] = []
        self.part_errors: list[Exception] = []
        self.part_script = FakeFile.whole

    async def manifest(self, peer: str, item_id: str, *, size: int) -> Manifest | None:
        self.manifests_asked += 1
        if self.manifests and isinstance(self.manifests[0], Deferred):
            return await self.manifests.pop(0)
        answer = self.manifests.pop(0) if len(self.manifests) > 1 else (self.manifests or [None])[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def open(
        self,
        peer: str,
        item_id: str,
        *,
        start: int = 0,
        stop: int | None = None,
        etag: str | None = None,
        size: int | None = None,
    ) -> FakeFile:
        if stop is not None:
            return self._part(start, stop, etag)
        self.asked.append((start, etag))
        if self.errors:
            raise self.errors.pop(0)
        if self.silent:
            await never()
        same = etag is None or etag == self.etag
        file = FakeFile(self.content, start=start if same and self.ranges else 0, etag=self.etag, size=self.size)
        file.script = self.script
        self.opened.append(file)
        return file

    async def sources(self, peer: str, item_id: str, *, size: int, title: str) -> list[Source]:
        return []

    def _part(self, start: int, stop: int, etag: str | None) -> FakeFile:
        self.parts_asked.append((start, stop))
        if self.part_errors:
            raise self.part_errors.pop(0)
        file = FakeFile(self.content[:stop], start=start, etag=self.etag, size=len(self.content))
        file.script = self.part_script
        self.parts.append(file)
        return file

    @property
    def last(self) -> FakeFile:
        return self.opened[-1]


class StallingWorkers:
    """A disk that, when ``stalled``, takes jobs and does them only on :meth:`release`; ``error``: it fails them all."""

    def __init__(self) -> None:
        self.stalled = False
        self.error: Exception | None = None
        self.waiting = []
        self._inline = InlineWorkers()

    def run(self, job, *args):
        if self.error is not None:
            return fail(self.error)
        if not self.stalled:
            return self._inline.run(job, *args)
        done: Deferred = Deferred()
        self.waiting.append((done, job, args))
        return done

    def release(self, count: int = 1_000_000) -> None:
        while self.waiting and count:
            count -= 1
            done, job, args = self.waiting.pop(0)
            self._inline.run(job, *args).chainDeferred(done)


class World:
    """A queue and its surroundings; :meth:`restart` makes a new queue on the same disk and database."""

    def __init__(self, path: Path, *, database: Database | None = None, disk=None, **settings: object) -> None:
        self.completed = path / "completed"
        self.database = database or Database.in_memory()
        self.files = FakeFiles()
        self.disk = disk or StallingWorkers()
        self.clock = Clock()
        self.wall = NOW
        self.free = 1000 * GIB
        self.over: list[tuple[Download, Event]] = []
        self.speed: Direction | None = None
        self.settings = DownloadSettings(completed_path=self.completed, **settings)
        self.queue = self._queue()

    def _queue(self) -> DownloadQueue:
        # A new process: nobody waits for what the old one's threads were doing.
        self.database._readers = Readers(self.database._readers._workers, self.database._own)
        queue = DownloadQueue(
            store=DownloadStore(self.database),
            manifests=ManifestStore(self.database),
            files=self.files,
            disk=self.disk,
            settings=self.settings,
            clock=self.clock,
            now=lambda: self.wall + self.clock.seconds(),
            rng=Random(1),
            folder=CompletedFolder(self.completed, usage=lambda _: (10_000 * GIB, self.free + 100 * GIB)),
            over=lambda *told: self.over.append(told),
            speed=self.speed,
        )
        queue.load()
        return queue

    def start(self) -> World:
        self.queue.startService()
        return self

    def restart(self, *, start: bool = True) -> World:
        """As after ``kill -9``: the old queue is not told, and its timers never fire."""
        KILLED.append((self.queue, self.clock, list(self.files.opened)))
        seconds = self.clock.seconds()
        self.clock = Clock()
        self.clock.rightNow = seconds
        self.queue = self._queue()
        return self.start() if start else self

    def add(self, number: int = 1, *, category: str = "jack-x", paused: bool = False, **values) -> Download:
        grab = a_grab(number, **values)
        result_of(self.queue.add(grab, owner="x", category=category, paused=paused))
        return self.queue.get(grab.hash)

    def do(self, method: str, *args, **kwargs):
        return result_of(getattr(self.queue, method)(*args, **kwargs))

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def wait_often(self, seconds: int) -> None:
        """A second at a time."""
        for _ in range(seconds):
            self.clock.advance(1)

    def work(self) -> list[str]:
        """What lies in the work folder."""
        folder = self.completed / ".jack"
        return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.name != "marker")

    def finished(self) -> list[str]:
        """The finished files below the completed folder."""
        files = [p.relative_to(self.completed) for p in self.completed.rglob("*") if p.is_file()]
        return sorted(str(p) for p in files if p.parts[0] != ".jack")

    def states(self) -> list[State]:
        return [download.state for download in self.queue.list()]


def lost(reason: str = "no route") -> PeerError:
    return PeerError(reason)
