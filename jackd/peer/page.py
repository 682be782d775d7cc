"""
A page of items, both ways, in a worker and item by item: neither a catalogue of megabytes nor a hostile answer may
hold the interpreter for longer than one item takes (S19).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from attrs import frozen

from jackd.model.item import Item
from jackd.peer.wire import BadItem, item_from_json, item_to_json

MAX_BODY = 4 * 2**20
MAX_ORIGINAL_BODY = 32 * 2**20
"""Of an original jack, which gives everything at once."""

MAX_ORIGINAL_ITEMS = 20_000
MAX_PAGE_BODY = 16 * 2**20
"""Of what we answer with."""

_WINDOWS = (65_536, 1_048_576)
"""So much text is looked at for one item; first the usual, then the largest."""

_SPACE = re.compile(r"[ \t\r\n]*")


class BadPage(ValueError):
    """The answer is no ``{"items": [...]}``."""


@frozen(kw_only=True)
class Page:
    """
    What an answer held.

    :ivar items: the good ones.
    :ivar count: how many there were, with the bad ones.
    """

    items: Sequence[Item]
    count: int


def write_page(items: Sequence[Item], limit: int = MAX_PAGE_BODY) -> bytes:
    """As many of ``items`` as fit into about ``limit`` bytes."""
    parts: list[bytes] = []
    length = 0
    for item in items:
        part = json.dumps(item_to_json(item), separators=(",", ":")).encode()
        length += len(part) + 1
        if length > limit:
            break
        parts.append(part)
    return b'{"items":[' + b",".join(parts) + b"]}"


def read_page(body: bytes, most: int) -> Page:
    """
    The first ``most`` items in ``body``, without their ``mediaInfo``, which nobody needs and which is most of their
    weight. Raises ``BadPage``.
    """
    items: list[Item] = []
    count = 0
    for value in _elements(body):
        count += 1
        if isinstance(value, dict):
            value.pop("mediaInfo", None)
        with suppress(BadItem):
            items.append(item_from_json(value))
        if count >= most:
            break
    return Page(items=items, count=count)


def read_json(body: bytes) -> Any:
    """A small answer as a whole. Raises ``BadPage``."""
    text = _text(body)
    return _value(text, _skip(text, 0))[0]


def _elements(body: bytes) -> Iterator[Any]:
    """The elements of the member ``items``, one by one."""
    text = _text(body)
    at = _after(text, 0, "{")
    while True:
        name, at = _value(text, at)
        at = _after(text, at, ":")
        if name == "items":
            break
        _, at = _value(text, at)
        at = _after(text, at, ",")
    at = _after(text, at, "[")
    while text[at : at + 1] != "]":
        value, at = _value(text, at)
        yield value
        at = _skip(text, at)
        if text[at : at + 1] != "]":
            at = _after(text, at, ",")


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadPage("not UTF-8") from None


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at ``at``, and where the text goes on."""
    for window in _WINDOWS:
        try:
            value, used = _DECODER.raw_decode(text[at : at + window])
            return value, _skip(text, at + used)
        except (ValueError, RecursionError):
            continue
    raise BadPage("no JSON, or too large an item")


def _after(text: str, at: int, mark: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != mark:
        raise BadPage(f"{mark} expected")
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else math.inf


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=lambda _: math.nan)
"""NaN, infinities and huge numbers become floats that no member takes."""
