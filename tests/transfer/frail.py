"""A download queue on a :class:`~tests.fakes.disk.Disk`, and whether what must be true after every crash is true."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from twisted.internet.defer import Deferred

from jackd.model.download import Download, State
from jackd.model.file import DownloadFile
from jackd.model.grab import Grab
from jackd.storage.database import Database
from jackd.storage.downloads import DownloadStore
from jackd.transfer.completed import FOLDER_MODE, WORK
from jackd.transfer.part import FILE_MODE, part_name
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

    def work(self, which: int = 0) -> None:
        """One job, if any waits."""
        if self.waiting:
            self.waiting.pop(which % len(self.waiting))()


class Latest:
    """Hands on to the threads of the world that is looked at now, so that one database serves all of them."""

    threads: Threads | None = None

    def run(self, job, *args):
        return self.threads.run(job, *args)


@cache
def _database() -> tuple[Database, Latest]:
    latest = Latest()
    database = Database(":memory:", latest, latest)
    database.open()
    return database, latest


class FrailWorld(World):
    """
    :ivar honest: whether every byte that comes is right, so that all that is there must be.
    :ivar answered: hashes of grabs that were answered ``Ok.`` and not deleted since.
    :ivar deleting: hashes whose deletion was asked for; until it is answered they may be there or not.
    :ivar deleted: hashes whose deletion was answered.
    :ivar seen: the most bytes that a client saw of each download, and of each version of its file.
    """

    def __init__(self) -> None:
        self.power = Power()
        self.storage = Disk(self.power, HOME)
        self.sql = Threads(self.power, transactions=True)
        self.threads = Threads(self.power)
        self.honest = False
        self.answered: set[str] = set()
        self.deleting: set[str] = set()
        self.deleted: set[str] = set()
        self.seen: dict[tuple[str, str | None], int] = {}
        database, latest = _database()
        latest.threads = self.sql
        for table in ("downloads", "download_files", "completed_folders", "download_manifests"):
            database.read_now(lambda db, table=table: db.execute(f"DELETE FROM {table}"))
        super().__init__(Path(HOME), database=database, disk=self.threads)
        self.start()

    # What may happen

    def grab(self, number: int = 1, grab: Grab | None = None) -> None:
        grab = grab or a_grab(number)
        if grab.hash in self.deleting | self.deleted:
            return  # each grab has a new hash
        adding = Deferred.fromCoroutine(self.queue.add(grab, owner="x", category="c"))
        adding.addCallback(lambda _: self.answered.add(grab.hash))
        adding.addErrback(lambda failure: None)

    def forget(self, number: int = 1) -> None:
        hash = a_grab(number).hash
        self.answered.discard(hash)
        self.deleting.add(hash)
        deleting = Deferred.fromCoroutine(self.queue.delete([hash], delete_files=True))
        deleting.addCallback(lambda _: self.deleted.add(hash))
        deleting.addErrback(lambda failure: None)

    def look(self) -> None:
        """As a client does."""
        for file in (file for download in self.queue.list() for file in download.files):
            key = file.key, file.etag
            self.seen[key] = max(self.seen.get(key, 0), file.received)

    @property
    def dead(self) -> bool:
        return self.threads.dead or self.sql.dead

    def crash(self, rng: Random | None, *, then: int | None = None) -> None:
        """
        ``kill -9``; with a ``rng`` the power fails too. What must be true is looked at, then a new jack starts, which
        ends after ``then`` steps.
        """
        self.look()
        self.power.steps = None
        self.storage.trouble.clear()
        if rng is None:
            self.storage.killed()
        else:
            self.storage.power_cut(rng)
        self.threads.forget()
        self.sql.forget()
        self.files.opened.clear()
        self.check()
        self.power.steps = then
        self.restart()

    # What must be true

    def check(self) -> None:
        self.final_files_are_complete()
        rows = {row.hash: row for row in DownloadStore(self.database).all()}
        assert self.answered <= rows.keys() | self.deleting, "P2: a grab that was answered is gone"
        for row in rows.values():
            if row.hash not in self.deleting:
                for file in row.files:
                    self.bytes_are_there(row, file)
                    self.progress_is_kept(file)

    def final_files_are_complete(self) -> None:
        """P1. Before it is known to be durable it may still have another mode."""
        for path, file in self.final().items():
            assert bytes(file.content) in VERSIONS.values(), f"P1: {path} is not complete"

    def bytes_are_there(self, row: Download, file: DownloadFile) -> None:
        """P3: what the database says is on the disk."""
        final = self.final().get(f"{row.folder.removeprefix(f'{self.completed}/')}/{file.path}")
        if row.state is State.COMPLETED or file.done:
            assert final is not None, "P2: a finished file is gone"
            assert final.mode == FILE_MODE, f"F11: a finished file has mode {final.mode:o}"
            for path, folder in self.storage.folders(str(self.completed)).items():
                assert path.startswith(WORK) or folder.mode == FOLDER_MODE, f"F11: {path} has mode {folder.mode:o}"
            return
        if final is not None or not file.received:
            return
        part = self.parts().get(f"{row.hash}/{part_name(file.number)}")
        there = bytes(part.content) if part else b""
        assert len(there) >= file.there.end, f"P3: {file.there} is promised, {len(there)} bytes are there"
        sure = file.good if self.files.manifests and not self.honest else file.there
        for start, stop in sure.spans:
            assert there[start:stop] == VERSIONS[file.etag][start:stop], "P3: other bytes are there"

    def progress_is_kept(self, file: DownloadFile) -> None:
        """P3: at most one pair of checkpoints, the one that ran and the one that filled up meanwhile."""
        most = 2 * (CHECKPOINT + PIECE)
        key = file.key, file.etag
        assert file.done or file.received >= self.seen.get(key, 0) - most, "P3: progress is lost"
        self.seen[key] = file.received

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
        for hash in self.deleting:
            self.do("delete", [hash], delete_files=True)
        rows = {row.hash: row for row in self.queue.list()}
        for row in rows.values():
            assert row.state is State.COMPLETED, f"P2: it does not come home: {row.reason}"
        self.check()
        there = {path.split("/")[1] for path in self.final()}
        assert there == {hash[:8] for hash in rows}, "F47: what was deleted is there, or what was not is gone"
        assert set(self.parts()) <= {"marker"}, "F1: parts are left over"
