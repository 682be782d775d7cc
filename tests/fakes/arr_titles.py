"""How the *arrs read a release's title: a small, strict part of their parsers, written apart from jack's own."""

from __future__ import annotations

import re
import unicodedata

from attrs import frozen

_MOVIE = re.compile(r"^(?P<title>[^\[].*?)[ ._(\[]+(?P<year>(?:18|19|20)\d\d)(?=[ ._)\]]|$)")
_EPISODE = re.compile(
    r"^(?P<title>.+?)[ ._-]+S(?P<season>\d{2,4})(?P<episodes>(?:-?E\d{2,3})+)(?=[ ._-]|$)", re.IGNORECASE
)
_PACK = re.compile(r"^(?P<title>.+?)[ ._-]+S(?P<season>\d{2,4})(?=[ ._-]|$)", re.IGNORECASE)
_DAILY = re.compile(r"^(?P<title>.+?)[ ._-]+(?P<date>(?:19|20)\d\d[ .-]\d\d[ .-]\d\d)(?=[ ._-]|$)")
_ANIME = re.compile(r"^\[[^\]]+\][ ._]?(?P<title>.+?)[ ._]-[ ._](?P<absolute>\d{2,4})(?=[ ._]|$)")
_QUALITY = re.compile(r"(?<![a-z0-9])(?:(?:480|576|720|1080|2160)[pi]|web|bluray|hdtv|dvd|remux|bdrip)", re.IGNORECASE)
_OBFUSCATED = re.compile(r"^(?:[0-9a-zA-Z]{32}|[a-z0-9]{24}$|abc$|123$)")
_ARTICLES = re.compile(r"\b(?:a|an|the|and|or|of)\b")


@frozen(kw_only=True)
class Parsed:
    """What a title says. ``date`` as ``2024-05-17``; ``episodes`` empty for a pack."""

    title: str
    year: int | None = None
    season: int | None = None
    episodes: tuple[int, ...] = ()
    date: str | None = None
    absolute: int | None = None
    has_quality: bool = False


def clean(title: str) -> str:
    """The form in which titles are compared: no accents, punctuation, articles or spaces."""
    plain = unicodedata.normalize("NFKD", title.replace("&", " and ")).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("'", "")
    words = re.sub(r"[\W_]+", " ", plain)
    return (_ARTICLES.sub("", words) or words).replace(" ", "")


def parse(app: str, title: str) -> Parsed | None:
    """``None``: "Unable to parse release"."""
    if _OBFUSCATED.match(title):
        return None
    return _movie(title) if app == "radarr" else _episode(title)


def _movie(title: str) -> Parsed | None:
    found = _MOVIE.match(title)
    if found is None:
        return None
    return Parsed(title=found["title"], year=int(found["year"]), has_quality=_has_quality(title))


def _episode(title: str) -> Parsed | None:
    good = _has_quality(title)
    if found := _EPISODE.match(title):
        numbers = tuple(int(n) for n in re.findall(r"\d+", found["episodes"]))
        return Parsed(title=found["title"], season=int(found["season"]), episodes=numbers, has_quality=good)
    if found := _PACK.match(title):
        return Parsed(title=found["title"], season=int(found["season"]), has_quality=good)
    if found := _DAILY.match(title):
        return Parsed(title=found["title"], date=re.sub(r"[ .]", "-", found["date"]), has_quality=good)
    if found := _ANIME.match(title):
        return Parsed(title=found["title"], absolute=int(found["absolute"]), has_quality=good)
    return None


def _has_quality(title: str) -> bool:
    return _QUALITY.search(title) is not None
