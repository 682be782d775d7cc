"""Questions as URL parameters: the original's, and ours for those who announce the feature ``query``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from attrs import evolve, frozen

from jackd.model.errors import BadRequest
from jackd.model.ids import MediaIds, canonical_imdb
from jackd.model.item import Kind
from jackd.model.search import Query

PAGE = 1000
"""Items in one answer to those who know pages."""

ORIGINAL_PAGE = 10_000
"""Items in one answer to an original jack, which takes that for all there is."""

MAX_TEXT = 512
MAX_NUMBER = 10**9

_OURS = ("q", "kind", "airDate", "absolute", "limit", "offset")


@frozen(kw_only=True)
class Asked:
    """A question and the part of its answers that is wanted."""

    query: Query
    limit: int
    offset: int = 0


# --- what a client sends


def widened(query: Query, *, extended: bool) -> Query:
    """
    The question to ask for ``query``: about the whole movie or series, so that one answer does for a season's worth
    of questions; and no more than the peer understands. The caller picks what it wanted out of the answer.
    """
    if not extended:
        return Query(ids=_one_id(query))
    return Query(kind=query.kind, ids=query.ids) if query.ids else query


def _one_id(query: Query) -> MediaIds:
    """An original's Sonarr knows no ids but TVDB's, its Radarr all others."""
    ids = query.ids
    if query.kind is Kind.EPISODE:
        return MediaIds(tvdb=ids.tvdb)
    if ids.tmdb or ids.imdb:
        return MediaIds(tmdb=ids.tmdb) if ids.tmdb else MediaIds(imdb=ids.imdb)
    return MediaIds() if query.kind is Kind.MOVIE else MediaIds(tvdb=ids.tvdb)


def parameters(query: Query, *, extended: bool) -> dict[str, str]:
    """``query``, already :func:`widened`, as parameters."""
    values = {
        "tmdbId": query.ids.tmdb,
        "imdbId": query.ids.imdb,
        "tvdbId": query.ids.tvdb,
        "season": query.season,
        "episode": query.episode,
        "q": query.text[:MAX_TEXT] or None,
        "kind": query.kind.value if query.kind else None,
        "airDate": query.aired.isoformat() if query.aired else None,
        "absolute": query.absolute,
        "limit": PAGE if extended else None,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


# --- what a server reads


def read_parameters(given: Mapping[str, str]) -> Asked:
    """Raises ``BadRequest``."""
    ids = MediaIds(tmdb=_number(given, "tmdbId"), imdb=_imdb(given), tvdb=_number(given, "tvdbId"))
    query = Query(ids=ids, season=_number(given, "season"), episode=_number(given, "episode"))
    if not any(name in given for name in _OURS):
        return Asked(query=_as_the_original(query), limit=ORIGINAL_PAGE)
    return Asked(
        query=evolve(
            query,
            kind=_kind(given),
            text=given.get("q", "")[:MAX_TEXT].strip(),
            absolute=_number(given, "absolute"),
            aired=_day(given),
        ),
        limit=max(1, min(_number(given, "limit") or PAGE, PAGE)),
        offset=_number(given, "offset") or 0,
    )


def _as_the_original(query: Query) -> Query:
    ids = query.ids
    if ids.tmdb:
        return Query(ids=MediaIds(tmdb=ids.tmdb))
    if ids.imdb:
        return Query(ids=MediaIds(imdb=ids.imdb))
    return query if ids.tvdb else Query()


def _number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_NUMBER))):
        raise BadRequest(f"{name} is not a number")
    return int(text)


def _imdb(given: Mapping[str, str]) -> str | None:
    text = given.get("imdbId", "").strip()
    if text and canonical_imdb(text) is None:
        raise BadRequest("imdbId is not an IMDb id")
    return canonical_imdb(text)


def _kind(given: Mapping[str, str]) -> Kind | None:
    try:
        return Kind(given["kind"]) if given.get("kind") else None
    except ValueError:
        raise BadRequest("kind is movie or episode") from None


def _day(given: Mapping[str, str]) -> date | None:
    try:
        return date.fromisoformat(given["airDate"]) if given.get("airDate") else None
    except ValueError:
        raise BadRequest("airDate is YYYY-MM-DD") from None
