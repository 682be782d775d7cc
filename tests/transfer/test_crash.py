"""
``kill -9`` before and after every single step that touches the disk or the database: a new jack on what is left brings
the file home, whole, and fetches no more again than it must (F1, F2).
"""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from jackd.model.download import State
from jackd.storage.database import Database
from jackd.storage.threads import InlineWorkers
from jackd.transfer import checkpoint, inbox
from tests.transfer.world import CONTENT, World, a_grab, never


class MortalWorkers:
    """Does ``steps`` jobs; then the power is off: the next is done or not (``done``), and nothing answers any more."""

    def __init__(self) -> None:
        self.steps = 1_000_000
        self.done = False
        self._inline = InlineWorkers()

    def run(self, job, *args):
        self.steps -= 1
        if self.steps >= 0:
            return self._inline.run(job, *args)
        if self.steps == -1 and self.done:
            self._inline.run(job, *args)
        return never()


def a_world(tmp_path) -> tuple[World, MortalWorkers]:
    workers = MortalWorkers()
    database = Database(":memory:", workers, workers)
    database.open()
    world = World(tmp_path, database=database, disk=workers).start()
    return world, workers


def oracle(world: World) -> None:
    """A path under its final name is complete."""
    assert all((world.completed / file).read_bytes() == CONTENT for file in world.finished())


def crash(world: World, workers: MortalWorkers, steps: int, done: bool) -> bool:
    """Run with the power going off after ``steps``; whether it did."""
    workers.steps, workers.done = steps, done
    Deferred.fromCoroutine(world.queue.add(a_grab(), owner="x", category="c"))
    return workers.steps < 0


@pytest.fixture(autouse=True)
def many_steps(monkeypatch):
    monkeypatch.setattr(inbox, "TAKE", 1)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_BYTES", 2048)


@pytest.mark.parametrize("done", [False, True])
def test_a_crash_at_every_step(tmp_path, done):
    for steps in range(1000):
        path = tmp_path / str(steps)
        path.mkdir()
        world, workers = a_world(path)
        died = crash(world, workers, steps, done)
        oracle(world)
        asked = len(world.files.asked)
        workers.steps = 1_000_000
        world.restart()
        world.add(category="c")
        assert world.states() == [State.COMPLETED], steps
        assert len(world.finished()) == 1, steps
        assert world.work() == [], steps
        oracle(world)
        assert len(world.files.asked) - asked <= 1
        if not died:
            break
    assert 15 < steps < 100


@pytest.mark.parametrize("done", [False, True])
def test_progress_goes_back_one_checkpoint_at_most(tmp_path, done):
    """P3"""
    seen = set()
    for steps in range(1000):
        path = tmp_path / str(steps)
        path.mkdir()
        world, workers = a_world(path)
        died = crash(world, workers, steps, done)
        sent = world.files.last.at if world.files.opened else 0
        written = world.queue.list()[0].received if world.queue.list() else 0
        workers.steps = 1_000_000
        world.restart()
        world.add(category="c")
        if len(world.files.asked) == 2:
            again = world.files.asked[1][0]
            seen.add(again)
            assert again >= written - 2 * 4096, (steps, again, written, sent)
        if not died:
            break
    assert len(seen) > 2


@pytest.mark.parametrize("done", [False, True])
def test_a_second_crash_while_recovering(tmp_path, done):
    for first in range(4, 30, 3):
        for second in range(30):
            path = tmp_path / f"{first}-{second}"
            path.mkdir()
            world, workers = a_world(path)
            crash(world, workers, first, done)
            workers.steps = second
            world.restart()
            workers.steps = 1_000_000
            oracle(world)
            world.restart()
            world.add(category="c")
            assert world.states() == [State.COMPLETED]
            assert len(world.finished()) == 1
            oracle(world)


@pytest.mark.parametrize("done", [False, True])
def test_a_crash_while_deleting(tmp_path, done):
    """F47: deleting again leaves nothing"""
    for steps in range(20):
        path = tmp_path / str(steps)
        path.mkdir()
        world, workers = a_world(path)
        world.add(category="c")
        workers.steps, workers.done = steps, done
        Deferred.fromCoroutine(world.queue.delete([a_grab().hash], delete_files=True))
        died = workers.steps < 0
        workers.steps = 1_000_000
        world.restart()
        world.do("delete", [a_grab().hash], delete_files=True)
        assert (world.queue.list(), world.finished(), world.work()) == ([], [], [])
        if not died:
            break
    assert 3 < steps < 19


def test_a_file_that_was_never_told_of_goes_with_its_row(tmp_path):
    """F2, F47: the crash came after the renaming; deleting then leaves no file that nobody knows"""
    for steps in range(1000):
        path = tmp_path / str(steps)
        path.mkdir()
        world, workers = a_world(path)
        crash(world, workers, steps, False)
        if world.finished():
            break
    workers.steps = 1_000_000
    world.restart(start=False)
    assert world.states() == [State.QUEUED]
    world.do("delete", [a_grab().hash], delete_files=False)
    assert (world.finished(), world.work()) == ([], [])
