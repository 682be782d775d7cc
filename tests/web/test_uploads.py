"""Limited uploads on real sockets; how much they may send is the test's own clock's business."""

from __future__ import annotations

import pytest
from attrs import evolve
from twisted.internet import reactor
from twisted.internet.task import deferLater

from jackd.web.rate import BURST_SECONDS, QUANTUM_SECONDS, Direction
from tests.web.test_files import serving, until

RATE = 100_000
HEADERS = 1000


@pytest.fixture
def root(tmp_path):
    with (tmp_path / "b.mkv").open("wb") as made:
        made.truncate(64 * 2**20)
    return tmp_path


class Time:
    now = 0.0


async def two_readers(served):
    clients = [await served.raw("b.mkv") for _ in range(2)]
    for client in clients:
        await client.first
        client.transport.resumeProducing()
    await until(lambda: len(served.files.uploads.current()) == 2)
    return clients


async def test_all_uploads_together_keep_the_limit_and_end_at_once(root):
    """Threads wake up for a new limit, and for a reader who goes away while they wait."""
    time = Time()
    limits = Direction(clock=lambda: time.now)
    limits.total.set(RATE)
    async with serving(root, fast=True, limits=limits) as served:
        clients = await two_readers(served)
        uploads = served.files.uploads
        # Who asks first when the clock has moved is promised all of that, and the clock has to move on for it.
        await until(lambda: limits.total._asked >= 2 * RATE * QUANTUM_SECONDS)
        for step in range(1, 20):
            time.now = step * 0.1
            served.clock.advance(0.5)
            await until(lambda: uploads.sent >= RATE * time.now / 2)
            assert uploads.sent <= RATE * (time.now + BURST_SECONDS)
        assert uploads.sent > 0
        assert sum(client.count for client in clients) <= RATE * (time.now + BURST_SECONDS) + HEADERS
        limits.total.set(0)
        served.clock.advance(0.5)
        await until(lambda: all(client.count > 10 * RATE for client in clients))
        limits.total.set(1)
        for client in clients:
            client.transport.abortConnection()
            await client.lost
        await until(lambda: not uploads.slots.running)
        assert uploads.current() == []


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("fast", [False, True])
async def test_who_is_locked_out_reads_no_further(root, fast, tls):
    """S3, F43: whether his bytes are moved by a thread or not, and also while nothing moves."""
    limits = Direction()
    limits.total.set(RATE)
    async with serving(root, fast=fast, tls=tls, limits=limits) as served:
        clients = await two_readers(served)
        site = getattr(served.port.factory, "wrappedFactory", served.port.factory)
        [account] = {connection.account for connection in site._open}
        site.hang_up({evolve(account, name="somebody else")})
        await deferLater(reactor, 0.05)
        assert not any(client.lost.called for client in clients)
        site.hang_up({account})
        try:
            await until(lambda: all(client.lost.called for client in clients))
            await until(lambda: not served.files.uploads.slots.running)
        finally:
            for client in clients:
                if not client.lost.called:
                    client.transport.abortConnection()
        assert all(client.count < 64 * 2**20 for client in clients)
