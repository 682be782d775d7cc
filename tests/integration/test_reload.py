"""F43 with real daemons: their files are written anew while a transfer runs, and SIGHUP tells them."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.integration.conftest import MIB, content, finished, friend, put
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator
from tests.integration.test_history import jack

pytestmark = pytest.mark.slow

SIZE = 48 * MIB
SLOW, SLOWER = {"downloadKiBs": 256}, {"downloadKiBs": 192}
"""Either takes minutes."""


def reload(daemon: Daemon, text: str | None = None, **blocks: object) -> None:
    """Write its file, with those blocks or as ``text``, and tell it; returns when it has read it."""
    daemon.configure(**blocks)
    if text is not None:
        (daemon.home / "config.jsonc").write_text(text)
    assert daemon.process is not None
    done = "the configuration is "
    before = daemon.log.count(done)
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait(lambda: daemon.log.count(done) > before, 10)


def asked(alice: Daemon) -> int:
    """How often she was asked for the file, by who has come to an end."""
    return sum("GET /peer/items/" in line and "/file ->" in line for line in alice.log.splitlines())


class Two:
    """Alice has a movie, Bob is fetching it slowly when :meth:`start` returns; :ivar key: his own for her jack."""

    def __init__(self, home: Path) -> None:
        self.data = content(7, SIZE)
        name = "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"
        put(home / "films" / "The Matrix (1999) {tmdb-603}" / name, self.data)
        self.alice, self.bob = Daemon(home, "alice"), Daemon(home, "bob")
        self.operator = Operator(self.bob)
        folder = {"name": "films", "type": "folder", "path": str(home / "films")}
        self.alice.configure(servers=[folder], peers=[{"name": "Bob", "url": self.bob.url, "apiKey": self.bob.key}])

    def start(self) -> None:
        alice, bob = self.alice.start(), self.bob
        self.key = jack(alice, "key", "Bob").strip()
        bob.configure(
            downloads={"completedPath": str(bob.completed), "retryBaseDelayMs": 100, "retryMaxDelayMs": 500},
            peers=[friend(alice) | {"apiKey": self.key}],
            limits=SLOW,
        )
        bob.start()
        alice.wait(lambda: alice.json("/items")["items"], 30)
        [link] = bob.wait(self.operator.links, 30)
        self.hash = self.operator.grab(link)
        bob.wait(lambda: self.received > 0, 30)

    @property
    def received(self) -> int:
        """Bytes that are there."""
        return int(self.operator.row(self.hash)["completed"])

    def more(self) -> None:
        """Returns when further bytes have come."""
        before = self.received
        self.bob.wait(lambda: self.received > before, 30)
        assert self.received < SIZE


@pytest.fixture
def two(tmp_path: Path):
    two = Two(tmp_path)
    try:
        two.start()
        yield two
    finally:
        two.bob.stop()
        two.alice.stop()


def test_a_download_that_runs_ends_under_the_new_limit_by_the_same_request(two):
    """F43: a file that is no good changes nothing before; SIGTERM ends it as ever."""
    alice, bob = two.alice, two.bob
    good = (bob.home / "config.jsonc").read_text()
    for text in (good[: len(good) // 2], "", '{"limits": {"downloadKiBs": 0}, "peers": 7}'):
        reload(bob, text)
        health = bob.json("/servers/health")
        assert health["status"] == "DEGRADED" and health["configuration"]["errors"]
    two.more()
    assert two.operator.post("transfer/downloadLimit") == str(256 * 1024).encode()
    reload(bob, limits=SLOWER)
    assert bob.json("/servers/health")["configuration"]["errors"] == []
    assert two.operator.post("transfer/downloadLimit") == str(192 * 1024).encode()
    two.more()
    assert asked(alice) == 0
    reload(bob, limits={})
    bob.wait(lambda: two.operator.row(two.hash)["progress"] == 1, 60)
    [path] = finished(bob)
    assert path.read_bytes() == two.data
    assert asked(alice) == 1
    assert {bob.stop(), alice.stop()} <= {0, -signal.SIGTERM}
    assert "Server Shut Down." in bob.log
    assert "Traceback" not in bob.log + alice.log


def test_a_friend_who_is_revoked_reads_no_further(two):
    """F43, S3: neither by what runs nor by asking again; with the key of the next version he goes on."""
    alice, bob = two.alice, two.bob
    [entry] = json.loads((alice.home / "config.jsonc").read_text().partition("\n")[2])["peers"]
    reload(alice, peers=[entry | {"keyVersion": 2}])
    alice.wait(lambda: alice.json("/uploads")["uploads"] == [], 5)
    bob.wait(lambda: "does not accept our key" in bob.log, 30)
    assert alice.json("/uploads")["uploads"] == []
    assert two.received < SIZE
    new = jack(alice, "key", "Bob").strip()
    assert new != two.key
    bob.stop()
    bob.configure(peers=[friend(alice) | {"apiKey": new}], limits={})
    bob.start()
    two.operator.post("torrents/resume", hashes=two.hash)
    bob.wait(lambda: two.operator.row(two.hash)["progress"] == 1, 60)
    assert [path.read_bytes() for path in finished(bob)] == [two.data]
