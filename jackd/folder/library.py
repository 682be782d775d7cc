"""The port :class:`~jackd.ports.Library` over a plain directory."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from attrs import frozen
from twisted.internet.defer import DeferredLock
from twisted.logger import Logger

from jackd.config.settings import ServerSettings
from jackd.folder.reading import Reading, Readings
from jackd.model.errors import ConfigError, NotFound
from jackd.model.sharing import Facts
from jackd.ports import Batch, Location, Mints
from jackd.storage.threads import Workers

T = TypeVar("T")

_log = Logger(namespace="jackd.folder")

FOLDERS_AT_ONCE = 50
"""Folders that one job in a disk thread reads: the thread is free for others in between, and at shutdown."""

MAX_PROBLEMS = 1000
"""So many are logged; more of them are no news."""


@frozen
class _Known:
    signature: bytes
    paths: dict[str, str]


class FolderLibrary:
    """
    Each directory that holds videos is a group, called by its percent-encoded path below the root.

    :param mint: makes the item ids, which are keyed hashes of paths.
    :param disk: where all reading happens.
    """

    def __init__(
        self, *, settings: ServerSettings, mint: Mints, disk: Workers, now: Callable[[], float] = time.time
    ) -> None:
        if settings.path is None:
            raise ConfigError(f"the folder {settings.name} has no path")
        self._id = settings.id
        self._name = settings.name
        self._readings = Readings(settings.path, settings.id, mint, now)
        self._disk = disk
        self._known: dict[str, _Known] = {}
        self._read_once = False
        self._first_reading = DeferredLock()
        self._problems: set[tuple[str, str]] = set()

    @property
    def id(self) -> str:
        """See :class:`~jackd.ports.Library`."""
        return self._id

    @property
    def name(self) -> str:
        """See :class:`~jackd.ports.Library`."""
        return self._name

    async def read(self) -> AsyncIterator[Batch]:
        """See :class:`~jackd.ports.Library`."""
        seen = set()
        readings = self._readings.all()
        while part := await self._disk.run(_next, readings):
            for reading in part:
                seen.add(reading.group)
                yield self._learn(reading)
        self._known = {group: known for group, known in self._known.items() if group in seen}
        self._read_once = True

    async def changed(self, since: datetime) -> Sequence[str]:
        """
        The groups that are not as they were when they were last read, whatever ``since`` is: a copy may be older
        than the folder that it comes into.
        """
        present: dict[str, bytes] = {}
        signatures = self._readings.signatures()
        while part := await self._disk.run(_next, signatures):
            present.update({group: signature for group, signature in part if signature})
        known = {group: known.signature for group, known in self._known.items() if known.signature}
        return [group for group in sorted({*present, *known}) if present.get(group) != known.get(group)]

    async def read_group(self, group: str) -> Batch:
        """See :class:`~jackd.ports.Library`."""
        return self._learn(await self._disk.run(self._readings.one, group))

    async def locate(self, item_id: str) -> Location:
        """See :class:`~jackd.ports.Library`."""
        if self._path(item_id) is None and not self._read_once:
            await self._first_reading.run(self._know_everything)
        path = self._path(item_id)
        if path is None:
            raise NotFound
        return await self._disk.run(self._readings.locate, path)

    def _path(self, item_id: str) -> str | None:
        return next((known.paths[item_id] for known in self._known.values() if item_id in known.paths), None)

    async def _know_everything(self) -> None:
        """An item from an index of before the start is asked for, and nothing was read yet."""
        if not self._read_once:
            async for _ in self.read():
                pass

    def _learn(self, reading: Reading) -> Batch:
        self._known[reading.group] = _Known(reading.signature, reading.paths)
        problem = (reading.group, reading.problem or "")
        if reading.problem and problem not in self._problems and len(self._problems) < MAX_PROBLEMS:
            self._problems.add(problem)
            _log.warn("{name}: {group} {why}", name=self._name, group=reading.group, why=reading.problem)
        facts = {item.id: Facts(folder=reading.folder) for item in reading.items}
        return Batch(group=reading.group, items=reading.items, facts=facts)


def _next(readings: Iterator[T]) -> list[T]:
    return list(islice(readings, FOLDERS_AT_ONCE))
