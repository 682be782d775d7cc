"""A query as the condition of a SELECT on ``items``; it says what :func:`jackd.model.search.matches` says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from jackd.model.search import FIRST_YEAR, Query, season_word, words

Criterion = tuple[str, tuple[object, ...]]

MANY = 1000
"""Items with a word that occurs so often are sooner met by going through all than by looking up each."""

_FOUND = "n IN (SELECT rowid FROM item_words WHERE item_words MATCH ?)"
_FOUND_BY_WALK = f"+{_FOUND}"

MAX_INTEGER = 2**63 - 1
"""The largest that SQLite knows."""


def plan(connection: sqlite3.Connection, query: Query) -> tuple[Criterion, str]:
    """
    The condition, and how to sort by it, newest first. SQLite can go through everything from the newest on until it has
    found enough, or find all that fits and sort that; it can't know which is quicker, for it does not know how often a
    word occurs. A plus sign before a column keeps it from using that column's index.
    """
    terms = _terms(query)
    walk = not (query.ids or terms or query.aired or query.absolute is not None)
    if terms and not query.ids:
        hits = "SELECT COUNT(*) FROM (SELECT 1 FROM item_words WHERE item_words MATCH ? LIMIT ?)"
        walk = bool(connection.execute(hits, (_match(terms), MANY)).fetchone()[0] == MANY)
    return where(query, walk=walk), "published DESC" if walk else "+published DESC"


def where(query: Query, *, walk: bool = False) -> Criterion:
    """
    SQL text and its values. The text never holds anything of the query itself.

    :param walk: whether everything is gone through, so that the condition is only looked at.
    """
    criteria = list(_criteria(query, walk))
    values = tuple(value for _, some in criteria for value in some)
    if any(isinstance(value, int) and abs(value) > MAX_INTEGER for value in values):
        return "0", ()
    return " AND ".join(sql for sql, _ in criteria) or "1", values


def both(one: Criterion, other: Criterion) -> Criterion:
    """What fits both."""
    return f"({one[0]}) AND ({other[0]})", (*one[1], *other[1])


def _criteria(query: Query, walk: bool) -> Iterator[Criterion]:
    if query.kind is not None:
        yield f"{'' if walk else '+'}kind = ?", (query.kind.value,)
    if query.ids:
        yield _any_id(query)
    if query.season is not None:
        yield _season(query.season)
    if query.episode is not None:
        yield "instr(episodes, ?)", (f",{query.episode},",)
    if query.absolute is not None:
        yield "absolute = ?", (query.absolute,)
    if query.aired is not None:
        yield "aired = ?", (query.aired.isoformat(),)
    if terms := sorted(set(words(query.text))) if query.ids else _terms(query):
        yield _FOUND_BY_WALK if walk else _FOUND, (_match(terms),)


def _terms(query: Query) -> list[str]:
    """The words to look for: those of the text, and the one for the season or episode that all of its items have."""
    terms = set(words(query.text))
    if query.season is not None and query.season < FIRST_YEAR:
        terms.add(season_word(query.season, query.episode))
    return sorted(terms)


def _match(terms: list[str]) -> str:
    """All of them; quoted, so that none is taken for an operator (a word holds no quotes)."""
    return " ".join(f'"{term}"' for term in terms)


def _any_id(query: Query) -> Criterion:
    ids = query.ids
    known = {"tmdb": ids.tmdb, "imdb": ids.imdb, "tvdb": ids.tvdb}
    known = {column: value for column, value in known.items() if value}
    return f"({' OR '.join(f'{column} = ?' for column in known)})", tuple(known.values())


def _season(season: int) -> Criterion:
    """A daily show's "season" is the year of the air date."""
    if season < FIRST_YEAR:
        return "season = ?", (season,)
    return "(season = ? OR substr(aired, 1, 4) = ?)", (season, str(season))
