"""jack itself: two real daemons, a folder as the library, grabs by qBittorrent's API."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.contest import Fetched, bound
from bench.ground import BenchFailed, Film
from bench.probe import Target
from bench.processes import cpu_seconds
from jackd.config.limits import MAX_UPLOADS
from tests.integration.daemon import Daemon
from tests.integration.operator import Operator

READY_SECONDS = 60.0
MANIFEST_SECONDS = 120.0
LATER = (202, 429, 503)
GLANCE = 0.005
"""Seconds between looks at the file system, which cost the daemon nothing."""


class JackServer:
    """Alice: shares the library. She could download as well, so that she has a list to show."""

    name = "jack"
    missing = ""

    def __init__(self, home: Path, library: Path, name: str = "alice") -> None:
        self.daemon = Daemon(home, name)
        self.port = self.daemon.port
        self.base = self.daemon.url
        self.pid = 0
        self.headers: Mapping[str, str] = {"X-Api-Key": self.daemon.key}
        self._library = library
        self._items: dict[int, str] = {}
        self.jack: dict[str, Any] = {}

    @property
    def peer(self) -> dict[str, str]:
        """As Bob's configuration has her."""
        return {"name": "Alice", "url": self.daemon.url, "apiKey": self.daemon.key}

    def start(self, films: Sequence[Film]) -> None:
        folder = {"name": "films", "type": "folder", "path": str(self._library)}
        # As an operator has it who gives to so many; here all of them come with one key.
        limits = {"maxUploads": MAX_UPLOADS, "maxUploadsPerPeer": MAX_UPLOADS}
        downloads = {"completedPath": str(self.daemon.completed)}
        self.daemon.configure(servers=[folder], downloads=downloads, limits=limits, jack=self.jack)
        self.pid = _started(self.daemon)

        def indexed() -> bool:
            self._items = {item["tmdbId"]: item["id"] for item in self.daemon.json("/items?limit=500")["items"]}
            return {film.number for film in films} <= self._items.keys()

        self.daemon.wait(indexed, READY_SECONDS)

    def wait_for_manifests(self, films: Sequence[Film]) -> str:
        """Let her finish what she does once for each new file, so that no run pays for it; what she offers."""
        paths = [f"{self._path(film)}/manifest" for film in films]
        offered = [_settled(partial(_status, self.daemon, path)) for path in paths]
        return "with manifests" if {*offered} == {200} else "without manifests"

    def url(self, film: Film) -> str:
        return f"{self.base}{self._path(film)}/file"

    def _path(self, film: Film) -> str:
        return f"/peer/items/{self._items[film.number]}"

    def stop(self) -> None:
        self.daemon.stop()


class JackClient:
    """Bob: grabs what his only friend shares. The time is from the request that adds until ``pausedUP``."""

    name = "jack"
    missing = ""

    def __init__(self, home: Path, name: str = "bob") -> None:
        self.daemon = Daemon(home, name)
        self.operator = Operator(self.daemon)
        self.pid = 0

    def start(self, server: Any, films: Sequence[Film], **downloads: int) -> None:
        self.daemon.configure(downloads={"completedPath": str(self.daemon.completed), **downloads}, peers=[server.peer])
        self.pid = _started(self.daemon)
        for film in films:
            self.daemon.wait(partial(self.links, film), READY_SECONDS)

    def links(self, film: Film) -> list[str]:
        """Where the torrents of the offers lie."""
        return self.operator.links(f"t=movie&tmdbid={film.number}")

    def fetch(self, server: object, film: Film) -> Fetched:
        [link] = self.links(film)
        used = cpu_seconds(self.pid)
        started = time.monotonic()
        hash = self.operator.grab(link)
        file = self._file(hash)
        deadline = started + bound(film)
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(GLANCE)
            if int(time.monotonic() - started) % 5 == 4:
                self._check(hash)
        while self._check(hash) != "pausedUP" and time.monotonic() < deadline:
            time.sleep(GLANCE)
        took = time.monotonic() - started
        if not file.exists() or time.monotonic() >= deadline:
            raise BenchFailed(f"jack did not finish in {took:.0f} s: {self.operator.row(hash)}")
        return Fetched(file, took, cpu_seconds(self.pid) - used)

    def _file(self, hash: str) -> Path:
        told = json.loads(self.operator.post("torrents/files", hash=hash))
        return Path(self.operator.row(hash)["save_path"], told[0]["name"])

    def _check(self, hash: str) -> str:
        state = str(self.operator.row(hash)["state"])
        if state in ("error", "missingFiles"):
            raise BenchFailed(f"jack's download failed:\n{self.daemon.log[-1000:]}")
        return state

    def discard(self) -> None:
        self.operator.post("torrents/delete", hashes="all", deleteFiles="true")
        self.daemon.wait(lambda: not self.operator.rows(), READY_SECONDS)

    def stop(self) -> None:
        self.daemon.stop()


def targets(*daemons: Daemon) -> list[Target]:
    """What an operator and an *arr ask all the time: is it alive, and how far are my downloads."""
    asked = []
    for daemon in daemons:
        key = {"Authorization": f"Bearer {daemon.key}"}
        asked.append(Target(f"{daemon.name} /ping", daemon.port, "/ping"))
        asked.append(Target(f"{daemon.name} torrents/info", daemon.port, "/api/v2/torrents/info", key, 0.02))
    return asked


def _started(daemon: Daemon) -> int:
    daemon.start(LOG_LEVEL="info")
    assert daemon.process is not None
    return daemon.process.pid


def _status(daemon: Daemon, path: str) -> int:
    request = urllib.request.Request(daemon.url + path, headers={"X-Api-Key": daemon.key})
    try:
        with urllib.request.urlopen(request, timeout=MANIFEST_SECONDS) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _settled(ask: Callable[[], int]) -> int:
    """What is answered once it is no longer "later"."""
    deadline = time.monotonic() + MANIFEST_SECONDS
    while (status := ask()) in LATER and time.monotonic() < deadline:
        time.sleep(0.2)
    return status
