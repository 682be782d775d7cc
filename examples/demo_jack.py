"""One jack of the demo: a real daemon in a process of its own, and how to ask it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

START_SECONDS = 60.0


class DemoFailed(Exception):
    """What is told to who runs the demo, instead of a traceback."""


class Jack:
    """One running daemon, and how to ask it."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home
        self.key = secrets.token_hex(32)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._cookies = CookieJar()
        # No proxy of the environment may come between us and this machine.
        direct = urllib.request.ProxyHandler({})
        self._opener = urllib.request.build_opener(direct, urllib.request.HTTPCookieProcessor(self._cookies))

    @contextmanager
    def running(self, **settings: object) -> Iterator[None]:
        """The daemon, from ready to stopped."""
        self.home.mkdir(parents=True, exist_ok=True)
        config, log = self.home / "jack.yml", self.home / "log"
        own = {"baseUrl": self.url, "apiKey": self.key, "stateDir": str(self.home / "state")}
        # JSON is YAML too.
        config.write_text(json.dumps({"jack": own, **settings}, indent=2, ensure_ascii=False), "utf-8")
        twistd = [str(Path(sys.executable).with_name("twistd")), "--nodaemon", "--pidfile=", "jack"]
        environ = {**os.environ, "HOST": "127.0.0.1", "PORT": str(self.port), "ENVIRONMENT": "development"}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*twistd, "--config", str(config)], env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            self._wait_until_ready(process, log)
            yield
        finally:
            stop(process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes], log: Path) -> None:
        def ready() -> bool:
            if process.poll() is not None:
                raise DemoFailed(f"{self.name}'s jack ended at its start:\n{tail(log)}")
            try:
                return self.ask("/ping") == b'{"status":"OK"}'
            except OSError:
                return False

        wait_for(ready, START_SECONDS, f"{self.name}'s jack does not answer; see {log}")

    def ask(self, path: str, data: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> bytes:
        """GET, or POST when there is ``data``."""
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(url, data=data, headers={"X-Api-Key": self.key})
        if data is not None:
            request.add_header("Content-Type", kind)
        with self._opener.open(request, timeout=30) as response:
            body: bytes = response.read()
            return body

    def items(self) -> list[dict[str, Any]]:
        """What it shares."""
        found: list[dict[str, Any]] = json.loads(self.ask("/items?limit=100"))["items"]
        return found

    def search(self, **query: str) -> list[dict[str, str]]:
        """Torznab, as Radarr asks it."""
        feed = ElementTree.fromstring(self.ask("/torznab/api?" + urllib.parse.urlencode(query)))
        names = ("title", "guid", "link", "size")
        return [{name: item.findtext(name) or "" for name in names} for item in feed.iter("item")]

    def add(self, torrent: bytes) -> None:
        """Log in and add by qBittorrent's API, as Radarr does."""
        login = urllib.parse.urlencode({"username": "jack", "password": self.key}).encode()
        expect_ok(self.ask("/api/v2/auth/login", login), "the login")
        edge = secrets.token_hex(16)
        disposition = 'Content-Disposition: form-data; name="torrents"; filename="demo.torrent"'
        head = f"--{edge}\r\n{disposition}\r\nContent-Type: application/x-bittorrent\r\n\r\n".encode()
        body = head + torrent + f"\r\n--{edge}--\r\n".encode()
        expect_ok(self.ask("/api/v2/torrents/add", body, f"multipart/form-data; boundary={edge}"), "the grab")

    def download(self) -> dict[str, Any]:
        """The one thing in the queue."""
        rows = json.loads(self.ask("/api/v2/torrents/info"))
        if len(rows) != 1:
            raise DemoFailed(f"one download was expected, there are {len(rows)}")
        row: dict[str, Any] = rows[0]
        return row


def wait_for(ask: Callable[[], Any], seconds: float, otherwise: str) -> Any:
    """The first true answer of ``ask``. Raises ``DemoFailed(otherwise)``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise DemoFailed(otherwise)


def stop(process: subprocess.Popen[bytes]) -> None:
    """As systemd would."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tail(log: Path) -> str:
    """The end of what a daemon said."""
    return log.read_text("utf-8", "replace")[-2000:]


def expect_ok(answer: bytes, what: str) -> None:
    """An error stands in the body: qBittorrent answers 200 anyway."""
    if answer.strip() not in (b"Ok.", b""):
        raise DemoFailed(f"{what} was refused: {answer[:200]!r}")
