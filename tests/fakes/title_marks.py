"""
What Radarr and Sonarr read from a release title beside its name: quality, revision, group, languages, edition.

Written from what is known of their behaviour, apart from the code under test: it walks over the words of a title.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import frozen

HD = ("720", "1080", "2160")
ONE_WORD = {
    **dict.fromkeys(("bluray", "hddvd", "bdiso", "bdmux", "bd25", "bd50", "uhdbd"), "Bluray"),
    **dict.fromkeys(("bdrip", "brrip", "uhdbdrip"), "BDRip"),
    **dict.fromkeys(("webdl", "amazonhd", "ituneshd", "webhd"), "WEBDL"),
    **dict.fromkeys(("webrip", "webmux"), "WEBRip"),
    "hdtv": "HDTV",
    **dict.fromkeys(("sdtv", "pdtv", "dsr", "tvrip"), "TV"),
    **dict.fromkeys(("dvd", "dvdrip"), "DVD"),
    **dict.fromkeys(("dvdr", "dvd5", "dvd9"), "DVD-R"),
    **dict.fromkeys(("cam", "camrip", "hdcam"), "CAM"),
    **dict.fromkeys(("telesync", "hdts"), "TELESYNC"),
    **dict.fromkeys(("telecine", "hdtc"), "TELECINE"),
    **dict.fromkeys(("scr", "screener", "dvdscr"), "DVDSCR"),
    **dict.fromkeys(("workprint", "wp"), "WORKPRINT"),
    **dict.fromkeys(("regional", *(f"r{n}" for n in range(10))), "REGIONAL"),
}
TWO_WORDS = {("blu", "ray"), ("web", "dl"), ("web", "rip"), ("hd", "dvd"), ("dvd", "r"), ("hd", "ts"), ("hd", "cam")}
CODECS = ("x264", "x265", "h264", "h265", "avc", "hevc", "ddp5", "dd5")
DISC_WORDS = {"avc", "hevc", "vc1", "mvc", "mpeg2", "bdmv", "iso", "complete", "disc", "disk"}
NO_DISC = {"dvd", "bdrip", "720p", "mkv", "xvid", "wmv", "remux", "bdremux", "x264", "x265", "h264", "h265"}
NAMES = """
English Spanish Danish Dutch Japanese Icelandic Chinese Korean Russian Romanian Hindi Arabic Thai Bulgarian Polish
Vietnamese Swedish Norwegian Finnish Turkish Portuguese Hungarian Hebrew Ukrainian Persian Bengali Slovak Latvian
Catalan Tamil Telugu Malayalam Kannada Albanian Afrikaans Marathi Tagalog Italian German Flemish Greek French
"""
SPELLED = {name.lower(): name for name in NAMES.split()} | {"brazilian": "Portuguese (Brazil)", "cantonese": "Chinese"}
SPELLED |= {"latino": "Spanish (Latino)", "mandarin": "Chinese"}
TAGS = {"ita": "Italian", "eng": "English", "rus": "Russian", "ger": "German", "hun": "Hungarian", "vff": "French"}
TAGS |= {"truefrench": "French", "vfq": "French"}
CAPITALS = {"CZ": "Czech", "LT": "Lithuanian", "PL": "Polish", "DE": "German", "ES": "Spanish", "SK": "Slovak"}


@frozen
class Mended:
    """A revision."""

    version: int = 1
    real: int = 0
    repack: bool = False


def words_of(title: str) -> list[str]:
    """Letters and digits between everything else."""
    return [word for word in re.split(r"[\W_]+", title) if word]


def joined(words: Sequence[str]) -> list[str]:
    """Words, and those that are written as two as one: ``Blu-Ray``, ``H.264``, ``VC-1``."""
    found, at = [], 0
    while at < len(words):
        low = words[at].lower()
        following = words[at + 1].lower() if at + 1 < len(words) else ""
        glued = (low, following) in TWO_WORDS or (low in "xh" and following in ("264", "265"))
        if glued or (low, following) in (("vc", "1"), ("mpeg", "2"), ("xvid", "hd")):
            found.append(words[at] + words[at + 1])
            at += 2
        else:
            found.append(words[at])
            at += 1
    return found


def resolution(words: Sequence[str]) -> int:
    """In lines, of the first word that names one."""
    for word in words:
        found = re.fullmatch(r"(360|480|540|576|720|960|1080|1440|2160)[pi]", word.lower())
        if found and (word[-1] in "pP" or found[1] in ("480", "1080")):
            lines = int(found[1])
            return {360: 480, 540: 480, 960: 720, 1440: 1080}.get(lines, lines)
    return 2160 if any(word.lower() == "uhd" for word in words) else 0


def source(words: Sequence[str]) -> str:
    """The last word that names one; ``WEB`` alone does not, without the right neighbours."""
    last = ""
    for at, word in enumerate(words):
        low = word.lower()
        before = words[at - 1].lower() if at else ""
        after = words[at + 1].lower() if at + 1 < len(words) else ""
        if low == "web" and (
            before in [f"{lines}p" for lines in HD]
            or after in [f"{lines}p" for lines in HD]
            or (before in ("amzn", "nf", "dp") and after and after != "rip")
            or after in CODECS
            or (word == "WEB" and not after)
        ):
            last = "WEBDL"
        elif low == "bd" and after:
            last = "Bluray"
        elif low in ONE_WORD:
            last = ONE_WORD[low]
    return last


def quality(title: str) -> str:
    """The *arrs' name of the quality, "" for none; a remux in Sonarr's spelling."""
    words = joined(words_of(title))
    low = {word.lower() for word in words}
    lines, found = resolution(words), source(words)
    remux = bool(re.search(r"(?i)[ ._]((bd|uhd)[ ._-]?)?remux(?![a-z0-9])", title))
    if "rawhd" in low or {"raw", "hd"} <= low or (found == "HDTV" and "MPEG2" in words):
        return "Raw-HD"
    if found == "Bluray" or (not found and remux and lines):
        return bluray(low, lines, remux)
    if found == "BDRip":
        return f"Bluray-{lines or 480}p"
    if found in ("WEBDL", "WEBRip"):
        return f"{found}-{lines if lines >= 720 else 480}p"
    if found in ("HDTV", "TV", ""):
        return f"HDTV-{lines}p" if lines >= 720 else "SDTV" if found or lines or "x264" in low else ""
    return found


def bluray(low: set[str], lines: int, remux: bool) -> str:
    """An encode, a remux or a raw disc."""
    german_dual = "german" in low and ("dl" in low or "ml" in low)
    exempt = {"1080p", "hevc"} <= low
    if low & DISC_WORDS and not low & NO_DISC and not german_dual and not exempt:
        return "BR-DISK"
    if low & {"xvid", "divx"}:
        return "Bluray-480p"
    lines = lines or (1080 if remux else 720)
    return f"Bluray-{lines}p Remux" if remux and lines >= 1080 else f"Bluray-{lines}p"


def mended(title: str) -> Mended:
    """PROPER, REPACK2, v3, REAL: wherever they stand."""
    words = words_of(title)
    version = 1
    for at, word in enumerate(words):
        alone = re.fullmatch(r"(?:repack|rerip)(\d)", word.lower())
        glued = re.fullmatch(r".*\dv(\d)", word.lower()) if at + 1 < len(words) else None
        behind = re.fullmatch(r"v(\d)", word.lower()) if at and words[at - 1][-1].isdigit() else None
        if found := alone or glued or (behind if at + 1 < len(words) else None):
            version = int(found[1])
            break
    repack = any(re.fullmatch(r"(?:repack|rerip)\d?", word.lower()) for word in words)
    if repack or any(word.lower() == "proper" for word in words):
        version += 1
    return Mended(version, words.count("REAL"), repack)


def group(title: str) -> str:
    """Behind the last dash that belongs to no word, and may have one in it; or in brackets in front."""
    if title.startswith("["):
        return title[1 : title.index("]")]
    before, *parts = re.sub(r"\[[a-z]+\]$", "", title).split("-")
    found: list[str] = []
    for part in parts:
        pair = f"{before}-{part}".lower()
        compound = re.search(r"(?<![a-z0-9])(?:web-(?:dl|rip)|blu-ray|dts-(?:hd|x|ma|es))(?![a-z0-9])", pair)
        alone = re.fullmatch(r"[A-Za-z0-9]+", part)
        found = [*found[-1:], part] if alone and not compound else []
        before = part
    group = "-".join(found)
    return "" if re.fullmatch(r"\d+|[se]\d+|[0-9a-f]{8}", group.lower()) else group


def languages(rest: str) -> set[str]:
    """Spelled names wherever they stand, tags as words. ``rest`` is what stands behind the film's name."""
    low = rest.lower()
    found = {name for spelled, name in SPELLED.items() if spelled in low}
    for word in words_of(rest.rpartition("-")[0] or rest):
        found |= {TAGS[word.lower()]} if word.lower() in TAGS else {CAPITALS[word]} if word in CAPITALS else set()
    return found


EDITIONS = (
    *("directors cut", "extended cut", "extended edition", "theatrical cut", "final cut", "ultimate edition"),
    *("collectors edition", "special edition", "40th anniversary edition", "recut extended edition", "open matte"),
    *(
        "despecialized edition",
        "assembly cut",
        "extended",
        "theatrical",
        "unrated",
        "uncut",
        "remastered",
        "imax",
        "restored",
    ),
)


def edition(rest: str) -> str:
    """The longest known edition in ``rest``, in lower case."""
    plain = f" {' '.join(words_of(rest.replace(chr(39), ''))).lower()} "
    found = [name for name in EDITIONS if f" {name} " in plain]
    return max(found, key=len, default="")
