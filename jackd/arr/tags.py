"""The tags of an *arr: what they are called, and which movies or series bear them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from jackd.arr.client import ArrClient


class Tags:
    """
    As ``/tag/detail`` tells it, which is short and so asked with every poll: the history does not tell when a movie
    gets or loses a tag.

    :param groups_key: ``movieIds`` or ``seriesIds``.
    """

    def __init__(self, client: ArrClient, groups_key: str) -> None:
        self._client = client
        self._groups_key = groups_key
        self._labels: dict[int, str] = {}
        self._by_group: Mapping[str, frozenset[str]] | None = None

    async def refresh(self) -> list[str]:
        """Ask again: the groups whose tags are other ones now. Raises ``LibraryUnavailable``."""
        details = _details(await self._client.get("/tag/detail"))
        self._labels = _labels(details)
        before, now = self._by_group, self._groups(details)
        self._by_group = now
        if before is None:
            return []
        return sorted(group for group in {*before, *now} if before.get(group) != now.get(group))

    async def know(self, numbers: Iterable[int]) -> None:
        """Ask when one of these tags is new. Raises ``LibraryUnavailable``."""
        if not self._labels.keys() >= set(numbers):
            self._labels |= _labels(_details(await self._client.get("/tag")))

    def labels(self, numbers: Iterable[int]) -> tuple[str, ...]:
        """What they are called; one that is not known has no name."""
        return tuple(sorted({label for n in numbers if (label := self._labels.get(n))}))

    def _groups(self, details: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for detail in details:
            groups = detail.get(self._groups_key)
            for group in groups if isinstance(groups, list) else ():
                found[str(group)].add(_label(detail))
        return {group: frozenset(labels) for group, labels in found.items()}


def _details(found: object) -> list[Mapping[str, Any]]:
    listed = found if isinstance(found, list) else []
    return [d for d in listed if isinstance(d, dict) and isinstance(d.get("id"), int)]


def _labels(details: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    return {detail["id"]: _label(detail) for detail in details}


def _label(detail: Mapping[str, Any]) -> str:
    return str(detail.get("label") or "").strip().lower()
