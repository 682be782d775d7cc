"""What single values must be. A check makes a value of a cursor or raises ``Wrong`` with what should stand there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from jackd.config.node import Listing, Scalar
from jackd.config.reading import Check, Cursor, Wrong

T = TypeVar("T")

MAX_LIST = 200
"""Servers, friends or mappings in one list."""

MAX_NAME = 100
"""Characters in a name."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NOT_URL = re.compile(r"[^\x21-\x7e]|[\\\"<>^`{|}]")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def text(cursor: Cursor) -> str:
    """Text that is not empty. YAML's bare numbers are good text as they are written."""
    node = cursor.node
    found = node.value if isinstance(node, Scalar) else None
    if isinstance(node, Scalar) and node.source is not None and not isinstance(found, bool):
        found = node.source
    if not isinstance(found, str):
        raise Wrong(f"must be text, in quotes; it is {node.kind}")
    if not found.strip():
        raise Wrong("must not be empty")
    return found


def name(cursor: Cursor) -> str:
    """A name for people to read, of at most :data:`MAX_NAME` characters."""
    found = text(cursor).strip()
    if len(found) > MAX_NAME or _CONTROL.search(found):
        raise Wrong(f"must be one line of at most {MAX_NAME} characters")
    return found


def boolean(cursor: Cursor) -> bool:
    """``true`` or ``false``, nothing like them."""
    if isinstance(cursor.node, Scalar) and isinstance(cursor.node.value, bool):
        return cursor.node.value
    raise Wrong(f"must be true or false, without quotes; it is {cursor.node.kind}")


def integer(least: int, most: int) -> Check[int]:
    """A whole number within those bounds; ``"80"`` and ``true`` are none."""

    def check(cursor: Cursor) -> int:
        found = cursor.node.value if isinstance(cursor.node, Scalar) else None
        if isinstance(found, bool) or not isinstance(found, int):
            raise Wrong(f"must be a whole number from {least} to {most}, without quotes; it is {_kind(cursor)}")
        if not least <= found <= most:
            raise Wrong(f"must be from {least} to {most}")
        return found

    return check


def _kind(cursor: Cursor) -> str:
    node = cursor.node
    return "a fraction" if isinstance(node, Scalar) and isinstance(node.value, float) else node.kind


def one_of(choices: tuple[T, ...]) -> Check[T]:
    """One of a few words."""
    words = {str(choice): choice for choice in choices}

    def check(cursor: Cursor) -> T:
        found = text(cursor)
        if found in words:
            return words[found]
        near = difflib.get_close_matches(found.lower(), words, n=1)
        raise Wrong(f"must be {' or '.join(words)}" + (f'; did you mean "{near[0]}"?' if near else ""))

    return check


def absolute_path(cursor: Cursor) -> Path:
    """A path from the root, without ``..`` in it."""
    found = text(cursor)
    path = Path(found)
    if not path.is_absolute() or ".." in path.parts or _CONTROL.search(found):
        raise Wrong('must be an absolute path: it begins with "/" and has no ".." in it')
    return Path("/", *path.parts[1:])  # two leading slashes are one


def url(cursor: Cursor) -> str:
    """An ``http`` or ``https`` URL of a server, given without trailing slash."""
    found = text(cursor)
    if _NOT_URL.search(found):
        raise Wrong("must be a URL of plain ASCII without blanks (an international host name in its xn-- form)")
    try:
        parts = urlsplit(found)
        port = parts.port
    except ValueError:
        raise Wrong("must be a URL; its host or port can't be read") from None
    _check_url(parts, port)
    return found.rstrip("/")


def _check_url(parts: SplitResult, port: int | None) -> None:
    if parts.scheme not in _DEFAULT_PORTS:
        raise Wrong('must begin with "http://" or "https://"')
    if not parts.hostname or not _HOST.fullmatch(parts.hostname) or port == 0:
        raise Wrong("must be a URL; its host or port can't be read")
    if "@" in parts.netloc:
        raise Wrong('must have no user or password in it; give them as a header ("Authorization")')
    if parts.query or parts.fragment:
        raise Wrong('must be the address of a server only, without "?" or "#"')


def same_url(found: str) -> str:
    """What two URLs of the same server have in common, however they are spelt."""
    parts = urlsplit(found)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}{parts.path.rstrip('/')}"


def list_of(check: Check[T]) -> Check[tuple[T, ...]]:
    """A list whose items all pass ``check``; the wrong ones are problems of their own."""

    def check_all(cursor: Cursor) -> tuple[T, ...]:
        if not isinstance(cursor.node, Listing):
            raise Wrong(f"must be a list; it is {cursor.node.kind}")
        if len(cursor.node.items) > MAX_LIST:
            raise Wrong(f"must not have more than {MAX_LIST} entries")
        items = [cursor.at(node, f"[{index}]") for index, node in enumerate(cursor.node.items)]
        found = [item.read(check, None) for item in items]
        return tuple(value for value in found if value is not None)

    return check_all


def once(scope: str, check: Check[T], fold: Callable[[T], str]) -> Check[T]:
    """``check``, and no other setting with the same ``scope`` has the same value, as ``fold`` compares it."""

    def check_once(cursor: Cursor) -> T:
        value = check(cursor)
        first = cursor.reading.claims.setdefault((scope, fold(value)), cursor)
        if first is not cursor:
            raise Wrong(f"is the same as {first.path} in line {first.node.line}; each must have its own")
        return value

    return check_once
