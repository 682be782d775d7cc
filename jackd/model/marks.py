"""
What a release title says it is: the year, ``SxxEyy``, date or absolute number that stands between name and rest.

As Radarr and Sonarr read titles (``Parser/Parser.cs``), as far as jack's own have to be read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import chain

from attrs import frozen

from jackd.model.edition import without_last_edition
from jackd.model.item import Kind

_YEAR = re.compile(r"(?<![^\W_])(?:18|19|20)\d{2}(?![^\W_]|\]|\W(?:18|19|20)\d{2})")
"""A year that no other year follows: in ``1917.2019`` Radarr reads 2019."""

_EPISODE = re.compile(
    r"(?<![^\W_])s(?P<season>\d{1,4})[ ._]?(?P<episodes>(?:[ ._-]?e\d{1,4})+(?:-\d{1,3})?)(?:v\d)?(?![^\W_])",
    re.IGNORECASE,
)
_SEASON = re.compile(r"(?<![^\W_])s(?P<season>\d{1,4})(?P<episodes>)(?![^\W_])", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)(\d{4})[ ._-](\d{2})[ ._-](\d{2})(?!\d)")
_ABSOLUTE = re.compile(r"(?<=[ _.])-[ _.](?P<absolute>\d{2,4})(?:v\d)?(?=[ _.]|$)")

_BRACKETED = re.compile(r"\{[^}]*\}|^(?:\[[^\]]*\])+")
"""Ids in braces, and groups in front."""

_TRACKER = re.compile(
    r"(?P<name>.+?)[\W_](?<!good[\W_])(?<!the[\W_])(?:german|truefrench)(?=.)", re.IGNORECASE | re.DOTALL
)
"""``German`` before the year ends a film's name: ``Name.German.DL.1999``."""

_TAKEN_FOR_EPISODE = re.compile(r"[_.-][1-9](?:0[1-9]|[1-9]\d)(?=[_.])|\Wpart\W?\d", re.IGNORECASE)
"""In a name before a date: ``Name.101.2024.05.17`` is read as S01E01, and ``Part.2`` as its second episode."""

_NOT_WORD = re.compile(r"[\W_]+")
_AND = re.compile(r"(?<![^\W_])and(?![^\W_])")


@frozen(kw_only=True)
class Mark:
    """
    One reading of a title. Exactly one of ``year``, ``season``, ``aired`` and ``absolute`` is set.

    :ivar name: what stands before it; ``rest`` what stands behind, and what a film's title has between name and year.
    :ivar episodes: empty for a whole season.
    """

    name: str
    rest: str
    year: int | None = None
    season: int | None = None
    episodes: tuple[int, ...] = ()
    aired: date | None = None
    absolute: int | None = None


def marks(title: str, kind: Kind) -> Iterator[Mark]:
    """All readings of ``title`` as that of a movie or an episode, the most telling first; none without a name."""
    readers = (_years,) if kind is Kind.MOVIE else (_episodes, _dates, _absolutes)
    return (mark for read in readers for mark in read(title) if same(mark.name))


@lru_cache(maxsize=4096)
def same(name: str) -> str:
    """Equal for two spellings that the *arrs take for one name: punctuation, accents and case don't count."""
    plain = folded(name).replace("&", " and ").casefold()
    return _NOT_WORD.sub("", _AND.sub("", plain)) or _NOT_WORD.sub("", plain)


def folded(text: str) -> str:
    """``text`` without accents, dropped as the *arrs drop them: letters that are no accented ones stay."""
    if text.isascii():
        return text
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", plain)


def _name(title: str, found: re.Match[str]) -> str:
    return _BRACKETED.sub("", title[: found.start()])


def _years(title: str) -> Iterator[Mark]:
    """Only the first year that has a name before it is read."""
    for found in _YEAR.finditer(title):
        name = _name(title, found)
        if same(name):
            own = _movie_name(name)
            yield Mark(name=own, rest=name[len(own) :] + title[found.end() :], year=int(found[0]))
            return


def _movie_name(name: str) -> str:
    """Without what may stand between name and year: languages of some trackers, an edition."""
    tracker = _TRACKER.match(name)
    return tracker["name"] if tracker else without_last_edition(name)


def _episodes(title: str) -> Iterator[Mark]:
    for found in chain(_EPISODE.finditer(title), _SEASON.finditer(title)):
        numbers = [int(n) for n in re.findall(r"\d+", found["episodes"])]
        yield Mark(
            name=_name(title, found),
            rest=title[found.end() :],
            season=int(found["season"]),
            # the *arrs take several numbers for the first and the last of a range
            episodes=tuple(range(numbers[0], numbers[-1] + 1)) if numbers else (),
        )


def _dates(title: str) -> Iterator[Mark]:
    for found in _DATE.finditer(title):
        try:
            aired = date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            continue
        name = _name(title, found)
        if not _TAKEN_FOR_EPISODE.search(f"{name}."):
            yield Mark(name=name, rest=title[found.end() :], aired=aired)


def _absolutes(title: str) -> Iterator[Mark]:
    """Numbers alone are read only behind a group in brackets: ``[Group] Title - 07``."""
    for found in _ABSOLUTE.finditer(title) if title.startswith("[") else ():
        yield Mark(name=_name(title, found), rest=title[found.end() :], absolute=int(found["absolute"]))
