"""
The words of a release title that tell its quality, written and read.

The *arrs read the quality of an offer from its title alone: the **last** word that names a source and the **first**
that names a resolution decide (Radarr and Sonarr, ``Parser/QualityParser.cs``).
"""

from __future__ import annotations

import re

from attrs import frozen

from jackd.model.item import Quality

_NAME = re.compile(r"(bluray|remux|webdl|webrip|hdtv)-(\d{3,4})p( remux)?", re.IGNORECASE)
"""How the *arrs call most qualities: ``Bluray-1080p``, ``Remux-2160p`` (Radarr), ``Bluray-1080p Remux`` (Sonarr)."""

_OTHER_NAMES = {
    "sdtv": "SDTV",
    "raw-hd": "1080i.HDTV.MPEG2",
    "dvd": "DVDRip",
    "dvd-r": "DVD-R",
    "dvdscr": "DVDSCR",
    "regional": "DVDRip.R5",
    "br-disk": "1080p.COMPLETE.BLURAY",
    "cam": "CAM",
    "telesync": "TELESYNC",
    "telecine": "TELECINE",
    "workprint": "WORKPRINT",
}
_SOURCE_WORDS = {
    "bluray": "BluRay",
    "remux": "BluRay.REMUX",
    "webdl": "WEB-DL",
    "web": "WEB-DL",
    "webrip": "WEBRip",
    "hdtv": "HDTV",
    "tv": "HDTV",
    "television": "HDTV",
    "dvd": "DVDRip",
}

_SOURCE = re.compile(
    r"(?<![^\W_])(?:"
    r"(?P<raw>raw[-_. ]?hd|1080i[-_. ]hdtv|mpeg[-_. ]?2)"
    r"|(?P<bluray>blu-?ray|hd-?dvd|bd)"
    r"|(?P<rip>b[dr]rip)"
    r"|(?P<webrip>web-?rip)"
    r"|(?P<webdl>web(?:[-_. ]?dl)?)"
    r"|(?P<tv>[hsp]dtv|dsr|tvrip)"
    r"|(?P<dvd>dvd(?:rip|-?r)?)"
    r"|(?P<poor>cam|telesync|telecine|workprint|dvdscr)"
    r")(?![^\W_])",
    re.IGNORECASE,
)
_RESOLUTION = re.compile(r"(?<![^\W_])(480|576|720|1080|2160)[pi](?![^\W_])", re.IGNORECASE)
_REMUX = re.compile(r"(?<![^\W_])(?:bd)?remux(?![^\W_])", re.IGNORECASE)


@frozen
class Grade:
    """What a title says of its quality. ``resolution`` in lines; 480 for all less than HD but BluRay."""

    source: str
    resolution: int
    remux: bool


def quality_words(quality: Quality | None) -> str:
    """The words for a title, joined by dots: ``1080p.BluRay.REMUX``; empty when nothing is known."""
    if quality is None:
        return ""
    if quality.name.lower() in _OTHER_NAMES:
        return _OTHER_NAMES[quality.name.lower()]
    source, lines, remux = _parts(quality)
    words = [f"{lines}p" if lines else "", _SOURCE_WORDS.get(source, ""), "REMUX" if remux else ""]
    return ".".join(filter(None, words))


def _parts(quality: Quality) -> tuple[str, int, bool]:
    found = _NAME.fullmatch(quality.name)
    if found:
        return found[1].lower(), int(found[2]), bool(found[3])
    return (quality.source or "").lower(), quality.resolution, False


def grade(title: str) -> Grade:
    """What the *arrs will read from ``title``."""
    resolution = _RESOLUTION.search(title)
    lines = int(resolution[1]) if resolution else 0
    source, word = "", ""
    for found in _SOURCE.finditer(title):
        source, word = found.lastgroup or "", found[0].lower()
    if source == "rip":
        source, lines = "bluray", lines or 480
    if source == "poor":
        source, lines = word, 0
    if lines < 720 and source != "bluray":
        lines = 480
    return Grade(source, lines, _REMUX.search(title) is not None)


def tells(title: str, quality: Quality | None) -> bool:
    """Whether the *arrs will read ``quality`` from ``title``; also when there is nothing to tell."""
    words = quality_words(quality)
    return not words or grade(title) == grade(words)
