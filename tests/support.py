"""Real sites, clients and values, in memory: no sockets, no threads, no waiting."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from attrs import evolve, frozen
from treq.client import HTTPClient
from treq.testing import RequestTraversalAgent, _SynchronousProducer
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.web.resource import Resource

from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind, Quality
from jackd.web.outgoing import Outgoing
from jackd.web.site import Mount, Site

T = TypeVar("T")

MATRIX = Item(
    id="aaaaaaaa:movie:1",
    kind=Kind.MOVIE,
    title="The.Matrix.1999.1080p.BluRay.x264-GRP",
    filename="The.Matrix.1999.1080p.BluRay.x264-GRP.mkv",
    size=9_663_676_416,
    ids=MediaIds(tmdb=603, imdb="tt0133093"),
    name="The Matrix",
    year=1999,
    quality=Quality(name="Bluray-1080p", source="bluray", resolution=1080),
    release_group="GRP",
    published=datetime(2026, 11, 14, 10, tzinfo=UTC),
)
PILOT = Item(
    id="bbbbbbbb:episode:7",
    kind=Kind.EPISODE,
    title="Some.Show.S01E01.720p.WEB-DL.x264-GRP",
    filename="Some.Show.S01E01.720p.WEB-DL.x264-GRP.mkv",
    size=1_073_741_824,
    ids=MediaIds(tvdb=81189, imdb="tt0903747"),
    name="Some Show",
    year=2008,
    season=1,
    episodes=(1,),
    quality=Quality(name="WEBDL-720p", source="web", resolution=720),
    release_group="GRP",
    published=datetime(2026, 11, 13, 10, tzinfo=UTC),
)


def result_of(awaitable: Coroutine[Any, Any, T] | Deferred[T]) -> T:
    """The result of what must be done already; fails the test when it still waits, raises what it raised."""
    deferred = awaitable if isinstance(awaitable, Deferred) else Deferred.fromCoroutine(awaitable)
    results: list[Any] = []
    deferred.addBoth(results.append)
    assert results, "nothing came: it still waits"
    if hasattr(results[0], "raiseException"):
        results[0].raiseException()
    return results[0]


class SiteAgent(RequestTraversalAgent):
    """treq's in-memory agent, on a real :class:`~jackd.web.site.Site` with its header-time checks."""

    def __init__(self, mounts: Sequence[Mount], clock: Clock | None = None) -> None:
        super().__init__(Resource())
        self._serverFactory = Site(mounts, clock or Clock())


@frozen
class Got:
    """An answer, read."""

    status: int
    headers: Any
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        import json

        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        found = self.headers.getRawHeaders(name)
        return found[0] if found else None


class Web:
    """Asks a site in memory: ``Web(Mount(["/peer"], app)).get("/peer/search", key="k")``."""

    def __init__(self, *mounts: Mount, clock: Clock | None = None) -> None:
        self.base = "http://jack.test:5225"
        self.clock = clock or Clock()
        self.agent = SiteAgent(mounts, self.clock)
        self._client = HTTPClient(self.agent, data_to_body_producer=_SynchronousProducer)

    def request(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **kwargs: Any) -> Got:
        """The whole answer to one request for that path beneath ``base``."""
        return result_of(self.start(method, path, headers=headers, **kwargs))

    def start(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **kwargs: Any
    ) -> Deferred[Got]:
        """As :meth:`request` when the answer needs something to happen first; then call :meth:`flush`."""

        sent = dict(headers or {})
        body = _body(kwargs.pop("data", None), kwargs.pop("files", None), sent)

        async def go() -> Got:
            response = await self._client.request(
                method, f"{self.base}{path}", headers=sent, data=body, allow_redirects=False, **kwargs
            )
            return Got(response.code, response.headers, await response.content())

        started = Deferred.fromCoroutine(go())
        self.agent.flush()
        return started

    def get(self, path: str, **kwargs: Any) -> Got:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Got:
        return self.request("POST", path, **kwargs)

    def flush(self) -> None:
        self.agent.flush()

    def outgoing(self) -> Outgoing:
        """jack's own client, connected to this site."""
        return Outgoing(self.agent, self.clock)


def _body(
    data: bytes | Mapping[str, str] | None, files: Mapping[str, tuple[str, bytes]] | None, headers: dict[str, str]
) -> bytes | None:
    """A form as clients send it: multipart when there is a file, else url-encoded."""
    if files is None:
        if isinstance(data, Mapping):
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            return urlencode(data).encode()
        return data
    assert not isinstance(data, bytes)
    headers.setdefault("Content-Type", "multipart/form-data; boundary=XX")
    parts = [f'name="{n}"\r\n\r\n'.encode() + v.encode() for n, v in (data or {}).items()]
    kind = "\r\nContent-Type: application/octet-stream"
    parts += [f'name="{n}"; filename="{name}"{kind}\r\n\r\n'.encode() + v for n, (name, v) in files.items()]
    lines = [b"--XX\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts]
    return b"".join(lines) + b"--XX--\r\n"


def change(item: Item, **changes: Any) -> Item:
    """A copy of ``item`` with other values."""
    return evolve(item, **changes)


def files_below(folder: Path) -> list[Path]:
    """All files, also while somebody else makes and removes folders there, at which ``rglob`` would stumble."""
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]
