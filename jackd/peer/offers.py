"""What several friends offer that seems to be the same file is one release with several seeders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping

from attrs import evolve

from jackd.model.item import Item, Kind
from jackd.model.release import Release, Source
from jackd.model.search import Query, words


def alike(one: Item, other: Item) -> bool:
    """
    Whether these seem to be the same file: of the same movie or episodes, and of the same size. Whether the content is
    the same only the manifests tell, and only when it is fetched.
    """
    return _place(one) == _place(other) and one.ids.any_in(other.ids)


def same_title(item: Item, *, size: int, title: str) -> bool:
    """The same of a file of which nothing is known but these two."""
    return item.size == size and words(item.title) == words(title)


def query_for(item: Item) -> Query | None:
    """Which question finds files that are :func:`alike`; ``None`` when none does."""
    if not item.ids:
        return None
    episode = item.episodes[0] if item.kind is Kind.EPISODE and item.episodes else None
    return Query(kind=item.kind, ids=item.ids, season=item.season, episode=episode)


def merged(
    releases: Iterable[Release], *, order: Mapping[str, int], reachable: Container[str], page: slice = slice(None)
) -> list[Release]:
    """
    Each file once, as the first of those offers it who have it; newest first. No two of one friend are made one: he has
    them both.

    :param order: of the friends, by id.
    :param reachable: ids of those who count as seeders.
    :param page: which of them are wanted; there may be thousands.
    """
    groups: list[list[Release]] = []
    by_id: defaultdict[object, list[int]] = defaultdict(list)
    for release in sorted(releases, key=lambda release: order[release.peer]):
        keys = [(_place(release.item), known) for known in release.item.ids.known]
        numbers = sorted({number for key in keys for number in by_id[key]})
        group = next((groups[number] for number in numbers if _is_missing(release.peer, groups[number])), None)
        if group is not None:
            group.append(release)
            continue
        for key in keys:
            by_id[key].append(len(groups))
        groups.append([release])
    newest = sorted(groups, key=lambda group: group[0].item.published, reverse=True)
    return [_one(group, reachable) for group in newest[page]]


def _place(item: Item) -> tuple[object, ...]:
    return item.kind, item.size, item.season, item.episodes


def _is_missing(peer: str, group: list[Release]) -> bool:
    return all(peer != release.peer for release in group)


def _one(group: list[Release], reachable: Container[str]) -> Release:
    first, *rest = group
    seeders = sum(release.peer in reachable for release in group)
    return evolve(first, seeders=seeders, others=[source_of(release) for release in rest])


def source_of(release: Release) -> Source:
    """Where the file of that release can be had, for one."""
    return Source(peer=release.peer, peer_name=release.peer_name, item=release.item.id)
