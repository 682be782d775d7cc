"""Speed limits of downloads: what is written by when, by the clock of the test."""

from __future__ import annotations

import os
import socket
import threading

import pytest
from twisted.internet.defer import Deferred

from jackd.model.download import State
from jackd.model.errors import PeerBusy, PeerError
from jackd.ports import Taken
from jackd.transfer import body, lanes
from jackd.transfer.body import PIPE_BYTES, BodyPump
from jackd.transfer.direct import Memory
from jackd.transfer.part import Part
from jackd.transfer.sink import LIMITED_HIGH
from jackd.web.rate import BURST_SECONDS, Bucket, Direction, Flow
from tests.transfer.world import World

RATE = 1000


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.speed = Direction({"bbbbbbbb": RATE}, clock=world.clock.seconds)
    world.queue = world._queue()
    return world.start()


def run(world, seconds: float) -> None:
    for _ in range(int(seconds * 20)):
        world.wait(0.05)


def test_all_downloads_together_keep_the_limit(world):
    world.speed.total.set(RATE)
    first, second = world.add(1), world.add(2)
    run(world, 4)
    moved = sum(e.download.received for e in world.queue._rows.all())
    assert moved <= RATE * (4 + BURST_SECONDS)
    run(world, 30)
    assert first.state is second.state is State.COMPLETED


def test_a_download_has_a_limit_of_its_own_and_keeps_it_over_a_restart(world):
    download = world.add(1, paused=True)
    world.do("set_speed_limits", [download.hash], download=RATE)
    world.do("set_speed_limits", [download.hash, "unknown"], upload=5)
    world.restart()
    download = world.queue.get(download.hash)
    assert (download.download_limit, download.upload_limit) == (RATE, 5)
    world.do("resume", [download.hash])
    run(world, 2)
    assert download.received <= RATE * (2 + BURST_SECONDS)
    assert download.state is State.DOWNLOADING
    world.do("set_speed_limits", [download.hash], download=0)
    run(world, 1)
    assert download.state is State.COMPLETED


def test_a_friend_s_limit_holds_for_his_files_only(world):
    slow, fast = world.add(1, peer="bbbbbbbb"), world.add(2)
    run(world, 1)
    assert (slow.state, fast.state) == (State.DOWNLOADING, State.COMPLETED)


def test_a_limited_download_stops_at_once_and_keeps_what_came(world):
    world.speed.total.set(10)
    download = world.add()
    pausing = Deferred.fromCoroutine(world.queue.pause([download.hash]))
    run(world, 1)
    assert pausing.called
    assert download.state is State.PAUSED


def test_a_limited_body_does_not_pile_up_in_memory(world):
    """What came is what the network moved."""
    world.speed.total.set(RATE)
    world.files.content, world.files.script = bytes(10 * LIMITED_HIGH), lambda file: None
    world.add(1, size=10 * LIMITED_HIGH)
    file = world.files.last
    while not file.transport.paused:
        file.send(1024)
    assert file.at <= LIMITED_HIGH + 2048


def test_nor_does_more_than_may_be_at_stake(world, monkeypatch):
    """F1: what waits in memory is fetched again after a crash as well."""
    monkeypatch.setattr(lanes, "AT_ONCE_BYTES", 10_000)
    world.speed.total.set(1)
    world.files.content, world.files.script = bytes(LIMITED_HIGH), lambda file: None
    world.add(1, size=LIMITED_HIGH)
    file = world.files.last
    while not file.transport.paused:
        file.send(1024)
    assert 10_000 <= file.at <= 10_000 + 2048


ROOM = 32 * 1024 * 1024


class Wire:
    """A friend who has sent it all already, and a part to splice it into."""

    def __init__(self, folder, data: bytes) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.theirs.sendall(data)
        fd = os.open(folder, os.O_RDONLY)
        self.part = Part.open(fd, 0)
        os.close(fd)

    def pump(self, size: int, flow: Flow, idle: float = 60.0, *, prefix: bytes = b"", at: int = 0) -> BodyPump:
        taken = Taken(prefix=prefix, connection=self.ours)
        return BodyPump(taken, self.part, at, size, idle, flow, threading.Event(), Memory())

    def close(self) -> None:
        self.theirs.close()
        self.part.close()


@pytest.fixture
def wire(tmp_path):
    wire = Wire(tmp_path, b"x" * 50_000)
    yield wire
    wire.close()


def test_the_kernel_moves_no_more_than_is_allowed(wire):
    now = [0.0]
    flow = Flow(Bucket(10_000, clock=lambda: now[0]))
    with wire.pump(50_000, flow) as pump:
        for step in range(1, 20):
            pump.begin_slice(50_000, ROOM)
            while not pump.turn(PIPE_BYTES):
                assert pump.at == flow.moved <= 10_000 * (now[0] + BURST_SECONDS)
            now[0] = step * 0.1
    assert pump.at > 10_000


class Time:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_waiting_for_a_turn_is_not_the_friend_s_silence(tmp_path, monkeypatch):
    wire, time, earning = Wire(tmp_path, b""), Time(), [0.0]
    monkeypatch.setattr(body, "time", time)
    with wire.pump(50_000, Flow(Bucket(1000, clock=lambda: earning[0])), idle=1.0) as pump:
        for _ in range(10):
            time.now += 1
            pump.begin_slice(50_000, ROOM)
            assert pump.turn(PIPE_BYTES)
            pump.check_silence()
        earning[0] = 100.0
        assert pump.turn(PIPE_BYTES) == 0
        time.now += 1.1
        with pytest.raises(PeerError, match="no byte came"):
            pump.check_silence()
    wire.close()


@pytest.fixture
def silent(tmp_path):
    """Friends who answer and send nothing until the test does."""
    world = World(tmp_path, max_concurrent_downloads=2, idle_timeout_ms=60_000_000)
    world.files.script = lambda file: None
    return world.start()


def pass_by(world, seconds: int) -> None:
    for _ in range(seconds):
        world.wait(1)


def test_a_slow_download_loses_its_slot_when_another_waits(silent):
    """F17"""
    slow, other = silent.add(1), silent.add(2)
    for _ in range(40):
        silent.files.opened[0].send(10)
        pass_by(silent, 10)
    assert slow.state is other.state is State.DOWNLOADING
    waiting = silent.add(3)
    silent.wait(1)
    assert slow.state is State.WAITING
    assert "slower than 4 KiB/s" in slow.reason
    assert (slow.attempts, slow.received) == (0, 400)
    assert waiting.state is other.state is State.DOWNLOADING
    for file in silent.files.opened[1:]:
        file.whole()
    pass_by(silent, 301)
    assert slow.state is State.DOWNLOADING


def test_one_slow_download_at_a_time_makes_room(silent):
    silent.add(1), silent.add(2)
    pass_by(silent, 400)
    silent.add(3)
    for _ in range(3):
        silent.wait(1)
    states = sorted(d.state.value for d in silent.queue.list())
    assert states == ["downloading", "downloading", "waiting"]


def test_who_is_slow_for_our_own_limit_keeps_the_slot(silent):
    slow, _ = silent.add(1), silent.add(2)
    silent.queue._speed.total.set(1000)
    pass_by(silent, 400)
    silent.add(3)
    silent.wait(2)
    assert slow.state is State.DOWNLOADING


def test_no_friend_has_all_slots_while_another_s_files_wait(silent):
    first = [silent.add(n) for n in (1, 2, 3)]
    second = silent.add(4, peer="bbbbbbbb")
    assert [d.state for d in [*first, second]] == [
        State.DOWNLOADING, State.DOWNLOADING, State.QUEUED, State.QUEUED
    ]  # fmt: skip
    silent.files.opened[0].whole()
    assert (first[0].state, first[2].state, second.state) == (State.COMPLETED, State.QUEUED, State.DOWNLOADING)
    silent.files.opened[1].whole()
    assert first[2].state is State.DOWNLOADING


def test_a_place_in_a_friend_s_queue_is_no_failed_attempt(silent):
    """F30"""
    silent.files.errors = [PeerBusy("busy", retry_after=30)] * 50
    download = silent.add()
    for _ in range(50):
        assert (download.state, download.attempts) == (State.WAITING, 0)
        silent.wait(31)
    assert download.state is State.DOWNLOADING
