"""A query as the condition of a SELECT on ``items``; it says what :func:`jackd.model.search.matches` says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from jackd.model.search import FIRST_YEAR, Query, season_word, words

Criterion = tuple[str, tuple[object, ...]]

MANY = 1000
"""Items with a word that occurs so often are sooner met by going through all than by looking up each."""

_FEW = "n IN (SELECT value FROM json_each(?))"
_AMONG_THESE = "n IN (SELECT rowid FROM item_words WHERE item_words MATCH ?)"
_BY_WALK = f"+{_AMONG_THESE}"

_HITS = """
    SELECT COUNT(*), json_group_array(rowid) FROM (SELECT rowid FROM item_words WHERE item_words MATCH ? LIMIT ?)
"""
"""In one row: each row that is fetched lets go of Python's lock, and waits for it again."""

MAX_INTEGER = 2**63 - 1
"""The largest that SQLite knows."""


def plan(connection: sqlite3.Connection, query: Query) -> tuple[Criterion, str]:
    """
    The condition, and how to sort by it, newest first. SQLite can go through everything from the newest on until it has
    found enough, or find all that fits and sort that; it can't know which is quicker, for it does not know how often a
    word occurs. So the words are looked up first, and what has them need not be looked for again. A plus sign before a
    column keeps it from using that column's index.
    """
    terms = _terms(query)
    walk = not (query.ids or terms or query.aired or query.absolute is not None)
    having: list[Criterion] = []
    if terms and query.ids:
        having = [(_AMONG_THESE, (_match(terms),))]
    elif terms:
        count, rows = connection.execute(_HITS, (_match(terms), MANY)).fetchone()
        walk = count == MANY
        having = [(_BY_WALK, (_match(terms),)) if walk else (_FEW, (rows,))]
    return _all([*_criteria(query, walk), *having]), "published DESC" if walk else "+published DESC"


def _all(criteria: list[Criterion]) -> Criterion:
    """SQL text and its values. The text never holds anything of the query itself."""
    values = tuple(value for _, some in criteria for value in some)
    if any(isinstance(value, int) and abs(value) > MAX_INTEGER for value in values):
        return "0", ()
    return " AND ".join(sql for sql, _ in criteria) or "1", values


def both(one: Criterion, other: Criterion) -> Criterion:
    """What fits both."""
    return f"({one[0]}) AND ({other[0]})", (*one[1], *other[1])


def _criteria(query: Query, walk: bool) -> Iterator[Criterion]:
    """
    All but the words.

    :param walk: whether everything is gone through, so that the condition is only looked at.
    """
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


def _terms(query: Query) -> list[str]:
    """The words to look for: those of the text and, where no ids are given, the one that the season or episode has."""
    terms = set(words(query.text))
    if not query.ids and query.season is not None and query.season < FIRST_YEAR:
        terms.add(season_word(query.season, query.episode))
    return sorted(terms)


def _match(terms: list[str]) -> str:
    """All of them; quoted, so that none is taken for an operator (a word holds no quotes)."""
    return " ".join(f'"{term}"' for term in terms)


def _any_id(query: Query) -> Criterion:
    known = query.ids.known
    return f"({' OR '.join(f'{name} = ?' for name, _ in known)})", tuple(value for _, value in known)


def _season(season: int) -> Criterion:
    """A daily show's "season" is the year of the air date."""
    if season < FIRST_YEAR:
        return "season = ?", (season,)
    return "(season = ? OR substr(aired, 1, 4) = ?)", (season, str(season))
