"""The edition that a title names: ``Directors.Cut``, ``Extended``, ``IMAX`` (Radarr, ``Parser/Parser.cs``)."""

from __future__ import annotations

import re

_SEPARATOR = r"[._ -]"
_CUT = rf"{_SEPARATOR}(?:Cut|Edition|Version)"
_ADDED = rf"Extended|Uncensored|Remastered|Unrated|Uncut|Open{_SEPARATOR}?Matte|IMAX|Fan{_SEPARATOR}?Edit"
EDITION = (
    rf"(?:(?:(?:Recut|Extended|Ultimate){_SEPARATOR})?"
    rf"(?:Director.?s|Collector.?s|Theatrical|Ultimate|Extended|Despecialized"
    rf"|(?:Special|Rogue|Final|Assembly|Imperial|Diamond|Signature|Hunter|Rekall)(?={_CUT})"
    rf"|\d{{2,3}}(?:th)?{_SEPARATOR}Anniversary)(?:{_CUT})?(?:{_SEPARATOR}(?:{_ADDED}))?"
    rf"|{_ADDED}|Edition|Restored|[234]in1)"
)
"""A pattern; read without regard to case."""

_FOUND = re.compile(rf"(?<![^\W_]){EDITION}(?![^\W_])", re.IGNORECASE)
_LAST = re.compile(rf"(?<![^\W_]){EDITION}[\W_]{{1,3}}$", re.IGNORECASE)


def edition_in(text: str) -> str | None:
    """The first edition in ``text``, in plain words: ``Director's Cut`` -> ``Directors Cut``."""
    found = _FOUND.search(text)
    return " ".join(re.sub(r"[._-]+", " ", found[0].replace("'", "")).split()) if found else None


def without_last_edition(name: str) -> str:
    """``name`` without the edition at its end, unless nothing else would be left."""
    found = _LAST.search(name, 1)
    return name[: found.start()] if found and re.search(r"[^\W_]", name[: found.start()]) else name
