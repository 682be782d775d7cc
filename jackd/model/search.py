"""What somebody looks for, and whether an item is it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from attrs import evolve, frozen

from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind

FIRST_YEAR = 1900
"""A "season" from here on is the year of a daily show (``season=2024``)."""

_NOT_WORD = re.compile(r"[\W_]+")
_WILD = re.compile(r"([*?])")
_APOSTROPHES = re.compile(r"['’`´]")
_DOTTED = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?")
"""Letters with dots between them, which the *arrs leave out when they ask: S.W.A.T. is SWAT."""

_MEANINGLESS = {"the", "a", "an", "and"}


def words(text: str) -> tuple[str, ...]:
    """
    The words of a title as they are compared: lower case, accents and punctuation folded, ``&`` read as "and",
    articles and "and" dropped (the *arrs drop a leading "The" themselves).
    """
    found = folded(text).split()
    return tuple(w for w in found if w not in _MEANINGLESS) or tuple(found)


def folded(text: str) -> str:
    """All words of ``text`` with single spaces between them, nothing dropped."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text.replace("&", " and ")).casefold()).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(_NOT_WORD.sub(" ", plain).split())


def folded_pattern(text: str) -> str:
    """The same for a title with ``*`` and ``?`` in it, which stand for any text and for one character."""
    parts = _WILD.split(text)
    return " ".join("".join(part if n % 2 else _folded_part(part) for n, part in enumerate(parts)).split())


def _folded_part(text: str) -> str:
    """Blanks at its ends are part of a pattern."""
    before, after = (" " * edge.isspace() for edge in (text[:1], text[-1:]))
    return f"{before}{folded(text)}{after}"


@frozen(kw_only=True)
class Query:
    """
    One search. Every criterion that is set must hold; of ``ids`` *any* must. No criterion at all asks for the
    newest of everything (RSS).

    :ivar season: a season, 0 the specials, or the year of a daily show.
    :ivar aired: the exact air date (``season=2024&ep=05/17``).
    :ivar text: words that must all occur in the title, name, year or SxxEyy of the item, in any order.
    """

    kind: Kind | None = None
    ids: MediaIds = MediaIds()
    text: str = ""
    season: int | None = None
    episode: int | None = None
    absolute: int | None = None
    aired: date | None = None

    @property
    def is_feed(self) -> bool:
        """Whether nothing is asked for in particular (``kind`` may still narrow it)."""
        return evolve(self, kind=None) == Query()


def season_word(season: int, episode: int | None = None) -> str:
    """``s01`` or ``s01e02``: under which the items of a season, or an episode, are found by a text search."""
    return f"s{season:02d}" if episode is None else f"s{season:02d}e{episode:02d}"


def searchable(item: Item) -> frozenset[str]:
    """All words under which a text search finds ``item``."""
    numbers = []
    if item.season is not None:
        numbers = [season_word(item.season), *(season_word(item.season, e) for e in item.episodes)]
    if item.absolute is not None:
        numbers.append(f"{item.absolute:02d}")
    named = f"{item.title} {item.name or ''}"
    dotted = (found.replace(".", "") for found in _DOTTED.findall(named))
    return frozenset(words(" ".join([named, str(item.year or ""), *numbers, *dotted])))


def matches(query: Query, item: Item) -> bool:
    """Whether ``item`` answers ``query``: the one definition, for the index and against over-eager peers."""
    return (
        query.kind in (None, item.kind)
        and (not query.ids or query.ids.any_in(item.ids))
        and _in_season(query, item)
        and query.episode in (None, *item.episodes)
        and query.absolute in (None, item.absolute)
        and query.aired in (None, item.aired)
        and (not query.text or searchable(item).issuperset(words(query.text)))
    )


def _in_season(query: Query, item: Item) -> bool:
    if query.season is None or query.season == item.season:
        return True
    return query.season >= FIRST_YEAR and item.aired is not None and item.aired.year == query.season
