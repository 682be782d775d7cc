"""Digests of shared files: computed once for each content, in the background."""

from __future__ import annotations

import errno
import gc
import os
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from jackd.catalogue import manifests
from jackd.catalogue.manifests import PATIENCE_SECONDS, ManifestMaker
from jackd.model.errors import NotFound, Unavailable
from jackd.ports import Location
from jackd.storage.database import Database
from jackd.storage.digests import digest
from jackd.storage.manifests import ManifestStore
from jackd.storage.threads import InlineWorkers
from jackd.web.auth import Mint
from jackd.web.sending import Stamp
from tests.support import result_of

BLOCK = 1000
MINT = Mint(b"s" * 32)


@pytest.mark.parametrize(("number", "error"), [(errno.EIO, Unavailable), (errno.EMFILE, Unavailable), (2, NotFound)])
def test_an_error_that_passes_is_no_reason_to_say_that_there_is_no_manifest(tmp_path, monkeypatch, number, error):
    """A friend who is told 404 asks no more, and finishes without."""

    def broken(location: Location) -> int:
        raise OSError(number, "no")

    monkeypatch.setattr(manifests, "open_beneath", broken)
    with pytest.raises(error):
        result_of(World(tmp_path).maker.of(Location(path=tmp_path / "a.mkv", roots=[tmp_path])))


class SlowWorkers:
    """Do each job on :meth:`step`."""

    def __init__(self) -> None:
        self.jobs = []

    def run(self, job, *args):
        done: Deferred = Deferred()
        self.jobs.append((done, job, args))
        return done

    def step(self, count: int = 1) -> None:
        for _ in range(count):
            done, job, args = self.jobs.pop(0)
            InlineWorkers().run(job, *args).chainDeferred(done)

    def finish(self) -> None:
        while self.jobs:
            self.step()


class World:
    def __init__(self, root: Path, hashing=None) -> None:
        self.root = root
        self.clock = Clock()
        self.hashing = hashing or InlineWorkers()
        self.database = Database.in_memory()
        self.maker = self.new()

    def new(self) -> ManifestMaker:
        return ManifestMaker(
            store=ManifestStore(self.database),
            mint=MINT,
            disk=InlineWorkers(),
            hashing=self.hashing,
            clock=self.clock,
            block_size=BLOCK,
        )

    def put(self, name: str = "a.mkv", data: bytes = b"x" * 2500) -> Location:
        path = self.root / name
        path.write_bytes(data)
        return Location(path=path, roots=[self.root])

    def ask(self, location: Location, who: str = "") -> Deferred:
        return Deferred.fromCoroutine(self.maker.of(location, who=who))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def slow(tmp_path):
    return World(tmp_path, SlowWorkers())


def test_it_says_what_the_bytes_are(world):
    data = os.urandom(2500)
    location = world.put(data=data)
    made = result_of(world.maker.of(location))
    assert made.digests == digest(data[:1000]) + digest(data[1000:2000]) + digest(data[2000:])
    assert made.root == digest(made.digests)
    assert (made.size, made.block_size) == (2500, BLOCK)


def test_its_etag_is_the_one_that_the_file_is_served_with(world):
    """F33: the receiver compares the two."""
    location = world.put()
    with location.path.open("rb") as file:
        stamp = Stamp.of(file.fileno())
    assert result_of(world.maker.of(location)).etag == f'"{MINT.sign("etag", str(stamp))}"'


@pytest.mark.parametrize("blocks", [1, 7, 8, 9, 16, 17])
def test_files_of_every_number_of_blocks(world, blocks):
    data = os.urandom(blocks * BLOCK)
    made = result_of(world.maker.of(world.put(data=data)))
    assert made.digests == b"".join(digest(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK))


def test_it_is_computed_once_and_outlives_a_restart(world):
    location = world.put()
    made = result_of(world.maker.of(location))
    world.hashing = SlowWorkers()
    world.maker = world.new()
    assert result_of(world.maker.of(location)) == made
    assert world.hashing.jobs == []


def test_another_content_under_the_same_name_is_another_file(world):
    """F31, F32."""
    first = result_of(world.maker.of(world.put(data=b"a" * 2500)))
    (world.root / "a.mkv").unlink()
    second = result_of(world.maker.of(world.put(data=b"b" * 2500)))
    assert first.root != second.root
    assert first.etag != second.etag


def test_who_asks_waits_a_little_and_then_is_told_to_come_back(slow):
    location = slow.put()
    asked = slow.ask(location)
    slow.clock.advance(PATIENCE_SECONDS)
    assert result_of(asked) is None
    slow.hashing.finish()
    assert result_of(slow.ask(location)) is not None


def test_who_waits_gets_it_as_soon_as_it_is_there(slow):
    location = slow.put()
    both = [slow.ask(location), slow.ask(location)]
    assert len(slow.hashing.jobs) == 1
    slow.hashing.finish()
    first, second = map(result_of, both)
    assert first is not None
    assert first == second
    assert slow.clock.getDelayedCalls() == []


def test_who_goes_away_is_forgotten_and_the_work_goes_on(slow):
    location = slow.put()
    gone, stays = slow.ask(location), slow.ask(location)
    gone.addErrback(lambda _: None)
    gone.cancel()
    slow.hashing.finish()
    assert result_of(stays) is not None


def test_one_file_is_read_at_a_time(slow):
    first, second = slow.ask(slow.put("a.mkv")), slow.ask(slow.put("b.mkv"))
    assert len(slow.hashing.jobs) == 1
    slow.hashing.finish()
    assert result_of(first) is not None
    assert result_of(second) is not None


def test_a_file_that_changes_meanwhile_is_not_remembered(slow):
    """F32: digests of two contents are digests of none."""
    location = slow.put(data=b"x" * 20 * BLOCK)
    asked = slow.ask(location)
    slow.hashing.step()
    location.path.write_bytes(b"y" * 20 * BLOCK)
    os.utime(location.path, ns=(1, 1))
    slow.hashing.finish()
    assert result_of(asked) is None
    again = slow.ask(location)
    slow.hashing.finish()
    assert result_of(again).digests == digest(b"y" * BLOCK) * 20


def test_a_file_that_is_cut_meanwhile_is_not_remembered(slow):
    location = slow.put(data=b"x" * 20 * BLOCK)
    asked = slow.ask(location)
    os.truncate(location.path, 100)
    slow.hashing.finish()
    assert result_of(asked) is None


def test_there_is_a_limit_to_what_may_be_waited_for(slow, monkeypatch):
    monkeypatch.setattr(manifests, "MAX_WAITING", 1)
    slow.ask(slow.put("a.mkv"))
    with pytest.raises(Unavailable) as caught:
        result_of(slow.ask(slow.put("b.mkv")))
    assert caught.value.retry_after


def test_one_friend_can_not_fill_the_queue_for_all(slow, monkeypatch):
    monkeypatch.setattr(manifests, "MAX_WAITING_EACH", 3)
    hers = [slow.ask(slow.put(f"{n}.mkv"), "alice") for n in range(3)]
    with pytest.raises(Unavailable):
        result_of(slow.ask(slow.put("4.mkv"), "alice"))
    his = slow.ask(slow.put("his.mkv"), "bob")
    for _ in range(20):
        if his.called:
            break
        slow.hashing.step()
    assert [asked.called for asked in hers] == [True, True, False], "the one that was begun, and one of each"
    slow.hashing.finish()
    fourth = slow.ask(slow.put("4.mkv"), "alice")
    slow.hashing.finish()
    assert result_of(fourth) is not None


def test_there_is_a_limit_to_who_may_wait(slow, monkeypatch):
    monkeypatch.setattr(manifests, "MAX_ASKING", 1)
    location = slow.put()
    slow.ask(location)
    assert result_of(slow.ask(location)) is None


@pytest.mark.parametrize("name", ["a.txt", "missing.mkv"])
def test_what_is_not_served_has_none(world, name):
    """S10: the manifest tells as much as the file does."""
    if name == "a.txt":
        world.put(name)
    with pytest.raises(NotFound):
        result_of(world.maker.of(Location(path=world.root / name, roots=[world.root])))


def test_what_lies_outside_has_none(world, tmp_path):
    location = world.put()
    with pytest.raises(NotFound):
        result_of(world.maker.of(Location(path=location.path, roots=[tmp_path / "elsewhere"])))


def test_an_empty_file_has_none(world):
    with pytest.raises(NotFound):
        result_of(world.maker.of(world.put(data=b"")))


def test_stopping_breaks_it_off(slow):
    slow.maker.startService()
    asked = slow.ask(slow.put())
    slow.maker.stopService()
    assert result_of(asked) is None
    slow.hashing.finish()


def test_no_descriptor_is_left_open(world):
    gc.collect()  # of other tests
    before = len(list(Path("/proc/self/fd").iterdir()))
    location = world.put()
    for _ in range(3):
        result_of(world.maker.of(location))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
