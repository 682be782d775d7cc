"""Blocks that were not what the manifest says are fetched again (F25)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.model.download import Download
from jackd.model.errors import PeerError
from jackd.model.manifest import Manifest
from jackd.ports import RemoteFile, RemoteFiles
from jackd.transfer.part import Part
from jackd.transfer.sink import Sink, Stopped
from jackd.transfer.source import opened

MAX_BAD = 16
"""Wrong blocks in one attempt. A line does not garble that much; a friend who is broken does."""

TRIES = 3
PAUSE_SECONDS = 2.0
MEND_SECONDS = 300.0
"""For one block, once its first byte may come."""

T = TypeVar("T")

_log = Logger(namespace="jackd.transfer")


class Mender:
    """
    Of one attempt.

    :param sink: makes the sink of one transfer.
    :param idle_timeout: seconds without an answer.
    """

    def __init__(
        self,
        download: Download,
        part: Part,
        *,
        files: RemoteFiles,
        sink: Callable[[], Sink],
        clock: IReactorTime,
        idle_timeout: float,
    ) -> None:
        self._download = download
        self._part = part
        self._files = files
        self._sink = sink
        self._clock = clock
        self._idle_timeout = idle_timeout
        self._mended: set[int] = set()
        self._interrupt: Callable[[], object] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Make :meth:`mend` raise ``Stopped`` as soon as nothing is being written any more."""
        self._stopped = True
        if self._interrupt is not None:
            self._interrupt()

    async def mend(self, manifest: Manifest, number: int) -> None:
        """
        Write that block again; what came is not compared here.

        :raises PeerError: for good when it was mended already, or when too many were.
        :raises Stopped: after :meth:`stop`.
        """
        if number in self._mended or len(self._mended) >= MAX_BAD:
            raise PeerError("the friend's bytes do not match his own manifest", temporary=False)
        self._mended.add(number)
        start, stop = manifest.span(number)
        _log.warn(
            "{title}: bytes {start} to {stop} from {peer} are not those of the manifest; fetched again",
            title=self._download.grab.title,
            hash=self._download.hash,
            peer=self._download.grab.peer_name,
            start=start,
            stop=stop,
        )
        await self._try_hard(manifest, start, stop)

    async def _try_hard(self, manifest: Manifest, start: int, stop: int) -> None:
        for _ in range(TRIES - 1):
            with suppress(PeerError):
                await self._fetch(manifest, start, stop)
                return
            await self._until(deferLater(self._clock, PAUSE_SECONDS))
        await self._fetch(manifest, start, stop)

    async def _fetch(self, manifest: Manifest, start: int, stop: int) -> None:
        remote = await self._open(start, stop)
        try:
            if (remote.start, remote.size, remote.etag) != (start, manifest.size, manifest.etag):
                raise PeerError("the friend has another file now")
            await self._receive(remote, start, stop)
        finally:
            remote.abort()

    async def _open(self, start: int, stop: int) -> RemoteFile:
        grab, etag = self._download.grab, self._download.etag
        opening = Deferred.fromCoroutine(self._files.open(grab.peer, grab.item, start=start, stop=stop, etag=etag))
        return await self._until(opening.addTimeout(self._idle_timeout, self._clock))

    async def _receive(self, remote: RemoteFile, start: int, stop: int) -> None:
        self._go_on()
        sink = self._sink()
        self._interrupt = sink.stop
        deadline = self._clock.callLater(MEND_SECONDS, sink.stop)
        try:
            await sink.receive(remote, self._part, offset=start, size=stop, written=_nothing)
        except Stopped:
            self._go_on()
            raise PeerError("a block took too long") from None
        finally:
            self._interrupt = None
            if deadline.active():
                deadline.cancel()

    async def _until(self, waiting: Deferred[T]) -> T:
        self._go_on()
        self._interrupt = waiting.cancel
        try:
            return await opened(waiting)
        finally:
            self._interrupt = None

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopped


async def _nothing(_: int) -> None:
    """The block counts only when it was compared."""
