"""What the queue tells of the end of its downloads: once each, with totals that survive restarts."""

from __future__ import annotations

import pytest

from jackd.model.download import State
from jackd.model.errors import NotFound, PeerBusy
from jackd.model.history import Event
from tests.transfer.world import CONTENT, FakeFile, World, lost

HALF = len(CONTENT) // 2


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_completed_is_told_once_and_removing_it_is_not(world):
    world.start()
    download = world.add()
    assert world.over == [(download, Event.COMPLETED)]
    world.do("delete", [download.hash], delete_files=True)
    assert world.over == [(download, Event.COMPLETED)]


def test_removed_before_its_end(world):
    """What came counts."""
    world.files.script = lambda file: file.send(HALF)
    world.start()
    download = world.add()
    world.do("delete", [download.hash], delete_files=False)
    assert world.over == [(download, Event.REMOVED)]
    assert download.received == HALF


def test_failed_for_good_is_told_again_after_another_chance(world):
    world.files.errors = [NotFound(), NotFound()]
    world.start()
    download = world.add()
    world.do("resume", [download.hash])
    assert [event for _, event in world.over] == [Event.FAILED, Event.FAILED]
    world.do("resume", [download.hash])
    assert world.over[-1] == (download, Event.COMPLETED)
    assert download.failures == 2


def test_whoever_is_told_can_spoil_nothing(world):
    world.over = None
    world.start()
    assert world.add().state is State.COMPLETED
    assert world.add(2, title="B").state is State.COMPLETED


def fail_after(count):
    def script(file: FakeFile) -> None:
        file.send(count)
        file.lose()

    return script


def test_failed_attempts_are_counted_over_progress_and_restarts(world):
    """Attempts in a row begin anew with each byte; the failures in all do not."""
    world.files.script = fail_after(100)
    world.start()
    download = world.add()
    for failures in (2, 3):
        world.wait(3600)
        assert (download.attempts, download.failures) == (1, failures)
    world.restart()
    download = world.queue.get(download.hash)
    assert download.failures == 3
    world.files.script = FakeFile.whole
    world.wait(3600)
    assert world.over == [(download, Event.COMPLETED)]
    assert download.failures == 3


def test_a_place_in_a_friends_queue_is_no_failure(world):
    world.files.errors = [PeerBusy("later"), lost()]
    world.start()
    download = world.add()
    world.wait(3600)
    world.wait(3600)
    assert (download.state, download.failures) == (State.COMPLETED, 1)


def test_a_pause_is_no_failure_and_takes_no_time(world):
    world.files.script = lambda file: file.send(HALF)
    world.start()
    download = world.add()
    world.clock.pump([1.0] * 7)
    world.do("pause", [download.hash])
    world.wait(1000)
    world.files.script = FakeFile.whole
    world.do("resume", [download.hash])
    assert (download.state, download.failures, download.seconds) == (State.COMPLETED, 0, 7.0)


def test_seconds_survive_a_kill_as_far_as_the_bytes_do(world):
    """The last checkpoint is at 5 s: what came after it is fetched again, and counts again."""
    world.files.script = lambda file: file.send(100)
    world.start()
    download = world.add()
    for _ in range(6):
        world.clock.advance(1.0)
        world.files.last.send(100)
    world.restart(start=False)
    download = world.queue.get(download.hash)
    assert download.received > 0
    assert download.seconds == 5.0
