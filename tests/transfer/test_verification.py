"""F25: the right length, the wrong bytes. What arrives is what the friend's manifest promised, or does not arrive."""

from __future__ import annotations

import errno

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred

from jackd.model.coverage import Coverage
from jackd.model.download import State
from jackd.model.errors import PeerError
from jackd.model.history import Event
from jackd.model.manifest import Manifest
from jackd.storage.digests import digest
from jackd.storage.downloads import DownloadStore
from jackd.transfer import checkpoint, inbox, mender, verification
from jackd.transfer import part as part_module
from jackd.transfer.checkpoint import Checkpoints
from jackd.transfer.mender import MAX_BAD
from jackd.transfer.part import Part
from jackd.transfer.verification import FAILING_SECONDS, PATIENCE_SECONDS
from tests.transfer.world import CONTENT, KILLED, FakeFile, World, never

BLOCK = 1000
BLOCKS = -(-len(CONTENT) // BLOCK)
SIZE = len(CONTENT)
LIES = "the friend's bytes do not match his own manifest"


def manifest_of(content: bytes = CONTENT, **changes) -> Manifest:
    digests = b"".join(digest(content[at : at + BLOCK]) for at in range(0, len(content), BLOCK))
    made = Manifest(size=len(content), etag='"one"', block_size=BLOCK, root=digest(digests), digests=digests)
    return evolve(made, **changes)


def flipped(*offsets: int, content: bytes = CONTENT) -> bytes:
    """One bit is another at each of these places."""
    changed = bytearray(content)
    for offset in offsets:
        changed[offset] ^= 1
    return bytes(changed)


def garbled(*offsets: int):
    """The friend's first answer has other bits there; everything after it is as it should be."""

    def script(file: FakeFile) -> None:
        file.content = flipped(*offsets)[: len(file.content)]
        file.send(piece=BLOCK).end()

    return script


def once(first, then=FakeFile.whole):
    """A script for the next answer, and another for those after it."""
    scripts = iter([first])

    def script(file: FakeFile) -> None:
        next(scripts, then)(file)

    return script


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(inbox, "TAKE", 1)


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path).start()
    world.files.manifests = [manifest_of()]
    return world


def arrived(world: World) -> bool:
    [file] = world.finished()
    assert world.work() == []
    return (world.completed / file).read_bytes() == CONTENT


def stored(world: World):
    [row] = DownloadStore(world.database).all()
    return row


def test_what_matches_is_verified(world):
    download = world.add()
    assert download.state is State.COMPLETED
    assert download.verified
    assert stored(world).verified
    assert arrived(world)
    assert world.files.parts_asked == []
    assert world.files.manifests_asked == 1


def test_without_a_manifest_it_is_unverified(world):
    """F25: an original jack has none."""
    world.files.manifests = []
    download = world.add()
    assert download.state is State.COMPLETED
    assert not download.verified
    assert not stored(world).verified


@pytest.mark.parametrize(
    ("manifests", "usual", "digesting"), [(1, BLOCK, True), (1, BLOCK + 1, None), (0, BLOCK, False)]
)
def test_the_part_is_told_whether_digests_will_be_wanted(world, monkeypatch, manifests, usual, digesting):
    told: list[bool | None] = []
    seal = Part.seal

    def noting(part: Part, size: int) -> bool:
        told.append(part.digesting)
        return seal(part, size)

    monkeypatch.setattr(Part, "seal", noting)
    monkeypatch.setattr(verification, "BLOCK_BYTES", usual)
    world.files.manifests = [manifest_of()] * manifests
    world.add()
    assert told == [digesting]


def test_without_a_validator_no_manifest_is_asked_for(world):
    """Nobody could say to which content it belongs."""
    world.files.etag = None
    assert not world.add().verified
    assert world.files.manifests_asked == 0


PLACES = {
    "first byte": [0],
    "last byte": [SIZE - 1],
    "end of a block": [BLOCK - 1],
    "beginning of a block": [BLOCK],
    "both sides of a border": [2 * BLOCK - 1, 2 * BLOCK],
    "many in one block": [3001, 3002, 3003],
    "three blocks apart": [5, 4005, 8005],
    "behind one batch": [9 * BLOCK + 1],
}


@pytest.mark.parametrize("offsets", PLACES.values(), ids=PLACES.keys())
def test_only_the_wrong_blocks_are_fetched_again(world, offsets):
    """F25"""
    world.files.script = once(garbled(*offsets))
    download = world.add()
    assert download.state is State.COMPLETED, download.reason
    assert download.verified
    assert arrived(world)
    wrong = sorted({offset // BLOCK for offset in offsets})
    assert world.files.parts_asked == [(n * BLOCK, min(SIZE, (n + 1) * BLOCK)) for n in wrong]
    assert len(world.files.asked) == 1


def test_one_that_is_wrong_twice_fails_for_good(world):
    """F25"""
    world.files.content = flipped(4321)
    download = world.add()
    assert (download.state, download.reason) == (State.FAILED, LIES)
    assert world.files.parts_asked == [(4000, 5000)]
    assert world.finished() == []
    assert world.over == [(download, Event.FAILED)]


def test_a_lying_manifest_fails_for_good(world):
    world.files.manifests = [manifest_of(flipped(0))]
    assert (world.add().state, world.finished()) == (State.FAILED, [])


def test_what_is_wrong_ends_the_stream_at_once(world):
    """The rest is in vain."""
    world.files.content = flipped(10)
    world.files.script = lambda file: file.send(3 * BLOCK, piece=BLOCK)
    download = world.add()
    assert download.state is State.FAILED
    assert world.files.opened[0].aborted
    assert download.received < BLOCK


def test_too_many_wrong_blocks_are_a_broken_friend(tmp_path, monkeypatch):
    monkeypatch.setattr(mender, "MAX_BAD", 2)
    world = World(tmp_path).start()
    world.files.manifests = [manifest_of()]
    world.files.script = once(garbled(0, 2000, 4000))
    download = world.add()
    assert (download.state, download.reason) == (State.FAILED, LIES)
    assert MAX_BAD == 16


@pytest.mark.parametrize("wrong", [{"size": SIZE + 1}, {"etag": '"two"'}])
def test_a_manifest_of_another_file_is_asked_for_once_more_and_then_not_used(world, wrong):
    world.files.manifests = [manifest_of(**wrong)]
    download = world.add()
    assert download.state is State.COMPLETED
    assert not download.verified
    assert world.files.manifests_asked == 2
    assert arrived(world)


def test_the_second_answer_may_fit(world):
    """The friend's file was replaced just now."""
    world.files.manifests = [manifest_of(etag='"two"'), manifest_of()]
    assert world.add().verified


def test_one_that_cannot_be_had_changes_nothing(world):
    world.files.manifests = [PeerError("the answer is too large", temporary=False)]
    download = world.add()
    assert download.state is State.COMPLETED
    assert not download.verified


def test_one_that_is_computed_only_now_is_waited_for(world):
    """202: the bytes don't wait for it; the final name does, for a while."""
    world.files.manifests = [PeerError("not yet", retry_after=7.0), manifest_of()]
    download = world.add()
    assert (download.state, download.left) == (State.VERIFYING, 0)
    assert world.finished() == []
    world.wait(7)
    assert download.verified
    assert arrived(world)


def test_one_that_is_never_ready_is_not_waited_for_long(world):
    world.files.manifests = [PeerError("not yet", retry_after=3600.0)]
    download = world.add()
    world.wait(PATIENCE_SECONDS - 1)
    assert download.state is State.VERIFYING
    world.wait(1)
    assert download.state is State.COMPLETED
    assert not download.verified


def test_a_friend_who_is_gone_with_his_manifest_is_waited_for_even_less(world):
    world.files.manifests = [PeerError("no route")]
    download = world.add()
    world.wait(FAILING_SECONDS)
    assert download.state is State.COMPLETED
    assert not download.verified


def test_the_first_byte_waits_for_nothing(world):
    late: Deferred = Deferred()
    world.files.manifests = [late]
    world.files.script = lambda file: file.send(5000)
    download = world.add()
    assert (download.state, download.received) == (State.DOWNLOADING, 5000)
    late.callback(manifest_of())
    world.files.last.send().end()
    assert download.verified


def test_what_came_before_the_manifest_is_checked_when_it_is_there(world):
    late: Deferred = Deferred()
    world.files.manifests = [late]
    world.files.script = lambda file: setattr(file, "content", flipped(1500)) or file.send(5000)
    download = world.add()
    late.callback(manifest_of())
    assert world.files.parts_asked == [(1000, 2000)]
    assert download.received == 5000
    world.files.last.send().end()
    assert download.verified
    assert arrived(world)


def test_a_wrong_block_does_not_count_as_received(world, monkeypatch):
    """Neither for clients nor in the database; whatever else came does."""
    monkeypatch.setattr(checkpoint, "CHECKPOINT_BYTES", 1)
    monkeypatch.setattr(mender.Mender, "_try_hard", lambda *_: never())
    world.files.script = garbled(4500)
    download = world.add()
    assert download.files[0].there == stored(world).files[0].there == Coverage(((0, 4000), (5000, SIZE)))
    assert download.received == stored(world).received == SIZE - 1000
    assert world.finished() == []
    KILLED.append(world)


def test_what_comes_in_the_place_of_a_wrong_block_is_not_safe_yet(world, monkeypatch):
    """F24: though the bytes that were there before it were."""
    told, remove = [], Checkpoints.remove

    def noted(self, span):
        told.append(span)
        remove(self, span)

    monkeypatch.setattr(Checkpoints, "remove", noted)
    world.files.script = once(garbled(4500))
    download = world.add()
    assert download.verified
    assert told == [Coverage.of(4000, 5000)]


def test_mending_is_tried_again(world):
    world.files.script = once(garbled(4500))
    world.files.part_errors = [PeerError("busy"), PeerError("busy")]
    download = world.add()
    assert download.state is State.VERIFYING
    world.wait(2)
    world.wait(2)
    assert download.verified


def test_when_a_block_cannot_be_fetched_the_download_goes_on_later_from_there(world):
    world.files.script = once(garbled(4500))
    world.files.part_errors = [PeerError("busy")] * 3
    download = world.add()
    world.wait(2)
    world.wait(2)
    assert (download.state, download.received, download.reason) == (State.WAITING, SIZE - 1000, "busy")
    world.wait(2)
    assert download.verified
    assert len(world.files.asked) == 1
    assert world.files.parts_asked == [(4000, 5000)] * 4
    assert arrived(world)


def test_a_block_of_another_file_is_not_taken(world):
    def first(file: FakeFile) -> None:
        world.files.etag = '"two"'
        garbled(4500)(file)

    world.files.script = once(first)
    download = world.add()
    world.wait(2)
    world.wait(2)
    assert download.state is State.WAITING
    assert download.reason == "The friend has another file now."


def test_a_friend_who_sends_a_block_too_slowly_is_given_up(world):
    world.files.script = once(garbled(4500))
    world.files.part_script = lambda file: None
    download = world.add()
    for _ in range(3):
        assert download.state is State.VERIFYING
        world.wait(60)
        world.files.part_script = FakeFile.whole if len(world.files.parts_asked) == 3 else world.files.part_script
        world.wait(2)
    assert download.verified
    assert world.files.parts_asked == [(4000, 5000)] * 4
    assert arrived(world)


def test_pausing_while_a_block_is_fetched(world):
    world.files.script = once(garbled(4500))
    world.files.part_script = lambda file: None
    download = world.add()
    assert download.state is State.VERIFYING
    world.do("pause", [download.hash])
    assert download.state is State.PAUSED
    world.files.part_script = FakeFile.whole
    world.do("resume", [download.hash])
    assert download.verified
    assert arrived(world)


def test_pausing_while_the_manifest_is_waited_for(world):
    world.files.manifests = [PeerError("not yet", retry_after=10.0)]
    download = world.add()
    world.do("pause", [download.hash])
    assert download.state is State.PAUSED
    world.files.manifests = [manifest_of()]
    world.do("resume", [download.hash])
    assert download.verified
    assert len(world.files.asked) == 1


def test_what_was_not_checked_before_a_crash_is_checked_after_it(world):
    """A wrong byte that came before the manifest, and before the crash."""
    world.files.manifests = [PeerError("not yet", retry_after=60.0)]
    world.files.script = lambda file: setattr(file, "content", flipped(1500)) or file.send(5000).lose()
    world.add()
    assert stored(world).received == 5000
    assert stored(world).files[0].checked == 0
    world.restart()
    world.files.manifests = [manifest_of()]
    world.files.script = FakeFile.whole
    world.wait(2)
    [download] = world.queue.list()
    assert download.verified
    assert arrived(world)
    assert world.files.parts_asked == [(1000, 2000)]


def test_what_was_checked_before_a_crash_is_not_read_again(world, monkeypatch):
    monkeypatch.setattr(checkpoint, "CHECKPOINT_BYTES", 1)
    world.files.script = lambda file: file.send(5500).lose()
    world.add()
    assert stored(world).files[0].checked == 5000
    read = []
    compare = verification._first_bad
    monkeypatch.setattr(verification, "_first_bad", lambda p, m, a, b: read.append(a) or compare(p, m, a, b))
    world.restart()
    world.files.script = FakeFile.whole
    world.wait(2)
    assert world.queue.list()[0].verified
    assert min(read) == 5


def test_the_manifest_outlives_a_restart(world):
    world.files.script = lambda file: file.send(5500).lose()
    world.add()
    world.restart()
    world.files.manifests = [PeerError("no route")]
    world.files.script = FakeFile.whole
    world.wait(2)
    assert world.queue.list()[0].verified
    assert world.files.manifests_asked == 1


def test_another_file_needs_another_manifest(world):
    """F31: the friend's file was replaced; what was known of the old one does not count."""
    world.files.script = lambda file: file.send(5500).lose()
    world.add()
    world.files.etag = '"two"'
    world.files.manifests = [manifest_of(etag='"two"')]
    world.files.script = FakeFile.whole
    world.wait(2)
    [download] = world.queue.list()
    assert download.verified
    assert download.files[0].etag == '"two"'
    assert world.files.manifests_asked == 2


def test_a_crash_while_verifying_does_not_fetch_anything_again(world):
    world.files.manifests = [PeerError("not yet", retry_after=10.0)]
    world.add()
    world.files.manifests = [manifest_of()]
    world.restart()
    assert world.queue.list()[0].verified
    assert len(world.files.asked) == 1


def test_a_disk_that_loses_bytes_is_not_the_friends_fault(world, monkeypatch):
    world.files.script = lambda file: file.send(5000)
    download = world.add()
    [part] = world.completed.glob(".jack/*/part")
    with part.open("r+b") as file:
        file.truncate(10)
    world.files.last.send().end()
    assert download.state in (State.WAITING, State.COMPLETED)
    assert not any("manifest" in d.reason for d in world.queue.list())


# -- what the disk has lost


def with_a_part(tmp_path, content: bytes, lost: int) -> World:
    """What came before was never compared, and so many of its blocks are not what they were."""
    world = World(tmp_path)
    world.files.content = content
    world.files.manifests = [PeerError("computing", retry_after=50.0)]
    world.files.script = lambda file: file.send(30 * BLOCK).lose()
    world.start().add(size=len(content))
    [part] = world.completed.glob(".jack/*/part")
    with part.open("r+b") as file:
        for number in range(lost):
            file.seek(number * BLOCK + 5)
            file.write(b"\xff\xfe\xfd")
    world.files.manifests, world.files.script = [manifest_of(content)], FakeFile.whole
    return world.restart()


def test_an_honest_friend_is_not_blamed_for_what_the_disk_has_lost(tmp_path):
    content = bytes(range(256)) * 160
    world = with_a_part(tmp_path, content, MAX_BAD + 5)
    world.wait(60)
    [download] = world.queue.list()
    assert (download.state, download.verified) == (State.COMPLETED, True)
    [file] = world.finished()
    assert (world.completed / file).read_bytes() == content


def unreadable(monkeypatch, start: int, times: int) -> list[int]:
    """The disk can't read the block that begins there; so often."""
    asked: list[int] = []
    real = part_module.digest_span

    def read(descriptor: int, first: int, stop: int) -> bytes:
        if first == start:
            asked.append(first)
            if len(asked) <= times:
                raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, first, stop)

    monkeypatch.setattr(part_module, "digest_span", read)
    return asked


def test_a_block_that_can_not_be_read_is_fetched_and_written_once_more(world, monkeypatch):
    """A disk puts it elsewhere then. No friend is to blame."""
    unreadable(monkeypatch, 3 * BLOCK, times=1)
    download = world.add()
    assert world.files.parts_asked == [(3 * BLOCK, 4 * BLOCK)]
    assert (download.state, download.verified) == (State.COMPLETED, True)


def test_when_it_can_not_be_read_again_the_disk_is_waited_for(world, monkeypatch):
    unreadable(monkeypatch, 3 * BLOCK, times=2)
    download = world.add()
    assert (download.state, download.reason) == (State.WAITING, "Input/output error")
    world.wait(3600)
    assert (download.state, download.verified) == (State.COMPLETED, True)
