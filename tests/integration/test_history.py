"""S31 with real daemons: what Bob fetched of Alice stands in the history of both, and stays there."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.integration.conftest import MIB, content, put
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator

pytestmark = pytest.mark.slow

FILE = "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"
SIZE = 20 * MIB


def jack(daemon: Daemon, *words: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "jackd", *words, "--config", str(daemon.home / "config.jsonc")]
    env = {"PORT": str(daemon.port), "HOST": "127.0.0.1"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=daemon.home).stdout


@pytest.fixture
def daemons(tmp_path: Path):
    put(tmp_path / "films" / "The Matrix (1999) {tmdb-603}" / FILE, content(5, SIZE))
    folder = {"name": "films", "type": "folder", "path": str(tmp_path / "films")}
    alice, bob = Daemon(tmp_path, "alice"), Daemon(tmp_path, "bob")
    alice.configure(servers=[folder], peers=[{"name": "Bob", "url": bob.url, "apiKey": bob.key}])
    try:
        alice.start()
        key = jack(alice, "key", "Bob").strip()
        bob.configure(
            downloads={"completedPath": str(bob.completed)},
            peers=[{"name": "Alice", "url": alice.url, "apiKey": key}],
        )
        bob.start()
        alice.wait(lambda: alice.json("/items")["items"], 30)
        yield alice, bob, key
    finally:
        bob.stop()
        alice.stop()


def test_what_bob_fetched_of_alice(daemons):
    """S30: with the key that she gave him, he does not read hers."""
    alice, bob, key = daemons
    operator = Operator(bob)
    [link] = bob.wait(operator.links, 30)
    hash = operator.grab(link)
    bob.wait(lambda: operator.row(hash)["progress"] == 1, 60)
    assert "1 completed" in jack(bob, "downloads").splitlines()[0]
    operator.post("torrents/delete", hashes=hash, deleteFiles="true")
    assert bob.json("/downloads")["downloads"] == []
    bob.wait(lambda: bob.json("/history")["history"], 10)
    bob.kill()
    bob.start()
    [mine] = bob.json("/history")["history"]
    assert (mine["event"], mine["hash"], mine["size"], mine["owner"]) == ("completed", hash, SIZE, None)
    assert (mine["friends"], mine["failedAttempts"]) == ([{"name": "Alice", "bytes": SIZE}], 0)
    assert mine["endedAt"] >= mine["beganAt"] > 0
    assert mine["speed"] > 0
    alice.stop()
    alice.start()
    lines = alice.json("/history?direction=shared")["history"]
    assert [(line["event"], line["title"], line["client"]) for line in lines] == [("sent", FILE, "127.0.0.1")]
    assert lines[0]["friends"] == [{"name": "Bob", "bytes": SIZE}]
    assert "to Bob" in jack(alice, "history", "--shared")
    assert jack(bob, "history", "--friends").startswith("Alice")
    for path in ("/history", "/history/friends", "/downloads", "/uploads"):
        request = urllib.request.Request(alice.url + path, headers={"X-Api-Key": key})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=10)
