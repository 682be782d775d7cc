"""How many files of the same movie or episode one friend may offer."""

from __future__ import annotations

from collections import Counter

from jackd.model.item import Item

MAX_VERSIONS = 20
"""A Radarr has one, a folder a few; who says that he has thousands must not hide what others have."""


class Versions:
    """Counts them, of many friends."""

    def __init__(self) -> None:
        self._counted: Counter[object] = Counter()

    def has_room(self, peer: str, item: Item) -> bool:
        """Count this one; whether it is not one too many."""
        work = item.ids or item.name or item.title
        counted = peer, item.kind, work, item.season, item.episodes or item.aired or item.absolute
        self._counted[counted] += 1
        return self._counted[counted] <= MAX_VERSIONS
