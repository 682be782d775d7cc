"""
Whole seasons, made of the episodes that a friend has: one release of many files. They are made here, where somebody
asks, so that every friend has them, whatever his jack knows of them.

Pure. A season is whole when it is known how many episodes it has, and all of them are there in one quality.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

from attrs import evolve

from jackd.model.grab import MAX_FILES
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind
from jackd.model.marks import marks
from jackd.model.naming import release_title
from jackd.model.release import Release
from jackd.model.search import FIRST_YEAR, Query

_ID = re.compile(r"(?P<library>[^:]+):season:(?P<series>(?:tvdb|tmdb|tt)[0-9]{1,12}):(?P<season>[0-9]{1,4}):[^:]+")
_NOT_ID = re.compile(r"[^A-Za-z0-9.]+")

T = TypeVar("T")

Season: TypeAlias = tuple[str, int]
"""The id of a series and the season's number."""


def season_packs(releases: Iterable[Release]) -> list[Release]:
    """
    The whole seasons among ``releases``, of which each friend's may have any order. One that several friends have, file
    by file, is there once, as the first of them has it.
    """
    episodes = [one for release in releases for one in _of_each(release) if _can_be_part(release.item)]
    told = _told(release.item for release in episodes)
    found = defaultdict[tuple[object, ...], list[Release]](list)
    for release in episodes:
        item = release.item
        found[release.peer, _library(item), _season(item), _quality(item)].append(release)
    whole = (_pack(several, _length(several, told)) for several in found.values())
    packs: dict[object, Release] = {}
    for pack in whole:
        if pack is not None:
            packs.setdefault(tuple((_season(i), _quality(i), i.episodes, i.size) for i in pack.files), pack)
    return list(packs.values())


def united(items: Iterable[Item]) -> list[Item]:
    """
    Each file once: an original jack shows a file of several episodes once for each, and every time as if it held no
    other. The first of them stands for all.
    """
    found: dict[object, Item] = {}
    for item in items:
        key = _file(item)
        known = found.get(key)
        found[key] = item if known is None else evolve(known, episodes=sorted({*known.episodes, *item.episodes}))
    return list(found.values())


def season_query(item_id: str) -> Query | None:
    """What finds the parts of the season with that id; ``None`` when it is not a season's."""
    found = _ID.fullmatch(item_id)
    if found is None:
        return None
    return Query(kind=Kind.EPISODE, ids=_ids(found["series"]), season=int(found["season"]))


def may_be_season(query: Query) -> bool:
    """Whether a whole season can be an answer: to all but a question for one episode."""
    single = (query.episode, query.absolute, query.aired) != (None, None, None)
    return query.kind in (None, Kind.EPISODE) and not single


def _of_each(release: Release) -> Iterator[Release]:
    """As each of those offers it who have it."""
    yield release
    for other in release.others:
        item = evolve(release.item, id=other.item)
        yield evolve(release, item=item, peer=other.peer, peer_name=other.peer_name, others=())


def _file(item: Item) -> object:
    if item.kind is not Kind.EPISODE:
        return item.id
    return _library(item), item.ids, item.season, item.filename, item.size


def _can_be_part(item: Item) -> bool:
    """Specials belong to no season; a daily show's years are none."""
    return bool(
        item.kind is Kind.EPISODE and item.season and item.season < FIRST_YEAR and item.episodes and _series(item)
    )


def _library(item: Item) -> str:
    return item.id.partition(":")[0]


def _quality(item: Item) -> str:
    return item.quality.name if item.quality else "unknown"


def _series(item: Item) -> str:
    ids = item.ids
    return f"tvdb{ids.tvdb}" if ids.tvdb else ids.imdb or (f"tmdb{ids.tmdb}" if ids.tmdb else "")


def _ids(series: str) -> MediaIds:
    """Of what :func:`_series` gave."""
    if series.startswith("tvdb"):
        return MediaIds(tvdb=int(series.removeprefix("tvdb")))
    return MediaIds(tmdb=int(series.removeprefix("tmdb"))) if series.startswith("tmdb") else MediaIds(imdb=series)


def _season(item: Item) -> Season:
    return _series(item), item.season or 0


def _told(items: Iterable[Item]) -> dict[Season, Counter[int]]:
    """How many episodes each season is said to have, and by how many files."""
    known: dict[Season, Counter[int]] = defaultdict(Counter)
    for item in items:
        if item.season_episodes:
            known[_season(item)][item.season_episodes] += 1
    return known


def _length(releases: Sequence[Release], told: Mapping[Season, Counter[int]]) -> int | None:
    """
    How many episodes their season has. Who has it knows best; the longest counts, for it may still grow. What most
    others say is for who knows nothing: one of them who is wrong spoils nobody else's season.
    """
    own = max(release.item.season_episodes or 0 for release in releases)
    others = told.get(_season(releases[0].item))
    return own or (max(others, key=lambda length: (others[length], length)) if others else None)


def _pack(releases: Sequence[Release], length: int | None) -> Release | None:
    files = sorted(_disjoint(release.item for release in releases), key=lambda item: item.episodes)
    if not length or not 1 < len(files) <= MAX_FILES or sum(len(item.episodes) for item in files) < length:
        return None
    item, seeders = _whole(files), min(release.seeders for release in releases)
    return evolve(releases[0], item=item, made=item.title, files=files, others=(), seeders=seeders)


def _disjoint(items: Iterable[Item]) -> Iterator[Item]:
    """The newest file of each episode."""
    held: set[int] = set()
    for item in sorted(items, key=lambda item: (item.published, item.id), reverse=True):
        if held.isdisjoint(item.episodes):
            held.update(item.episodes)
            yield item


def _whole(files: Sequence[Item]) -> Item:
    """All of them as one item; it is as new as its newest part."""
    first = files[0]
    quality = _NOT_ID.sub("-", _quality(first))
    draft = evolve(
        first,
        id=f"{_library(first)}:season:{_series(first)}:{first.season}:{quality}",
        title=_common_title(files),
        filename="",
        size=sum(item.size for item in files),
        episodes=(),
        absolute=None,
        aired=None,
        release_group=_common(item.release_group for item in files),
        edition=_common(item.edition for item in files),
        revision=_common(item.revision for item in files),
        languages=_common(item.languages for item in files) or (),
        media_info=None,
        published=max(item.published for item in files),
    )
    return evolve(draft, title=release_title(draft))


def _common(values: Iterable[T]) -> T | None:
    """What all of them are."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _common_title(files: Sequence[Item]) -> str:
    """What their titles are but for the number of the episode, empty when they differ in more than that."""
    return _common(_without_episode(item) for item in files) or ""


def _without_episode(item: Item) -> str:
    mark = next((mark for mark in marks(release_title(item), item.kind) if mark.season is not None), None)
    return f"{mark.name}S{mark.season:02d}{mark.rest}" if mark else ""
