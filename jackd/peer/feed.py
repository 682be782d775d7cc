"""Pages of the catalogue feed as gzipped lines of JSON, both ways, in a worker and line by line (S19)."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson
from attrs import evolve, frozen

from jackd.model.errors import BadRequest
from jackd.model.feed import Changes
from jackd.model.item import Item
from jackd.peer.wire import BadItem, is_item_id, item_from_json, item_to_json
from jackd.web.router import as_json

CONTENT_TYPE = "application/gzip"
FEATURE = "catalogue"

MAX_CHANGES = 2000
MAX_WAIT = 60

MAX_BODY = 4 * 2**20
MAX_TEXT = 16 * 2**20
"""Bytes that a body may inflate to."""

MAX_LINE = 65_536
MAX_CURSOR = 200

_LEVEL = 3
_GZIP = 16 + zlib.MAX_WBITS
_CHUNK = 65_536
_CURSOR = re.compile(rf"[0-9A-Za-z.-]{{1,{MAX_CURSOR}}}")
_NUMBER = re.compile(r"[0-9]{1,6}")


class BadFeed(ValueError):
    """The answer is no page of a feed."""


@frozen(kw_only=True)
class Wanted:
    """What a client asks for; see :meth:`jackd.ports.Feed.changes`."""

    since: str = ""
    limit: int = MAX_CHANGES
    wait: int = 0


def read_wanted(given: Mapping[str, str]) -> Wanted:
    """The parameters. Raises ``BadRequest``."""
    limit = _number(given, "limit", MAX_CHANGES)
    return Wanted(
        since=given.get("since", "")[: MAX_CURSOR + 1],
        limit=max(1, min(limit, MAX_CHANGES)),
        wait=min(_number(given, "wait", 0), MAX_WAIT),
    )


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "").strip()
    if text and not _NUMBER.fullmatch(text):
        raise BadRequest(f"{name} is not a number")
    return int(text) if text else default


def write_feed(page: Changes) -> bytes:
    """The body."""
    lines = [as_json({"cursor": page.cursor, "more": page.more, "reset": page.reset})]
    lines += [_item_line(item) for item in page.items]
    lines += [_gone_line(item_id) for item_id in page.gone]
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return deflate.compress(b"\n".join(lines) + b"\n") + deflate.flush()


def _item_line(item: Item) -> bytes:
    line = as_json(item_to_json(evolve(item, media_info=None)))
    return line if len(line) <= MAX_LINE else _gone_line(item.id)


def _gone_line(item_id: str) -> bytes:
    return as_json({"gone": item_id})


def read_feed(body: bytes) -> Changes:
    """
    The page in ``body``, each item once. A bad item counts as gone when it has an id: what it was is not so any more.
    Raises ``BadFeed``.
    """
    lines = _lines(body)
    head = _object(next(lines, b""))
    cursor, more, reset = head.get("cursor"), head.get("more"), head.get("reset")
    if not isinstance(cursor, str) or not _CURSOR.fullmatch(cursor):
        raise BadFeed("no cursor")
    changes: dict[str, Item | None] = {}
    for count, line in enumerate(lines, 1):
        if count > MAX_CHANGES:
            raise BadFeed("too many changes in one page")
        _take(_object(line), changes)
    items = [item for item in changes.values() if item is not None]
    gone = [item_id for item_id, item in changes.items() if item is None]
    return Changes(items=items, gone=gone, cursor=cursor, more=more is True, reset=reset is True)


def _take(change: Mapping[str, Any], changes: dict[str, Item | None]) -> None:
    item_id = change.get("gone", change.get("id"))
    if not isinstance(item_id, str) or not is_item_id(item_id):
        return
    changes.pop(item_id, None)
    changes[item_id] = None
    if "gone" not in change:
        with suppress(BadItem):
            changes[item_id] = item_from_json({**change, "mediaInfo": None, "extras": None})


def _object(line: bytes) -> Mapping[str, Any]:
    found = _parsed(line)
    if not isinstance(found, dict):
        raise BadFeed("a line is no JSON object")
    return found


def _parsed(line: bytes) -> Any:
    """What orjson refuses (half a surrogate pair) the standard library may take, as when it is written."""
    for loads in (orjson.loads, json.loads):
        with suppress(ValueError, RecursionError):
            return loads(line)
    return None


def _lines(body: bytes) -> Iterator[bytes]:
    """The lines of what ``body`` inflates to, no more at a time than is needed."""
    inflate = zlib.decompressobj(_GZIP)
    waiting, left, line = body, MAX_TEXT, b""
    while not inflate.eof:
        try:
            text = inflate.decompress(waiting, _CHUNK)
        except zlib.error:
            raise BadFeed("no gzip") from None
        left -= len(text)
        if left < 0:
            raise BadFeed("the answer inflates to too much")
        if not text and not inflate.eof and not inflate.unconsumed_tail:
            raise BadFeed("the answer is not complete")
        waiting = inflate.unconsumed_tail
        *whole, line = (line + text).split(b"\n")
        if max(map(len, [*whole, line])) > MAX_LINE:
            raise BadFeed("too long a line")
        yield from whole
    if line:
        raise BadFeed("the last line has no end")
