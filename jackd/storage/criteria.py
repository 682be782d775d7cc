"""A query as the condition of a SELECT on ``items``; it says what :func:`jackd.model.search.matches` says."""

from __future__ import annotations

from collections.abc import Iterator

from jackd.model.search import FIRST_YEAR, Query, words

Criterion = tuple[str, tuple[object, ...]]

MAX_INTEGER = 2**63 - 1
"""The largest that SQLite knows."""


def where(query: Query) -> Criterion:
    """SQL text and its values. The text never holds anything of the query itself."""
    criteria = list(_criteria(query))
    values = tuple(value for _, some in criteria for value in some)
    if any(isinstance(value, int) and abs(value) > MAX_INTEGER for value in values):
        return "0", ()
    return " AND ".join(sql for sql, _ in criteria) or "1", values


def both(one: Criterion, other: Criterion) -> Criterion:
    """What fits both."""
    return f"({one[0]}) AND ({other[0]})", (*one[1], *other[1])


def _criteria(query: Query) -> Iterator[Criterion]:
    if query.kind is not None:
        yield "kind = ?", (query.kind.value,)
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
    if wanted := sorted(set(words(query.text))):
        yield _words(wanted)


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


def _words(wanted: list[str]) -> Criterion:
    """All of them; quoted, so that none is taken for an operator (a word holds no quotes)."""
    text = " ".join(f'"{word}"' for word in wanted)
    return "n IN (SELECT rowid FROM item_words WHERE item_words MATCH ?)", (text,)
