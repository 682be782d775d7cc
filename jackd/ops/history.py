"""Writes the history: what became of each download, and what friends fetched. A write that fails disturbs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from attrs import define
from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from jackd.model.download import Download
from jackd.model.history import Event, Record, record_of
from jackd.storage.history import HistoryStore
from jackd.web.uploads import Upload

FLUSH_SECONDS = 30.0
"""So often what friends fetched is written; of streams that go on, how far they are."""

MAX_SHARES = 1000
"""Files whose streams are remembered until they are written; of further ones nothing is, as long as these wait."""

_Key = tuple[str, str, str, int]

log = Logger(namespace="jackd.ops")


@define
class _Share:
    """What one friend fetched of one file since it was written last."""

    began: float
    moved: int = 0
    seconds: float = 0.0


class History(Service):
    """
    :meth:`over` is told of downloads, :meth:`streamed` of what is sent.

    :param owners: the *arrs' names by server id.
    :param now: wall-clock seconds.
    """

    def __init__(
        self,
        *,
        store: HistoryStore,
        clock: IReactorTime,
        owners: Mapping[str, str],
        now: Callable[[], float] = time.time,
    ) -> None:
        self.setName("history")
        self._store = store
        self._owners = owners
        self._now = now
        self._shares: dict[_Key, _Share] = {}
        self._flushing = LoopingCall(self.flush)
        self._flushing.clock = clock

    def startService(self) -> None:
        super().startService()
        self._flushing.start(FLUSH_SECONDS, now=False)

    def stopService(self) -> Deferred[None]:
        """Writes what is not written yet."""
        super().stopService()
        if self._flushing.running:
            self._flushing.stop()
        return self.flush()

    def over(self, download: Download, event: Event) -> None:
        """``download`` came to its end."""
        owner = self._owners.get(download.owner or "", download.owner or "")
        record = record_of(download, event, owner=owner, ended=self._now())
        self._store.add(record).addErrback(partial(_not_written, record.title))

    def streamed(self, upload: Upload, moved: int, seconds: float) -> None:
        """``upload`` has sent ``moved`` bytes more, in so many seconds."""
        key = (upload.who, upload.client, upload.file, upload.file_size)
        if key not in self._shares and len(self._shares) >= MAX_SHARES:
            return
        share = self._shares.setdefault(key, _Share(self._now() - seconds))
        share.moved += moved
        share.seconds += seconds

    def flush(self) -> Deferred[None]:
        """Write what friends fetched; never fails."""
        shares, self._shares = self._shares, {}
        records = [_record(key, share, self._now()) for key, share in shares.items()]
        if not records:
            return succeed(None)
        return self._store.add_shared(records).addErrback(partial(_not_written, f"{len(records)} files shared"))


def _record(key: _Key, share: _Share, now: float) -> Record:
    who, client, file, size = key
    return Record(
        event=Event.PARTLY,
        title=file,
        size=size,
        friends={who: share.moved},
        seconds=share.seconds,
        began=share.began,
        ended=now,
        client=client,
    )


def _not_written(what: str, failure: object) -> None:
    log.warn("not in the history: {what}: {reason}", what=what, reason=getattr(failure, "value", failure))
