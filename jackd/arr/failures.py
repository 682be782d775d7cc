"""
Tells an *arr that a grab has failed for good, so that it puts the release on its blocklist and looks for another.

No state that a qBittorrent can report does that: the *arrs take ``error`` for a warning and wait for ever. So jack
removes the item from the *arr's queue itself, and the *arr deletes the torrent here. What fails for a time is never
reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final, TypeVar

from attrs import define
from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from jackd.arr.client import ArrClient
from jackd.model.backoff import Backoff
from jackd.model.download import Download, State
from jackd.model.errors import JackError
from jackd.model.history import Event
from jackd.ports import Downloads

log = Logger(namespace="jackd.arr")

T = TypeVar("T")

GATHER_SECONDS: Final = 1.0
"""So long after a download has failed the *arr is told: several that fail together are one look at its queue."""

LOOK_SECONDS: Final = 30.0
"""How often failed downloads are looked for besides, as an *arr itself looks at its downloads only once a minute."""

LAST_PAUSE_SECONDS: Final = 900.0
PAGE_SIZE: Final = 250
"""Queue entries asked for at once: some 16 KiB each fit into one answer."""

MAX_PAGES: Final = 40

_UNKNOWN_ITEMS: Final = {"radarr": "includeUnknownMovieItems", "sonarr": "includeUnknownSeriesItems"}
_REMOVE: Final = {"removeFromClient": "true", "blocklist": "true", "skipRedownload": "false"}


@define
class _Attempt:
    """When a failed download is to be reported next."""

    backoff: Backoff
    due: float = 0.0


class FailureReporter(Service):
    """
    One for all *arrs.

    :param clients: by server id, which is the owner of a download.
    """

    def __init__(
        self,
        *,
        downloads: Downloads,
        clients: Mapping[str, ArrClient],
        clock: IReactorTime,
        rng: Random | None = None,
    ) -> None:
        self._downloads = downloads
        self._clients = clients
        self._clock = clock
        self._rng = rng or Random()  # noqa: S311
        self._attempts: dict[str, _Attempt] = {}
        self._running: set[Deferred[None]] = set()
        self._soon: IDelayedCall | None = None
        self._loop = LoopingCall(self._look)
        self._loop.clock = clock
        self.setName("failure-reporter")

    def startService(self) -> None:
        super().startService()
        self._loop.start(LOOK_SECONDS, now=False)

    def stopService(self) -> None:
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        for running in list(self._running):
            running.cancel()

    def over(self, download: Download, event: Event) -> None:
        """``download`` came to its end."""
        if event is Event.FAILED and download.owner in self._clients and self.running and self._soon is None:
            self._soon = self._clock.callLater(GATHER_SECONDS, self._look_soon)

    def _look_soon(self) -> None:
        self._soon = None
        self._look()

    def _look(self) -> Deferred[None]:
        """Two of them may run at once: what the first one reports is not due for the second."""
        running = Deferred.fromCoroutine(self.report())
        self._running.add(running)
        running.addBoth(self._done, running)
        return running.addErrback(_failed)

    def _done(self, result: T, running: Deferred[None]) -> T:
        self._running.discard(running)
        return result

    async def report(self) -> None:
        """Once: report every failed download whose time has come."""
        failed = [d for d in self._downloads.list() if d.state is State.FAILED and d.owner in self._clients]
        self._attempts = {d.hash: self._attempts.get(d.hash) or self._new() for d in failed}
        due = [d for d in failed if self._attempts[d.hash].due <= self._clock.seconds()]
        reports = [
            Deferred.fromCoroutine(self._report_to(client, theirs))
            for server, client in self._clients.items()
            if (theirs := [d for d in due if d.owner == server])
        ]
        await gatherResults(reports, consumeErrors=True)

    async def _report_to(self, client: ArrClient, failed: list[Download]) -> None:
        for download in failed:
            attempt = self._attempts[download.hash]
            attempt.due = self._clock.seconds() + attempt.backoff.pause()
        try:
            queue = await _queue(client)
        except JackError as error:
            log.debug("{server} can't be told of failed grabs: {error}", server=client.server.name, error=str(error))
            return
        for download in failed:
            await _remove(client, queue, download)

    def _new(self) -> _Attempt:
        return _Attempt(Backoff(rng=self._rng, first=LOOK_SECONDS, last=LAST_PAUSE_SECONDS))


async def _queue(client: ArrClient) -> dict[str, int]:
    """A queue id for every download id; several episodes of one download have several ids, any of them will do."""
    found: dict[str, int] = {}
    for page in range(1, MAX_PAGES + 1):
        params = {"page": str(page), "pageSize": str(PAGE_SIZE), _UNKNOWN_ITEMS[client.server.type]: "true"}
        answer = await client.get("/queue", params)
        records = answer.get("records") if isinstance(answer, dict) else None
        for record in records if isinstance(records, list) else []:
            _note(record, found)
        if not isinstance(records, list) or len(records) < PAGE_SIZE:
            break
    return found


def _note(record: Any, found: dict[str, int]) -> None:
    if isinstance(record, dict) and isinstance(record.get("downloadId"), str) and isinstance(record.get("id"), int):
        found.setdefault(record["downloadId"].upper(), record["id"])


async def _remove(client: ArrClient, queue: Mapping[str, int], download: Download) -> None:
    entry = queue.get(download.hash.upper())
    if entry is None:
        return
    server, title = client.server.name, download.grab.title
    try:
        await client.send("DELETE", f"/queue/{entry}", params=_REMOVE)
        log.info("{server} was told that {title} failed", server=server, title=title)
    except JackError as error:
        log.debug("{server} was not told that {title} failed: {error}", server=server, title=title, error=str(error))


def _failed(failure: Any) -> None:
    if not failure.check(CancelledError):
        log.failure("failed grabs were not reported", failure)
