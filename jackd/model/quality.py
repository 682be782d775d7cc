"""
The words of a release title that tell its quality, written and read.

The *arrs read the quality of an offer from its title alone: the **last** word that names a source and the **first**
that names a resolution decide (Radarr and Sonarr, ``Parser/QualityParser.cs``). Their neighbours count too: ``WEB`` is
a source only beside a resolution or a codec, and ``BluRay`` beside ``AVC`` a raw disc, which the *arrs refuse.
"""

from __future__ import annotations

import re
from functools import lru_cache

from attrs import frozen

from jackd.model.item import Quality

_NAME = re.compile(r"(bluray|remux|webdl|webrip|hdtv)-(\d{3,4})p( remux)?", re.IGNORECASE)
"""How the *arrs call most qualities: ``Bluray-1080p``, ``Remux-2160p`` (Radarr), ``Bluray-1080p Remux`` (Sonarr)."""

_OTHER_NAMES = {
    "sdtv": "SDTV",
    "raw-hd": "1080i.HDTV.MPEG2",
    "dvd": "DVDRip",
    "dvd-r": "DVDR",  # the R behind a dash would be read as a group
    "dvdscr": "DVDSCR",
    "regional": "DVDRip.R5",
    "br-disk": "1080p.COMPLETE.BLURAY",
    "cam": "CAM",
    "telesync": "TELESYNC",
    "telecine": "TELECINE",
    "workprint": "WORKPRINT",
}
_HD = 720
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

_B, _E = r"(?<![^\W_])", r"(?![^\W_])"
_SOURCE = re.compile(
    rf"{_B}(?:"
    r"(?P<bluray>m?blu[- .]?ray|hd[- .]?dvd|uhd2?bd|bd(?:iso|mux|25|50|(?!$))|br[- .]?disk)"
    r"|(?P<rip>(?:uhd)?bdrip|bdlight|brrip|hd[- .]?dvdrip)"
    r"|(?P<webrip>web-?rip|webmux)"
    r"|(?P<webdl>web[- .]?dl(?:mux)?|(?:amazon|itunes|maxdome|netflixu?|web|hbomax|disney)hd|amazonsd"
    r"|(?<=[. ])web(?=[. ](?:[xh][ .]?26[45]|avc|hevc|ddp?5[. ]1))|(?<=[. ])(?-i:WEB)(?=$)"
    r"|(?<=\d0p[-. ])web(?=[-. ])|(?<=\d0p[-. ]hybrid[-. ])web(?=[-. ])|(?<=[-. ])web(?=[-. ]\d{3,4}p)"
    r"|(?:amzn|nf|dp)[. -]web(?=[. -])(?![. -]rip))"
    r"|(?P<hdtv>hdtv)|(?P<tv>[sp]dtv|(?:ws[- .])?dsr|tvrip)"
    r"|(?P<dvdr>\d?x?m?dvd-?[r59])"
    r"|(?P<dvd>(?:xvid)?dvd|dvdrip|ntsc|pal)"
    r"|(?P<regional>r\d|regional)"
    r"|(?P<screener>scr|screener|dvdscr|dvdscreener)"
    r"|(?P<telesync>ts(?=[- .])|telesynch?|hd-?ts|pdvd|(?:hd)?tsrip)"
    r"|(?P<telecine>tc|telecine|hd-?tc)"
    r"|(?P<cam>camrip|(?:new)?cam|hd-?cam(?:rip)?|hqcam)"
    r"|(?P<workprint>workprint|wp)"
    rf"){_E}",
    re.IGNORECASE,
)
_RESOLUTION = re.compile(
    rf"{_B}(?:(?P<n480>360p|480[pi]|540p|640x480|848x480)|(?P<n576>576p)|(?P<n720>720p|960p|1280x720)"
    r"|(?P<n1080>1080[pi]|1440p|fhd|1920x1080|4kto1080p)"
    rf"|(?P<n2160>2160p|3840x2160|4k[- .](?:uhd|hevc|bd|h\.?265)|(?:uhd|hevc|bd|h\.?265)[- .]4k)){_E}",
    re.IGNORECASE,
)
_UHD = re.compile(rf"{_B}uhd{_E}|\[4k\]", re.IGNORECASE)
_REMUX = re.compile(
    r"(?:[ .]|\d{4}p-|\bhybrid-)(?:(?:bd|uhd)[- .]?)?remux\b|(?:(?:bd|uhd)[- .]?)?remux[ .]\d{4}p", re.IGNORECASE
)
_RAW = re.compile(rf"{_B}raw[- .]?hd{_E}", re.IGNORECASE)
_MPEG2 = re.compile(rf"{_B}MPEG[- .]?2{_E}")
_XVID = re.compile(rf"{_B}(?:x-?vid|divx){_E}", re.IGNORECASE)
_X264 = re.compile(rf"{_B}x264{_E}", re.IGNORECASE)
_NO_DISC = re.compile(
    r"\b(?:(?<!hd[. -])(?<!hd)dvd|bdrip|720p|mkv|xvid|wmv|(?:bd)?remux|[xh][- .]?26[45]|german.*[dm]l)\b", re.IGNORECASE
)
_DISC = re.compile(
    r"\b(?:avc|hevc|vc[- .]?1|mvc|mpeg[- .]?2|bdmv|iso|complete.*|dis[ck]|(?:3d|full)[- .]?blu-?ray|3d[- .]?bd"
    r"|br[- .]?disk|(?:bd|uhd)[- .]?(?:25|50|66|100|iso))\b",
    re.IGNORECASE,
)
_HD_HEVC = re.compile(r"(?=.*\b1080p\b).*\bhevc\b", re.IGNORECASE)


@frozen
class Grade:
    """
    What a title says of its quality.

    :ivar resolution: in lines; 480 for all less than HD but BluRay, 0 when nothing is said.
    :ivar modifier: ``remux``, ``disc`` (refused by the *arrs), ``raw`` or empty.
    """

    source: str
    resolution: int
    modifier: str = ""


@lru_cache(maxsize=256)
def quality_words(quality: Quality | None) -> str:
    """The words for a title, joined by dots: ``1080p.BluRay.REMUX``; empty when nothing is known."""
    if quality is None:
        return ""
    if quality.name.lower() in _OTHER_NAMES:
        return _OTHER_NAMES[quality.name.lower()]
    source, lines, remux = _parts(quality)
    words = [f"{_standard(lines)}p" if lines else "", _SOURCE_WORDS.get(source, ""), "REMUX" if remux else ""]
    return ".".join(filter(None, words))


def is_remux(quality: Quality | None) -> bool:
    """Whether the film is on it as it was on its disc."""
    return "remux" in quality.name.lower() if quality else False


def _parts(quality: Quality) -> tuple[str, int, bool]:
    found = _NAME.fullmatch(quality.name)
    if found:
        return found[1].lower(), int(found[2]), bool(found[3])
    return (quality.source or "").lower(), quality.resolution, False


def _standard(lines: int) -> int:
    """The nearest number of lines, not above it, that is read."""
    return next((known for known in (2160, 1080, 720, 576) if lines >= known), 480)


def grade(title: str) -> Grade:
    """What the *arrs will read from ``title``."""
    text = title.replace("_", " ")
    found = [match.lastgroup or "" for match in _SOURCE.finditer(text)]
    source, lines, remux = found[-1] if found else "", _lines(text), _is_remux(text)
    if _RAW.search(text) or (source == "hdtv" and _MPEG2.search(text)):
        return Grade("tv", 0, "raw")
    if source == "bluray" or (not source and remux and lines):
        return _of_bluray(text, lines, remux)
    if source == "rip":
        return Grade("bluray", lines or 480)
    if source == "hdtv" or (not source and (lines or _X264.search(text))):
        source = "tv"
    if source in ("tv", "webdl", "webrip"):
        return Grade(source, lines if lines >= _HD else 480)
    return Grade(source, 480 if source else 0)


def _is_remux(text: str) -> bool:
    return "remux" in text.lower() and _REMUX.search(text) is not None


def _of_bluray(text: str, lines: int, remux: bool) -> Grade:
    if not _NO_DISC.search(text) and _DISC.search(text) and not _HD_HEVC.search(text):
        return Grade("bluray", 1080, "disc")
    if _XVID.search(text):
        return Grade("bluray", 480)
    lines = lines or (1080 if remux else 720)
    return Grade("bluray", lines, "remux" if remux and lines > _HD else "")


def _lines(text: str) -> int:
    found = _RESOLUTION.search(text)
    if found:
        return int((found.lastgroup or "n0")[1:])
    return 2160 if _UHD.search(text) else 0


def tells(title: str, quality: Quality | None) -> bool:
    """Whether the *arrs will read ``quality`` from ``title``; also when there is nothing to tell."""
    words = quality_words(quality)
    return not words or grade(title) == _grade_of(words)


@lru_cache(maxsize=256)
def _grade_of(words: str) -> Grade:
    """What the words alone say; a dot before them, as in a title."""
    return grade(f".{words}")
