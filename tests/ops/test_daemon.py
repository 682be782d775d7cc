"""The whole daemon, as an operator runs it: what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.certificates import self_signed

pytestmark = pytest.mark.slow

CANARIES = {
    "own": "c4nary-0wn-7f1e2d3c4b5a6978",
    "arr": "ca11ab1eca11ab1eca11ab1eca11ab1e",
    "header": "c4nary-h3ader-93b1c5",
    "friend": "c4nary-fr13nd-0a9b8c7d6e5f",
    "wrong": "c4nary-wr0ng-5e4d3c2b1a09",
}
START_SECONDS = 30
STOP_SECONDS = 10


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def configure(folder: Path) -> Path:
    """An *arr and a friend that do not answer, a folder, downloads: everything that has a key."""
    nobody = f"http://127.0.0.1:{free_port()}"
    header = {"X-Access": CANARIES["header"]}
    radarr = {"name": "Films", "type": "radarr", "url": nobody, "apiKey": CANARIES["arr"], "headers": header}
    alice = {"name": "Alice", "url": nobody + "/jack", "apiKey": CANARIES["friend"], "headers": header}
    (folder / "completed").mkdir()
    settings = {
        "jack": {"apiKey": CANARIES["own"], "stateDir": str(folder / "state")},
        "downloads": {"completedPath": str(folder / "completed")},
        "servers": [radarr],
        "peers": [alice],
    }
    path = folder / "jack.yml"
    path.write_text(json.dumps(settings))
    return path


def environ(port: int, **more: str) -> dict[str, str]:
    return {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), **more}


def command(config: Path) -> list[str]:
    return [sys.executable, "-m", "jackd", "run", "--config", str(config)]


@contextmanager
def running(config: Path, port: int, log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command(config), env=environ(port, **more), stdout=out, stderr=out)
    try:
        until = time.monotonic() + START_SECONDS
        while answer(port, "GET", "/ping") != 200:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def answer(port: int, method: str, path: str, body: str | None = None, **headers: str) -> int:
    """The status; 0 for no answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_whole_run_says_each_thing_once_and_no_secret_ever(tmp_path, environment):
    """S28: canary keys over everything that a run says, at the most talkative level; F5: SIGTERM ends it in time."""
    config, log, port = configure(tmp_path), tmp_path / "log", free_port()
    own, wrong = CANARIES["own"], CANARIES["wrong"]
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    with running(config, port, log, LOG_LEVEL="trace", ENVIRONMENT=environment) as process:
        assert answer(port, "GET", "/servers/health", X_Api_Key=own) == 200
        assert answer(port, "GET", f"/torznab/api?t=search&q=x&apikey={own}") == 200
        assert answer(port, "GET", f"/peer/search?apikey={own}&q=%ff%00") in (200, 400)
        for path in ("/torznab/api?t=caps", "/peer/search?", "/servers?", "/%ff/%0a?"):
            assert answer(port, "GET", f"{path}&apikey={wrong}") > 0
        assert answer(port, "GET", f"/torznab/download/a%3Ab.torrent?token={wrong}") >= 400
        assert answer(port, "POST", "/api/v2/auth/login", f"username=jack&password={wrong}", **form) in (200, 401, 403)
        assert answer(port, "POST", "/api/v2/auth/login", f"username=jack&password={own}", **form) in (200, 204)
        assert answer(port, "GET", "/api/v2/torrents/info", Cookie=f"SID={wrong}") == 403
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) in (0, -signal.SIGTERM)
    said = log.read_text("utf-8")
    assert [name for name, secret in CANARIES.items() if secret in said] == []
    assert said.count("jack listens on port") == 1
    assert sum("/servers/health" in line for line in said.splitlines()) == 1
    assert "Traceback" not in said
    if environment == "production":
        assert {"time", "level", "logger", "message"} <= set.intersection(
            *(set(json.loads(x)) for x in said.splitlines())
        )


def test_a_port_that_is_taken_is_one_line_and_exit_code_1(tmp_path):
    """F54"""
    config = configure(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        got = subprocess.run(
            command(config), env=environ(port), capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
    assert got.returncode == 1
    lines = [line for line in (got.stdout + got.stderr).splitlines() if "error" in line or "fatal" in line]
    assert len(lines) == 1
    assert f"127.0.0.1:{port}: Address already in use" in lines[0]
    assert "Traceback" not in got.stdout + got.stderr


@pytest.mark.parametrize("bad", ["missing", "mismatching"])
def test_a_certificate_that_cannot_be_used_is_one_line_and_exit_code_1(tmp_path, bad):
    """F42, F59: from ``check-config`` as well; nothing was touched."""
    chain, _ = self_signed(tmp_path / "tls")
    _, other = self_signed(tmp_path / "other")
    used = {"missing": tmp_path / "privkey.pem", "mismatching": other}[bad]
    config = tmp_path / "jack.yml"
    config.write_text(json.dumps({"jack": {"tls": {"certificate": str(chain), "key": str(used)}}}))
    check = [sys.executable, "-m", "jackd", "check-config", "--config", str(config)]
    verdicts = [
        subprocess.run(words, env=environ(free_port()), capture_output=True, text=True, timeout=30, check=False)
        for words in (check, command(config))
    ]
    assert [(got.returncode, got.stdout, got.stderr.count("\n")) for got in verdicts] == [(1, "", 1)] * 2
    assert verdicts[0].stderr == verdicts[1].stderr
    assert verdicts[0].stderr.startswith("jack.tls.key: ")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["jack.yml", "other", "tls"]


def state_is_a_file(config: Path) -> None:
    config.write_text("jack: {stateDir: /proc/version}")


def state_cannot_be_made(config: Path) -> None:
    config.write_text("jack: {stateDir: /proc/jack/state}")


def secret_is_empty(config: Path) -> None:
    (config.parent / "state").mkdir()
    (config.parent / "state" / "secret").touch()


def database_is_none(config: Path) -> None:
    (config.parent / "state").mkdir()
    (config.parent / "state" / "jack.db").write_text("something else")


@pytest.mark.parametrize("broken", [state_is_a_file, state_cannot_be_made, secret_is_empty, database_is_none])
def test_a_state_that_cannot_be_used_is_one_line_and_exit_code_1(tmp_path, broken):
    """F10, F52, S2: and it says what to do."""
    config = tmp_path / "jack.yml"
    config.write_text("jack: {}")
    broken(config)
    got = subprocess.run(
        command(config), env=environ(free_port()), capture_output=True, text=True, timeout=START_SECONDS, check=False
    )
    assert (got.returncode, got.stdout, got.stderr.count("\n")) == (1, "", 1)
    assert "jack.stateDir" in got.stderr or "backup" in got.stderr


def test_check_config_and_the_daemon_have_one_verdict(tmp_path):
    config = tmp_path / "jack.yml"
    config.write_text("jack:\n  baseUrl: nonsense\npeers: 7\n")
    check = [sys.executable, "-m", "jackd", "check-config", "--config", str(config)]
    verdicts = [
        subprocess.run(words, env=environ(free_port()), capture_output=True, text=True, timeout=30, check=False)
        for words in (check, command(config))
    ]
    assert [got.returncode for got in verdicts] == [1, 1]
    assert verdicts[0].stderr == verdicts[1].stderr
    assert verdicts[0].stderr.count("\n") == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["jack.yml"]


def test_a_terminal_that_went_away_does_not_stop_it(tmp_path):
    """F62: stdout and stderr closed by the reader."""
    config, port = configure(tmp_path), free_port()
    read, write = os.pipe()
    process = subprocess.Popen(command(config), env=environ(port, LOG_LEVEL="trace"), stdout=write, stderr=write)
    os.close(write)
    os.close(read)
    try:
        until = time.monotonic() + START_SECONDS
        while answer(port, "GET", "/ping") != 200:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        assert answer(port, "GET", "/servers", X_Api_Key=CANARIES["own"]) == 200
    finally:
        process.kill()
        process.wait()
