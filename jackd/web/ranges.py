"""Byte ranges and validators of HTTP (RFC 9110 §8.8.3, §13.1.5, §14), as pure functions, for both ends."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

_SINGLE = re.compile(r"[ \t]*bytes=[ \t]*(?:([0-9]{1,30})-([0-9]{0,30})|-([0-9]{1,30}))[ \t]*", re.IGNORECASE)
_CONTENT = re.compile(r"[ \t]*bytes[ \t]+([0-9]{1,19})-([0-9]{1,19})/(?:([0-9]{1,19})|\*)[ \t]*", re.IGNORECASE)
_UNSATISFIED = re.compile(r"[ \t]*bytes[ \t]+\*/([0-9]{1,19})[ \t]*", re.IGNORECASE)
_STRONG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')


@frozen
class Range:
    """The bytes from ``start`` up to, not including, ``stop``."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes that are."""
        return self.stop - self.start


class Unsatisfiable:
    """The range begins behind the end: to be answered with 416."""


UNSATISFIABLE: Final = Unsatisfiable()


def parse_range(header: str | None, size: int) -> Range | Unsatisfiable | None:
    """
    The one range that a ``Range`` header asks for, of ``size`` bytes. ``None``: answer with everything, for there is
    no header, it can't be read, or it asks for several ranges.
    """
    found = _SINGLE.fullmatch(header or "")
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        wanted = Range(max(0, size - int(suffix)), size)
    else:
        wanted = Range(int(first), min(int(last) + 1, size) if last else size)
        if last and int(last) < wanted.start:
            return None
    return wanted if wanted.start < wanted.stop else UNSATISFIABLE


def content_range(part: Range | None, size: int) -> str:
    """``Content-Range`` of a 206, or with ``None`` that of a 416."""
    return f"bytes {part.start}-{part.stop - 1}/{size}" if part else f"bytes */{size}"


def parse_content_range(header: str | None) -> tuple[Range, int] | None:
    """The part and the whole's size that a 206 claims; ``None`` for anything that is not complete and consistent."""
    found = _CONTENT.fullmatch(header or "")
    if found is None or found[3] is None:
        return None
    part, size = Range(int(found[1]), int(found[2]) + 1), int(found[3])
    return (part, size) if part.start < part.stop <= size else None


def parse_unsatisfied(header: str | None) -> int | None:
    """The whole's size that a 416 claims."""
    found = _UNSATISFIED.fullmatch(header or "")
    return int(found[1]) if found else None


def strong_etag(header: str | None) -> str | None:
    """The validator, with its quotes, if it is one that says byte for byte; never a weak one."""
    return header if header and _STRONG.fullmatch(header) else None


def if_range_holds(header: str | None, etag: str) -> bool:
    """
    Whether a range may be served of the file that has ``etag``. Compared strongly; a date never holds, for it would
    compare the clocks of two hosts (F33).
    """
    return header is None or (strong_etag(etag) is not None and header.strip() == etag)
