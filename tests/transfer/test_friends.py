"""F25, F46: one file from several friends. What arrives is right, and no attempt is lost because one of them fails."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from jackd.model.coverage import Coverage
from jackd.model.download import State
from jackd.model.errors import ItemGone, PeerBusy, PeerError
from jackd.storage.threads import InlineWorkers
from jackd.transfer import checkpoint, division, inbox, lanes, mender
from jackd.transfer.checkpoint import AT_ONCE_BYTES
from jackd.transfer.queue import DownloadQueue
from jackd.transfer.sink import BufferedSink
from tests.transfer.friends import ALICE, Friends, a_friend, world_of
from tests.transfer.test_verification import BLOCK, LIES, SIZE, arrived, flipped, manifest_of, stored
from tests.transfer.world import CONTENT, FakeFile, lost


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Shares of a block."""
    monkeypatch.setattr(inbox, "TAKE", 1)
    monkeypatch.setattr(division, "MIN_SHARE", BLOCK)


def silent(file: FakeFile) -> None:
    """Sends when the test says so."""


@pytest.fixture
def alice():
    alice = a_friend()
    alice.script = alice.part_script = silent
    return alice


@pytest.fixture
def bob():
    bob = a_friend('"two"')
    bob.part_script = silent
    return bob


@pytest.fixture
def both(tmp_path, alice, bob):
    return world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))


def parts(friend) -> list[tuple[int, int]]:
    return friend.parts_asked


def test_two_friends_give_a_half_each(both, alice, bob, monkeypatch):
    """With If-Range of his own validator, not of the lead's."""
    monkeypatch.setattr(division, "MIN_SHARE", 4 * BLOCK)
    download = both.add()
    assert parts(bob) == [(6000, SIZE)]
    assert bob.opened == []
    assert download.sources == 2
    bob.parts[0].send(2000, piece=BLOCK)
    alice.last.send(3000, piece=BLOCK)
    assert download.files[0].there == Coverage(((0, 3000), (6000, 8000)))
    alice.last.send(3000, piece=BLOCK)
    assert alice.last.aborted, "she has nothing more to give of her half"
    bob.parts[0].send()
    bob.parts[0].end()
    assert download.verified
    assert arrived(both)
    assert download.given == {"Alice": 6000, "Bob": SIZE - 6000}
    assert (download.sources, len(alice.asked), alice.parts_asked) == (0, 1, [])


def test_they_share_what_may_be_at_stake(both, alice, bob, monkeypatch):
    """F1: what each may write until he is heard of again, asked before each time."""
    rooms, receive = [], BufferedSink.receive

    def noted(*args, account, **kwargs):
        rooms.append(account.room)
        return receive(*args, account=account, **kwargs)

    monkeypatch.setattr(BufferedSink, "receive", noted)
    monkeypatch.setattr(division, "MIN_SHARE", 4 * BLOCK)
    both.add()
    assert [room() for room in rooms] == [AT_ONCE_BYTES // 2, AT_ONCE_BYTES // 2]
    bob.parts[0].whole()
    assert rooms[0]() == AT_ONCE_BYTES


def test_who_has_several_downloads_from_a_friend_tries_no_more_connections(both, alice, bob, monkeypatch):
    """They would only take from one another: whoever tried it first would get twice as much as the others."""
    told: list[tuple[str, bool]] = []

    def look(tuner, *_, limited: bool, **__: object) -> None:
        told.append((tuner.title, limited))

    class Noted(lanes.Tuner):
        def __init__(self) -> None:
            super().__init__()
            self.title = len(tuners)
            tuners.append(self)

    tuners: list[Noted] = []
    monkeypatch.setattr(Noted, "look", look)
    monkeypatch.setattr(lanes, "Tuner", Noted)
    both.add(1)
    both.wait(1)
    assert told == [(0, False)]
    second = both.add(2)
    told.clear()
    both.wait(1)
    assert (0, True) in told
    both.do("pause", [second.hash])
    told.clear()
    both.wait(1)
    assert told == [(0, False)]


def test_the_faster_one_gets_more(both, alice, bob):
    """Whoever is done takes a share of what the other has still to fetch; by their speeds."""
    both.add()
    for _ in range(5):
        alice.last.send(100)
        bob.parts[0].send(400)
        both.wait(1)
    bob.parts[0].whole()
    (first, _), (second, stop) = parts(bob)
    assert (second, stop) == (2000, first)
    bob.parts[1].whole()
    assert parts(bob)[2:] == []
    alice.last.send(2000)
    assert arrived(both)


def test_whoever_vanishes_in_the_middle_is_replaced(both, alice, bob):
    """F15: without another attempt; he may come back."""
    download = both.add()
    alice.last.send(2500, piece=100).lose()
    assert download.state is State.DOWNLOADING
    bob.parts[0].whole()
    assert parts(bob)[1:] == [(2500, 6000)]
    bob.parts[1].whole()
    assert download.verified
    assert arrived(both)
    assert (download.attempts, download.failures) == (0, 0)


def test_one_who_comes_back_helps_again(both, alice, bob):
    download = both.add()
    alice.last.send(1000).lose()
    both.wait(3)
    assert download.sources == 2
    assert alice.parts_asked == [(1000, 6000)]


def test_it_fails_when_nobody_is_left_for_the_reason_of_the_first(both, alice, bob):
    download = both.add()
    bob.parts[0].lose()
    alice.last.send(1000)
    alice.last.receiver.fail(PeerError("gone"))
    assert (download.state, download.reason) == (State.WAITING, "gone")
    assert download.received == 1000


def test_another_content_of_the_same_size_is_not_asked_for(tmp_path, alice):
    """Only manifests tell; his is of other bytes."""
    other = a_friend('"two"', CONTENT[::-1])
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=other))
    download = world.add()
    assert other.manifests_asked == 1
    alice.last.whole()
    assert download.verified
    assert arrived(world)
    assert (other.asked, other.parts_asked) == ([], [])


def test_without_a_manifest_nobody_helps(tmp_path):
    """Nobody could tell whether it is the same content."""
    alice, bob = a_friend(manifest=False), a_friend('"two"')
    alice.script = silent
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    world.wait(30)
    assert (bob.asked, bob.parts_asked, download.sources) == ([], [], 1)


def test_who_has_the_same_root_and_another_file_by_now_is_left_out(both, alice, bob):
    """F31: his answer has another validator than his manifest."""
    bob.etag = '"three"'
    download = both.add()
    assert download.sources == 1
    for _ in range(20):
        both.wait(3)
        alice.last.send(10)
    assert (len(parts(bob)), download.sources) == (1, 1)
    alice.part_script = FakeFile.whole
    alice.last.send()
    assert arrived(both)


# Who lies


def liar(*offsets: int):
    bob = a_friend('"two"')

    def lie(file: FakeFile) -> None:
        file.content = flipped(*offsets)[: len(file.content)]
        file.send(piece=BLOCK).end()

    bob.part_script = lie
    return bob


def test_a_wrong_block_is_fetched_again_from_somebody_else(tmp_path, alice):
    """F25"""
    bob = liar(7500)
    alice.part_script = FakeFile.whole
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    assert alice.parts_asked == [(7000, 8000)]
    alice.last.send(6000, piece=BLOCK)
    assert download.verified
    assert arrived(world)
    assert (7000, 8000) not in parts(bob)


def test_who_lies_twice_is_not_asked_any_more(tmp_path, alice, said):
    """F25: and of what he gave only that counts which was found to be right."""
    bob = liar(7500, 8500, 9500)
    alice.part_script = FakeFile.whole
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    assert any("Bob is not asked any more: his bytes were wrong twice" in line for line in said)
    assert parts(bob) == [(6000, SIZE)]
    alice.last.send(6000, piece=BLOCK)
    assert download.verified
    assert arrived(world)
    assert (7000, 8000) in alice.parts_asked and (8000, 9000) in alice.parts_asked


def test_the_lead_may_be_the_liar(tmp_path):
    """F25: what he says of the content was right, what he sends is not."""
    alice, bob = a_friend(content=flipped(100, 1100, 2100, 3100)), a_friend('"two"')
    alice.manifests = [manifest_of()]
    late: Deferred = Deferred()
    bob.manifests = [late]
    alice.script = lambda file: file.send(500)
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    late.callback(manifest_of(etag='"two"'))
    alice.last.send(6000, piece=BLOCK)
    assert download.verified, download.reason
    assert arrived(world)


def test_when_all_lie_it_fails_for_good(tmp_path):
    """F25"""
    alice, bob = a_friend(content=flipped(100)), a_friend('"two"', flipped(100))
    alice.manifests, bob.manifests = [manifest_of()], [manifest_of(etag='"two"')]
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    world.wait(10)
    assert (download.state, download.reason) == (State.FAILED, LIES)
    assert world.finished() == []


def test_many_liars_do_not_spoil_it(tmp_path, alice, monkeypatch):
    """P6: each is out after two blocks."""
    monkeypatch.setattr(mender, "MAX_BAD", 7)
    alice.part_script = FakeFile.whole
    everywhere = range(0, SIZE, BLOCK)
    liars = {f"liar{n}": liar(*everywhere) for n in range(3)}
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, **liars))
    download = world.add()
    alice.last.send(piece=BLOCK).end()
    world.wait(3)
    assert download.verified, download.reason
    assert arrived(world)


# Who is gone


def test_the_first_is_gone_and_another_one_has_it(tmp_path, said):
    """F46: from the beginning, for nothing is there; without a manifest too."""
    alice, bob = a_friend(manifest=False), a_friend('"two"', manifest=False)
    alice.errors = [lost()] * 5
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    assert download.state is State.COMPLETED
    assert arrived(world)
    assert download.given == {"Bob": SIZE}
    assert any("comes from Bob instead: no route" in line for line in said)


def test_whose_file_it_is_survives_a_restart(tmp_path):
    """F46: what came from Bob goes on with Bob, by his validator."""
    alice, bob = a_friend(manifest=False), a_friend('"two"', CONTENT, manifest=False)
    alice.errors = [lost()]
    bob.script = lambda file: file.send(5000).lose()
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    assert world.add().received == 5000
    assert stored(world).files[0].lead.peer == "bob"
    bob.script = FakeFile.whole
    world.restart()
    world.wait(2)
    assert world.states() == [State.COMPLETED]
    assert bob.asked == [(0, None), (5000, '"two"')]
    assert arrived(world)


def test_when_that_one_is_gone_for_good_it_begins_anew_with_the_first(tmp_path):
    alice, bob = a_friend(content=CONTENT, manifest=False), a_friend('"two"', CONTENT[::-1], manifest=False)
    alice.errors = [lost()]
    bob.script = lambda file: file.send(5000).lose()
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    world.add()
    bob.errors = [ItemGone()]
    world.wait(2)
    assert world.states() == [State.COMPLETED]
    assert arrived(world)


def test_what_is_there_of_one_who_is_away_is_kept(tmp_path):
    """Without a manifest a second friend can't go on with it; it waits for the first."""
    alice, bob = a_friend(manifest=False), a_friend('"two"', manifest=False)
    alice.script = lambda file: file.send(5000).lose()
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    alice.errors = [lost()]
    world.wait(2)
    assert (download.state, download.received, bob.asked) == (State.WAITING, 5000, [])


def test_with_a_manifest_others_go_on_with_it(tmp_path):
    """F46: also after a restart, when the first one is not there at all."""
    alice, bob = a_friend(), a_friend('"two"')
    friends = Friends(aaaaaaaa=alice, bob=bob)
    friends.away = {"bob"}
    alice.script = lambda file: file.send(5500).lose()
    world = world_of(tmp_path, friends)
    world.add()
    assert stored(world).received == 5500
    friends.away.clear()
    alice.errors, alice.manifests = [lost()] * 9, [lost()]
    world.restart()
    world.wait(2)
    assert world.states() == [State.COMPLETED]
    assert bob.parts_asked == [(5500, SIZE)]
    assert bob.asked == []
    assert arrived(world)


def test_one_who_may_still_join_is_waited_for_a_little(tmp_path):
    alice, bob = a_friend(), a_friend('"two"')
    bob.manifests = [PeerError("not yet", retry_after=5.0), manifest_of(etag='"two"')]
    alice.script = lambda file: file.send(5500).lose()
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    assert download.state is State.DOWNLOADING
    for _ in range(5):
        world.wait(1)
    assert download.verified


def test_but_not_for_long(tmp_path):
    alice, bob = a_friend(), a_friend('"two"')
    bob.manifests = [PeerError("not yet", retry_after=50.0)]
    alice.script = lambda file: file.send(5500).lose()
    alice.part_errors = [lost("she is gone")] * 9
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    alice.errors = [lost("she is gone")] * 9
    for _ in range(9):
        world.wait(1)
    assert (download.state, download.attempts) == (State.DOWNLOADING, 0)
    for _ in range(2):
        world.wait(1)
    assert download.attempts == 1


def test_a_place_in_the_queue_of_a_second_friend_spoils_nothing(both, alice, bob):
    """F30"""
    bob.part_errors = [PeerBusy("busy", retry_after=30)]
    download = both.add()
    assert (download.state, download.sources) == (State.DOWNLOADING, 1)
    alice.last.send(5000, piece=BLOCK)
    both.wait(31)
    assert download.sources == 2


# Stopping, and the disk


def test_pausing_stops_all_lanes_and_keeps_what_came(both, alice, bob):
    """F48"""
    download = both.add()
    alice.last.send(1500)
    bob.parts[0].send(1500)
    both.do("pause", [download.hash])
    there = Coverage(((0, 1500), (6000, 7500)))
    assert (download.state, download.files[0].there, stored(both).files[0].there) == (State.PAUSED, there, there)
    assert alice.last.aborted and bob.parts[0].aborted
    assert len(both.clock.getDelayedCalls()) == 1, "only the queue's own tick"
    alice.part_script = bob.part_script = FakeFile.whole
    both.restart()
    both.do("resume", [download.hash])
    assert both.queue.get(download.hash).verified
    assert arrived(both)
    assert alice.parts_asked[0] == (1500, 6000)


def test_a_disk_that_fails_under_one_lane_stops_all(both, alice, bob, monkeypatch):
    """F7"""
    download = both.add()
    both.disk.error = OSError(28, "full")
    bob.parts[0].send(1000)
    assert (download.state, download.reason) == (State.WAITING, "the disk is full")
    assert alice.last.aborted
    both.disk.error = None
    alice.part_script = alice.script = bob.part_script = FakeFile.whole
    both.wait(70)
    assert download.verified


def test_each_friend_s_own_limit_holds_for_his_lanes(both, alice, bob):
    asked = []
    flow = both.queue._speed.flow
    both.queue._speed.flow = lambda peer, *own: asked.append(peer) or flow(peer, *own)
    both.add()
    assert {ALICE, "bob"} <= set(asked)


def test_recheck_of_what_has_holes(both, alice, bob):
    """Whatever is there counts, and is compared again."""
    download = both.add()
    alice.last.send(1500)
    bob.parts[0].send(1500)
    both.do("pause", [download.hash])
    [part] = both.completed.glob(".jack/*/part")
    with part.open("r+b") as file:
        file.truncate(7000)
    both.do("recheck", [download.hash])
    assert download.files[0].there == Coverage(((0, 1500), (6000, 7000)))
    assert download.files[0].good == Coverage()


def test_holes_are_filled_when_nobody_can_compare_any_more(both, alice, bob):
    """P1: the manifest is gone from the database and from the friends; what is there is told by its spans alone."""
    download = both.add()
    alice.last.send(1500)
    bob.parts[0].send(1500)
    both.do("pause", [download.hash])
    both.database.read_now(lambda db: db.execute("DELETE FROM download_manifests"))
    alice.manifests = bob.manifests = []
    alice.script = alice.part_script = FakeFile.whole
    both.do("resume", [download.hash])
    assert arrived(both)
    assert alice.parts_asked == [(1500, 6000), (7500, SIZE)]
    assert not download.verified


# Anything at any time


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_they_do_what_arrives_is_right(tmp_path_factory, data):
    """P1, P6: one is honest, in the end; the others vanish, lie, are slow, or have something else."""
    monkey = pytest.MonkeyPatch()
    monkey.setattr(checkpoint, "CHECKPOINT_BYTES", 2048)
    friends = {ALICE: a_friend(), "bob": a_friend('"two"'), "carol": a_friend('"three"'), "dan": a_friend('"four"')}
    friends["carol"].content = flipped(*range(0, SIZE, 700))
    friends["dan"].content, friends["dan"].manifests = CONTENT[::-1], [manifest_of(CONTENT[::-1], etag='"four"')]
    for friend in friends.values():
        friend.script = friend.part_script = silent
    friends["carol"].manifests = [manifest_of(etag='"three"')]
    world = world_of(tmp_path_factory.mktemp("friends"), Friends(**friends), max_download_attempts=1000)
    world.add()
    for _ in range(data.draw(st.integers(1, 30))):
        flowing = [f for friend in friends.values() for f in [*friend.opened, *friend.parts] if is_flowing(f)]
        deed = data.draw(st.sampled_from(["send", "send", "send", "lose", "wait", "restart", "pause"]))
        if deed == "wait":
            world.wait(data.draw(st.sampled_from([1, 5, 61])))
        elif deed == "restart":
            world.restart()
            for file in flowing:
                file.over = True
        elif deed == "pause":
            world.do("pause", [d.hash for d in world.queue.list()])
            world.do("resume", [d.hash for d in world.queue.list()])
        elif flowing:
            file = data.draw(st.sampled_from(flowing))
            file.send(data.draw(st.integers(1, 4000)), piece=700)
            if deed == "lose" and not file.aborted:
                file.over = True
                file.lose()
    for name in ("bob", "carol", "dan"):
        friends[name].part_errors, friends[name].errors = [lost()] * 1000, [lost()] * 1000
    alice = friends[ALICE]
    alice.script = alice.part_script = FakeFile.whole
    world.restart()
    for _ in range(200):
        if world.states() == [State.COMPLETED]:
            break
        world.wait(5)
    assert world.states() == [State.COMPLETED], world.queue.list()[0].reason
    assert world.queue.list()[0].verified
    assert arrived(world)
    monkey.undo()


def is_flowing(file: FakeFile) -> bool:
    return file.delivering and not file.aborted and not getattr(file, "over", False) and file.at < len(file.content)


# -- whoever may have it later is waited for


@pytest.mark.parametrize("why", [PeerBusy("in the queue", retry_after=5), PeerError("no route")])
def test_that_the_first_is_gone_is_no_end_while_another_one_is_only_busy(tmp_path, why):
    """F46, F30"""
    alice, bob = a_friend(manifest=False), a_friend('"two"', manifest=False)
    alice.errors = [ItemGone() for _ in range(20)]
    bob.errors = [why]
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = world.add()
    assert download.state is State.WAITING
    assert str(why) in download.reason
    world.wait_often(60)
    assert arrived(world)


def test_nor_while_the_third_is(tmp_path):
    alice, bob, carol = a_friend(manifest=False), a_friend('"two"'), a_friend('"three"')
    alice.errors, bob.errors = ([ItemGone() for _ in range(9)] for _ in range(2))
    carol.errors = [PeerBusy("in the queue", retry_after=5)]
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob, carol=carol))
    assert world.add().state is State.WAITING
    world.wait_often(60)
    assert arrived(world)


def test_that_all_are_gone_is_the_end(tmp_path):
    alice, bob = a_friend(), a_friend('"two"')
    alice.errors, bob.errors = [ItemGone()], [ItemGone()]
    download = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob)).add()
    assert download.state is State.FAILED


def test_nor_while_another_one_still_computes_his_digests(tmp_path):
    alice, bob = a_friend(), a_friend('"two"')
    computing = PeerError("computing", retry_after=20.0)
    bob.manifests = [computing, computing, manifest_of(etag='"two"')]
    alice.script = lambda file: file.send(5500).lose()
    alice.part_errors = [ItemGone() for _ in range(9)]
    world = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    world.add()
    alice.errors = [ItemGone() for _ in range(20)]
    world.wait_often(300)
    assert arrived(world)


class Late:
    """Threads of which one tells later what it has found."""

    def __init__(self) -> None:
        self.hold = False
        self.held: list[tuple[Deferred, Deferred]] = []

    def run(self, job, *args):
        found, told = InlineWorkers().run(job, *args), Deferred()
        if not self.hold:
            return found
        self.held.append((told, found))
        return told

    def tell(self) -> None:
        self.hold = False
        for told, found in self.held:
            found.chainDeferred(told)


def test_what_another_one_wrote_while_a_block_was_compared_is_compared_again(tmp_path, alice, bob, monkeypatch):
    """F25: the thread has read bytes that are not there any more when it tells that they are right."""
    late = Late()
    made = DownloadQueue.__init__
    monkeypatch.setattr(DownloadQueue, "__init__", lambda queue, **known: made(queue, **{**known, "digests": late}))
    bob.script = silent
    both = world_of(tmp_path, Friends(aaaaaaaa=alice, bob=bob))
    download = both.add()
    late.hold = True
    bob.parts[0].send(BLOCK, piece=BLOCK)
    assert len(late.held) == 1
    bob.part_errors = [ItemGone() for _ in range(9)]
    bob.parts[0].lose()
    both.wait(4)
    first = alice.opened[0]
    first.send(6000, piece=BLOCK)
    again = alice.parts[-1]
    again.content = flipped(6500)[: len(again.content)]
    again.send(BLOCK, piece=BLOCK)
    late.tell()
    alice.part_script = FakeFile.whole
    for file in (first, *alice.parts):
        file.send().end()
    both.wait(5)
    assert (download.state, download.verified) == (State.COMPLETED, True)
    [file] = both.finished()
    assert (both.completed / file).read_bytes() == CONTENT
