"""What the bytes of shared files are: digests, computed once for each content, in the background."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from jackd.catalogue.turns import Turns
from jackd.model.errors import JackError, NotFound, Unavailable
from jackd.model.manifest import BLOCK_BYTES, Manifest, block_count
from jackd.ports import Location, Mints
from jackd.storage.digests import digest, digest_span
from jackd.storage.manifests import ManifestStore
from jackd.storage.threads import Workers
from jackd.web.files import etag_of, open_beneath, refusal
from jackd.web.sending import FileReader

_log = Logger(namespace="jackd.catalogue")

MAX_WAITING = 100
"""Files whose digests are wanted and not there."""

MAX_WAITING_EACH = 40
"""The same, of one who asks: a queue of downloads has a few dozen."""

MAX_ASKING = 200
"""Who may wait for an answer at once; others are told at once to come back."""

PATIENCE_SECONDS = 5.0
"""So long an answer waits for the digests: those of most files are there by then."""

RETRY_SECONDS = 60.0
"""What is said when there are too many files already."""

BLOCKS_AT_ONCE = 8
"""32 MiB: what may have to be waited for when jack stops."""


class ManifestMaker(Service):
    """
    The port :class:`~jackd.ports.Manifests`. One file is read at a time, from the beginning to the end, and those who
    ask take turns; a file that changed meanwhile is not remembered.

    :param disk: opens the files.
    :param hashing: a thread of its own that stands back behind all others.
    :param block_size: bytes.
    """

    def __init__(
        self,
        *,
        store: ManifestStore,
        mint: Mints,
        disk: Workers,
        hashing: Workers,
        clock: IReactorTime,
        block_size: int = BLOCK_BYTES,
    ) -> None:
        self.setName("manifests")
        self._store = store
        self._mint = mint
        self._disk = disk
        self._hashing = hashing
        self._clock = clock
        self._block_size = block_size
        self._turns = Turns()
        self._wanted_by: dict[str, str] = {}
        self._work: dict[str, Deferred[None]] = {}
        self._asking: dict[str, list[Deferred[Manifest | None]]] = {}

    def stopService(self) -> None:
        super().stopService()
        for work in list(self._work.values()):
            work.cancel()

    async def of(self, location: Location, *, who: str = "") -> Manifest | None:
        """See :meth:`jackd.ports.Manifests.of`."""
        file = FileReader(partial(open_beneath, location))
        try:
            await self._open(file)
            found = await self._store.shared(str(file.stamp))
        except BaseException:
            file.close()
            raise
        if found is not None:
            file.close()
            return found
        return await self._wanted(file, who)

    async def _open(self, file: FileReader) -> None:
        try:
            await self._disk.run(file.open)
        except OSError as error:
            raise refusal(error, RETRY_SECONDS) from None
        if not file.size:
            raise NotFound("an empty file has no manifest")

    async def _wanted(self, file: FileReader, who: str) -> Manifest | None:
        """Begin, unless it is under way, and wait a little."""
        stamp = str(file.stamp)
        if stamp in self._asking:
            file.close()
        elif len(self._asking) >= MAX_WAITING or list(self._wanted_by.values()).count(who) >= MAX_WAITING_EACH:
            file.close()
            raise Unavailable("too many files are waiting for their digests", retry_after=RETRY_SECONDS)
        else:
            self._begin(file, stamp, who)
        return await self._answer(stamp)

    def _begin(self, file: FileReader, stamp: str, who: str) -> None:
        self._asking[stamp] = []
        self._wanted_by[stamp] = who
        work = Deferred.fromCoroutine(self._make(file, stamp))
        if not work.called:
            self._work[stamp] = work
        work.addErrback(self._failed)
        work.addBoth(lambda _: self._done(stamp))

    async def _answer(self, stamp: str) -> Manifest | None:
        if stamp not in self._asking:
            return await self._store.shared(stamp)
        if sum(map(len, self._asking.values())) >= MAX_ASKING:
            return None
        answer: Deferred[Manifest | None] = Deferred()
        self._asking[stamp].append(answer)
        delayed = self._clock.callLater(PATIENCE_SECONDS, answer.callback, None)
        try:
            return await answer
        finally:
            if delayed.active():
                delayed.cancel()
            if answer in self._asking.get(stamp, ()):
                self._asking[stamp].remove(answer)

    async def _make(self, file: FileReader, stamp: str) -> None:
        with closing(file):
            async with self._turns.turn(self._wanted_by[stamp]):
                digests = await self._digests(file)
            root = await self._hashing.run(digest, digests)
        manifest = Manifest(
            size=file.size,
            etag=etag_of(file.stamp, self._mint),
            block_size=self._block_size,
            root=root,
            digests=digests,
        )
        await self._store.save_shared(stamp, manifest)
        for answer in self._asking[stamp].copy():
            answer.callback(manifest)

    async def _digests(self, file: FileReader) -> bytes:
        parts, count = [], block_count(file.size, self._block_size)
        for first in range(0, count, BLOCKS_AT_ONCE):
            last = min(count, first + BLOCKS_AT_ONCE)
            parts.append(await self._hashing.run(_digests, file, self._block_size, first, last))
        return b"".join(parts)

    def _failed(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            known = failure.check(JackError, OSError)
            shown = _log.info if known else partial(_log.failure, failure=failure)
            shown("the digests of a file can't be computed: {reason}", reason=str(failure.value))

    def _done(self, stamp: str) -> None:
        """Who still waits is told to come back: the file has changed, or can't be read just now."""
        self._work.pop(stamp, None)
        self._wanted_by.pop(stamp, None)
        for answer in self._asking.pop(stamp):
            if not answer.called:
                answer.callback(None)


def _digests(file: FileReader, block_size: int, first: int, last: int) -> bytes:
    """Of some blocks; in a thread. Raises ``TransferBroken`` when the file is not what it was (F32)."""
    with file.descriptor() as descriptor:
        spans = ((n * block_size, min(file.size, (n + 1) * block_size)) for n in range(first, last))
        found = b"".join(digest_span(descriptor, start, stop) for start, stop in spans)
        file.check()
    return found
