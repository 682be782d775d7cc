"""
Many friends in one process, each beneath a path of his own: ``python -m bench.friends PORT FRIENDS ITEMS OTHERS``. The
first has ITEMS items, the others OTHERS each, which the first has too. What they do is set while they run:

``/set/well``
   serve the catalogue feed, and hold the answer while there is nothing new;
``/set/hang``, ``/set/rubbish``
   all but the first never answer, or answer with bytes without meaning;
``/set/original``
   be original jacks, who read the whole library of their *arr for every search;
``/set/import``
   the first has one more;
``/asked``
   how many searches there were.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from attrs import evolve

from bench.library import Title
from bench.processes import interrupt_on_sigterm
from jackd.model.feed import Changes
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind, Quality
from jackd.peer.feed import MAX_CHANGES, write_feed
from jackd.peer.wire import item_to_json

EPISODES = 50
"""Of a series: five seasons of ten."""

MOVIES = 8
"""One item of so many is a movie."""

HELD_SECONDS = 45.0

_BEGAN = datetime(2010, 1, 1, tzinfo=UTC)
_TEXT = "Somebody wants something, somebody else does not want it, and in the end it is quite another thing. " * 6


def item(number: int) -> Item:
    """Every eighth is a movie, the others are the episodes of series."""
    return _movie(number // MOVIES) if number % MOVIES == 0 else _episode(number - number // MOVIES - 1)


def _movie(number: int) -> Item:
    known = Title(number)
    title = f"{known.dotted}.{known.year}.1080p.BluRay.x265-GRP"
    ids = MediaIds(tmdb=100_000 + number, imdb=f"tt{1_000_000 + number}")
    return _item(f"11111111:movie:{number}", Kind.MOVIE, title, number, ids=ids, name=known.name, year=known.year)


def _episode(number: int) -> Item:
    series, season, episode = number // EPISODES, number % EPISODES // 10 + 1, number % 10 + 1
    title = f"{Title(series).dotted}.S{season:02d}E{episode:02d}.1080p.BluRay.x264-GRP"
    place = {"season": season, "episodes": (episode,), "name": Title(series).name}
    ids = MediaIds(tvdb=200_000 + series)
    return _item(f"22222222:episode:{number}", Kind.EPISODE, title, number, ids=ids, **place)


def _item(item_id: str, kind: Kind, title: str, number: int, **known: Any) -> Item:
    quality = Quality(name="Bluray-1080p", source="bluray", resolution=1080)
    return Item(
        id=item_id,
        kind=kind,
        title=title,
        filename=f"{title}.mkv",
        size=4_000_000_000,
        quality=quality,
        languages=("English",),
        release_group="GRP",
        published=_BEGAN + timedelta(hours=number * 7919 % 130_000),
        **known,
    )


def pages(items: Iterator[Item]) -> Iterator[list[Item]]:
    """As many as one answer holds."""
    page = []
    for entry in items:
        page.append(entry)
        if len(page) == MAX_CHANGES:
            yield page
            page = []
    yield page


class _Friends(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, friends: int, items: int, others: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.mode = "well"
        self.asked = 0
        self.imported = 0
        self.came = threading.Condition()
        self._sizes = [items] + [others] * (friends - 1)
        self._stored = b""

    def set(self, mode: str) -> None:
        with self.came:
            if mode == "import":
                self.imported += 1
                self.came.notify_all()
            else:
                self.mode = mode
        if mode == "original" and not self._stored:
            self._stored = orjson.dumps([self._record(item(n * MOVIES)) for n in range(self._sizes[0] // MOVIES)])

    @staticmethod
    def _record(movie: Item) -> dict[str, Any]:
        """As large as a Radarr's, and with all that the answer needs in it."""
        return {"overview": _TEXT, "images": [_TEXT[:120]] * 3, "item": item_to_json(movie)}

    def page(self, friend: int, since: str, wait: float) -> bytes:
        """Of the feed. A cursor is how many items are known, and for the first friend how many imports."""
        known, seen = (int(part) for part in (since or "0-0").split("-"))
        size = self._sizes[friend]
        if known < size:
            stop = min(size, known + MAX_CHANGES)
            items = [item(n) for n in range(*self._span(friend, known, stop))]
            return write_feed(Changes(items=items, cursor=f"{stop}-0", more=stop < size, reset=not known))
        with self.came:
            if friend or seen == self.imported:
                self.came.wait(wait)
            new = 0 if friend else self.imported - seen
        items = [_item(f"11111111:movie:new{seen + n}", Kind.MOVIE, f"New.{seen + n}.2026", n) for n in range(new)]
        items = [evolve(entry, published=datetime.now(UTC)) for entry in items]
        return write_feed(Changes(items=items, cursor=f"{size}-{seen + new}"))

    def _span(self, friend: int, start: int, stop: int) -> tuple[int, int]:
        """Friends have different parts of what the first has."""
        offset = friend * 997 % max(1, self._sizes[0] - self._sizes[friend] + 1)
        return offset + start, offset + stop

    def search(self, query: dict[str, list[str]]) -> bytes:
        """As the original: the whole library of the *arr is read for every question."""
        self.asked += 1
        tmdb = int(query.get("tmdbId", ["0"])[0])
        records = orjson.loads(self._stored or b"[]")
        return orjson.dumps({"items": [r["item"] for r in records if r["item"]["tmdbId"] == tmdb]})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Friends

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        first, _, rest = asked.path[1:].partition("/")
        if first == "set":
            self.server.set(rest)
            return self._answer(b"{}")
        if first == "asked":
            return self._answer(str(self.server.asked).encode())
        friend = int(first)
        if friend and self.server.mode == "hang":
            threading.Event().wait(600)
        if friend and self.server.mode == "rubbish":
            return self._answer(os.urandom(2000), "application/gzip")
        return self._serve(friend, rest, parse_qs(asked.query))

    def _serve(self, friend: int, path: str, query: dict[str, list[str]]) -> None:
        if path == "handshake":
            features = [] if self.server.mode == "original" else ["query", "catalogue"]
            return self._answer(orjson.dumps({"name": "jack", "version": "0.1.0", "features": features}))
        if path == "peer/search":
            return self._answer(self.server.search(query))
        since, wait = query.get("since", [""])[0], float(query.get("wait", ["0"])[0])
        return self._answer(self.server.page(friend, since, min(wait, HELD_SECONDS)), "application/gzip")

    def _answer(self, body: bytes, kind: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


def _main() -> None:
    interrupt_on_sigterm()
    port, friends, items, others = map(int, sys.argv[1:])
    with suppress(KeyboardInterrupt):
        _Friends(port, friends, items, others).serve_forever()


if __name__ == "__main__":
    _main()
