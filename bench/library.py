"""
A Radarr and a Sonarr with large libraries, as far as jack reads them: ``python -m bench.library PORT KIND COUNT ROOT``.
The records have the size of real ones; of each file there is a name on the disk, and little more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from bench.processes import interrupt_on_sigterm

SEASONS = 5
EPISODES = 10
"""Of each season."""

SIZE = 4_000_000_000
LINKS = 60_000
"""Names of one inode; ext4 allows 65 000."""

_COMMON = [
    *("night", "love", "man", "house", "life", "blood", "girl", "dead"),
    *("city", "king", "star", "dark", "last", "black", "day", "time"),
    *("world", "girls", "heart", "fire", "lost", "red", "war", "dream"),
    *("home", "secret", "game", "summer", "white", "road", "story", "island"),
]
"""Each is in the names of three in a hundred."""

_SYLLABLES = [consonant + vowel for consonant in "bdfghklmnprstvwz" for vowel in "aeio"]
_RARE = len(_SYLLABLES) ** 2
"""So many words more, each in the name of one in four thousand."""

_TEXT = "Somebody wants something, somebody else does not want it, and in the end it is quite another thing. " * 6
_MEDIA = {
    "audioBitrate": 640_000,
    "audioChannels": 5.1, "audioCodec": "EAC3", "audioLanguages": "eng/ger", "videoBitDepth": 10,
    "audioStreamCount": 2, "videoBitrate": 12_000_000, "videoCodec": "x265", "videoFps": 23.976, "runTime": "1:56:12",
    "videoDynamicRange": "HDR", "videoDynamicRangeType": "HDR10", "resolution": "3840x2160", "scanType": "Progressive",
    "subtitles": "eng/ger/fre/spa/ita/dut",
}  # fmt: skip


@dataclass(frozen=True)
class Title:
    """What the movie or series of that number is called."""

    number: int

    @property
    def name(self) -> str:
        """One common word, and one that few have; not the same name twice below 131 072."""
        rare, common = self.number % _RARE, self.number // _RARE + self.number
        word = _SYLLABLES[rare // len(_SYLLABLES)] + _SYLLABLES[rare % len(_SYLLABLES)] + "n"
        article = "" if self.number % 4 else "The "
        return f"{article}{_COMMON[common % len(_COMMON)]} {word} {self.number // 131_072 or ''}".strip().title()

    @property
    def year(self) -> int:
        return 1950 + self.number % 75

    @property
    def dotted(self) -> str:
        return self.name.replace(" ", ".")


def movie(number: int, root: str) -> dict[str, Any]:
    """One record of ``/movie``."""
    title = Title(number)
    folder = f"{root}/{title.name} ({title.year})"
    scene = f"{title.dotted}.{title.year}.2160p.BluRay.x265-GRP"
    return {
        "id": number, "title": title.name, "originalTitle": title.name, "sortTitle": title.name.lower(),
        "sizeOnDisk": SIZE, "status": "released",
        "overview": _TEXT, "year": title.year, "hasFile": True, "path": folder, "monitored": True,
        "qualityProfileId": 1, "tmdbId": 100_000 + number, "imdbId": f"tt{1_000_000 + number}",
        "tags": [], "runtime": 116,
        "rootFolderPath": root, "images": [{"coverType": "poster", "remoteUrl": f"https://images.example/{number}.jpg"}],
        "movieFileId": number, "movieFile": _file(number, f"{folder}/{scene}.mkv", scene, "Bluray-2160p"),
    }  # fmt: skip


def series(number: int, root: str) -> dict[str, Any]:
    """One record of ``/series``."""
    title = Title(number)
    statistics = {"episodeFileCount": EPISODES, "episodeCount": EPISODES, "sizeOnDisk": EPISODES * SIZE}
    return {
        "id": number, "title": title.name, "overview": _TEXT, "year": title.year, "path": f"{root}/{title.name}",
        "tags": [],
        "tvdbId": 200_000 + number, "imdbId": f"tt{2_000_000 + number}", "seriesType": "standard",
        "rootFolderPath": root,
        "seasons": [{"seasonNumber": n, "statistics": statistics} for n in range(1, SEASONS + 1)],
        "statistics": {"episodeFileCount": SEASONS * EPISODES}, "monitored": True, "runtime": 45,
    }  # fmt: skip


def episodes(number: int) -> list[dict[str, Any]]:
    """All of ``/episode?seriesId=``."""
    return [
        {
            "id": entry, "seriesId": number, "seasonNumber": season, "episodeNumber": episode,
            "title": f"Part {episode}",
            "airDate": f"{2000 + season}-{episode:02d}-17", "overview": _TEXT[:200], "hasFile": True,
            "episodeFileId": entry, "absoluteEpisodeNumber": (season - 1) * EPISODES + episode,
        }
        for entry, season, episode in _numbers(number)
    ]  # fmt: skip


def episode_files(number: int, root: str) -> list[dict[str, Any]]:
    """All of ``/episodefile?seriesId=``."""
    title = Title(number)
    found = []
    for entry, season, episode in _numbers(number):
        scene = f"{title.dotted}.S{season:02d}E{episode:02d}.1080p.WEB-DL.x264-GRP"
        path = f"{root}/{title.name}/Season {season:02d}/{scene}.mkv"
        found.append({**_file(entry, path, scene, "WEBDL-1080p"), "seriesId": number, "seasonNumber": season})
    return found


def paths(kind: str, count: int, root: str) -> Iterator[str]:
    """Of all files."""
    for number in range(1, count + 1):
        if kind == "radarr":
            yield movie(number, root)["movieFile"]["path"]
        else:
            yield from (file["path"] for file in episode_files(number, root))


def put(kind: str, count: int, root: Path) -> None:
    """Have all files, as names of a few that are as large as they say and take no space."""
    root.mkdir(parents=True)
    for number, path in enumerate(paths(kind, count, str(root))):
        source = root / f".source-{number // LINKS}"
        if number % LINKS == 0:
            with source.open("wb") as file:
                file.truncate(SIZE)
        try:
            os.link(source, path)
        except FileNotFoundError:
            Path(path).parent.mkdir(parents=True)
            os.link(source, path)


def _numbers(series: int) -> Iterator[tuple[int, int, int]]:
    for n in range(SEASONS * EPISODES):
        yield (series - 1) * SEASONS * EPISODES + n + 1, n // EPISODES + 1, n % EPISODES + 1


def _file(number: int, path: str, scene: str, quality: str) -> dict[str, Any]:
    source, resolution = ("bluray", 2160) if quality.startswith("Bluray") else ("web", 1080)
    return {
        "id": number, "path": path, "relativePath": path.rpartition("/")[2], "size": SIZE, "sceneName": scene,
        "dateAdded": f"20{10 + number % 15}-{number % 12 + 1:02d}-{number % 28 + 1:02d}T{number % 24:02d}:10:00Z",
        "releaseGroup": "GRP", "languages": [{"id": 1, "name": "English"}, {"id": 4, "name": "German"}],
        "mediaInfo": _MEDIA,
        "quality": {
            "quality": {"id": 19, "name": quality, "source": source, "resolution": resolution, "modifier": "none"},
            "revision": {"version": 1, "real": 0, "isRepack": False},
        },
    }  # fmt: skip


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, kind: str, count: int, root: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.kind, self.count, self.root = kind, count, root
        record = movie if kind == "radarr" else series
        self.listed = orjson.dumps([record(number, root) for number in range(1, count + 1)])

    def answer(self, path: str, query: dict[str, list[str]]) -> bytes:
        """To ``GET``."""
        number = int(query.get("seriesId", ["0"])[0]) or int(path.rpartition("/")[2] if path[-1].isdigit() else 0)
        if path in ("/movie", "/series"):
            return self.listed
        answers: dict[str, Any] = {
            "/system/status": lambda: {"appName": self.kind.capitalize(), "version": "6.0.0"},
            "/rootfolder": lambda: [{"id": 1, "path": self.root}],
            "/episode": lambda: episodes(number),
            "/episodefile": lambda: episode_files(number, self.root),
            f"/movie/{number}": lambda: movie(number, self.root),
            f"/series/{number}": lambda: series(number, self.root),
        }
        return orjson.dumps(answers.get(path, list)())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        body = self.server.answer(asked.path.removeprefix("/api/v3"), parse_qs(asked.query))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


def _main() -> None:
    interrupt_on_sigterm()
    port, kind, count, root = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        _Server(int(port), kind, int(count), root).serve_forever()


if __name__ == "__main__":
    _main()
