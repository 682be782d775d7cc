"""
A Torznab request's parameters as a search.

Every client sends other ones: ids with and without ``tt``, several ids at once (*any* must fit), empty parameters that
mean nothing, a date as ``season=2024&ep=05/17``, an anime's absolute number as ``q=07`` beside ids. What jack does not
know is ignored, but a search for ids that it does not know finds nothing, not everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from attrs import frozen

from jackd.model.errors import JackError
from jackd.model.ids import MediaIds
from jackd.model.item import Kind
from jackd.model.search import Query, words
from jackd.torznab.categories import kinds, only_kind

PAGE = 100
"""Items of one answer: what is given when no limit is asked for, and at most."""

MAX_OFFSET = 1_000_000
MAX_NUMBER = 9999
"""Of a season or an episode."""

FUNCTIONS = {"search": None, "movie": Kind.MOVIE, "tvsearch": Kind.EPISODE}
"""The searching functions ``t``, and the kind of item that each is for."""

OTHER_MEDIA = frozenset(("music", "audio", "book"))
"""Functions for what jack has none of: they find nothing, without an error that would put the indexer to sleep."""

_KNOWN_IDS = ("tmdbid", "imdbid", "tvdbid")
_UNKNOWN_IDS = ("rid", "tvmazeid", "traktid", "doubanid")
_FIRST_YEAR = 1900
_MAX_ID = 2**31 - 1


class TorznabError(JackError):
    """
    An ``<error>`` answer. Its HTTP status is 200, for clients don't look into the body of any other.

    :ivar number: 100-199 for the key, 200 a parameter is missing, 201 one is wrong, 202 there is no such function.
    """

    status = 200

    def __init__(self, number: int, description: str) -> None:
        super().__init__(description)
        self.number = number


@frozen(kw_only=True)
class Search:
    """
    What is asked for, and which part of the answer.

    :ivar query: ``None`` when nothing can fit.
    :ivar categories: empty for all.
    """

    query: Query | None
    categories: frozenset[int] = frozenset()
    offset: int = 0
    limit: int = PAGE


def read_search(parameters: Mapping[str, str]) -> Search:
    """The search in ``parameters``, of which ``t`` must be a searching function. Raises :class:`TorznabError`."""
    given = {name.lower(): value.strip() for name, value in parameters.items() if value.strip()}
    categories = frozenset(int(n) for n in given.get("cat", "").split(",") if re.fullmatch(r"\s*[0-9]{1,6}\s*", n))
    return Search(
        query=_query(given, categories),
        categories=categories,
        offset=_clamped(given.get("offset"), 0, MAX_OFFSET),
        limit=_clamped(given.get("limit"), PAGE, PAGE),
    )


def _query(given: Mapping[str, str], categories: frozenset[int]) -> Query | None:
    function = given.get("t", "").lower()
    if function not in FUNCTIONS or not kinds(categories):
        return None
    ids, text = _ids(given), given.get("q", "")
    season, episode, aired = _place(given)
    if _asks_in_vain(given, ids, text):
        return None
    absolute = _absolute(text) if function == "tvsearch" and ids and season is None and episode is None else None
    return Query(
        kind=FUNCTIONS[function] or only_kind(categories),
        ids=ids,
        text="" if absolute is not None else text,
        season=season,
        episode=episode,
        absolute=absolute,
        aired=aired,
    )


def _asks_in_vain(given: Mapping[str, str], ids: MediaIds, text: str) -> bool:
    """Whether it names what it wants, but in no way that jack knows: only foreign ids, or a text without a word."""
    if text:
        return not words(text)
    return not ids and any(name in given for name in (*_KNOWN_IDS, *_UNKNOWN_IDS))


def _ids(given: Mapping[str, str]) -> MediaIds:
    return MediaIds(tmdb=_id(given.get("tmdbid")), imdb=given.get("imdbid"), tvdb=_id(given.get("tvdbid")))


def _id(text: str | None) -> int | None:
    found = re.fullmatch(r"[0-9]{1,12}", text or "")
    number = int(found[0]) if found else 0
    return number if 0 < number <= _MAX_ID else None


def _place(given: Mapping[str, str]) -> tuple[int | None, int | None, date | None]:
    """Season, episode and air date; a date takes the place of both."""
    season = _number("season", given.get("season"))
    episode = given.get("ep", "")
    if "/" not in episode:
        return season, _number("ep", episode or None), None
    found = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})", episode)
    if found is None or season is None or season < _FIRST_YEAR:
        raise TorznabError(201, "Incorrect parameter (ep)")
    try:
        return None, None, date(season, int(found[1]), int(found[2]))
    except ValueError:
        raise TorznabError(201, "Incorrect parameter (ep)") from None


def _number(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > MAX_NUMBER:
        raise TorznabError(201, f"Incorrect parameter ({name})")
    return int(text)


def _absolute(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{2,4}", text) else None


def _clamped(text: str | None, default: int, most: int) -> int:
    """A whole number from 0 to ``most``; what is no number or below is ``default``."""
    if text is None or not re.fullmatch(r"[0-9]{1,18}", text):
        return default
    return min(int(text), most)
