"""Blocks that were not what the manifest says are fetched again (F25)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.model.coverage import Coverage
from jackd.model.errors import PeerError
from jackd.model.file import DownloadFile
from jackd.model.manifest import Manifest
from jackd.model.release import Source
from jackd.transfer.lane import Lane
from jackd.transfer.ledger import Ledger
from jackd.transfer.part import Part
from jackd.transfer.pool import Claim
from jackd.transfer.seeders import Seeder, Seeders
from jackd.transfer.sink import Stopped
from jackd.transfer.source import opened
from jackd.transfer.tools import Tools

MAX_BAD = 16
"""
Wrong blocks that came in one attempt. A line does not garble that much; a friend who is broken does. Of what came
before, a disk may have lost more than that.
"""

TRIES = 3
PAUSE_SECONDS = 2.0
MEND_SECONDS = 300.0
"""For one block."""

LIES = "the friend's bytes do not match his own manifest"

_log = Logger(namespace="jackd.transfer")


class Mender:
    """Of one attempt."""

    def __init__(self, file: DownloadFile, part: Part, *, ledger: Ledger, seeders: Seeders, tools: Tools) -> None:
        self._file = file
        self._part = part
        self._ledger = ledger
        self._seeders = seeders
        self._tools = tools
        self._mended: dict[int, set[Seeder]] = {}
        self._bad: set[int] = set()
        self._interrupt: Callable[[], object] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Make :meth:`mend` raise ``Stopped`` as soon as nothing is being written any more."""
        self._stopped = True
        if self._interrupt is not None:
            self._interrupt()

    async def mend(self, manifest: Manifest, number: int, *, is_disks_fault: bool = False) -> None:
        """
        Write that block again, with bytes of somebody else if there is anybody; what came is not compared here.

        :param is_disks_fault: whoever gave it is not to blame.
        :raises PeerError: for good when all were asked for it already, or when too many were wrong.
        :raises Stopped: after :meth:`stop`.
        """
        block = Coverage.of(*manifest.span(number))
        givers = self._ledger.givers(block)
        self._ledger.remove(block)
        if givers and not is_disks_fault:
            self._blame(number, givers)
        tried = self._mended.setdefault(number, set())
        able = self._seeders.for_block(givers, tried)
        if not able:
            raise PeerError(LIES, temporary=False)
        self._tell(block, givers)
        seeder = await self._try_hard(block, able)
        tried.add(seeder)
        self._ledger.add(block, seeder.source)
        await self._ledger.advance()

    def _blame(self, number: int, givers: list[Source]) -> None:
        self._seeders.blame(givers)
        self._bad.add(number)
        if len(self._bad) > MAX_BAD:
            raise PeerError(LIES, temporary=False)

    def _tell(self, block: Coverage, givers: list[Source]) -> None:
        [(start, stop)] = block.spans
        _log.warn(
            "{title}: bytes {start} to {stop} from {peer} are not those of the manifest; fetched again",
            title=self._file.title,
            hash=self._file.hash,
            peer=" and ".join(giver.peer_name for giver in givers) or "an earlier attempt",
            start=start,
            stop=stop,
        )

    async def _try_hard(self, block: Coverage, able: list[Seeder]) -> Seeder:
        """Who gave it."""
        for turn in range(TRIES - 1):
            seeder = able[turn % len(able)]
            with suppress(PeerError):
                await self._fetch(block, seeder)
                return seeder
            await self._pause()
        seeder = able[(TRIES - 1) % len(able)]
        await self._fetch(block, seeder)
        return seeder

    async def _fetch(self, block: Coverage, seeder: Seeder) -> None:
        self._go_on()
        [(start, stop)] = block.spans
        lane = Lane(
            seeder,
            Claim(start, stop),
            size=self._file.size,
            part=self._part,
            tools=self._tools,
            written=_nothing,
            room=lambda: stop - start,
        )
        self._interrupt = lane.stop
        deadline = self._tools.clock.callLater(MEND_SECONDS, lane.stop)
        try:
            await lane.run()
            self._ledger.count(seeder.source, stop - start)
        except Stopped:
            self._go_on()
            raise PeerError("a block took too long") from None
        finally:
            self._interrupt = None
            if deadline.active():
                deadline.cancel()

    async def _pause(self) -> None:
        self._go_on()
        waiting: Deferred[None] = deferLater(self._tools.clock, PAUSE_SECONDS)
        self._interrupt = waiting.cancel
        try:
            await opened(waiting)
        finally:
            self._interrupt = None

    def _go_on(self) -> None:
        if self._stopped:
            raise Stopped


async def _nothing(lane: Lane, offset: int) -> None:
    """The block counts only when all of it is there."""
