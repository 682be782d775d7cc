"""The release group: the word behind the last dash of a title, written and read (``Parser/ReleaseGroupParser.cs``)."""

from __future__ import annotations

import re
from functools import lru_cache

MAX_GROUP = 20

_SUB_GROUP = re.compile(r"\[(\S[^\]]*)\]")
_DASHED = re.compile(
    r"-([a-z0-9]+(?:-[a-z0-9]+)?)(?=$|[\W_])(?!.+(?:480|576|720|1080|2160)p)|[-._ ]\[([a-z0-9]+)\]$", re.IGNORECASE
)
_ADDED = re.compile(
    r"\[(?:ettv|rartv|rarbg|cttv|publichd)\]$"
    r"|(?:-(?:RP|1|NZBGeek|Obfuscat(?:ed|ion)|Scrambled|sample|Pre|postbot|xpost|WhiteRev|BUYMORE|AsRequested|4P(?:lanet)?))+$",
    re.IGNORECASE,
)
"""What others append to a title."""

_COMPOUND = re.compile(
    r"(?:web-(?:dl|rip)|blu-ray|dts-(?:hd|x|ma|es)|\d{3,4}p|\d-bit|-(?:es|en|cat|eng|jap|ger|fra|fre|ita|hdrip)"
    r"|[ ._]\d{4}-\d{2}|-\d{2}|tmdb(?:id)?-\d+|tt\d{7,8})$",
    re.IGNORECASE,
)
"""Words with a dash, at the end of what is looked at."""

_NONE = re.compile(r"[se]?\d+|[0-9a-f]{8}", re.IGNORECASE)


def group_in(title: str) -> str | None:
    """The group that the *arrs read from ``title``."""
    title = _ADDED.sub("", title)
    if found := _SUB_GROUP.match(title):
        return found[1].strip()
    group, start = None, 0
    while found := _DASHED.search(title, start):
        name, start = _name(title, found)
        group = name or group
    return None if group is None or _NONE.fullmatch(group) else group


def _name(title: str, found: re.Match[str]) -> tuple[str | None, int]:
    """The group, and where to look for the next: ``DL`` behind ``WEB`` is none, but what follows may be."""
    if found[2]:
        return found[2], found.end()
    first = found[1].partition("-")[0]
    behind = found.start(1) + len(first)
    if _COMPOUND.search(title, 0, behind):
        return None, behind
    return (first, behind) if _COMPOUND.search(title, 0, found.end(1)) else (found[1], found.end(1))


@lru_cache(maxsize=1024)
def plain_group(group: str) -> str:
    """``group`` as it can stand behind a title's last dash; empty for one that would not be read there."""
    plain = re.sub(r"[^A-Za-z0-9-]", "", group)[:MAX_GROUP].strip("-")
    plain = plain if plain.count("-") <= 1 else plain.replace("-", "")
    return plain if group_in(f"x264-{plain}") == plain else ""
