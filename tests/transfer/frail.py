"""A download queue on a :class:`~tests.fakes.disk.Disk`: what must be true whenever the power fails, and whether it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from twisted.internet.defer import Deferred

from jackd.model.download import Download, State
from jackd.storage.database import Database
from jackd.storage.downloads import DownloadStore
from jackd.transfer.completed import WORK
from jackd.transfer.part import FILE_MODE
from tests.fakes.disk import Disk, Power, PowerFailure
from tests.transfer.world import CONTENT, KILLED, FakeFile, World, a_grab, never

CHECKPOINT = 2048
PIECE = 1024
HOME = "/home"
VERSIONS = {'"one"': CONTENT, '"two"': CONTENT[::-1]}
"""The friend's file by validator, before and after it was replaced."""


class Threads:
    """
    Workers whose jobs run when the test says so; when the power fails in the middle of one nothing answers any more.

    :ivar waiting: what has not run yet.
    :ivar inline: whether jobs run at once.
    """

    def __init__(self, power: Power, *, transactions: bool = False) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.inline = True
        self.dead = False
        self._power = power
        self._transactions = transactions

    def run(self, job, *args):
        done: Deferred = never()
        generation = self.waiting

        def work() -> None:
            try:
                result = self._do(job, args)
            except PowerFailure:
                self.dead = True
            except Exception as error:
                done.errback(error)
            else:
                done.callback(result)

        if self.inline and not self.dead:
            work()
        else:
            generation.append(work)
        return done

    def _do(self, job, args):
        """A transaction happens or not; the power may also fail between its end and the answer."""
        if self._transactions:
            self._power.spend()
        result = job(*args)
        if self._transactions:
            self._power.spend()
        return result

    def forget(self) -> None:
        """The process is gone."""
        KILLED.append(self.waiting)
        self.waiting, self.dead = [], False


class FrailWorld(World):
    """
    :ivar answered: hashes of grabs that were answered ``Ok.`` and not deleted since.
    :ivar deleting: hashes whose deletion was asked for; until it is answered they may be there or not.
    :ivar seen: the most bytes that a client saw of each download since it began anew.
    """

    def __init__(self) -> None:
        self.power = Power()
        self.storage = Disk(self.power, HOME)
        self.sql = Threads(self.power, transactions=True)
        self.threads = Threads(self.power)
        self.answered: set[str] = set()
        self.deleting: set[str] = set()
        self.seen: dict[str, int] = {}
        database = Database(":memory:", self.sql, self.sql)
        database.open()
        super().__init__(Path(HOME), database=database, disk=self.threads)
        self.start()

    # What may happen

    def grab(self, number: int = 1) -> None:
        grab = a_grab(number)
        self.deleting.discard(grab.hash)
        adding = Deferred.fromCoroutine(self.queue.add(grab, owner="x", category="c"))
        adding.addCallback(lambda _: self.answered.add(grab.hash))
        adding.addErrback(lambda failure: None)

    def forget(self, number: int = 1) -> None:
        hash = a_grab(number).hash
        self.answered.discard(hash)
        self.deleting.add(hash)
        deleting = Deferred.fromCoroutine(self.queue.delete([hash], delete_files=True))
        deleting.addErrback(lambda failure: None)

    def look(self) -> None:
        """As a client does."""
        for download in self.queue.list():
            self.seen[download.hash] = max(self.seen.get(download.hash, 0), download.received)

    @property
    def dead(self) -> bool:
        return self.threads.dead or self.sql.dead

    def crash(self, rng: Random | None) -> None:
        """``kill -9``; with a ``rng`` the power fails too. What must be true is looked at, then a new jack starts."""
        self.look()
        self.power.steps = None
        self.storage.trouble.clear()
        if rng is None:
            self.storage.killed()
        else:
            self.storage.power_cut(rng)
        self.threads.forget()
        self.sql.forget()
        self.check()
        self.restart()

    # What must be true

    def check(self) -> None:
        self.final_files_are_complete()
        rows = {row.hash: row for row in DownloadStore(self.database).all()}
        assert self.answered <= rows.keys() | self.deleting, "P2: a grab that was answered is gone"
        for row in rows.values():
            if row.hash not in self.deleting:
                self.bytes_are_there(row)
                self.progress_is_kept(row)

    def final_files_are_complete(self) -> None:
        """P1. Before it is known to be durable it may still have another mode."""
        for path, file in self.final().items():
            assert bytes(file.content) in VERSIONS.values(), f"P1: {path} is not complete"

    def bytes_are_there(self, row: Download) -> None:
        """P3: what the database says is on the disk."""
        final = self.final().get(f"{row.folder.removeprefix(f'{self.completed}/')}/{row.file}")
        if row.state is State.COMPLETED:
            assert final is not None, "P2: a finished file is gone"
            assert final.mode == FILE_MODE, f"F11: a finished file has mode {final.mode:o}"
            return
        if final is not None or not row.received:
            return
        part = self.parts().get(f"{row.hash}/part")
        there = bytes(part.content) if part else b""
        assert len(there) >= row.received, f"P3: {row.received} bytes are promised, {len(there)} are there"
        assert there[: row.received] == VERSIONS[row.etag][: row.received], "P3: other bytes are there"

    def progress_is_kept(self, row: Download) -> None:
        """P3: at most one pair of checkpoints, the one that ran and the one that filled up meanwhile."""
        most = 2 * (CHECKPOINT + PIECE)
        assert row.state is State.COMPLETED or row.received >= self.seen.get(row.hash, 0) - most, "P3: progress is lost"
        self.seen[row.hash] = row.received

    def final(self):
        return {p: f for p, f in self.storage.files(str(self.completed)).items() if not p.startswith(f"{WORK}/")}

    def parts(self):
        return self.storage.files(f"{self.completed}/{WORK}")

    # The end

    def come_home(self) -> None:
        """Nothing goes wrong any more: everything that was answered arrives, and nothing else is left over."""
        self.storage.trouble.clear()
        self.threads.inline = self.sql.inline = True
        self.files.script = FakeFile.whole
        self.crash(None)
        for _ in range(3):
            self.wait(2000)
        rows = {row.hash: row for row in self.queue.list()}
        assert all(row.state is State.COMPLETED for row in rows.values()), [(r.state, r.reason) for r in rows.values()]
        assert self.answered <= rows.keys()
        self.check()
        assert len(rows) <= len(self.final()) <= len(rows.keys() | self.deleting)
        assert set(self.parts()) <= {"marker"}
