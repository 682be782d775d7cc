"""All friends who give one file at the same time: which bytes come from whom, and what follows when one fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from jackd.model.errors import NotFound, PeerError
from jackd.model.file import DownloadFile
from jackd.model.manifest import BLOCK_BYTES
from jackd.ports import RemoteFile
from jackd.transfer.checkpoint import AT_ONCE_BYTES
from jackd.transfer.division import fair_cut, is_hopeless
from jackd.transfer.lane import Lane
from jackd.transfer.ledger import Ledger
from jackd.transfer.part import Part
from jackd.transfer.pool import Claim, Pool
from jackd.transfer.seeders import Seeder, Seeders, is_for_good
from jackd.transfer.sink import Stopped
from jackd.transfer.tools import Tools
from jackd.transfer.tuner import Tuner

MAX_LANES = 8
"""Of one file, all friends together."""

LOOK_SECONDS = 1.0
WAIT_SECONDS = 10.0
"""How long somebody who may still join is waited for when nobody is left."""

_log = Logger(namespace="jackd.transfer")


class Lanes:
    """
    Of one attempt. Until :meth:`widen` there is one lane; then each seeder has at least one, as long as that is worth
    it. A lane that is done, or fails, makes room for what another seeder may do.

    :param news: called when more is written.
    :ivar joining: how many who may join are still being asked.
    """

    def __init__(
        self,
        file: DownloadFile,
        part: Part,
        *,
        ledger: Ledger,
        seeders: Seeders,
        tools: Tools,
        news: Callable[[], object],
    ) -> None:
        self.joining = 0
        self._file = file
        self._part = part
        self._ledger = ledger
        self._seeders = seeders
        self._tools = tools
        self._news = news
        self._pool = Pool(ledger.there.gaps(file.size))
        self._lanes: list[Lane] = []
        self._tuner: Tuner | None = None
        self._block = BLOCK_BYTES
        self._moved = 0
        self._halted: BaseException | None = None
        self._lonely: float | None = None
        self._done: Deferred[None] | None = None
        self._ticker = LoopingCall(self._tick)
        self._ticker.clock = tools.clock

    async def run(self, first: RemoteFile | None = None) -> None:
        """
        Returns when all bytes are written.

        :param first: the lead's answer for the first gap.
        :raises PeerError: there is nobody left to ask.
        :raises DiskTrouble: the disk does not take it.
        :raises Stopped: after :meth:`stop`.

        When it raises, no write is running any more and all connections are closed.
        """
        self._done = Deferred()
        self._ticker.start(LOOK_SECONDS, now=False)
        try:
            claim = self._pool.take() if first is not None else None
            if claim is not None:
                self._start(self._seeders.lead, claim, first)
            self._fill()
            await self._done
        finally:
            self._ticker.stop()
            self._done = None

    @property
    def wanting(self) -> bool:
        """Whether there are bytes to fetch."""
        return not self._pool.empty

    def start_over(self) -> None:
        """Nothing is there."""
        self._pool = Pool(self._ledger.there.gaps(self._file.size))

    def stop(self) -> None:
        """Have it end as soon as nothing is being written any more."""
        self._halt(Stopped())

    def widen(self, block: int) -> None:
        """What the bytes of each ``block`` must be is known: from now on there may be several lanes."""
        if self._tuner is None:
            self._tuner, self._block = Tuner(), block
            self.refill()

    def refill(self) -> None:
        """Somebody may be asked who could not before."""
        if self._done is not None:
            self._fill()

    def expel(self, seeder: Seeder) -> None:
        """His lanes end, and what he gave counts only where it was found to be right."""
        _log.warn(
            "{title}: {peer} is not asked any more: his bytes were wrong twice",
            title=self._file.title,
            hash=self._file.hash,
            peer=seeder.source.peer_name,
        )
        for lane in self._of(seeder):
            lane.stop()
        self._disown(seeder)
        self.refill()

    @property
    def limited(self) -> bool:
        """Whether a limit of ours holds for any lane."""
        return any(self._tools.limited(lane.seeder.source.peer) for lane in self._lanes)

    @property
    def _crowded(self) -> bool:
        """Whether other downloads come from any of them as well: more connections would only take from those."""
        mine = Counter(lane.seeder.source.peer for lane in self._lanes)
        return any(self._tools.lanes[peer] > count for peer, count in mine.items())

    # Who fetches what

    def _fill(self) -> None:
        if self._halted is None:
            for seeder in self._seeders.ready():
                while self._may_start(seeder) and (claim := self._find_work(seeder)) is not None:
                    self._start(seeder, claim)
        self._end_if_over()

    def _may_start(self, seeder: Seeder) -> bool:
        each = self._tuner.lanes if self._tuner else 1
        most = MAX_LANES if self._tuner else 1
        return self._seeders.may_ask(seeder) and len(self._of(seeder)) < each and len(self._lanes) < most

    def _find_work(self, seeder: Seeder) -> Claim | None:
        """What is free; else a share of what the slowest has still to fetch."""
        claim = self._pool.take()
        if claim is not None or not self._lanes:
            return claim
        slowest = max(self._lanes, key=_seconds_left)
        now = self._tools.clock.seconds()
        if slowest.seeder is not seeder and is_hopeless(slowest, seeder.speed, now):
            slowest.stop()
            return None
        cut = fair_cut(slowest, seeder.speed, self._block)
        if cut is None:
            return None
        self._pool.cut(slowest.claim, min(slowest.claim.stop, slowest.shorten(cut)))
        return self._pool.take()

    def _of(self, seeder: Seeder) -> list[Lane]:
        return [lane for lane in self._lanes if lane.seeder is seeder]

    def _start(self, seeder: Seeder, claim: Claim, remote: RemoteFile | None = None) -> None:
        size = self._file.size
        lane = Lane(
            seeder, claim, size=size, part=self._part, tools=self._tools, written=self._written, room=self._room
        )
        self._lanes.append(lane)
        self._tools.lanes[seeder.source.peer] += 1
        self._count()
        Deferred.fromCoroutine(lane.run(remote)).addBoth(partial(self._ended, lane))

    async def _written(self, lane: Lane, offset: int) -> None:
        source, new = lane.seeder.source, self._pool.advance(lane.claim, offset)
        self._moved += new.total
        self._seeders.brought(lane.seeder)
        self._ledger.count(source, new.total)
        self._ledger.add(new, source)
        self._news()
        await self._ledger.advance()

    def _room(self) -> int:
        return AT_ONCE_BYTES // max(1, len(self._lanes))  # a body that is given up may still ask

    # When one has come to its end

    def _ended(self, lane: Lane, result: object) -> None:
        self._lanes.remove(lane)
        self._tools.lanes[lane.seeder.source.peer] -= 1
        self._count()
        self._pool.give_back(lane.claim)
        if isinstance(result, Failure):
            self._failed(lane.seeder, result)
        if lane.seeder.out:
            self._disown(lane.seeder)
        self._fill()

    def _failed(self, seeder: Seeder, failure: Failure) -> None:
        error: BaseException = failure.value  # type: ignore[assignment]
        if isinstance(error, PeerError | NotFound):
            self._seeders.failed(seeder, error)
            if self._tuner is not None:
                told = {"title": self._file.title, "hash": self._file.hash, "reason": str(error)}
                _log.info("{title}: {peer} gives nothing: {reason}", peer=seeder.source.peer_name, **told)
        elif not isinstance(error, Stopped):
            self._halt(error)

    def _disown(self, seeder: Seeder) -> None:
        useless = self._ledger.unproved(seeder.source)
        self._ledger.remove(useless)
        self._pool.want(useless)

    def _halt(self, error: BaseException) -> None:
        self._halted = self._halted or error
        for lane in list(self._lanes):
            lane.stop()
        self._end_if_over()

    def _end_if_over(self) -> None:
        if self._done is None or self._done.called or self._lanes:
            return
        if self._halted is not None:
            self._done.errback(Failure(self._halted))
        elif self._pool.empty:
            self._done.callback(None)
        elif not self._somebody_may_come():
            self._done.errback(Failure(self._reason()))

    def _reason(self) -> Exception:
        """Why nobody is left; that passes as long as somebody who may have it has not said yet."""
        reason = self._seeders.reason()
        if self.joining and is_for_good(reason):
            return PeerError(f"{reason}; others are being asked")
        return reason

    def _somebody_may_come(self) -> bool:
        now = self._tools.clock.seconds()
        self._lonely = now if self._lonely is None else self._lonely
        return bool(self.joining) and now - self._lonely < WAIT_SECONDS

    # By the clock

    def _tick(self) -> None:
        for lane in self._lanes:
            lane.look()
        if self._lanes:
            self._lonely = None
        if self._tuner is not None:
            self._tuner.look(
                self._tools.clock.seconds(), self._moved, left=self._file.left, limited=self.limited or self._crowded
            )
            self._trim(self._tuner.lanes)
        self._fill()

    def _trim(self, each: int) -> None:
        """What was opened last ends first."""
        for seeder in {lane.seeder for lane in self._lanes}:
            for lane in self._of(seeder)[each:]:
                lane.stop()

    def _count(self) -> None:
        self._file.sources = len({lane.seeder for lane in self._lanes})


def _seconds_left(lane: Lane) -> float:
    return lane.claim.left / lane.speed if lane.speed else float("inf") if lane.claim.left else 0.0
