"""Behind the writers comes a reader who compares each block with what the manifest says (F25)."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from jackd.model.coverage import Coverage
from jackd.model.manifest import BLOCK_BYTES, Manifest
from jackd.transfer.disk import Disk, DiskTrouble
from jackd.transfer.finder import ManifestFinder
from jackd.transfer.ledger import Ledger
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
    nobody: the writers say with :meth:`advance` that more is there, wherever it lies. Whoever made it must
    :meth:`close` it before the part.

    :param threads: compute digests.
    :param found: told of the manifest, once.
    :param broken: called when it has failed: what is still coming is in vain.
    :ivar manifest: ``None`` as long as there is none.
    :ivar error: what made it fail.
    """

    def __init__(
        self,
        size: int,
        ledger: Ledger,
        part: Part,
        *,
        finder: ManifestFinder,
        mender: Mender,
        threads: Disk,
        clock: IReactorTime,
        found: Callable[[Manifest], object],
        broken: Callable[[], object],
    ) -> None:
        self.manifest: Manifest | None = None
        self.error: Exception | None = None
        self._size = size
        self._ledger = ledger
        self._part = part
        self._finder = finder
        self._mender = mender
        self._threads = threads
        self._clock = clock
        self._tell = found
        self._broken = broken
        self._unreadable: set[int] = set()
        self._stopped = False
        self._running = False
        self._idle = False
        self._finding: Deferred[Manifest | None] | None = None
        self._news: Deferred[None] | None = None
        self._quiet: Deferred[None] | None = None

    def begin(self) -> None:
        """From now on. May be called again."""
        if not self._running and not self._ledger.good.covers(0, self._size):
            self._running = True
            Deferred.fromCoroutine(self._run()).addErrback(self._fail).addBoth(self._end)

    def advance(self) -> None:
        """More is written."""
        news, self._news = self._news, None
        if news is not None:
            news.callback(None)

    async def finish(self) -> bool:
        """
        Nothing is written any more: returns when all that is there was compared, or there is no manifest. Whether the
        file is whole; it is not when some of it was found to be of no use.

        Raises what made it fail; ``Stopped`` after :meth:`stop`.
        """
        patience = FAILING_SECONDS if self._finder.failing else PATIENCE_SECONDS
        deadline = self._clock.callLater(patience, self._give_up)
        try:
            await self._quietness()
        finally:
            if deadline.active():
                deadline.cancel()
        if self.error is not None:
            raise self.error
        if self._stopped:
            raise Stopped
        return self._ledger.there.covers(0, self._size)

    def stop(self) -> None:
        """Have it end as soon as no thread is at the part."""
        self._stopped = True
        self._mender.stop()
        self._give_up()
        self.advance()

    async def close(self) -> None:
        """Stop, and return when no thread is at the part."""
        self.stop()
        while self._running:
            await self._quietness()

    def _give_up(self) -> None:
        if self._finding is not None:
            self._finding.cancel()

    async def _quietness(self) -> None:
        """Nothing is being compared, and what is there was."""
        if self._running and not self._idle:
            self._quiet = self._quiet or Deferred()
            await self._quiet

    def _fail(self, failure: Failure) -> None:
        if failure.check(Stopped) is None:
            self.error = failure.value  # type: ignore[assignment]
            self._broken()

    def _end(self, _: object) -> None:
        self._running = self._idle = False
        self._tell_quiet()

    def _tell_quiet(self) -> None:
        quiet, self._quiet = self._quiet, None
        if quiet is not None:
            quiet.callback(None)

    async def _run(self) -> None:
        if self.manifest is None:
            self.manifest = await self._found()
            self._part.digesting = _digesting(self.manifest)
            if self.manifest is None:
                return
            self._tell(self.manifest)
        while not self._ledger.good.covers(0, self._size) and not self._stopped:
            if not await self._compare(self.manifest):
                await self._rest()

    async def _rest(self) -> None:
        self._news, self._idle = Deferred(), True
        self._tell_quiet()
        if self._news is not None:
            await self._news
        self._idle = False

    async def _found(self) -> Manifest | None:
        finding = self._finding = Deferred.fromCoroutine(self._finder.find())
        with suppress(CancelledError):
            return await finding
        return None

    async def _compare(self, manifest: Manifest) -> bool:
        """Some whole blocks; ``False`` when there are none that were not compared yet."""
        blocks = self._next(manifest)
        if blocks is None:
            return False
        first, last = blocks
        self._ledger.reading(Coverage.of(manifest.span(first)[0], manifest.span(last - 1)[1]))
        wrong, unreadable = await self._threads.run(_first_bad, self._part, manifest, first, last)
        if first < wrong:
            self._ledger.approve(Coverage.of(manifest.span(first)[0], manifest.span(wrong - 1)[1]))
        if wrong < last and self._ledger.is_as_read(Coverage.of(*manifest.span(wrong))):
            await self._mend(manifest, wrong, unreadable)
        return True

    async def _mend(self, manifest: Manifest, number: int, unreadable: OSError | None) -> None:
        """
        Fetch that block again. What the disk can't read, it may take when it is written once more; a second time it is
        the disk that fails.
        """
        if unreadable is not None and number in self._unreadable:
            raise DiskTrouble(unreadable.strerror or str(unreadable)) from unreadable
        if unreadable is not None:
            self._unreadable.add(number)
        await self._mender.mend(manifest, number, is_disks_fault=unreadable is not None)

    def _next(self, manifest: Manifest) -> tuple[int, int] | None:
        for start, stop in (self._ledger.there - self._ledger.good).spans:
            first = -(-start // manifest.block_size)
            last = manifest.count if stop >= manifest.size else stop // manifest.block_size
            if first < last:
                return first, min(last, first + BLOCKS_AT_ONCE)
        return None


def _digesting(manifest: Manifest | None) -> bool | None:
    """What the part should know. Blocks of another size must be read again, best from the page cache."""
    if manifest is None:
        return False
    return True if manifest.block_size == BLOCK_BYTES else None


def _first_bad(part: Part, manifest: Manifest, first: int, last: int) -> tuple[int, OSError | None]:
    """The first of these blocks that is not as it should be, or can't be read, and why; ``last`` when all are well."""
    for number in range(first, last):
        try:
            digest = part.digest(*manifest.span(number))
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return number, error
        if digest != manifest.digest(number):
            return number, None
    return last, None
