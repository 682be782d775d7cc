"""
The way past the page cache. Where the file system of the temporary folder does not know it the flag is taken away:
everything else is the same.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from contextlib import closing
from typing import Any

import pytest
from blake3 import blake3
from twisted.internet.defer import fail

from jackd.model.errors import PeerError, Unavailable
from jackd.model.manifest import BLOCK_BYTES
from jackd.storage.digests import FileTooShort
from jackd.transfer import body, direct
from jackd.transfer.direct import FAST, MEMORY, PIECE_BYTES, PIECES, SETS, TRIES, Direct, Memory, Pace
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.part import ALIGNED, Part
from jackd.transfer.sink import Stopped
from jackd.web.rate import Bucket, Flow
from tests.transfer.test_speed import ROOM, Wire
from tests.transfer.test_splice import line, receiving  # noqa: F401 - a fixture

DATA = os.urandom(3 * 8 * 1024 * 1024 + 2 * PIECE_BYTES + 4321)
SLICE = 4 * PIECE_BYTES


@pytest.fixture(autouse=True)
def flag(tmp_path, monkeypatch):
    try:
        os.close(os.open(tmp_path / "try", os.O_WRONLY | os.O_CREAT | os.O_DIRECT))
    except (OSError, AttributeError):
        monkeypatch.setattr(os, "O_DIRECT", 0, raising=False)


@pytest.fixture
def part(tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    part = Part.open(folder, 0)
    os.close(folder)
    with closing(part):
        yield part


class Quick(Pace):
    """Takes the way past the cache whatever it takes."""

    def told(self, *_: object, **__: object) -> None:
        self.is_direct = True


@pytest.fixture
def quick(monkeypatch):
    """Every line is fast enough, and slices are short."""
    monkeypatch.setattr(body, "Pace", Quick)
    monkeypatch.setattr(body, "DIRECT_BYTES", SLICE)
    monkeypatch.setattr(body, "SLICE_SECONDS", 2)


@pytest.fixture
def directly(monkeypatch):
    """What is written past the page cache: where, and how many bytes."""
    seen: list[tuple[int, int]] = []
    write = Part.write_direct

    def noted(part: Part, piece: memoryview, offset: int) -> None:
        seen.append((offset, len(piece)))
        write(part, piece, offset)

    monkeypatch.setattr(Part, "write_direct", noted)
    return seen


def page(data: bytes) -> memoryview:
    """A piece that begins with that."""
    [piece, *_] = Memory().claim() or []
    piece[: len(data)] = data
    return piece[: len(data)]


@pytest.mark.usefixtures("line")
class TestStream:
    @pytest.mark.parametrize("digesting", [True, False])
    async def test_every_byte_arrives_and_digests_are_those_of_the_bytes(self, tmp_path, quick, directly, digesting):
        """The first slice tells how fast the line is."""
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = digesting
            assert await r.receive(len(DATA)) == DATA
            assert r.offsets[-1] == len(DATA)
            whole = [n * PIECE_BYTES for n in range(2, 8)]
            assert directly == [*((start, PIECE_BYTES) for start in whole), (8 * PIECE_BYTES, 4321)]
            known = {start: blake3(DATA[start:][:BLOCK_BYTES]).digest() for start in whole}
            assert r.part._digests == (known if digesting else {})

    async def test_the_last_piece_of_a_slice_is_written_while_the_next_one_comes(self, tmp_path, quick):
        """And counts when it is there, not before (F1)."""
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = True
            write, told = r.part.write_direct, threading.Event()

            def last(piece: memoryview, offset: int) -> None:
                if offset == 3 * PIECE_BYTES:
                    assert told.wait(4)
                write(piece, offset)

            async def written(offset: int) -> None:
                r.offsets.append(offset)
                if offset == 3 * PIECE_BYTES:
                    told.set()

            r.part.write_direct, r.written = last, written
            assert await r.receive(len(DATA)) == DATA
            assert r.offsets == [2 * PIECE_BYTES, 3 * PIECE_BYTES, 7 * PIECE_BYTES, len(DATA)]

    async def test_a_piece_counts_when_its_digest_is_known(self, tmp_path, quick, monkeypatch):
        """Whoever compares it would read it from the disk instead."""

        def late(piece: memoryview) -> bytes:
            time.sleep(0.05)
            return blake3(piece).digest()

        monkeypatch.setattr(direct, "digest", late)
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = True
            known: list[bool] = []

            async def written(offset: int) -> None:
                pieces = range(2 * PIECE_BYTES, offset - PIECE_BYTES + 1, PIECE_BYTES)
                known.append(r.part._digests.keys() == {*pieces})

            r.written = written
            await r.receive(len(DATA))
            assert len(known) > 2
            assert known[:-1] == [True] * (len(known) - 1)

    async def test_it_may_be_shortened_to_where_it_is(self, tmp_path, quick):
        """Another lane writes what follows, and nothing is to come any more: what came is written all the same."""
        async with receiving(tmp_path, DATA[: 4 * PIECE_BYTES], announced=len(DATA)) as r:
            r.part.digesting = True

            async def written(offset: int) -> None:
                r.offsets.append(offset)
                if offset == 3 * PIECE_BYTES:
                    assert r.sink.shorten(0) == 4 * PIECE_BYTES

            r.written = written
            assert await r.receive(len(DATA)) == DATA[: 4 * PIECE_BYTES]
            assert r.offsets == [2 * PIECE_BYTES, 3 * PIECE_BYTES, 4 * PIECE_BYTES]

    async def test_as_long_as_nobody_knows_whether_digests_are_wanted_the_cache_keeps_it(
        self, tmp_path, quick, directly
    ):
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            assert await r.receive(len(DATA)) == DATA
            assert directly == []

    async def test_a_slow_line_goes_through_the_cache(self, tmp_path, quick, directly, monkeypatch):
        monkeypatch.setattr(body, "Pace", Pace)
        monkeypatch.setattr(direct, "FAST", 1 << 60)
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = True
            assert await r.receive(len(DATA)) == DATA
            assert directly == []

    async def test_a_body_cut_short_is_an_error_and_what_came_is_kept(self, tmp_path, quick, directly):
        short = DATA[: 3 * PIECE_BYTES + 777]
        async with receiving(tmp_path, short, announced=len(DATA), hang_up=True) as r:
            r.part.digesting = True
            with pytest.raises(PeerError, match="before the end"):
                await r.receive(len(DATA))
            assert r.offsets[-1] == len(short)
            assert r.path.read_bytes() == short
            assert directly == [(2 * PIECE_BYTES, PIECE_BYTES), (3 * PIECE_BYTES, 777)]

    async def test_it_stops_when_told_and_what_came_is_kept(self, tmp_path, quick):
        short = DATA[: 3 * PIECE_BYTES + 777]
        async with receiving(tmp_path, short, announced=len(DATA)) as r:
            r.part.digesting = True
            write = r.part.write_direct

            def stopping(*args) -> None:
                write(*args)
                r.sink.stop()

            r.part.write_direct = stopping
            with pytest.raises(Stopped):
                await r.receive(len(DATA))
            assert r.offsets[-1] >= 3 * PIECE_BYTES
            assert r.path.read_bytes()[: r.offsets[-1]] == short[: r.offsets[-1]]

    @pytest.mark.parametrize("failing", [3, 4, 5])
    async def test_what_lies_behind_a_write_that_failed_does_not_count(
        self, tmp_path, quick, directly, monkeypatch, failing
    ):
        """F8"""
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = True
            write = r.part.write_direct

            def full(piece: memoryview, offset: int) -> None:
                if offset == failing * PIECE_BYTES:
                    raise OSError(errno.ENOSPC, "full")
                write(piece, offset)

            monkeypatch.setattr(r.part, "write_direct", full)
            with pytest.raises(DiskTrouble, match="the disk is full"):
                await r.receive(len(DATA))
            assert directly == [(n * PIECE_BYTES, PIECE_BYTES) for n in range(2, failing)], "nothing behind the gap"
            assert r.offsets[-1] <= failing * PIECE_BYTES
            assert r.path.read_bytes()[: r.offsets[-1]] == DATA[: r.offsets[-1]]

    @pytest.mark.parametrize(
        ("room", "slices"), [(4, [2, 2, 5]), (3, [2, 3, 5, 7]), (2, [2, 2, 3, 4, 5]), (1, [1, 2, 3, 4, 5])]
    )
    async def test_a_slice_is_what_there_is_room_for(self, tmp_path, quick, room, slices):
        """F1: with the last piece, which is still being written. With room for one alone the cache keeps it."""
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = True
            r.most = room * PIECE_BYTES + 1
            assert await r.receive(len(DATA)) == DATA
            assert r.offsets[: len(slices)] == [n * PIECE_BYTES for n in slices]

    async def test_when_others_come_and_there_is_no_room_left_the_cache_keeps_it(self, tmp_path, quick, directly):
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = True

            async def written(offset: int) -> None:
                r.offsets.append(offset)
                if len(r.offsets) == 2:
                    r.most = PIECE_BYTES

            r.written = written
            assert await r.receive(len(DATA)) == DATA
            assert r.offsets == [*(n * PIECE_BYTES for n in (2, 3, 5, 6, 7, 8)), len(DATA)]
            assert directly == [(2 * PIECE_BYTES, PIECE_BYTES), (3 * PIECE_BYTES, PIECE_BYTES)]

    async def test_while_a_limit_holds_the_cache_keeps_it(self, tmp_path, quick, directly):
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = True
            r.sink._flow = Flow(Bucket(1 << 40, clock=time.monotonic))
            assert await r.receive(len(DATA)) == DATA
            assert directly == []

    async def test_where_the_file_system_refuses_the_cache_does_it(self, tmp_path, quick, directly, monkeypatch):
        monkeypatch.setattr(Part, "open_direct", lambda _: False)
        async with receiving(tmp_path, DATA, announced=len(DATA)) as r:
            r.part.digesting = True
            assert await r.receive(len(DATA)) == DATA
            assert directly == []


class TestPart:
    def test_what_does_not_fit_the_pages_goes_through_the_cache(self, part, tmp_path):
        data = os.urandom(3 * ALIGNED + 5)
        assert part.open_direct()
        part.write_direct(page(data), ALIGNED)
        assert (tmp_path / "part").read_bytes() == bytes(ALIGNED) + data

    def test_so_does_what_the_file_system_wants_otherwise(self, part, tmp_path, monkeypatch):
        assert part.open_direct()
        write = os.pwritev

        def strict(descriptor: int, pieces: list[memoryview], offset: int) -> int:
            if descriptor == part._direct:
                raise OSError(errno.EINVAL, "no")
            return write(descriptor, pieces, offset)

        monkeypatch.setattr(os, "pwritev", strict)
        part.write_direct(page(b"x" * ALIGNED), 0)
        assert (tmp_path / "part").read_bytes() == b"x" * ALIGNED

    def test_a_short_write_goes_on(self, part, tmp_path, monkeypatch):
        data = os.urandom(4 * ALIGNED)
        assert part.open_direct()
        write = os.pwritev
        monkeypatch.setattr(os, "pwritev", lambda fd, pieces, offset: write(fd, [pieces[0][:ALIGNED]], offset))
        part.write_direct(page(data), 0)
        assert (tmp_path / "part").read_bytes() == data

    def test_other_errors_are_told(self, part, monkeypatch):
        assert part.open_direct()

        write = os.pwritev

        def full(descriptor: int, *rest: object) -> int:
            if descriptor == part._direct:
                raise OSError(errno.ENOSPC, "full")
            return write(descriptor, *rest)

        monkeypatch.setattr(os, "pwritev", full)
        with pytest.raises(OSError, match="full"):
            part.write_direct(page(b"x" * ALIGNED), 0)

    def test_a_digest_is_told_once_then_the_file_is_read(self, part):
        data = os.urandom(BLOCK_BYTES)
        part.write([data], 0)
        part.remember(0, b"told")
        assert part.digest(0, BLOCK_BYTES) == b"told"
        assert part.digest(0, BLOCK_BYTES) == blake3(data).digest()

    def test_another_span_has_another_digest(self, part):
        part.write([b"abcd"], 0)
        part.remember(0, b"told")
        assert part.digest(0, 4) == blake3(b"abcd").digest()

    @pytest.mark.parametrize("offset", [BLOCK_BYTES, 2 * BLOCK_BYTES - 1, BLOCK_BYTES - 1])
    def test_what_is_written_again_has_no_digest_any_more(self, part, offset):
        part.write([bytes(3 * BLOCK_BYTES)], 0)
        part.remember(BLOCK_BYTES, b"told")
        part.write([b"xy"], offset)
        assert part.digest(BLOCK_BYTES, 2 * BLOCK_BYTES) != b"told"

    def test_neither_has_what_is_spliced_or_thrown_away(self, part):
        out, into = os.pipe()
        os.write(into, b"xy")
        part.write([bytes(BLOCK_BYTES)], 0)
        part.remember(0, b"told")
        part.splice(out, 2, 5)
        assert part.digest(0, BLOCK_BYTES) != b"told"
        part.remember(0, b"told")
        part.restart()
        with pytest.raises(FileTooShort):
            part.digest(0, BLOCK_BYTES)
        os.close(out)
        os.close(into)


def test_the_faster_way_is_taken():
    pace = Pace()
    assert not pace.is_direct, "nothing is known yet"
    pace.told(FAST // 2, 1, direct=False)
    assert not pace.is_direct
    pace.told(2 * FAST, 1, direct=False)
    assert pace.is_direct
    pace.told(FAST, 1, direct=True)
    assert pace.is_direct, "not slower than half of the other way"
    for speed in [*[FAST - 1] * (TRIES - 1), FAST, *[FAST - 1] * (TRIES - 1)]:
        pace.told(speed, 1, direct=True)
        assert pace.is_direct, "somebody else may have written"
    pace.told(FAST - 1, 1, direct=True)
    assert not pace.is_direct
    pace.told(9 * FAST, 1, direct=False)
    assert not pace.is_direct, "what was slow is not tried again"


def test_what_only_memory_can_take_is_not_expected_of_the_disk():
    """Eight MiB may have waited in the socket, and go into the page cache at once."""
    pace = Pace()
    pace.told(100 * MEMORY, 1, direct=False)
    for _ in range(TRIES):
        pace.told(MEMORY // 2, 1, direct=True)
    assert pace.is_direct


def test_only_few_streams_have_memory(part):
    memory = Memory()
    taken = [Direct.begin(part, 0, memory) for _ in range(SETS)]
    assert all(taken)
    assert Direct.begin(part, 0, memory) is None
    for one in taken:
        one.close()
    again = memory.claim()
    assert again is not None
    assert len(again) == PIECES


def test_without_memory_the_cache_keeps_it(part, monkeypatch):
    def none(*_: object) -> None:
        raise OSError(errno.ENOMEM, "none")

    monkeypatch.setattr(direct.mmap, "mmap", none)
    assert Direct.begin(part, 0, Memory()) is None


async def test_nothing_is_being_written_any_more_when_no_thread_could_be_had_for_it(tmp_path, quick):
    """Else it would go into whichever file has that descriptor next."""
    short = DATA[: 3 * PIECE_BYTES + 777]
    async with receiving(tmp_path, short, announced=len(DATA)) as r:
        r.part.digesting = True
        held, over = threading.Event(), []
        write = r.part.write_direct

        def slow(*args: Any) -> None:
            held.wait(4)
            write(*args)
            over.append(True)

        def refused(*_: object) -> Any:
            return fail(Unavailable("too much is waiting"))

        r.part.write_direct = slow
        r.sink._disk._workers.run = refused
        with pytest.raises(DiskTrouble):
            await r.receive(len(DATA))
        assert over == [True]


def test_what_came_with_the_headers_is_written_before_the_way_past_the_cache_begins(tmp_path, quick):
    """Else the bytes behind it would come into its place."""
    wire, at = Wire(tmp_path, b"x" * 1000), 2 * PIECE_BYTES - 100
    wire.part.digesting = False
    with wire.pump(at + 4 * SLICE, Flow(), prefix=b"p" * 300, at=at) as pump:
        for _ in range(2):
            pump.begin_slice(at + 4 * SLICE, ROOM)
            pump.turn(1000)
        pump.settle()
        assert pump.at == at + 1300
    assert (tmp_path / "part").read_bytes()[at:] == b"p" * 300 + b"x" * 1000
    wire.close()


def test_a_line_that_became_slow_goes_through_the_cache_again(tmp_path, quick, monkeypatch):
    wire = Wire(tmp_path, b"x" * 100)
    wire.part.digesting = False
    monkeypatch.setattr(body, "SLICE_SECONDS", 0)
    with wire.pump(4 * SLICE, Flow()) as pump:
        pump._pace.is_direct = True
        pump.begin_slice(4 * SLICE, ROOM)
        assert pump._direct is not None
        assert pump.turn(1000) is None
        assert pump.at == 100
        pump.begin_slice(4 * SLICE, ROOM)
        assert pump._direct is None
    wire.close()
