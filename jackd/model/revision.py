"""
How often a release was mended: the words of a title that say so, written and read.

The *arrs read ``PROPER``, ``REPACK``, ``RERIP``, ``v2`` and ``REAL`` anywhere in a title
(``Parser/QualityParser.cs``), and take a later revision of the same quality for an upgrade.
"""

from __future__ import annotations

import re

from attrs import frozen

MAX_VERSION = 9
"""Titles have one digit for it."""

MAX_REAL = 4

_VERSION = re.compile(r"\d[-._ ]?v(\d)(?=[-._ ])|\[v(\d)\]|(?:repack|rerip)(\d)", re.IGNORECASE)
_REPACK = re.compile(r"(?<![^\W_])(?:repack|rerip)\d?(?![^\W_])", re.IGNORECASE)
_PROPER = re.compile(r"(?<![^\W_])proper(?![^\W_])", re.IGNORECASE)
_REAL = re.compile(r"(?<![^\W_])REAL(?![^\W_])")


@frozen(kw_only=True)
class Revision:
    """
    The *arrs' ``revision`` of a quality.

    :ivar version: 1 as it first came out, 2 a proper or repack, and so on.
    :ivar real: how many times it says REAL.
    :ivar repack: mended by the group that made it.
    """

    version: int = 1
    real: int = 0
    repack: bool = False


def revision(version: int, real: int = 0, repack: bool = False) -> Revision | None:
    """The revision with these values; ``None`` for one that no title can tell."""
    version = max(version, 2 if repack else 1)
    return Revision(version=version, real=real, repack=repack) if version <= MAX_VERSION and real <= MAX_REAL else None


def revision_words(known: Revision | None) -> list[str]:
    """``REAL.REPACK2``, as words; none for a first version. ``v3`` is read only behind a digit."""
    if known is None:
        return []
    words = ["REAL"] * known.real
    if known.repack:
        return [*words, "REPACK" if known.version == 2 else f"REPACK{known.version - 1}"]
    return [*([f"v{known.version}"] if known.version > 2 else []), *words, *(["PROPER"] if known.version == 2 else [])]


def revision_in(title: str) -> Revision:
    """What the *arrs read from ``title``."""
    found = _VERSION.search(title)
    version = int(next(filter(None, found.groups()))) if found else 1
    repack = _REPACK.search(title) is not None
    if repack or _PROPER.search(title):
        version = version + 1 if found else 2
    return Revision(version=version, real=len(_REAL.findall(title)), repack=repack)
