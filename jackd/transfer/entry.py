"""The rows of the queue, with what lives only while jack runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import Factory, define
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from jackd.model.download import Download, State
from jackd.transfer.job import Job
from jackd.web.meter import Meter
from jackd.web.rate import Bucket

MAX_FALLBACKS = 3
"""Times that less is there than before (the friend has another file now, say), and progress counts anew."""

PACE_SECONDS = 300.0
"""How long a download may be slow before it counts as slow (F17)."""


@define(kw_only=True, eq=False)
class Entry:
    """
    :ivar bucket: the download's own speed limit.
    :ivar job: the attempt that runs now.
    :ivar best: the most bytes that were on the disk: what is more is progress.
    :ivar fallbacks: how often there were fewer at the begin of an attempt.
    :ivar disk_waits: attempts in a row that our own disk or database spoilt.
    :ivar pace: the speed over minutes, by which a slow one is known.
    :ivar slow: whether it has been slow for so long.
    :ivar yielding: whether the job was told to stop so that another may start.
    :ivar timer: ends the waiting for the next attempt.
    """

    download: Download
    bucket: Bucket = Factory(Bucket)
    job: Job | None = None
    best: int = 0
    fallbacks: int = 0
    disk_waits: int = 0
    timer: IDelayedCall | None = None
    meter: Meter = Factory(Meter)
    pace: Meter = Factory(Meter)
    slow: bool = False
    yielding: bool = False
    _counted: float = 0.0
    _waiters: list[Deferred[None]] = Factory(list)

    def begin(self, job: Job, at: float) -> None:
        """``job`` runs from now on, ``at`` in seconds of the clock that measures its speed."""
        self.job = job
        self._counted = at
        if self.download.received < self.best and self.fallbacks < MAX_FALLBACKS:
            self.fallbacks += 1
            self.best = self.download.received
        self.meter, self.pace, self.slow, self.yielding = Meter(), Meter(PACE_SECONDS), False, False
        self.meter.sample(at, self.download.received)
        self.pace.sample(at, self.download.received)

    def count(self, at: float) -> None:
        """Count the time up to ``at``, of the same clock; comparing what came with the manifest takes none."""
        if self.download.state is not State.VERIFYING:
            self.download.seconds += at - self._counted
        self._counted = at

    def end(self) -> None:
        """The job has come to its end."""
        self.job = None
        self.download.speed = 0.0
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.callback(None)

    def halted(self) -> Deferred[None]:
        """Tell the job to stop; fires when it has, at once when there is none."""
        waiter: Deferred[None] = Deferred()
        if self.job is None:
            waiter.callback(None)
        else:
            self._waiters.append(waiter)
            self.job.stop()
        return waiter

    def wait_no_more(self) -> None:
        """Forget the timer."""
        if self.timer is not None and self.timer.active():
            self.timer.cancel()
        self.timer = None


class Rows:
    """All of them, in the order of the queue."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def all(self) -> list[Entry]:
        """In order."""
        return list(self._entries.values())

    def get(self, hash: str) -> Entry | None:
        """The one with that hash."""
        return self._entries.get(hash)

    def known(self, hashes: Iterable[str]) -> list[Entry]:
        """Those of them that are there, each once."""
        return [self._entries[hash] for hash in dict.fromkeys(hashes) if hash in self._entries]

    def append(self, entry: Entry) -> None:
        """At the end of the queue."""
        self._entries[entry.download.hash] = entry

    def remove(self, entry: Entry) -> None:
        """Forget it."""
        entry.wait_no_more()
        del self._entries[entry.download.hash]

    def arrange(self, hashes: Sequence[str]) -> None:
        """Into the order of ``hashes``, which are all that are there."""
        self._entries = {hash: self._entries[hash] for hash in hashes}
