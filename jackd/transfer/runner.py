"""Gives the slots to jobs, and decides with :mod:`~jackd.transfer.retry` what follows when one fails."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from jackd.model.download import Download, State
from jackd.model.errors import JackError, PeerAway, PeerBusy
from jackd.model.history import Event
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.entry import Entry, Rows
from jackd.transfer.job import Job
from jackd.transfer.retry import MAX_RETRY_AFTER, RetryPolicy, Verdict, is_ours
from jackd.transfer.sink import Sink
from jackd.transfer.slots import startable
from jackd.transfer.tools import Tools
from jackd.transfer.turns import Turns
from jackd.web.rate import Direction, Flow

TICK_SECONDS = 1.0
STOP_SECONDS = 8.0
"""How long stopping waits for writes that run; what was not confirmed by then is fetched again (F5)."""

SLOW_RATE = 4096.0
"""Bytes/s; less than this over five minutes is slow (F17)."""

REST_SECONDS = 300.0
TOO_SLOW = "slower than 4 KiB/s; others go first"

_log = Logger(namespace="jackd.transfer")


class Runner:
    """Between :meth:`start` and :meth:`stop`, every free slot has a job as long as something is queued."""

    def __init__(
        self,
        *,
        rows: Rows,
        turns: Turns,
        tools: Tools,
        retry: RetryPolicy,
        slots: int,
        over: Callable[[Download, Event], object],
        sink: Callable[[Flow], Sink],
        speed: Direction,
    ) -> None:
        self._rows = rows
        self._turns = turns
        self._tools = tools
        self._retry = retry
        self._slots = slots
        self._over = over
        self._sink = sink
        self._speed = speed
        self._running = False
        self._ticker = LoopingCall(self._tick)
        self._ticker.clock = tools.clock

    def start(self) -> None:
        """Start what may start; the others when their time comes."""
        self._running = True
        self._ticker.start(TICK_SECONDS, now=False)
        for entry in self._rows.all():
            if entry.download.state is State.WAITING:
                self._wake_later(entry, entry.download.retry_at - self._tools.now())
        if self._tools.folder.claimed:
            _background(self._sweep())
        self.fill()

    def stop(self) -> Deferred[None]:
        """Fires when no job runs any more, at the latest after :data:`STOP_SECONDS`."""
        self._running = False
        if self._ticker.running:
            self._ticker.stop()
        for entry in self._rows.all():
            entry.wait_no_more()
        halted: Deferred[Any] = DeferredList([entry.halted() for entry in self._rows.all()], consumeErrors=True)
        halted.addTimeout(STOP_SECONDS, self._tools.clock)
        return halted.addBoth(self._stopped)

    def _stopped(self, _: object) -> None:
        if any(entry.job for entry in self._rows.all()):
            _log.warn("stopped, but the disk is still writing")

    def resize(self, slots: int) -> None:
        """So many slots from now on. What runs goes on."""
        self._slots = slots
        self.fill()

    def fill(self) -> None:
        """Give the free slots away."""
        if not self._running:
            return
        for entry in startable(self._rows.all(), self._slots, self._turns):
            entry.download.state = State.DOWNLOADING
            entry.download.reason = ""
            job = Job(entry.download, self._tools_of(entry), claimed_space=partial(self._claimed_space, entry))
            entry.begin(job, self._tools.clock.seconds())
            _background(self._run(entry, job))

    def _tools_of(self, entry: Entry) -> Tools:
        """Every transfer of the download is within its limits."""

        def flow(peer: str) -> Flow:
            return self._speed.flow(peer, entry.bucket)

        return evolve(self._tools, sink=lambda peer: self._sink(flow(peer)), limited=lambda peer: flow(peer).limited)

    def _claimed_space(self, entry: Entry) -> int:
        """Bytes that the other jobs have still to write (F8)."""
        return sum(e.download.left for e in self._rows.all() if e.job is not None and e is not entry)

    async def _run(self, entry: Entry, job: Job) -> None:
        download, began = entry.download, self._tools.clock.seconds()
        missing = download.left
        try:
            await self._counting(entry, job)
            self._log_completed(download, missing, self._tools.clock.seconds() - began)
            self.tell(download, Event.COMPLETED)
        except Exception as error:
            if entry.yielding and self._running:
                await self._settle(entry, Verdict(delay=REST_SECONDS, reason=TOO_SLOW))
            elif job.stopping:
                download.state = State.QUEUED
            else:
                await self._after(entry, error)
        finally:
            entry.end()
            self.fill()

    async def _counting(self, entry: Entry, job: Job) -> None:
        try:
            await job.run()
        finally:
            entry.count(self._tools.clock.seconds())

    def _log_completed(self, download: Download, fetched: int, seconds: float) -> None:
        _log.info(
            "completed {title}, {verified}: {size:.0f} MB, "
            "{fetched:.0f} MB of them in {seconds:.1f} s ({speed:.0f} MB/s)",
            title=download.grab.title,
            verified="verified" if download.verified else "unverified",
            hash=download.hash,
            size=download.grab.size / 1e6,
            fetched=fetched / 1e6,
            seconds=seconds,
            speed=fetched / 1e6 / max(seconds, 0.001),
        )

    async def _after(self, entry: Entry, error: Exception) -> None:
        """The job failed: wait for the next attempt, or give up."""
        if not isinstance(error, JackError):
            _log.failure("{title} failed for a reason of ours", title=entry.download.grab.title)
        verdict = self._judge(entry, error)
        await self._settle(entry, verdict)
        if verdict.delay is None:
            self.tell(entry.download, Event.FAILED)

    async def _settle(self, entry: Entry, verdict: Verdict) -> None:
        self._apply(entry, verdict)
        try:
            await self._tools.store.save_state([entry.download])
        except Exception:
            _log.failure("the state of {title} can't be saved", title=entry.download.grab.title)

    def _judge(self, entry: Entry, error: Exception) -> Verdict:
        """Attempts count anew once there are more bytes than ever before."""
        download = entry.download
        if download.received > entry.best:
            entry.best = download.received
            entry.disk_waits = download.attempts = 0
        if is_ours(error):
            entry.disk_waits += 1
        else:
            entry.disk_waits = 0
            # A place in his queue is no failure, and that he is away is known already.
            download.attempts += not isinstance(error, PeerBusy | PeerAway)
        download.failures += not isinstance(error, PeerBusy)
        return self._retry.judge(error, attempts=download.attempts, disk_waits=entry.disk_waits)

    def _apply(self, entry: Entry, verdict: Verdict) -> None:
        download = entry.download
        download.reason = verdict.reason
        told = {"title": download.grab.title, "hash": download.hash, "reason": verdict.reason}
        if verdict.delay is None:
            download.state = State.FAILED
            _log.warn("{title} failed: {reason}", **told)
        else:
            download.state = State.WAITING
            download.retry_at = self._tools.now() + verdict.delay
            self._wake_later(entry, verdict.delay)
            _log.info("{title} waits {delay:.0f} s: {reason}", delay=verdict.delay, **told)

    def tell(self, download: Download, event: Event) -> None:
        """``download`` came to its end like that."""
        try:
            self._over(download, event)
        except Exception:
            _log.failure("nobody could be told of {title}, {event}", title=download.grab.title, event=event.value)

    def _wake_later(self, entry: Entry, delay: float) -> None:
        """By a clock that does not jump; a wall clock that did must not make anything wait for ever (F55)."""
        if self._running:
            delay = min(max(delay, 0.0), max(MAX_RETRY_AFTER, self._retry.maximum))
            entry.timer = self._tools.clock.callLater(delay, self._wake, entry)

    def _wake(self, entry: Entry) -> None:
        entry.timer = None
        entry.download.state = State.QUEUED
        self.fill()

    def _tick(self) -> None:
        at = self._tools.clock.seconds()
        running = [entry for entry in self._rows.all() if entry.job is not None]
        for entry in running:
            entry.count(at)
            entry.download.speed = entry.meter.sample(at, entry.download.received)
            entry.slow = entry.pace.sample(at, entry.download.received) < SLOW_RATE and entry.pace.full
        self._make_room(running)

    def _make_room(self, running: Sequence[Entry]) -> None:
        """One that has been slow for minutes, for no limit of ours, goes last when others wait (F17)."""
        slow = [e for e in running if e.slow and not e.download.forced and e.download.state is State.DOWNLOADING]
        rows = [e for e in self._rows.all() if e.job is None and e.download.hash not in self._turns]
        waiting = any(e.download.state is State.QUEUED for e in rows)
        for entry in slow if waiting else ():
            if entry.job is not None and not entry.yielding and not entry.job.limited:
                entry.yielding = True
                entry.job.stop()
                return

    async def _sweep(self) -> None:
        """Remove the parts that a crash, or a disk that was not there, has left of removed and finished downloads."""
        folder, disk = self._tools.folder, self._tools.disk
        try:
            for hash in await disk.run(folder.parts):
                async with self._turns.take([hash]):
                    entry = self._rows.get(hash)
                    if entry is None or (entry.job is None and entry.download.state is State.COMPLETED):
                        await disk.run(folder.discard_parts, hash)
        except DiskTrouble as error:
            _log.info("the completed folder is not swept: {error}", error=str(error))
        self.fill()


def _background(work: Coroutine[Any, Any, None]) -> None:
    def unexpected(failure: Any) -> None:
        _log.failure("a background task broke", failure)

    Deferred.fromCoroutine(work).addErrback(unexpected)
