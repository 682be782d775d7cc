"""The quality and the group that a file name says, in the words of the *arrs."""

from __future__ import annotations

import re

from jackd.model.item import Quality

_START, _END = r"(?<![^\W_])", r"(?![^\W_])"


def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{_START}(?:{pattern}){_END}", re.IGNORECASE)


_RESOLUTION = _word(r"(2160|1080|720|576|540|480|360)[pi]|\d{4}x(2160|1080|720)")
_UHD = _word("4k|uhd")
_SOURCES = (
    ("Remux", "bluray", _word("(?:bd)?remux")),
    ("Bluray", "bluray", _word("blu-?ray|b[dr]rip|bd")),
    ("WEBRip", "webrip", _word("web-?rip")),
    ("WEBDL", "webdl", _word("web(?:[-_. ]?dl)?")),
    ("HDTV", "tv", _word("[hp]dtv|tvrip")),
    ("DVD", "dvd", _word("dvd(?:rip|-?r)?")),
    ("SDTV", "tv", _word("sdtv")),
)
"""The *arrs' name, their source, what names it; the first that is found decides."""

_SD = 480
_HD = 720
_GROUP = re.compile(r"(?<=\S)-([A-Za-z0-9]{2,20})$")
_NO_GROUP = re.compile(r"\d{3,4}[pi]|dl|rip|ray|r|x26[45]|remux|hdtv|proper|repack", re.IGNORECASE)


def quality_in(text: str) -> Quality | None:
    """What ``text`` says: ``Bluray-1080p``, ``WEBDL-2160p``, ``SDTV``; only ``1080p`` when it names no source."""
    lines = _lines(text)
    for name, source, pattern in _SOURCES:
        if pattern.search(text):
            return _quality(name, source, lines)
    return Quality(name=f"{lines}p", resolution=lines) if lines else None


def _quality(name: str, source: str, lines: int) -> Quality:
    if name in ("DVD", "SDTV") or (name == "HDTV" and lines < _HD):
        return Quality(name="DVD" if name == "DVD" else "SDTV", source=source, resolution=lines or _SD)
    return Quality(name=f"{name}-{lines}p" if lines else name, source=source, resolution=lines)


def _lines(text: str) -> int:
    found = _RESOLUTION.search(text)
    if found:
        return int(next(filter(None, found.groups())))
    return 2160 if _UHD.search(text) else 0


def group_in(text: str) -> str | None:
    """The release group at the end of a scene-like name, ``…x264-GRP``; only where a quality is named as well."""
    found = _GROUP.search(text.rstrip())
    if found is None or quality_in(text) is None or _NO_GROUP.fullmatch(found[1]):
        return None
    return found[1]


def before_resolution(text: str) -> str:
    """``text`` up to the resolution."""
    return _until(text, _RESOLUTION)


def before_quality(text: str) -> str:
    """``text`` up to the first word that names a resolution or a source."""
    for pattern in (_RESOLUTION, *(pattern for _, _, pattern in _SOURCES)):
        text = _until(text, pattern)
    return text


def _until(text: str, pattern: re.Pattern[str]) -> str:
    """All of it when nothing would be left."""
    found = pattern.search(text)
    head = text[: found.start()] if found else text
    return head if re.search(r"[^\W_]", head) else text
