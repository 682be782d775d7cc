"""The movies of a Radarr as a library. A group is a movie; one item a movie, for Radarr keeps one file of each."""

from __future__ import annotations

from collections.abc import AsyncIterator

from jackd.arr import wire
from jackd.arr.client import ArrError, elements
from jackd.arr.library import ArrLibrary
from jackd.model.item import Kind
from jackd.ports import Batch, Location


class RadarrLibrary(ArrLibrary):
    """:class:`jackd.ports.Library` over ``/api/v3/movie``, where files are embedded in their movies."""

    _group_key = "movieId"

    async def read(self) -> AsyncIterator[Batch]:
        """One call for all movies; parsed on a thread, one by one."""
        await self._check()
        body = await self._client.page("/movie", {"excludeLocalCovers": "true"})
        for batch in await self._workers.run(self._batches, body):
            yield batch

    async def read_group(self, group: str) -> Batch:
        """One movie again."""
        try:
            movie = await self._client.get(f"/movie/{int(group)}")
        except ArrError as error:
            if error.is_missing:
                return Batch(group=group, items=())
            raise
        found = dict(wire.movie_items(self.id, [movie]))
        item = found.get(group)
        return Batch(group=group, items=(item,) if item else ())

    async def locate(self, item_id: str) -> Location:
        """Where the movie's file lies now."""
        movie = await self._one(f"/movie/{self._entity(item_id, Kind.MOVIE)}")
        return await self._location(movie.get("movieFile") if isinstance(movie, dict) else None)

    def _batches(self, body: bytes) -> list[Batch]:
        """Movies without a file need no batch: a whole reading forgets what it does not see."""
        found = wire.movie_items(self.id, elements(body))
        return [Batch(group=group, items=(item,)) for group, item in found if item]
