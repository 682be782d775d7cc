"""What several friends offer that seems to be the same file is one release with several seeders."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import groupby

from attrs import evolve

from jackd.model.item import Item, Kind
from jackd.model.release import Release, Source
from jackd.model.search import Query, words

_NOWHERE = sys.maxsize


def alike(one: Item, other: Item) -> bool:
    """
    Whether these seem to be the same file: of the same movie or episodes, and of the same size. Whether the content is
    the same only the manifests tell, and only when it is fetched.
    """
    return _place(one) == _place(other) and one.ids.any_in(other.ids)


def same_title(item: Item, *, size: int, title: str) -> bool:
    """The same of a file of which nothing is known but these two."""
    return item.size == size and words(item.title) == words(title)


def is_same_file(one: Item, other: Item) -> bool:
    """The same of two under one id of one friend: after an upgrade it is another file's."""
    return (one.size, one.filename) == (other.size, other.filename)


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
    ordered = sorted(releases, key=lambda release: order[release.peer])
    for _, of_one in groupby(ordered, key=lambda release: release.peer):
        his: dict[object, int] = {}
        for release in of_one:
            keys = [(_place(release.item), known) for known in release.item.ids.known]
            number = min((_without_him(release.peer, key, by_id[key], groups, his) for key in keys), default=_NOWHERE)
            if number < _NOWHERE:
                groups[number].append(release)
                continue
            for key in keys:
                by_id[key].append(len(groups))
            groups.append([release])
    newest = sorted(groups, key=lambda group: group[0].item.published, reverse=True)
    return [_one(group, reachable) for group in newest[page]]


def _place(item: Item) -> tuple[object, ...]:
    return item.kind, item.size, item.season, item.episodes


def _without_him(
    peer: str, key: object, numbers: Sequence[int], groups: Sequence[Sequence[Release]], his: dict[object, int]
) -> int:
    """
    The first of the groups ``numbers`` that he is not in yet. He is the last who came, so he is the last in those that
    he is in.

    :param his: by ``key``, in how many of the first of them he is: they are not looked at again.
    """
    at = his.get(key, 0)
    while at < len(numbers) and groups[numbers[at]][-1].peer == peer:
        at += 1
    his[key] = at
    return numbers[at] if at < len(numbers) else _NOWHERE


def _one(group: list[Release], reachable: Container[str]) -> Release:
    first, *rest = group
    seeders = sum(release.peer in reachable for release in group)
    return evolve(first, seeders=seeders, others=[source_of(release) for release in rest])


def source_of(release: Release) -> Source:
    """Where the file of that release can be had, for one."""
    return Source(peer=release.peer, peer_name=release.peer_name, item=release.item.id)


def at_hand(release: Release, usable: Callable[[str], bool]) -> Release:
    """As one has it who can be reached, if anybody can who has it: he can be asked what lies beside it."""
    here = next((other for other in release.others if usable(other.peer)), None)
    if here is None or usable(release.peer):
        return release
    others = [source_of(release), *(other for other in release.others if other != here)]
    item = evolve(release.item, id=here.item)
    return evolve(release, item=item, peer=here.peer, peer_name=here.peer_name, others=others, made=release.title)
