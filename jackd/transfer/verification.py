"""Behind the writer comes a reader who compares each block with what the friend's manifest says (F25)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from jackd.model.download import Download
from jackd.model.manifest import Manifest
from jackd.transfer.disk import Disk
from jackd.transfer.finder import ManifestFinder
from jackd.transfer.mender import Mender
from jackd.transfer.part import Part
from jackd.transfer.sink import Stopped

BLOCKS_AT_ONCE = 8
"""Compared in one go of a thread, while they are still in the page cache."""

PATIENCE_SECONDS = 60.0
FAILING_SECONDS = 5.0
"""When the last byte has come and the manifest has not: how long it is waited for; less when the friend is gone."""


class Verification:
    """
    Of one attempt. It begins when the file's validator is known, waits for nothing but the manifest, and holds up
    nobody: the writer says how far it is with :meth:`advance`. Whoever made it must :meth:`close` it before the part.

    :param threads: compute digests.
    :param broken: called when it has failed: what is still coming is in vain.
    :ivar checked: bytes from the beginning that are as the manifest says.
    :ivar error: what made it fail.
    """

    def __init__(
        self,
        download: Download,
        part: Part,
        *,
        finder: ManifestFinder,
        mender: Mender,
        threads: Disk,
        clock: IReactorTime,
        broken: Callable[[], object],
    ) -> None:
        self.checked = 0
        self.error: Exception | None = None
        self._size = download.grab.size
        self._download = download
        self._part = part
        self._finder = finder
        self._mender = mender
        self._threads = threads
        self._clock = clock
        self._broken = broken
        self._manifest: Manifest | None = None
        self._written = 0
        self._good: int | None = None
        self._before = 0
        self._stopped = False
        self._running = False
        self._finding: Deferred[Manifest | None] | None = None
        self._news: Deferred[None] | None = None
        self._ended: Deferred[None] | None = None

    @property
    def known(self) -> bool:
        """Whether there is a manifest."""
        return self._manifest is not None

    def begin(self, written: int) -> None:
        """So many bytes are there, of which ``download.checked`` were compared already."""
        self.checked = min(self._download.checked, written)
        self._written = written
        if self.checked < self._size:
            self._running = True
            Deferred.fromCoroutine(self._run()).addErrback(self._fail).addBoth(self._end)

    def advance(self, written: int) -> None:
        """So many bytes are written."""
        self._written = written
        news, self._news = self._news, None
        if news is not None:
            news.callback(None)

    def trusted(self, written: int) -> int:
        """
        How many of ``written`` bytes may be called received: all, but none behind a block that is wrong, unless they
        were called so before anybody knew what they should be.
        """
        return written if self._good is None else min(written, max(self._good, self._before))

    async def finish(self) -> None:
        """
        Everything is written: returns when all of it was compared, or there is no manifest: look at :attr:`checked`.
        Raises what made it fail; ``Stopped`` after :meth:`stop`.
        """
        self.advance(self._size)
        patience = FAILING_SECONDS if self._finder.failing else PATIENCE_SECONDS
        deadline = self._clock.callLater(patience, self._give_up)
        try:
            await self._end_of_it()
        finally:
            if deadline.active():
                deadline.cancel()
        if self.error is not None:
            raise self.error
        if self._stopped:
            raise Stopped

    def stop(self) -> None:
        """Have it end as soon as no thread is at the part."""
        self._stopped = True
        self._mender.stop()
        self._give_up()
        self.advance(self._written)

    async def close(self) -> None:
        """Stop, and return when no thread is at the part."""
        self.stop()
        await self._end_of_it()

    def _give_up(self) -> None:
        if self._finding is not None:
            self._finding.cancel()

    async def _end_of_it(self) -> None:
        if self._running:
            self._ended = self._ended or Deferred()
            await self._ended

    def _fail(self, failure: Failure) -> None:
        if failure.check(Stopped) is None:
            self.error = failure.value  # type: ignore[assignment]
            self._broken()

    def _end(self, _: object) -> None:
        self._running = False
        ended, self._ended = self._ended, None
        if ended is not None:
            ended.callback(None)

    async def _run(self) -> None:
        manifest = self._manifest = await self._found()
        if manifest is None:
            return
        self._before = self._written
        while self.checked < manifest.size and not self._stopped:
            if not await self._compare(manifest):
                self._news = Deferred()
                await self._news

    async def _found(self) -> Manifest | None:
        finding = self._finding = Deferred.fromCoroutine(self._finder.find())
        with suppress(CancelledError):
            return await finding
        return None

    async def _compare(self, manifest: Manifest) -> bool:
        """The next whole blocks; ``False`` when there is none yet."""
        first = self.checked // manifest.block_size
        there = manifest.count if self._written >= manifest.size else self._written // manifest.block_size
        last = min(there, first + BLOCKS_AT_ONCE)
        if first >= last:
            return False
        good = await self._threads.run(_first_bad, self._part, manifest, first, last)
        self.checked = manifest.span(good)[0] if good < manifest.count else manifest.size
        self._good = self.checked if good < last else None
        if good < last:
            await self._mender.mend(manifest, good)
        return True


def _first_bad(part: Part, manifest: Manifest, first: int, last: int) -> int:
    """The first of these blocks that is not as it should be, ``last`` when all are."""
    for number in range(first, last):
        if part.digest(*manifest.span(number)) != manifest.digest(number):
            return number
    return last
