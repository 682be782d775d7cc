"""The movies of a Radarr as a library. A group is a movie; one item a movie, for Radarr keeps one file of each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any, Final

from jackd.arr import wire
from jackd.arr.client import ArrError
from jackd.arr.library import ArrLibrary
from jackd.arr.lists import elements
from jackd.arr.wire import Held
from jackd.model.item import Kind
from jackd.ports import Batch, Location

MOVIES_AT_ONCE: Final = 50
"""So many are parsed in one go, and their files looked at: the threads are free for others in between."""


class RadarrLibrary(ArrLibrary):
    """:class:`jackd.ports.Library` over ``/api/v3/movie``, where files are embedded in their movies."""

    _group_key = "movieId"

    async def read(self) -> AsyncIterator[Batch]:
        """One call for all movies; parsed on a thread, a few at a time."""
        await self._check()
        movies = elements(await self._client.page("/movie", {"excludeLocalCovers": "true"}))
        while some := await self._workers.run(_next, movies):
            held = await self._workers.run(self._with_files, some)
            for batch in await self._batches([(group, [each]) for group, each in held]):
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
        held = found.get(group)
        return await self._batch(group, [held] if held else [])

    async def locate(self, item_id: str) -> Location:
        """Where the movie's file lies now."""
        movie = await self._one(f"/movie/{self._entity(item_id, Kind.MOVIE)}")
        return await self._location(movie.get("movieFile") if isinstance(movie, dict) else None)

    def _with_files(self, movies: list[Any]) -> list[tuple[str, Held]]:
        """Movies without a file need no batch: a whole reading forgets what it does not see."""
        return [(group, held) for group, held in wire.movie_items(self.id, movies) if held]


def _next(movies: Iterator[Any]) -> list[Any]:
    return list(islice(movies, MOVIES_AT_ONCE))
