"""The queue's manners: who is first, who makes room for whom."""

from __future__ import annotations

from jackd.model.download import State
from tests.transfer.world import FakeFile, World


def test_the_first_of_the_queue_has_the_next_slot_and_the_last_one_the_last(tmp_path):
    world = World(tmp_path, max_concurrent_downloads=1)
    world.files.script = lambda file: None
    world.start()
    one, two, three, four = (world.add(n) for n in (1, 2, 3, 4))
    world.do("move", [four.hash], "top")
    world.do("move", [two.hash], "bottom")
    for running in (one, four, three, two):
        assert [d for d in world.queue.list() if d.state is State.DOWNLOADING] == [running]
        world.files.last.whole()
        assert running.state is State.COMPLETED


def test_who_is_paused_or_removed_gives_the_slot_to_the_next(tmp_path):
    world = World(tmp_path, max_concurrent_downloads=1)
    world.files.script = lambda file: None
    world.start()
    one, two, three = (world.add(n) for n in (1, 2, 3))
    world.do("pause", [one.hash])
    assert world.states() == [State.PAUSED, State.DOWNLOADING, State.QUEUED]
    world.do("resume", [one.hash])
    assert world.states() == [State.QUEUED, State.DOWNLOADING, State.QUEUED]
    world.do("delete", [two.hash], delete_files=True)
    assert world.states() == [State.DOWNLOADING, State.QUEUED]
    assert three.state is State.QUEUED


def test_who_says_nothing_at_all_loses_the_slot(tmp_path):
    """F15: and comes again after a pause that holds none."""
    world = World(tmp_path, max_concurrent_downloads=1)
    world.files.script = lambda file: None
    world.start()
    silent = world.add(1)
    world.files.script = FakeFile.whole
    other = world.add(2)
    world.wait(world.settings.idle_timeout_ms / 1000)
    assert (silent.state, other.state) == (State.WAITING, State.COMPLETED)
    world.wait(3600)
    assert silent.state is State.COMPLETED


def test_what_is_no_longer_forced_takes_a_slot_again(tmp_path):
    world = World(tmp_path, max_concurrent_downloads=1)
    world.files.script = lambda file: None
    world.start()
    one, two, three = (world.add(n) for n in (1, 2, 3))
    world.do("set_forced", [two.hash], True)
    world.do("set_forced", [two.hash], False)
    assert world.states() == [State.DOWNLOADING, State.DOWNLOADING, State.QUEUED]
    world.files.opened[0].whole()
    assert (one.state, three.state) == (State.COMPLETED, State.QUEUED)
    world.files.opened[1].whole()
    assert (two.state, three.state) == (State.COMPLETED, State.DOWNLOADING)


def test_a_forced_one_takes_nobody_s_slot(tmp_path):
    world = World(tmp_path, max_concurrent_downloads=1)
    world.files.script = lambda file: None
    world.start()
    forced = world.add(1, paused=True)
    world.do("set_forced", [forced.hash], True)
    world.add(2)
    assert world.states() == [State.DOWNLOADING, State.DOWNLOADING]
