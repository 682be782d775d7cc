"""All libraries as one: searched in the index, located by asking the library now."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from jackd.catalogue.extras import extra_beside, extras_beside
from jackd.model.errors import NotFound, Unavailable, UpstreamError
from jackd.model.item import Extra, Item, split_extra_id
from jackd.model.search import Query
from jackd.model.sharing import Rules
from jackd.ports import Library, Location
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.threads import Workers

_log = Logger(namespace="jackd.catalogue")

LOCATE_DEADLINE = 10.0
"""Seconds that a library has to say where a file lies."""

EXTRAS_DEADLINE = 3.0
"""Seconds that an item is kept back to see what lies beside it."""

REMEMBERED_FOR = 30.0
"""Seconds; the ranges of one transfer ask for the same file again and again."""

MAX_REMEMBERED = 1000


@frozen
class _Remembered:
    location: Location
    until: float


class SharedCatalogue(Service):
    """
    The port :class:`~jackd.ports.Shared`. Start it before anybody asks: rows of libraries that are not shared (any
    more) are dropped then.

    :param libraries: those that are shared, and no others.
    :param disk: looks whether a file is still where it was.
    """

    def __init__(
        self, *, libraries: Iterable[Library], store: CatalogueStore, clock: IReactorTime, disk: Workers
    ) -> None:
        self.setName("catalogue")
        self._libraries = {library.id: library for library in libraries}
        self._store = store
        self._clock = clock
        self._disk = disk
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()

    def startService(self) -> None:
        super().startService()
        dropped = self._store.drop_libraries_except(self._libraries)
        dropped.addErrback(lambda failure: _log.failure("the index can't be cleaned up", failure))

    async def search(
        self, query: Query, *, limit: int, offset: int = 0, sharing: Iterable[Rules] = ()
    ) -> Sequence[Item]:
        """See :meth:`jackd.ports.Shared.search`."""
        return await self._store.search(query, limit=limit, offset=offset, sharing=sharing)

    async def item(self, item_id: str, *, sharing: Iterable[Rules] = ()) -> Item:
        """See :meth:`jackd.ports.Shared.item`."""
        self._library_of(item_id)
        return await self._store.item(item_id, sharing=sharing)

    async def extras(self, item_id: str) -> Sequence[Extra]:
        """See :meth:`jackd.ports.Shared.extras`. Whoever asks wants to know of the item first."""
        looking = Deferred.fromCoroutine(self._look_beside(item_id)).addTimeout(EXTRAS_DEADLINE, self._clock)
        try:
            return await looking
        except (OSError, NotFound, Unavailable, TimeoutError) as error:
            _log.info("what lies beside {item} can't be told: {why!r}", item=item_id, why=error)
            return ()

    async def _look_beside(self, item_id: str) -> Sequence[Extra]:
        return await self._disk.run(extras_beside, await self.locate(item_id))

    async def locate(self, item_id: str) -> Location:
        """See :meth:`jackd.ports.Shared.locate`. The library has the last word, not the index."""
        item_id, suffix = split_extra_id(item_id)
        location = await self._locate_item(item_id)
        if suffix is None:
            return location
        try:
            return await self._disk.run(extra_beside, location, suffix)
        except OSError:
            raise NotFound from None

    async def _locate_item(self, item_id: str) -> Location:
        library = self._library_of(item_id)
        known = self._remembered.get(item_id)
        if known and self._clock.seconds() < known.until and await self._disk.run(_is_there, known.location.path):
            return known.location
        self._remembered.pop(item_id, None)
        location = await self._ask(library, item_id)
        self._remember(item_id, location)
        return location

    async def _ask(self, library: Library, item_id: str) -> Location:
        answer = Deferred.fromCoroutine(library.locate(item_id)).addTimeout(LOCATE_DEADLINE, self._clock)
        try:
            return await answer
        except (UpstreamError, TimeoutError) as error:
            why = str(error) if isinstance(error, UpstreamError) else "no answer in time"
            _log.warn("{name}: can't say where {item} lies: {why}", name=library.name, item=item_id, why=why)
            raise Unavailable("the library can't be asked just now") from error

    def _remember(self, item_id: str, location: Location) -> None:
        self._remembered[item_id] = _Remembered(location, self._clock.seconds() + REMEMBERED_FOR)
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)

    def _library_of(self, item_id: str) -> Library:
        library = self._libraries.get(item_id.partition(":")[0])
        if library is None:
            raise NotFound
        return library


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
