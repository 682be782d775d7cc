"""On the real reactor: what is tested here are threads."""

from __future__ import annotations

import threading

import pytest
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread

from jackd.model.errors import Unavailable
from jackd.storage import threads as module
from jackd.storage.database import Database
from jackd.storage.threads import InlineWorkers, ThreadWorkers
from tests.support import result_of

PATIENCE = 30.0


class Pool:
    """Started workers, and jobs that wait until they are let go."""

    def __init__(self, threads: int = 2) -> None:
        self.workers = ThreadWorkers(reactor, "test", threads)
        self.workers.startService()
        self.gate = threading.Event()

    def wait(self, value: object = None) -> object:
        assert self.gate.wait(PATIENCE)
        return value


async def test_jobs_run_elsewhere_and_their_results_come_back_here():
    pool = Pool()
    here = threading.get_ident()
    there = await pool.workers.run(threading.get_ident)
    assert there != here
    assert threading.get_ident() == here
    assert await pool.workers.run(divmod, 7, 2) == (3, 1)
    await pool.workers.stopService()


async def test_errors_come_back_too():
    pool = Pool()
    with pytest.raises(ZeroDivisionError):
        await pool.workers.run(divmod, 1, 0)
    await pool.workers.stopService()


async def test_one_thread_keeps_the_order():
    pool = Pool(threads=1)
    order: list[int] = []
    first = pool.workers.run(pool.wait)
    rest = [pool.workers.run(order.append, n) for n in range(20)]
    pool.gate.set()
    await gatherResults([first, *rest])
    assert order == list(range(20))
    await pool.workers.stopService()


async def test_more_than_may_wait_is_refused(monkeypatch):
    """F50"""
    monkeypatch.setattr(module, "MAX_PENDING", 3)
    pool = Pool(threads=1)
    waiting = [pool.workers.run(pool.wait, n) for n in range(3)]
    with pytest.raises(Unavailable, match="test-threads"):
        await pool.workers.run(int)
    pool.gate.set()
    assert await gatherResults(waiting) == [0, 1, 2]
    assert await pool.workers.run(int) == 0
    await pool.workers.stopService()


async def test_a_stop_waits_for_what_runs_without_holding_up_the_reactor():
    """F5"""
    pool = Pool()
    running = pool.workers.run(pool.wait, "done")
    stopped = pool.workers.stopService()
    for _ in range(20):
        await deferToThread(int)
    assert not stopped.called
    assert not running.called
    pool.gate.set()
    await stopped
    assert await running == "done"


async def test_a_database_on_real_threads_closes_after_its_last_change(tmp_path):
    writer, readers = ThreadWorkers(reactor, "writer", 1), ThreadWorkers(reactor, "readers", 2)
    writer.startService()
    readers.startService()
    database = Database(str(tmp_path / "state" / "jack.db"), writer, readers)
    database.open()
    database.startService()
    changes = [
        database.write(lambda c, n=n: c.execute("INSERT INTO tags (name) VALUES (?)", (f"{n:03d}",)) and None)
        for n in range(100)
    ]
    stopped = database.stopService()
    await gatherResults([*changes, stopped])
    again = Database(str(tmp_path / "state" / "jack.db"), InlineWorkers(), InlineWorkers())
    again.open()
    assert result_of(again.read(lambda c: c.execute("SELECT COUNT(*) FROM tags").fetchone()[0])) == 100
    again.close()
    await readers.stopService()
    await writer.stopService()


async def test_readers_and_the_writer_work_side_by_side(tmp_path):
    pools = [ThreadWorkers(reactor, "writer", 1), ThreadWorkers(reactor, "readers", 2)]
    for pool in pools:
        pool.startService()
    database = Database(str(tmp_path / "state" / "jack.db"), *pools)
    database.open()
    gate = threading.Event()

    def slow_change(connection):
        connection.execute("INSERT INTO tags (name) VALUES ('a')")
        assert gate.wait(PATIENCE)

    change = database.write(slow_change)
    count = "SELECT COUNT(*) FROM tags"
    assert await database.read(lambda c: c.execute(count).fetchone()[0]) == 0
    gate.set()
    await change
    assert await database.read(lambda c: c.execute(count).fetchone()[0]) == 1
    await database.stopService()
    for pool in reversed(pools):
        await pool.stopService()


def test_inline_workers_answer_at_once():
    assert result_of(InlineWorkers().run(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        result_of(InlineWorkers().run(divmod, 1, 0))
