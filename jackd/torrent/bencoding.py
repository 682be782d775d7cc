"""
Bencoding (BEP 3), canonical only.

The library behind it takes unsorted and repeated keys, negative lengths and cut strings; none of that gets past
:func:`decode`, which looks at the tokens first and compares the result's own encoding with what came (S16).
"""

from __future__ import annotations

import re
from typing import Any

import bencodepy

from jackd.model.errors import UnsupportedMedia

MAX_BENCODED = 65_536
MAX_DEPTH = 8
MAX_DIGITS = 19
"""Digits of an integer: 64 bits."""

_TOKEN = re.compile(rb"i-?\d{1,%d}e|(\d{1,7}):|([ld])|(e)" % MAX_DIGITS)


class NotBencoded(UnsupportedMedia):
    """The data is not canonical bencoding."""


def encode(value: Any) -> bytes:
    """Dictionaries (keys are sorted), lists, integers, bytes and text (as UTF-8). Raises ``TypeError`` for others."""
    try:
        encoded: bytes = bencodepy.encode(value)
    except KeyError as error:
        raise TypeError(f"can't be bencoded: {error}") from None
    return encoded


def decode(data: bytes, *, limit: int = MAX_BENCODED) -> Any:
    """
    The value of ``data``: dictionaries have ``bytes`` keys, strings are ``bytes``.

    :raises NotBencoded: for more than ``limit`` bytes, more than :data:`MAX_DEPTH` levels, integers of more than
        :data:`MAX_DIGITS` digits, and all that is not the one canonical form of its value.
    """
    if len(data) > limit:
        raise NotBencoded(f"more than {limit} bytes")
    _check_tokens(data)
    try:
        value = bencodepy.decode(data)
    except bencodepy.BencodeDecodeError:
        raise NotBencoded from None
    if encode(value) != data:
        raise NotBencoded
    return value


def _check_tokens(data: bytes) -> None:
    """One pass without recursion: every token is one, strings end within the data, depth is bounded and ends at 0."""
    at = depth = 0
    while at < len(data):
        token = _TOKEN.match(data, at)
        if token is None:
            raise NotBencoded
        at = token.end() + int(token[1] or 0)
        depth += bool(token[2]) - bool(token[3])
        if not 0 <= depth <= MAX_DEPTH or at > len(data):
            raise NotBencoded
    if depth:
        raise NotBencoded
