"""
F4: the power fails at any moment, and of what was not made durable any part is lost, out of order or torn. Then P1 (a
path under its final name is complete), P2 (what was answered is there) and P3 (what the database says is on the disk
is there; progress goes back one pair of checkpoints at most) hold. And each step of the protocol is needed: without
it, the same tests find a loss.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from random import Random

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from jackd.model.coverage import Coverage
from jackd.model.errors import PeerError
from jackd.transfer import beneath, checkpoint, division, inbox
from jackd.transfer.checkpoint import Checkpoints
from jackd.transfer.completed import CompletedFolder
from jackd.transfer.part import Part
from tests.fakes.disk import replace_os
from tests.transfer import frail
from tests.transfer.frail import CHECKPOINT, PIECE, VERSIONS, FrailWorld
from tests.transfer.friends import Friends, a_friend
from tests.transfer.test_verification import garbled, manifest_of, once
from tests.transfer.world import CONTENT, FakeFile, a_season


def _scale(monkeypatch, size: int) -> None:
    """A checkpoint after so many bytes, and no more than that ahead of one that runs."""
    monkeypatch.setattr(checkpoint, "CHECKPOINT_BYTES", size)
    monkeypatch.setattr(checkpoint, "AHEAD_BYTES", size)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Many checkpoints in a small file."""
    _scale(monkeypatch, CHECKPOINT)
    monkeypatch.setattr(inbox, "TAKE", 1)
    monkeypatch.setattr(division, "MIN_SHARE", 1000)


# Every moment in turn


def in_pieces(file: FakeFile) -> None:
    file.send(piece=PIECE).end()


def fetch(world: FrailWorld) -> None:
    world.files.script = in_pieces
    world.grab()


def fetch_at_once(world: FrailWorld) -> None:
    """In two writes, with one checkpoint between them."""
    world.files.script = lambda file: file.send(piece=7 * PIECE).end()
    world.grab()


def fetch_a_changed_file(world: FrailWorld) -> None:
    """It breaks off, is another one of the same size when it goes on, and breaks off once more."""
    world.files.script = lambda file: file.send(5000, piece=PIECE).lose()
    world.grab()
    world.files.etag, world.files.content = '"two"', VERSIONS['"two"']
    world.look()
    world.wait(2)
    world.files.script = in_pieces
    world.wait(4)


def fetch_a_season(world: FrailWorld) -> None:
    """Four files, one after the other."""
    world.files.script = in_pieces
    world.grab(grab=a_season())
    world.wait(3)


def fetch_and_delete(world: FrailWorld) -> None:
    fetch(world)
    world.forget()


def fetch_on_a_failing_disk(world: FrailWorld) -> None:
    """The first sync of each file fails, and what it should have kept is lost."""
    world.storage.trouble["fdatasync"] = errno.EIO
    fetch(world)
    world.wait(70)


def fetch_and_mend(world: FrailWorld) -> None:
    """Three blocks are not as the friend's manifest says, and are fetched again when others are there already."""
    world.files.manifests = [manifest_of()]
    world.files.script = once(garbled(100, 5000, len(CONTENT) - 1), in_pieces)
    world.grab()
    world.wait(70)


def mend_late(world: FrailWorld) -> None:
    """The manifest comes when all bytes are there, and synced."""
    world.files.manifests = [PeerError("not yet", retry_after=7.0), manifest_of()]
    world.files.script = once(garbled(100, 5000, len(CONTENT) - 1), in_pieces)
    world.grab()
    world.wait(10)


def fetch_from_two(world: FrailWorld) -> None:
    """The second friend brings the end first, then ever more of the rest; in between there are holes."""
    alice, bob = a_friend(), a_friend('"bob"')
    alice.script, bob.part_script = lambda file: file.send(PIECE, piece=PIECE), in_pieces
    world.honest = True
    world.files = Friends(aaaaaaaa=alice, bob=bob)
    world.restart()
    world.grab()
    world.look()
    for file in alice.opened:
        if file.delivering and not file.aborted:
            file.send(piece=PIECE)


SCENARIOS = [
    fetch,
    fetch_a_season,
    fetch_a_changed_file,
    fetch_and_delete,
    fetch_on_a_failing_disk,
    fetch_and_mend,
    mend_late,
    fetch_from_two,
]
ENOUGH = 1000


def one_life(monkeypatch, scenario: Callable[[FrailWorld], None], steps: int, seed: str, second: int | None) -> bool:
    """
    Whether the end came after so many ``steps``; when there is a ``second`` life, after so many of that: the first then
    ends by a kill, and the grab is tried again; the second ends as the power fails.
    """
    world = FrailWorld()
    with replace_os("jackd.transfer", world.storage, monkeypatch):
        world.power.steps = steps
        scenario(world)
        ended = world.dead
        if second is not None:
            world.crash(None, then=second)
            world.grab()
            ended = world.dead
        world.crash(Random(f"{seed} {steps} {second}"))
        world.come_home()
    return ended


def explore(monkeypatch, scenario: Callable[[FrailWorld], None], *, seeds: int = 2) -> int:
    """Let the power fail at every step; how many there are."""
    for steps in range(ENOUGH):
        ended = [one_life(monkeypatch, scenario, steps, str(seed), None) for seed in range(seeds)]
        if not all(ended):
            return steps
    raise AssertionError("it never comes to its end")


def explore_twice(monkeypatch, scenario: Callable[[FrailWorld], None]) -> int:
    """
    A kill at every step, the last first, and the power failing at every second step of the life after it; how many
    lives there were.
    """
    lives = 0
    for steps in reversed(range(steps_of(monkeypatch, scenario))):
        for second in range(steps % 2, ENOUGH, 2):
            lives += 1
            if not one_life(monkeypatch, scenario, steps, "", second):
                break
    return lives


def steps_of(monkeypatch, scenario: Callable[[FrailWorld], None]) -> int:
    world = FrailWorld()
    with replace_os("jackd.transfer", world.storage, monkeypatch):
        scenario(world)
    return world.power.spent


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_f4_the_power_fails_at_every_step(monkeypatch, scenario):
    """F4, F47: what was deleted does not come back either."""
    assert explore(monkeypatch, scenario) > 30


@pytest.mark.parametrize("scenario", [fetch, fetch_and_mend, mend_late, fetch_from_two])
def test_f4_a_sync_that_fails_is_not_tried_again(monkeypatch, scenario):
    """Whichever it is: what it should have kept is lost, though it can still be read, and is fetched again."""
    for syncs in range(ENOUGH):
        world = FrailWorld()
        with replace_os("jackd.transfer", world.storage, monkeypatch):
            world.storage.syncs_until_one_fails = syncs
            scenario(world)
            failed = world.storage.syncs_until_one_fails is None
            world.wait(700)
            world.crash(Random(syncs))
            world.come_home()
        if not failed:
            break
    assert 3 < syncs < ENOUGH


@pytest.fixture
def few_steps(monkeypatch):
    """One checkpoint in the middle, for what tries all pairs of steps."""
    _scale(monkeypatch, 7 * PIECE)
    monkeypatch.setattr(frail, "CHECKPOINT", 7 * PIECE)


@pytest.mark.usefixtures("few_steps")
def test_f4_a_kill_and_then_the_power(monkeypatch):
    """F1, F2, F4: what a killed jack left half done, its successor makes durable before it trusts it."""
    assert explore_twice(monkeypatch, fetch_at_once) > 150


# What each step is for


async def commit_holes(self, written):
    await self._sync()
    await self._commit(Coverage(((0, written.end),)))
    self.durable = written


async def commit_first(self, written):
    await self._commit(written)
    await self._sync()
    self.durable = written


def without(*names: str):
    """Those calls of the module :mod:`os` do nothing while ``function`` runs."""

    def of(function):
        def call(*args, **kwargs):
            disk = function.__globals__["os"]
            saved = {name: getattr(disk, name) for name in names}
            for name in names:
                setattr(disk, name, lambda *args: None)
            try:
                return function(*args, **kwargs)
            finally:
                for name in names:
                    with suppress(AttributeError):
                        delattr(disk, name)
                    assert getattr(disk, name) == saved[name]

        return call

    return of


def sync_again(self, *, sync=Part.sync):
    try:
        sync(self)
    except OSError:
        sync(self)


MUTATIONS = {
    "a failed fdatasync is tried again": (Part, "sync", sync_again, fetch_on_a_failing_disk, "P[13]"),
    "no fdatasync before the commit": (Part, "sync", lambda self: None, fetch, "P3"),
    "no fdatasync before the commit of several spans": (Part, "sync", lambda self: None, fetch_from_two, "P3"),
    "the commit of holes": (Checkpoints, "_checkpoint", commit_holes, fetch_from_two, "P3"),
    "the commit before the fdatasync": (Checkpoints, "_checkpoint", commit_first, fetch, "P3"),
    "no sync of a new part's folder": (Part, "open", classmethod(without("fsync")(Part.open.__func__)), fetch, "P3"),
    "no sync of the part before it is renamed": (Part, "seal", without("fsync")(Part.seal), fetch, "F11"),
    "no sync of the folder after the renaming": (
        CompletedFolder,
        "publish",
        without("fsync")(CompletedFolder.publish),
        fetch,
        "P2|P3",
    ),
    "no sync of a new folder's parent": (beneath, "_enter", without("fsync")(beneath._enter), fetch, "P2|P3"),
    "no sync of a deleted file's folder": (
        CompletedFolder,
        "discard_finished",
        without("fsync")(CompletedFolder.discard_finished),
        fetch_and_delete,
        "F47",
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_step_of_the_protocol_is_needed(monkeypatch, name):
    """Take one out, and a loss is found."""
    where, what, mutation, scenario, loss = MUTATIONS[name]
    monkeypatch.setattr(where, what, mutation)
    with pytest.raises(AssertionError, match=loss):
        explore(monkeypatch, scenario, seeds=8)


@pytest.mark.usefixtures("few_steps")
def test_a_renaming_by_a_killed_jack_is_not_trusted(monkeypatch):
    """The same for what a successor does."""
    monkeypatch.setattr(CompletedFolder, "settle", lambda *_: None)
    with pytest.raises(AssertionError, match="P2: a finished file is gone"):
        explore_twice(monkeypatch, fetch_at_once)


# Anything at any time


class Life(RuleBasedStateMachine):
    """Two downloads, threads that run in any order, a friend who falters, a disk that errs, kills and power cuts."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        _scale(self.patch, CHECKPOINT)
        self.patch.setattr(inbox, "TAKE", 1)
        self.world = FrailWorld()
        self.world.threads.inline = self.world.sql.inline = False
        self.world.files.script = None
        self.disk = replace_os("jackd.transfer", self.world.storage, self.patch)
        self.disk.__enter__()
        self.world.grab()

    def answers(self) -> list[FakeFile]:
        return [
            file
            for file in self.world.files.opened
            if file.delivering and not file.aborted and not getattr(file, "over", False)
        ]

    @rule(number=st.integers(1, 2))
    def grab(self, number):
        self.world.grab(number)

    @rule(number=st.integers(1, 2))
    def delete(self, number):
        self.world.forget(number)

    @rule(order=st.lists(st.integers(0, 4), min_size=1, max_size=12))
    def work(self, order):
        """The writer of the database has one thread, the disk has several."""
        for which in order:
            if which == 0:
                self.world.sql.work()
            else:
                self.world.threads.work(which - 1)
        self.world.look()

    @rule(pieces=st.integers(1, 10), seed=st.integers(0, 100))
    def flow(self, pieces, seed):
        """Something comes, and is worked off for a while."""
        rng = Random(seed)
        for file in self.answers():
            file.send(pieces * PIECE, piece=PIECE)
        self.work([rng.randrange(5) for _ in range(rng.randrange(10, 100))])

    @rule(whole=st.booleans())
    def end(self, whole):
        for file in self.answers()[:1]:
            file.over = True
            file.send(piece=PIECE).end() if whole else file.lose()

    @rule(seconds=st.sampled_from([1, 10, 700]))
    def wait(self, seconds):
        self.world.wait(seconds)

    @precondition(lambda self: self.world.files.etag == '"one"')
    @rule()
    def another_file(self):
        self.world.files.etag, self.world.files.content = '"two"', VERSIONS['"two"']

    @rule(call=st.sampled_from(["fdatasync", "fsync", "pwritev", "mkdir", "rename"]), full=st.booleans())
    def trouble(self, call, full):
        self.world.storage.trouble[call] = errno.ENOSPC if full else errno.EIO

    @rule(steps=st.none() | st.integers(0, 100))
    def kill(self, steps):
        self.world.crash(None, then=steps)

    @rule(seed=st.integers(0, 1000))
    def power_cut(self, seed):
        self.world.crash(Random(seed))

    def teardown(self) -> None:
        try:
            self.world.come_home()
        finally:
            self.disk.__exit__(None, None, None)
            self.patch.undo()


MANY = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_f4_nothing_is_lost_whatever_happens():
    """F1, F2, F4, F7, F47: P1 to P3 hold after every crash, and in the end everything that was answered is there."""
    run_state_machine_as_test(Life, settings=MANY)


def test_the_machine_finds_a_loss(monkeypatch):
    monkeypatch.setattr(Part, "sync", lambda self: None)
    with pytest.raises(AssertionError, match=r"P[123]"):
        run_state_machine_as_test(Life, settings=settings(MANY, max_examples=1000, phases=[Phase.generate]))
