"""
An original jack as a friend, at both ends: :class:`OriginalJack` serves as it does, :func:`original_reads` refuses what
it refuses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from klein import Klein
from twisted.internet.defer import Deferred
from twisted.web.http import Request
from twisted.web.resource import IResource

MATRIX_RELEASE: dict[str, Any] = {
    "id": "1f0c3a52:movie:12",
    "title": "The.Matrix.1999.1080p.BluRay.x264-GRP",
    "filename": "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv",
    "category": 2000,
    "size": 9_663_676_416,
    "imdbId": "tt0133093",
    "tmdbId": 603,
    "quality": {"name": "Bluray-1080p", "source": "bluray", "resolution": 1080},
    "languages": ["English"],
    "releaseGroup": "GRP",
    "mediaInfo": {"videoCodec": "x264", "audioChannels": 5.1, "subtitles": "eng"},
    "publishDate": "2026-11-14T10:00:00Z",
}


def episode_release(season: int, episode: int, **more: Any) -> dict[str, Any]:
    """An episode as its Sonarr connector makes it."""
    title = f"Some.Show.S{season:02d}E{episode:02d}.720p.WEB-DL.x264-GRP"
    return {
        "id": f"2a3b4c5d:episode:{season * 100 + episode}",
        "title": title,
        "filename": f"{title}.mkv",
        "category": 5000,
        "size": 1_073_741_824,
        "tvdbId": 81189,
        "quality": {"name": "WEBDL-720p", "source": "web", "resolution": 720},
        "seriesTitle": "Some Show",
        "season": season,
        "episode": episode,
        "publishDate": "2026-11-13T10:00:00Z",
        **more,
    }


class OriginalJack:
    """
    Serves ``releases``, whose bytes are ``files`` by item id.

    :ivar asked: every request: path and query.
    :ivar cuts: after how many bytes the next answers with a file break off; the connection is lost then.
    """

    router: ClassVar[Klein] = Klein()

    def __init__(
        self, releases: Sequence[Mapping[str, Any]], *, key: str = "k", files: Mapping[str, bytes] | None = None
    ) -> None:
        self.releases = list(releases)
        self.key = key
        self.files = dict(files or {})
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.cuts: list[int] = []
        self.seen_headers: list[dict[str, str]] = []

    def resource(self) -> IResource:
        return self.router.resource()

    @router.route("/handshake", methods=["GET"])
    def handshake(self, request: Request) -> bytes:
        return self._authorized(request) or _json(request, {"name": "jack", "version": "0.1.0"})

    @router.route("/peer/search", methods=["GET"])
    def search(self, request: Request) -> bytes:
        return self._authorized(request) or _json(request, {"items": self._found(_query(request))})

    @router.route("/peer/items/<item_id>", methods=["GET"])
    def item(self, request: Request, item_id: str) -> bytes:
        refused = self._authorized(request)
        if refused:
            return refused
        found = [r for r in self.releases if r["id"] == item_id]
        return _json(request, found[0]) if found else _json(request, {"error": "Not found"}, 404)

    @router.route("/peer/items/<item_id>/file", methods=["GET"])
    def file(self, request: Request, item_id: str) -> bytes | Deferred[bytes]:
        refused = self._authorized(request)
        if refused:
            return refused
        if item_id not in self.files:
            return _json(request, {"error": "File not found"}, 404)
        body = _bytes(request, self.files[item_id], f"{item_id.rsplit(':', 1)[1]}.mkv")
        return _cut(request, body[: self.cuts.pop(0)]) if self.cuts else body

    def _authorized(self, request: Request) -> bytes | None:
        query = _query(request)
        self.asked.append((request.path.decode(), query))
        headers = {k.decode().lower(): v[0].decode() for k, v in request.requestHeaders.getAllRawHeaders()}
        self.seen_headers.append(headers)
        if (query.get("apikey") or headers.get("x-api-key")) == self.key:
            return None
        return _json(request, {"error": "Unauthorized", "code": "UNAUTHORIZED"}, 401)

    def _found(self, query: dict[str, str]) -> list[Mapping[str, Any]]:
        releases = self.releases
        if query.get("tmdbId"):
            return [r for r in releases if r["category"] == 2000 and str(r.get("tmdbId")) == query["tmdbId"]]
        if query.get("imdbId"):
            wanted = query["imdbId"].removeprefix("tt")
            return [r for r in releases if r["category"] == 2000 and r.get("imdbId", "").removeprefix("tt") == wanted]
        if query.get("tvdbId"):
            return [r for r in releases if r["category"] == 5000 and _is_episode(r, query)]
        return releases


def _is_episode(release: Mapping[str, Any], query: dict[str, str]) -> bool:
    numbers = [(name, int(query[name])) for name in ("season", "episode") if query.get(name)]
    return str(release.get("tvdbId")) == query["tvdbId"] and all(release.get(n) == v for n, v in numbers)


def _query(request: Request) -> dict[str, str]:
    return {k.decode(): v[0].decode() for k, v in request.args.items()}


def _json(request: Request, value: object, status: int = 200) -> bytes:
    request.setResponseCode(status)
    request.setHeader("content-type", "application/json")
    return json.dumps(value).encode()


def _bytes(request: Request, data: bytes, name: str) -> bytes:
    start, stop, status = _part(request.getHeader("range"), len(data))
    request.setResponseCode(status)
    if status == 416:
        request.setHeader("content-range", f"bytes */{len(data)}")
        return b""
    if status == 206:
        request.setHeader("content-range", f"bytes {start}-{stop - 1}/{len(data)}")
    request.setHeader("accept-ranges", "bytes")
    request.setHeader("content-type", "application/octet-stream")
    request.setHeader("content-disposition", f'attachment; filename="{name}"')
    request.setHeader("content-length", str(stop - start))
    return data[start:stop]


def _cut(request: Request, body: bytes) -> Deferred[bytes]:
    request.write(body)
    request.loseConnection()
    return Deferred()


def _part(header: str | None, size: int) -> tuple[int, int, int]:
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if found is None or found[0] == "bytes=-":
        return 0, size, 200
    if not found[1]:
        return max(0, size - int(found[2])), size, 206
    start, stop = int(found[1]), min(int(found[2]) + 1 if found[2] else size, size)
    return (start, stop, 206) if start < size else (0, 0, 416)


_NEEDED = {"id": str, "title": str, "filename": str, "category": int, "size": int}
_OPTIONAL = {
    "imdbId": str,
    "tmdbId": int,
    "tvdbId": int,
    "quality": dict,
    "languages": list,
    "releaseGroup": str,
    "edition": str,
    "mediaInfo": dict,
    "seriesTitle": str,
    "season": int,
    "episode": int,
    "publishDate": str,
}


def original_reads(answer: Any) -> list[dict[str, Any]]:
    """The releases, as its schema takes them: one bad one, or one ``null``, and the whole answer is refused."""
    for release in answer["items"]:
        for name, kind in _NEEDED.items():
            assert type(release.get(name)) is kind, (name, release)
        assert release["category"] in (2000, 5000)
        for name, kind in _OPTIONAL.items():
            assert name not in release or type(release[name]) is kind, (name, release)
        assert re.fullmatch(r"[^/]+", release["filename"])
        assert re.fullmatch(r"[0-9a-f]{8}:(movie|episode):\d+", release["id"])
        quality = release.get("quality", {"name": "", "source": "", "resolution": 0})
        assert [type(quality[n]) for n in ("name", "source", "resolution")] == [str, str, int]
        stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
        assert "publishDate" not in release or re.fullmatch(stamp, release["publishDate"])
    return list(answer["items"])
