"""
The queue with the real client on real sockets, against a friend who does everything wrong that the fault catalogue
knows: the file arrives whole, or the grab fails visibly; never a wrong file.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import define
from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred
from twisted.internet.task import deferLater
from twisted.web.client import Agent

from jackd.config.settings import DownloadSettings
from jackd.model.download import Download, State
from jackd.model.grab import Grab
from jackd.model.peer import Peer
from jackd.model.secret import Secret
from jackd.peer.network import Network
from jackd.storage.database import MIRROR, Database
from jackd.storage.downloads import DownloadStore
from jackd.storage.manifests import ManifestStore
from jackd.storage.mirror import MirrorStore
from jackd.storage.threads import InlineWorkers, ThreadWorkers
from jackd.transfer.completed import CompletedFolder
from jackd.transfer.queue import DownloadQueue
from jackd.web.outgoing import Outgoing
from tests.fakes.evil_peer import EvilPeer
from tests.fakes.original import MATRIX_RELEASE
from tests.support import files_below

CONTENT = os.urandom(1_500_000)
HASH = "c" * 40
END = (State.COMPLETED, State.FAILED)


@define
class Case:
    peer: EvilPeer
    queue: DownloadQueue
    completed: Path

    async def grab(self, until: tuple[State, ...] = END) -> Download:
        """Grab the file and wait until the download has one of the states."""
        release, peer = self.peer.release, Peer(name="alice", url=self.peer.url, key=Secret("k"))
        grab = Grab(
            hash=HASH,
            peer=peer.id,
            peer_name="alice",
            item=release["id"],
            title=release["title"],
            filename=release["filename"],
            size=release["size"],
        )
        await self.queue.add(grab, owner=None, category="c")
        download = self.queue.get(HASH)
        assert download is not None
        await soon(lambda: download.state in until)
        return download

    def files(self) -> list[bytes]:
        """The content of all finished files."""
        found = [p for p in files_below(self.completed) if ".jack" not in p.parts]
        return [p.read_bytes() for p in found]

    def starts(self) -> list[int | None]:
        """The first byte of each request; ``None``: all."""
        return [asked.start for asked in self.peer.asked]


async def soon(condition: Any) -> None:
    """Reactor turns until it holds; a bound only so that a broken test ends."""
    for _ in range(2000):
        if condition():
            return
        await deferLater(reactor, 0.005)
    raise AssertionError("it never came to that")


@asynccontextmanager
async def a_case(path: Path, *faults: Any, attempts: int = 4) -> AsyncIterator[Case]:
    evil = EvilPeer(CONTENT, MATRIX_RELEASE)
    evil.listen(reactor)
    evil.faults = list(faults)
    peer = Peer(name="alice", url=evil.url, key=Secret("k"))
    outgoing = Outgoing(Agent(reactor), reactor)
    mirror = MirrorStore(Database.in_memory(MIRROR))
    network = Network(peers=[peer], outgoing=outgoing, workers=InlineWorkers(), mirror=mirror, clock=reactor)
    network.startService()
    disk = ThreadWorkers(reactor, "test-disk", 4)
    disk.startService()
    settings = DownloadSettings(
        completed_path=path / "done",
        max_download_attempts=attempts,
        retry_base_delay_ms=1,
        retry_max_delay_ms=5,
        idle_timeout_ms=300,
    )
    database = Database.in_memory()
    queue = DownloadQueue(
        store=DownloadStore(database),
        manifests=ManifestStore(database),
        files=network,
        disk=disk,
        settings=settings,
        clock=reactor,
        rng=Random(1),
        folder=CompletedFolder(path / "done", usage=lambda _: (10**13, 10**12)),
    )
    queue.load()
    queue.startService()
    try:
        yield Case(evil, queue, path / "done")
    finally:
        await queue.stopService()
        await maybeDeferred(network.stopService)
        await disk.stopService()
        try:
            await soon(lambda: not evil.open)  # jack has closed every connection
        finally:
            await evil.close()


async def test_an_honest_friend(tmp_path):
    async with a_case(tmp_path) as case:
        assert (await case.grab()).state is State.COMPLETED
        assert case.files() == [CONTENT]
        assert case.peer.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("fault", [EvilPeer.resets, EvilPeer.stalls, EvilPeer.short])
async def test_what_breaks_off_is_continued(tmp_path, fault):
    """F15, F20"""
    async with a_case(tmp_path, fault) as case:
        assert (await case.grab()).state is State.COMPLETED
        assert case.files() == [CONTENT]
        first, second = case.starts()
        assert first is None
        assert second is not None
        assert case.peer.asked[1].headers["if-range"] == '"one"'


@pytest.mark.parametrize(
    "fault",
    [
        EvilPeer.never_answers,
        EvilPeer.part_unasked,
        EvilPeer.byteranges,
        EvilPeer.gzip,
        EvilPeer.redirects,
        EvilPeer.html,
        EvilPeer.status(500),
        EvilPeer.status(502),
        EvilPeer.status(429),
        EvilPeer.status(503, Retry_After=0),
        EvilPeer.two_lengths,
    ],
)
async def test_what_passes_is_asked_for_again(tmp_path, fault):
    """F16, F26 to F30"""
    async with a_case(tmp_path, fault) as case:
        download = await case.grab((*END, State.WAITING))
        if download.state is State.WAITING:
            assert download.reason
        await soon(lambda: download.state in END)
        assert case.files() == ([CONTENT] if download.state is State.COMPLETED else [])
        assert download.state is State.COMPLETED or "peer" in download.reason
        assert case.peer.elsewhere == []


@pytest.mark.parametrize("fault", [EvilPeer.redirects, EvilPeer.html, EvilPeer.gzip, EvilPeer.short, EvilPeer.resets])
async def test_what_does_not_pass_fails_visibly(tmp_path, fault):
    """F15, F20, F27 to F29: in the end, or the file is whole all the same"""
    async with a_case(tmp_path, *[fault] * 40) as case:
        download = await case.grab()
        assert case.files() == ([CONTENT] if download.state is State.COMPLETED else [])
        assert download.state is State.COMPLETED or download.reason
        assert case.peer.elsewhere == []


@pytest.mark.parametrize("fault", [EvilPeer.lies_small, EvilPeer.lies_big, EvilPeer.status(404), EvilPeer.status(410)])
async def test_what_is_for_good(tmp_path, fault):
    """F23, F24, F30"""
    async with a_case(tmp_path, fault) as case:
        download = await case.grab()
        assert download.state is State.FAILED
        assert download.reason
        assert len(case.peer.asked) == 1
        assert case.files() == []


@pytest.mark.parametrize("code", [401, 403])
async def test_a_refused_key(tmp_path, code):
    """F30"""
    async with a_case(tmp_path, EvilPeer.status(code)) as case:
        download = await case.grab((*END, State.WAITING))
        assert download.state is State.WAITING
        assert download.retry_at - download.added > 800


async def test_retry_after(tmp_path):
    """F30"""
    async with a_case(tmp_path, EvilPeer.status(429, Retry_After=600)) as case:
        download = await case.grab((*END, State.WAITING))
        assert download.state is State.WAITING
        assert download.retry_at - download.added > 500


async def test_more_than_its_own_length(tmp_path):
    """F21"""
    async with a_case(tmp_path, EvilPeer.long) as case:
        assert (await case.grab()).state is State.COMPLETED
        assert case.files() == [CONTENT]


@pytest.mark.parametrize("fault", [EvilPeer.chunked, EvilPeer.no_length])
async def test_no_length_but_all_bytes(tmp_path, fault):
    """F22: what was offered says how many those are, also after a restart, when no search told of it."""
    async with a_case(tmp_path, fault) as case:
        assert (await case.grab()).state is State.COMPLETED
        assert case.files() == [CONTENT]
        assert len(case.peer.asked) == 1


@pytest.mark.parametrize("fault", [EvilPeer.chunked_short, EvilPeer.no_length_short])
async def test_no_length_and_too_few_bytes(tmp_path, fault):
    """F22"""
    async with a_case(tmp_path, fault) as case:
        assert (await case.grab()).state is State.COMPLETED
        assert case.files() == [CONTENT]
        assert case.starts() == [None, len(CONTENT) // 2]


async def test_no_length_and_too_many_bytes(tmp_path):
    """F22, F24"""
    async with a_case(tmp_path, EvilPeer.chunked_long) as case:
        assert (await case.grab()).state is State.FAILED
        assert case.files() == []
        parts = list((case.completed / ".jack").rglob("part"))
        assert sum(p.stat().st_size for p in parts) <= len(CONTENT)


@pytest.mark.parametrize(
    "fault",
    [EvilPeer.wrong_range, EvilPeer.wrong_total, EvilPeer.ignores_range, EvilPeer.byteranges, EvilPeer.unsatisfiable],
)
async def test_a_wrong_continuation_never_gets_into_the_file(tmp_path, fault):
    """F26"""
    async with a_case(tmp_path, EvilPeer.resets, fault) as case:
        download = await case.grab()
        assert download.state is State.COMPLETED or fault is EvilPeer.wrong_total
        assert case.files() in ([CONTENT], [])
        assert case.starts()[1] is not None


@pytest.mark.parametrize("change", [EvilPeer.replaced, EvilPeer.spliced])
@pytest.mark.parametrize("etag", ['"two"', None])
async def test_another_file_of_the_same_size_in_between(tmp_path, change, etag):
    """F31 to F33: all bytes are of one of the two"""
    other = CONTENT[::-1]
    async with a_case(tmp_path, EvilPeer.resets, change(other, etag)) as case:
        assert (await case.grab()).state is State.COMPLETED
        assert case.files() == [other]


async def test_one_who_trickles_loses_nothing(tmp_path):
    """F17: and can be stopped at any time"""
    async with a_case(tmp_path, EvilPeer.trickles) as case:
        download = await case.grab((State.DOWNLOADING,))
        await soon(lambda: download.received > 3)
        await case.queue.pause([HASH])
        assert download.state is State.PAUSED
        part = case.completed / ".jack" / HASH / "part"
        assert part.read_bytes() == CONTENT[: download.received]
        await case.queue.resume([HASH])
        await soon(lambda: download.state in END)
        assert case.files() == [CONTENT]
        assert case.starts()[1] >= 4
