"""Extra HTTP headers for a server or friend, such as those that a proxy in front of him asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jackd.config.node import Block
from jackd.config.reading import Check, Cursor, Wrong
from jackd.config.secrets import secret
from jackd.model.secret import Secret

MAX_HEADERS = 100

RESERVED = frozenset({"x-api-key", "host", "content-length", "connection", "transfer-encoding"})
"""What jack sets itself, in lower case."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def headers(cursor: Cursor) -> Mapping[str, Secret]:
    """``{Name: value}``; a value may be a key, so all are treated as keys and come in the same three forms."""
    if not isinstance(cursor.node, Block):
        raise Wrong(f"must be a block of header names and values; it is {cursor.node.kind}")
    if len(cursor.node.entries) > MAX_HEADERS:
        raise Wrong(f"must not have more than {MAX_HEADERS} headers")
    found: dict[str, Secret] = {}
    names: set[str] = set()
    for entry in cursor.node.entries:
        value = cursor.at(entry.value, f".{entry.key}").read(_header(entry.key, names), None)
        if value is not None:
            found[entry.key] = value
    return found


def _header(name: str, names: set[str]) -> Check[Secret]:
    """The value of the header ``name``, which must be none of ``names`` and is added to them."""

    def check(cursor: Cursor) -> Secret:
        if not _TOKEN.fullmatch(name):
            raise Wrong("is no name of a header: letters, digits and dashes only")
        if name.lower() in RESERVED:
            raise Wrong("is a header that jack sets itself; leave it out")
        if name.lower() in names:
            raise Wrong("is given twice; keep one of them")
        names.add(name.lower())
        value = secret(cursor)
        if _CONTROL.search(value.reveal()):
            raise Wrong("must be one line without control characters")
        return value

    return check
