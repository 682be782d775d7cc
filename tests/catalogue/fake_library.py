"""A library whose content, moods and log of calls a test controls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

from attrs import define, field
from twisted.internet.defer import Deferred

from jackd.model.errors import LibraryUnavailable, NotFound
from jackd.model.item import Item
from jackd.ports import Batch, Location


@define
class FakeLibrary:
    id: str = "aaaaaaaa"
    name: str = "radarr"
    groups: dict[str, list[Item]] = field(factory=dict)
    changes: Sequence[str] | None = ()
    failure: Exception | None = None
    fails_after: int = 0  # batches that still come
    fails_for: str | None = None  # only this group fails
    failing: set[str] = field(factory=set)  # read_group() fails for these
    unread: str | None = None  # a whole reading goes on without this group
    hangs: Deferred[None] | None = None  # changed() and locate() wait for it
    pauses: Deferred[None] | None = None  # read() has all it will yield, and waits for it
    places: list[Path] = field(factory=list)  # where the files lie, one answer after the other
    calls: list[str] = field(factory=list)
    since: list[datetime] = field(factory=list)

    async def read(self) -> AsyncIterator[Batch]:
        self.calls.append("read")
        groups = list(self.groups.items())
        if self.pauses is not None:
            await self.pauses
        for number, (group, items) in enumerate(groups):
            if self.failure and number == self.fails_after:
                raise self.failure
            unread = group == self.unread
            yield Batch(group=group, items=() if unread else items, unread="HTTP 500" if unread else "")
        if self.failure and not self.groups:
            raise self.failure

    async def changed(self, since: datetime) -> Sequence[str] | None:
        self.calls.append("changed")
        self.since.append(since)
        if self.hangs is not None:
            await self.hangs
        if self.failure and self.fails_for is None:
            raise self.failure
        return self.changes

    async def read_group(self, group: str) -> Batch:
        self.calls.append(f"group {group}")
        if self.failure and self.fails_for == group:
            raise self.failure
        if group in self.failing:
            raise LibraryUnavailable("HTTP 500")
        return Batch(group=group, items=self.groups.get(group, []))

    async def locate(self, item_id: str) -> Location:
        self.calls.append(f"locate {item_id}")
        if self.hangs is not None:
            await self.hangs
        if self.failure:
            raise self.failure
        if not any(item.id == item_id for items in self.groups.values() for item in items):
            raise NotFound
        path = self.places.pop(0) if self.places else Path(__file__)
        return Location(path=path, roots=[path.parent])
