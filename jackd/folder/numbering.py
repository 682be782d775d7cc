"""Which episode a file name says it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from attrs import frozen

MAX_EPISODES = 100
"""More in one file are not believed."""


@frozen(kw_only=True)
class Numbering:
    """
    The number of an episode as found in a name: ``before`` and ``after`` are what stands around it.

    :ivar group: of a fansub, named first: ``[Group] Name - 07``.
    """

    before: str
    after: str
    season: int | None = None
    episodes: tuple[int, ...] = ()
    absolute: int | None = None
    aired: date | None = None
    group: str | None = None


_STANDARD = re.compile(
    r"(?<![^\W_])s(?P<season>\d{1,4})[ ._-]*e(?P<first>\d{1,4})"
    r"(?:(?:[ ._-]*e|-)(?P<last>\d{1,4})(?![^\W_e]))*(?:v\d)?(?![^\W_])",
    re.IGNORECASE,
)
_CROSS = re.compile(
    r"(?<![^\W_])(?P<season>\d{1,2})x(?P<first>\d{2,3})(?:-(?:\d{1,2}x)?(?P<last>\d{2,3}))?(?![^\W_])", re.IGNORECASE
)
_DAILY = re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)[ ._-](?P<month>\d\d)[ ._-](?P<day>\d\d)(?!\d)")
_FANSUB = re.compile(
    r"\[(?P<group>[^\[\]]+)\][ ._]*(?P<name>.+?)[ ._]-[ ._](?P<absolute>\d{2,4})(?:v\d)?(?=[ ._(\[]|$)(?P<after>.*)"
)
_BARE = re.compile(r"^(?:e|ep|episode)?[ ._-]*(?P<first>\d{1,3})(?![^\W_])", re.IGNORECASE)
_EPISODE_WORD = re.compile(r"(?<![^\W_])(?:e|ep|episode)[ ._]?(?P<first>\d{1,3})(?![^\W_])", re.IGNORECASE)
_SEASON_FOLDER = re.compile(
    r"(?:season|series|staffel|saison|temporada|stagione|s)[ ._-]*(\d{1,4})(?:[ ._(\[].*)?", re.IGNORECASE
)
_SPECIALS = re.compile(r"specials?", re.IGNORECASE)


def season_folder(name: str) -> int | None:
    """The season whose folder is called so: ``Season 01``, ``S01``; ``Specials`` is 0."""
    found = _SEASON_FOLDER.fullmatch(name)
    if found:
        return int(found[1])
    return 0 if _SPECIALS.fullmatch(name) else None


def numbering(stem: str, *, season: int | None = None) -> Numbering | None:
    """
    What ``stem``, a file's name without extension, says.

    :param season: of the folder that the file lies in: there a bare ``02`` is enough.
    """
    readers: list[Callable[[str], Numbering | None]] = [_standard, _cross, _fansub, _daily]
    found = (read(stem) for read in readers)
    first = next((number for number in found if number), None)
    return first or (None if season is None else _in_season_folder(stem, season))


def _standard(stem: str) -> Numbering | None:
    return _with_episodes(_STANDARD.search(stem))


def _cross(stem: str) -> Numbering | None:
    return _with_episodes(_CROSS.search(stem))


def _with_episodes(found: re.Match[str] | None) -> Numbering | None:
    if found is None:
        return None
    before, after = _around(found)
    episodes = _range(int(found["first"]), int(found["last"] or found["first"]))
    return Numbering(before=before, after=after, season=int(found["season"]), episodes=episodes)


def _range(first: int, last: int) -> tuple[int, ...]:
    """``E01E03`` and ``E01-E03`` are both read as a range, as the *arrs read them."""
    return tuple(range(first, last + 1)) if first <= last < first + MAX_EPISODES else (first,)


def _fansub(stem: str) -> Numbering | None:
    found = _FANSUB.match(stem)
    if found is None:
        return None
    return Numbering(
        before=found["name"], after=found["after"], absolute=int(found["absolute"]), group=found["group"].strip()
    )


def _daily(stem: str) -> Numbering | None:
    for found in _DAILY.finditer(stem):
        try:
            aired = date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            continue
        before, after = _around(found)
        return Numbering(before=before, after=after, aired=aired)
    return None


def _in_season_folder(stem: str, season: int) -> Numbering | None:
    found = _BARE.search(stem) or _EPISODE_WORD.search(stem)
    if found is None:
        return None
    before, after = _around(found)
    return Numbering(before=before, after=after, season=season, episodes=(int(found["first"]),))


def _around(found: re.Match[str]) -> tuple[str, str]:
    return found.string[: found.start()], found.string[found.end() :]
