"""The series of a Sonarr as a library. A group is a series; one item a file, which may hold several episodes."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred, FirstError, gatherResults

from jackd.arr import wire
from jackd.arr.client import ArrError
from jackd.arr.library import ArrLibrary
from jackd.arr.lists import elements
from jackd.arr.wire import Held
from jackd.model.errors import LibraryUnavailable, NotFound
from jackd.model.item import Kind
from jackd.ports import Batch, Location

SERIES_AT_ONCE: Final = 4
"""How many series are asked for side by side in a whole reading; each takes two calls."""

BROKEN: Final = 500
"""From this HTTP status on the fault is the server's."""

MAX_UNREAD: Final = 20
"""Series that a whole reading goes on without; when there are more, it is no matter of single series."""


class SonarrLibrary(ArrLibrary):
    """:class:`jackd.ports.Library` over ``/api/v3/series``, ``/episode`` and ``/episodefile``."""

    _group_key = "seriesId"

    async def read(self) -> AsyncIterator[Batch]:
        """All series, then the episodes and files of each that has any."""
        await self._check()
        body = await self._client.page("/series")
        series = await self._workers.run(_with_files, body)
        unread = 0
        for start in range(0, len(series), SERIES_AT_ONCE):
            for batch in await self._side_by_side(series[start : start + SERIES_AT_ONCE]):
                unread += bool(batch.unread)
                if unread > MAX_UNREAD:
                    raise LibraryUnavailable(batch.unread)
                yield batch

    async def read_group(self, group: str) -> Batch:
        """One series again."""
        try:
            series = await self._client.get(f"/series/{int(group)}")
        except ArrError as error:
            if error.is_missing:
                return Batch(group=group, items=())
            raise
        return await self._of_series(group, series)

    async def locate(self, item_id: str) -> Location:
        """Where the file of the episode lies now, asked by way of the episode: a new file of it has a new id."""
        file = wire.file_of_episode(await self._one(f"/episode/{self._entity(item_id, Kind.EPISODE)}"))
        if file is None:
            raise NotFound
        return await self._location(await self._one(f"/episodefile/{file}"))

    async def _side_by_side(self, several: Sequence[Any]) -> list[Batch]:
        started = [Deferred.fromCoroutine(self._if_it_can_be_read(series)) for series in several]
        try:
            return await gatherResults(started, consumeErrors=True)
        except FirstError as error:
            raise (error.subFailure.value or error) from None

    async def _if_it_can_be_read(self, series: Any) -> Batch:
        """One at which Sonarr itself fails keeps nobody from the others."""
        group = str(wire.record_id(series))
        try:
            return await self._of_series(group, series)
        except ArrError as error:
            if error.refused_with < BROKEN:
                raise
            return Batch(group=group, items=(), unread=str(error))

    async def _of_series(self, group: str, series: Any) -> Batch:
        """The items of one series; none when it was removed just now."""
        try:
            episodes = await self._client.page("/episode", {"seriesId": group})
            files = await self._client.page("/episodefile", {"seriesId": group})
        except ArrError as error:
            if error.is_missing:
                return Batch(group=group, items=())
            raise
        return await self._batch(group, await self._workers.run(self._held, series, episodes, files))

    def _held(self, series: Any, episodes: deque[bytes], files: deque[bytes]) -> list[Held]:
        return wire.series_items(self.id, series, elements(episodes), elements(files))


def _with_files(body: deque[bytes]) -> list[Any]:
    return [wire.slim_series(each) for each in elements(body) if wire.record_id(each) and wire.has_files(each)]
