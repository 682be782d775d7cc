"""Backpressure, silence, and bodies that are not what was announced."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss

from jackd.model.download import State
from jackd.model.errors import PeerError
from jackd.transfer.inbox import HIGH, LOW, TAKE, Inbox, Overlong
from tests.support import result_of
from tests.transfer.world import Transport, World

MIB = 1024 * 1024


def an_inbox(left: int = 100 * MIB) -> Inbox:
    inbox = Inbox(left=left, clock=Clock(), idle_timeout=60)
    inbox.makeConnection(Transport())
    return inbox


def test_a_disk_that_stops_stops_the_sender(tmp_path):
    """The backpressure proof: from the disk to the socket, and back."""
    world = World(tmp_path).start()
    world.files.content = bytes(64 * MIB)
    world.files.script = None
    download = world.add(size=64 * MIB)
    answer = world.files.last
    world.disk.stalled = True
    answer.send(piece=256 * 1024)
    assert answer.transport.paused
    inbox = answer.receiver
    assert HIGH <= inbox.buffered <= HIGH + 256 * 1024
    assert answer.at == inbox.buffered
    assert len(world.disk.waiting) == 1, "more than one write at once"
    world.wait(3600)
    assert download.state is State.DOWNLOADING, "the silence is ours, not the friend's"
    assert answer.at == inbox.buffered

    for _ in range(20):
        world.disk.release(1)
        assert answer.transport.paused == (answer.at - download.received > HIGH // LOW)
    assert not answer.transport.paused
    world.disk.stalled = False
    world.disk.release()
    answer.send(piece=256 * 1024)
    assert answer.at == 64 * MIB, "nothing holds it up any more"
    answer.end()
    assert download.state is State.COMPLETED


def test_memory_stays_bounded_whatever_the_speeds(tmp_path):
    world = World(tmp_path).start()
    world.files.content = bytes(48 * MIB)
    world.files.script = None
    download = world.add(size=48 * MIB)
    answer = world.files.last
    world.disk.stalled = True
    most = 0
    for _ in range(100):
        answer.send(piece=256 * 1024)
        most = max(most, answer.at - download.received)
        world.disk.release(1)
    assert answer.at == 48 * MIB
    assert HIGH <= most <= HIGH + 256 * 1024
    assert answer.transport.pauses > 2


def test_pieces_come_in_order_and_together():
    inbox = an_inbox()
    for number in range(10):
        inbox.dataReceived(bytes([number]) * (TAKE * 3 // 10))
    pieces = result_of(inbox.take())
    assert [p[0] for p in pieces] == [0, 1, 2]
    assert sum(map(len, pieces)) <= TAKE
    assert [p[0] for p in result_of(inbox.take())] == [3, 4, 5]


def test_a_large_piece_is_given_alone():
    inbox = an_inbox()
    inbox.dataReceived(bytes(3 * TAKE))
    inbox.dataReceived(b"x")
    assert [len(p) for p in result_of(inbox.take())] == [3 * TAKE]
    assert result_of(inbox.take()) == [b"x"]


def test_the_end():
    inbox = an_inbox(3)
    inbox.dataReceived(b"abc")
    inbox.connectionLost(Failure(ResponseDone()))
    assert result_of(inbox.take()) == [b"abc"]
    assert result_of(inbox.take()) == []
    assert inbox._clock.getDelayedCalls() == []


@pytest.mark.parametrize("reason", [ResponseDone(), PotentialDataLoss(), ConnectionError()])
def test_a_short_body_gives_what_came_and_then_fails(reason):
    """F20, F22"""
    inbox = an_inbox(5)
    inbox.dataReceived(b"abc")
    inbox.connectionLost(Failure(reason))
    assert result_of(inbox.take()) == [b"abc"]
    with pytest.raises(PeerError, match="2 bytes before the end") as raised:
        result_of(inbox.take())
    assert raised.value.temporary


def test_a_whole_body_without_length_counts():
    """F22"""
    inbox = an_inbox(3)
    inbox.dataReceived(b"abc")
    inbox.connectionLost(Failure(PotentialDataLoss()))
    result_of(inbox.take())
    assert result_of(inbox.take()) == []


def test_a_whole_body_on_a_connection_that_broke_does_not():
    inbox = an_inbox(3)
    inbox.dataReceived(b"abc")
    inbox.connectionLost(Failure(ConnectionError()))
    result_of(inbox.take())
    with pytest.raises(PeerError):
        result_of(inbox.take())


def test_not_one_byte_more_than_announced():
    """F21, F24"""
    inbox = an_inbox(3)
    inbox.dataReceived(b"abcd")
    with pytest.raises(Overlong) as raised:
        result_of(inbox.take())
    assert not raised.value.temporary
    inbox.dataReceived(b"more")
    assert inbox.buffered == 0


def test_silence_is_an_error():
    """F15, F16"""
    inbox = an_inbox()
    clock = inbox._clock
    inbox.dataReceived(b"a")
    clock.advance(59)
    inbox.dataReceived(b"b")
    clock.advance(59)
    assert result_of(inbox.take()) == [b"a", b"b"]
    waiting = inbox.take()
    clock.advance(2)
    with pytest.raises(PeerError, match="60 seconds"):
        result_of(waiting)


def test_failing_forgets_what_waits():
    inbox = an_inbox()
    inbox.dataReceived(b"a")
    inbox.fail(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        result_of(inbox.take())
