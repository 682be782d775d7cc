"""Which bytes would survive."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from jackd.model.coverage import Coverage
from jackd.transfer.body import DIRECT_BYTES, SLICE_BYTES, pieces
from jackd.transfer.checkpoint import AT_ONCE_BYTES, CHECKPOINT_BYTES, CHECKPOINT_SECONDS, Checkpoints
from jackd.transfer.direct import PIECE_BYTES
from tests.support import result_of

MIB = 1024 * 1024


def upto(count: int) -> Coverage:
    return Coverage.of(0, count)


class Steps:
    """What is done, in order; each step waits until the test lets it go on."""

    def __init__(self, *, wait: bool = False) -> None:
        self.log: list[object] = []
        self.wait = wait
        self.waiting: list[Deferred[None]] = []
        self.clock = Clock()
        self.checkpoints = Checkpoints(sync=self.sync, commit=self.commit, clock=self.clock, start=Coverage())

    def _step(self, what: object) -> Deferred[None]:
        self.log.append(what)
        if not self.wait:
            return succeed(None)
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def sync(self) -> Deferred[None]:
        return self._step("sync")

    def commit(self, there: Coverage) -> Deferred[None]:
        return self._step(there.total)

    def advance(self, count: int) -> Deferred[None]:
        return Deferred.fromCoroutine(self.checkpoints.advance(lambda: upto(count)))


def test_the_disk_first_then_the_database():
    steps = Steps(wait=True)
    done = Deferred.fromCoroutine(steps.checkpoints.finish(upto(10)))
    assert steps.log == ["sync"]
    steps.waiting[0].callback(None)
    assert (steps.log, steps.checkpoints.durable) == (["sync", 10], Coverage())
    steps.waiting[1].callback(None)
    result_of(done)
    assert steps.checkpoints.durable == upto(10)


def test_after_so_many_bytes_or_seconds():
    steps = Steps()
    result_of(steps.advance(CHECKPOINT_BYTES - 1))
    assert steps.log == []
    result_of(steps.advance(CHECKPOINT_BYTES))
    assert steps.log == ["sync", CHECKPOINT_BYTES]
    steps.clock.advance(CHECKPOINT_SECONDS)
    result_of(steps.advance(CHECKPOINT_BYTES))
    assert len(steps.log) == 2, "nothing new"
    result_of(steps.advance(CHECKPOINT_BYTES + 1))
    assert steps.log[2:] == ["sync", CHECKPOINT_BYTES + 1]


def test_writing_goes_on_beside_one_checkpoint_and_waits_for_a_second():
    steps = Steps(wait=True)
    result_of(steps.advance(CHECKPOINT_BYTES))
    result_of(steps.advance(CHECKPOINT_BYTES + 1))
    second = steps.advance(2 * CHECKPOINT_BYTES)
    assert not second.called
    steps.waiting[0].callback(None)
    steps.waiting[1].callback(None)
    result_of(second)
    assert steps.log == ["sync", CHECKPOINT_BYTES, "sync"]


@pytest.mark.parametrize("first", range(1, 29, 3))
@pytest.mark.parametrize("step", [4, 8, 28])
def test_never_is_more_at_stake_than_64_mib(first, step):
    """F1: the disk is slow, and what comes at once is 28 MiB, with a piece of 4 under way."""
    steps, written = Steps(wait=True), first
    while steps.advance(written * MIB).called:
        written += step
    assert written + 4 <= 64
    assert steps.log == ["sync"]


@pytest.mark.parametrize("lanes", range(1, 9))
@pytest.mark.parametrize("direct", [0, 2])
def test_nor_when_several_friends_give_it(lanes, direct):
    """F1: each is in the middle of what there was room for when the others are told to wait."""
    room = AT_ONCE_BYTES // lanes
    past_the_cache = room >= 2 * PIECE_BYTES
    cached, past = pieces(room, SLICE_BYTES), pieces(room - PIECE_BYTES, DIRECT_BYTES)
    slices = [past if n < direct and past_the_cache else cached for n in range(lanes)]
    steps, written, going = Steps(wait=True), 0, list(slices)
    while going:
        written += going[0]
        going = going[1:] + (going[:1] if steps.advance(written).called else [])
    under_way = PIECE_BYTES * min(direct, lanes) if past_the_cache else 0
    assert 24 * MIB <= written + under_way <= 64 * MIB
    assert steps.log == ["sync"]


@pytest.mark.parametrize("start", [0, 500 * MIB])
def test_bytes_that_turned_out_useless_do_not_stand_for_others(start):
    """F1, F24: a friend is expelled, and so much less is there than is safe on the disk; others come in its place."""
    steps, safe = Steps(wait=True), Coverage.of(0, 500 * MIB)
    steps.checkpoints = Checkpoints(sync=steps.sync, commit=steps.commit, clock=steps.clock, start=safe)
    steps.checkpoints.remove(safe)
    result_of(Deferred.fromCoroutine(steps.checkpoints.advance(lambda: Coverage.of(start, start + 25 * MIB))))
    assert steps.log == ["sync"]
    more = Coverage.of(start, start + 33 * MIB)
    assert not Deferred.fromCoroutine(steps.checkpoints.advance(lambda: more)).called


def test_what_was_removed_while_the_disk_worked_is_not_safe():
    """Other bytes may have come in their place when it was done with those before."""
    steps = Steps(wait=True)
    result_of(steps.advance(CHECKPOINT_BYTES))
    steps.checkpoints.remove(Coverage.of(0, 10))
    for step in (0, 1):
        steps.waiting[step].callback(None)
    done = Deferred.fromCoroutine(steps.checkpoints.finish(upto(CHECKPOINT_BYTES)))
    assert not done.called
    for step in (2, 3):
        steps.waiting[step].callback(None)
    result_of(done)
    assert steps.log == ["sync", CHECKPOINT_BYTES] * 2


def test_several_writers_wait_for_one_checkpoint_and_begin_one():
    """Two at once could tell the database of the older one last."""
    steps = Steps(wait=True)
    result_of(steps.advance(CHECKPOINT_BYTES))
    waiting = [steps.advance(2 * CHECKPOINT_BYTES), steps.advance(2 * CHECKPOINT_BYTES + 1)]
    steps.waiting[0].callback(None)
    steps.waiting[1].callback(None)
    for writer in waiting:
        result_of(writer)
    assert steps.log == ["sync", CHECKPOINT_BYTES, "sync"]


def test_a_failed_one_is_told_and_vouches_for_nothing():
    """Each writer is told, and none begins another one."""
    steps = Steps(wait=True)
    result_of(steps.advance(CHECKPOINT_BYTES))
    steps.waiting[0].errback(OSError("EIO"))
    for _ in range(2):
        with pytest.raises(OSError, match="EIO"):
            result_of(steps.advance(CHECKPOINT_BYTES + 1))
    with pytest.raises(OSError, match="EIO"):
        result_of(steps.checkpoints.finish(upto(CHECKPOINT_BYTES + 1)))
    assert (steps.log, steps.checkpoints.durable) == (["sync"], Coverage())
