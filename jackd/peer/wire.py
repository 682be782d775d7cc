"""
Items and handshakes as JSON (docs/peer-protocol.rst). What comes from a peer is checked member by member; whatever
breaks a rule raises :class:`BadItem`, which spoils that item and no other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from attrs import frozen

from jackd.model.filenames import extra_extension
from jackd.model.ids import MediaIds
from jackd.model.item import EPOCH, Extra, Item, Kind, Quality
from jackd.model.revision import Revision, revision

MAX_SIZE = 2**40
"""Bytes of a file; a larger one is a lie (F24)."""

MAX_EXTRA_SIZE = 2**28
MAX_EXTRAS = 32
"""Of one item; further ones are not looked at."""

MAX_INT = 2**53
MAX_STRING = 4096
MAX_ID = 200
MAX_LIST = 200
MAX_DEPTH = 32
MAX_MEMBERS = 200
"""Of ``mediaInfo`` altogether."""

MINIMUM_VERSION = (0, 1, 0)
FEATURES = ("query", "validators", "manifest", "catalogue", "extras")

CATEGORIES: Final = {Kind.MOVIE: 2000, Kind.EPISODE: 5000}
_KINDS = {category: kind for kind, category in CATEGORIES.items()}
_ID = re.compile(rf"[A-Za-z0-9._:@+=~-]{{1,{MAX_ID}}}")
_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
_UNKNOWN = "unknown"

T = TypeVar("T")


class BadItem(ValueError):
    """A peer's item breaks the protocol."""


def is_item_id(text: str) -> bool:
    """Whether ``text`` has the form of an item id."""
    return _ID.fullmatch(text) is not None


# --- ours to JSON


def item_to_json(item: Item) -> dict[str, Any]:
    """Members that are not known are left out, for an original jack takes no ``null``."""
    members = {
        "id": item.id,
        "title": item.title,
        "filename": item.filename,
        "category": CATEGORIES[item.kind],
        "size": item.size,
        "imdbId": item.ids.imdb,
        "tmdbId": item.ids.tmdb,
        "tvdbId": item.ids.tvdb,
        "quality": _quality_to_json(item.quality),
        "revision": _revision_to_json(item.revision),
        "languages": list(item.languages) or None,
        "releaseGroup": item.release_group,
        "edition": item.edition,
        "mediaInfo": dict(item.media_info) if item.media_info else None,
        "publishDate": None if item.published == EPOCH else _timestamp(item.published),
        "year": item.year,
        "extras": [{"suffix": extra.suffix, "size": extra.size} for extra in item.extras] or None,
        **(_movie_to_json(item) if item.kind is Kind.MOVIE else _episode_to_json(item)),
    }
    return {name: value for name, value in members.items() if value is not None}


def _movie_to_json(item: Item) -> dict[str, Any]:
    return {"movieTitle": item.name}


def _episode_to_json(item: Item) -> dict[str, Any]:
    return {
        "seriesTitle": item.name,
        "season": item.season,
        "episode": item.episodes[0] if item.episodes else None,
        "episodes": list(item.episodes) if len(item.episodes) > 1 else None,
        "seasonEpisodes": item.season_episodes,
        "absoluteEpisode": item.absolute,
        "airDate": item.aired.isoformat() if item.aired else None,
        "anime": item.anime or None,
    }


def _quality_to_json(quality: Quality | None) -> dict[str, Any] | None:
    if quality is None:
        return None
    return {"name": quality.name, "source": quality.source or _UNKNOWN, "resolution": quality.resolution}


def _revision_to_json(known: Revision | None) -> dict[str, Any] | None:
    if known is None:
        return None
    return {"version": known.version, "real": known.real, "isRepack": known.repack}


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- a peer's JSON to ours


def item_from_json(value: object) -> Item:
    """Raises ``BadItem``."""
    if not isinstance(value, dict):
        raise BadItem("an item is an object")
    get = _Members(value)
    kind = _KINDS.get(get.number("category") or 0)
    item_id = value.get("id")
    size = get.number("size") or 0
    if kind is None or not isinstance(item_id, str) or not is_item_id(item_id) or not 0 < size <= MAX_SIZE:
        raise BadItem("category, id or size")
    languages: Any = get.each("languages", _visible)  # mypy misreads the converter
    return Item(
        id=item_id,
        kind=kind,
        title=_needed(get.text("title")),
        filename=_base_name(_needed(get.text("filename"))),
        size=size,
        ids=MediaIds(tmdb=get.number("tmdbId") or None, imdb=get.text("imdbId"), tvdb=get.number("tvdbId") or None),
        year=get.number("year"),
        quality=_quality(get.members("quality")),
        revision=_revision(get.members("revision")),
        languages=languages,
        release_group=get.text("releaseGroup"),
        edition=get.text("edition"),
        media_info=_media_info(value.get("mediaInfo")),
        published=_moment(value.get("publishDate")),
        extras=_extras(value.get("extras")),
        **(_movie(get) if kind is Kind.MOVIE else _episode(get)),
    )


def _movie(get: _Members) -> dict[str, Any]:
    return {"name": get.text("movieTitle")}


def _episode(get: _Members) -> dict[str, Any]:
    first = get.number("episode")
    return {
        "name": get.text("seriesTitle"),
        "season": get.number("season"),
        "episodes": tuple(sorted(set(get.each("episodes", _whole)))) or (() if first is None else (first,)),
        "season_episodes": get.number("seasonEpisodes"),
        "absolute": get.number("absoluteEpisode"),
        "aired": _day(get.get("airDate")),
        "anime": get.get("anime") is True,
    }


class _Members:
    """The members of an object, each with the type that it must have when it is there."""

    def __init__(self, members: Mapping[str, object]) -> None:
        self.get = members.get

    def text(self, name: str) -> str | None:
        value = self.get(name)
        return None if value is None else _visible(value) or None

    def number(self, name: str) -> int | None:
        value = self.get(name)
        return None if value is None else _whole(value)

    def members(self, name: str) -> Mapping[str, object] | None:
        value = self.get(name)
        if value is not None and not isinstance(value, dict):
            raise BadItem(name)
        return value

    def each(self, name: str, read: Callable[[object], T]) -> tuple[T, ...]:
        value = self.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MAX_LIST:
            raise BadItem(name)
        return tuple(entry for entry in map(read, value) if entry != "")


def _visible(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_STRING:
        raise BadItem("a string")
    return (value if value.isprintable() else "".join(filter(str.isprintable, value))).strip()


def _whole(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_INT:
        raise BadItem("a number")
    return value


def _needed(text: str | None) -> str:
    if not text:
        raise BadItem("a member is missing")
    return text


def _base_name(text: str) -> str:
    name = re.split(r"[/\\]", text)[-1].strip()
    if name in ("", ".", ".."):
        raise BadItem("filename")
    return name


def _quality(value: Mapping[str, object] | None) -> Quality | None:
    if value is None:
        return None
    get = _Members(value)
    source = get.text("source")
    return Quality(
        name=get.text("name") or "Unknown",
        source=None if source == _UNKNOWN else source,
        resolution=get.number("resolution") or 0,
    )


def _revision(value: Mapping[str, object] | None) -> Revision | None:
    if value is None:
        return None
    get = _Members(value)
    return revision(get.number("version") or 1, get.number("real") or 0, get.get("isRepack") is True)


def _extras(value: object) -> list[Extra]:
    """Those that can be read; what lies beside a file spoils no item."""
    listed = value[:MAX_EXTRAS] if isinstance(value, list) else []
    found = (_extra(each) for each in listed)
    return [extra for extra in found if extra is not None]


def _extra(value: object) -> Extra | None:
    suffix, size = (value.get("suffix"), value.get("size")) if isinstance(value, dict) else (None, None)
    if not isinstance(suffix, str) or extra_extension(suffix) is None or type(size) is not int:
        return None
    return Extra(suffix=suffix, size=size) if 0 < size <= MAX_EXTRA_SIZE else None


def _media_info(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) and value and _is_small(value) else None


def _is_small(value: object) -> bool:
    waiting, seen = [(value, 1)], 0
    while waiting:
        inner, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_MEMBERS:
            return False
        if isinstance(inner, str | dict | list) and len(inner) > MAX_STRING:
            return False
        if isinstance(inner, float) and not math.isfinite(inner):
            return False
        parts: Sequence[object] = (
            [*inner.keys(), *inner.values()] if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
        )
        waiting.extend((part, depth + 1) for part in parts)
    return True


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else EPOCH
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return EPOCH


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


# --- the handshake


@frozen(kw_only=True)
class Handshake:
    """What a peer says that it is."""

    version: str
    features: frozenset[str]


def handshake_to_json(version: str) -> dict[str, Any]:
    """Ours."""
    return {"name": "jack", "version": version, "features": list(FEATURES)}


def handshake_from_json(value: object) -> Handshake | None:
    """``None`` when that is no jack, or one before 0.1.0."""
    if not isinstance(value, dict) or value.get("name") != "jack" or not isinstance(value.get("version"), str):
        return None
    found = _VERSION.fullmatch(value["version"])
    if found is None or tuple(map(int, found.groups())) < MINIMUM_VERSION:
        return None
    features = value.get("features")
    named = features[:MAX_LIST] if isinstance(features, list) else []
    return Handshake(version=value["version"], features=frozenset(f for f in named if f in FEATURES))
