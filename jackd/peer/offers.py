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


def merged(releases: Iterable[Release], *, order: Mapping[str, int], reachable: Container[str]) -> list[Release]:
    """
    Each file once, as the first of those offers it who have it. No two of one friend are made one: he has them both.

    :param order: of the friends, by id.
    :param reachable: ids of those who count as seeders.
    """
    alike_by_place: defaultdict[object, list[list[Release]]] = defaultdict(list)
    for release in sorted(releases, key=lambda release: order[release.peer]):
        groups = alike_by_place[_place(release.item)]
        group = next((group for group in groups if _belongs(release, group)), None)
        if group is None:
            groups.append([release])
        else:
            group.append(release)
    return [_one(group, reachable) for groups in alike_by_place.values() for group in groups]


def _place(item: Item) -> tuple[object, ...]:
    return item.kind, item.size, item.season, item.episodes


def _belongs(release: Release, group: list[Release]) -> bool:
    return alike(release.item, group[0].item) and all(release.peer != other.peer for other in group)


def _one(group: list[Release], reachable: Container[str]) -> Release:
    first, *rest = group
    seeders = sum(release.peer in reachable for release in group)
    return evolve(first, seeders=seeders, others=[source_of(release) for release in rest])


def source_of(release: Release) -> Source:
    """Where the file of that release can be had, for one."""
    return Source(peer=release.peer, peer_name=release.peer_name, item=release.item.id)
