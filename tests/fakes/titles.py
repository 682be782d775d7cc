"""
What Radarr and Sonarr read from a release title, as far as jack's titles need it.

Written from what is known of their behaviour, apart from the code under test: it walks over the words of a title.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from attrs import frozen

HASHED = (r"[0-9a-zA-Z]{32}", r"[a-z0-9]{24}$", r"[A-Z]{11}\d{3}$", r"[a-z]{12}\d{3}$", r"(?i:abc)$", r"123$")
LAST_SOURCE_WINS = (
    ("Bluray", r"blu-?ray"),
    ("WEBDL", r"web-dl|web"),
    ("WEBRip", r"webrip"),
    ("HDTV", r"hdtv"),
    ("SDTV", r"sdtv"),
    ("DVD", r"dvd(?:rip)?"),
    ("CAM", r"cam"),
)


@frozen
class Read:
    """``name`` cleaned as the *arrs compare it."""

    name: str
    quality: str
    year: int | None = None
    season: int | None = None
    episodes: tuple[int, ...] = ()
    aired: date | None = None
    absolute: int | None = None


def clean(name: str) -> str:
    """A name without punctuation, accents and case; ``and`` and ``&`` are nothing."""
    decomposed = unicodedata.normalize("NFD", name.replace("&", " and "))
    plain = "".join(c for c in decomposed if unicodedata.category(c) != "Mn").lower()
    words = "".join(c if c.isalnum() else "'" if c in "'’" else " " for c in plain).replace("'", "").split()
    return "".join(word for word in words if word != "and")


def refused(title: str) -> bool:
    """Shapes that are taken for an obfuscated name."""
    low = title.lower()
    return any(re.match(shape, title) for shape in HASHED) or ("password" in low and "yenc" in low)


def read_movie(title: str) -> Read | None:
    """Name and the first year that no year follows, anywhere but at the start."""
    if refused(title):
        return None
    words = title.replace("_", ".").replace(" ", ".").split(".")
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        bare = word.strip("()").partition("-")[0].rstrip(")")
        if at and is_year(bare) and not is_year(following.strip("()")[:4]):
            return Read(clean(" ".join(words[:at])), quality(title), year=int(bare))
    return None


def is_year(word: str) -> bool:
    return len(word) == 4 and word.isdigit() and word[:2] in ("18", "19", "20")


def read_episode(title: str) -> Read | None:
    """``SxxEyy``, a pack, a date, or an absolute number behind ``[Group]``."""
    if refused(title):
        return None
    if title.startswith("["):
        found = re.fullmatch(r"\[[^\]]+\][ ._]?(.+?)[ ._]-[ ._](\d{2,4})(?:v\d)?(?:[ ._].*|-.*)?", title)
        if found:
            return Read(clean(found[1]), quality(title), absolute=int(found[2]))
    found = re.match(r"(.+?)[ ._\-(\[]+[Ss](\d{1,4})((?:[Ee-]+\d{1,4})*)(?=[ ._\-)\]]|$)", title)
    if found:
        numbers = [int(n) for n in re.findall(r"\d+", found[3])]
        episodes = tuple(range(numbers[0], numbers[-1] + 1)) if numbers else ()
        return Read(clean(found[1]), quality(title), season=int(found[2]), episodes=episodes)
    found = re.match(r"(.+?)[ ._-]+(\d{4})[._-](\d\d)[._-](\d\d)(?!\d)", title)
    if found:
        return Read(clean(found[1]), quality(title), aired=date(int(found[2]), int(found[3]), int(found[4])))
    return None


def quality(title: str) -> str:
    """The *arrs' name of the quality, "" for none."""
    low = title.lower()
    if re.search(r"\b(?:raw-?hd|1080i[-_. ]hdtv|mpeg-?2)\b", low):
        return "Raw-HD"
    lines = re.search(r"(?<![a-z0-9])(480|576|720|1080|2160)[pi](?![a-z0-9])", low)
    resolution = int(lines[1]) if lines else 0
    found = [
        (m.start(), name)
        for name, words in LAST_SOURCE_WINS
        for m in re.finditer(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])", low)
    ]
    source = max(found)[1] if found else ""
    remux = " Remux" if "remux" in low else ""
    return _named(source, resolution, remux)


def _named(source: str, resolution: int, remux: str) -> str:
    if source in ("DVD", "CAM"):
        return source
    if source in ("HDTV", "SDTV", "") and resolution < 720:
        return "SDTV" if source or resolution else ""
    if source == "Bluray":
        return f"Bluray-{resolution or 720}p{remux}"
    return f"{source if source not in ('', 'SDTV') else 'HDTV'}-{resolution or 480}p"
