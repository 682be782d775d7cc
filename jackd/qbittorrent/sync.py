"""``sync/*``: the whole state once, then what changed since."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from attrs import frozen

from jackd.qbittorrent.calls import Actions, Answer, Call
from jackd.qbittorrent.categories import Categories, wire
from jackd.qbittorrent.queue import Queue
from jackd.qbittorrent.tags import Tags
from jackd.qbittorrent.transfer import Transfer
from jackd.qbittorrent.wire import Row

MAX_SNAPSHOTS = 16
"""Answers that are remembered to make deltas from, of all clients together. Who comes later than that gets it all."""

_SERVER_STATE = {
    "alltime_ul": 0,
    "average_time_queue": 0,
    "global_ratio": "0",
    "queued_io_jobs": 0,
    "queueing": True,
    "read_cache_hits": "0",
    "read_cache_overload": "0",
    "refresh_interval": 1500,
    "total_buffers_size": 0,
    "total_queued_size": 0,
    "total_wasted_session": 0,
    "write_cache_overload": "0",
}


@frozen(kw_only=True)
class Snapshot:
    """What one client was told."""

    torrents: Mapping[str, Row]
    categories: Mapping[str, Any]
    tags: frozenset[str]
    trackers: Mapping[str, list[str]]
    server_state: Row


class Sync:
    """
    Each answer has a new ``rid``; the client names the last one that it got and is told the difference. Rids are
    counted over all clients, so that none is ever taken for another's.
    """

    actions: ClassVar[Actions] = Actions()

    def __init__(
        self,
        queue: Queue,
        categories: Categories,
        tags: Tags,
        free_space: Callable[[], Awaitable[int]],
        transfer: Transfer,
    ) -> None:
        self._transfer = transfer
        self._queue = queue
        self._categories = categories
        self._tags = tags
        self._free_space = free_space
        self._last_rid = 0
        self._told: OrderedDict[tuple[str, int], Snapshot] = OrderedDict()

    @actions.read("sync/maindata")
    async def maindata(self, call: Call) -> Answer:
        """Everything for ``rid`` 0, none, or one that is forgotten; else what changed since that answer."""
        before = self._told.get((call.client, call.number("rid")))
        snapshot = await self._snapshot(call, before)
        self._last_rid += 1
        self._told[call.client, self._last_rid] = snapshot
        while len(self._told) > MAX_SNAPSHOTS:
            self._told.popitem(last=False)
        changes = whole(snapshot) if before is None else delta(before, snapshot)
        return {"rid": self._last_rid, **changes}

    @actions.read("sync/torrentPeers")
    async def peers(self, call: Call) -> Answer:
        """Nobody: a friend's address is nobody else's business."""
        self._queue.one(Call(params={"hash": "", **call.params}, view=call.view))
        return {"full_update": True, "peers": {}, "rid": call.number("rid") + 1, "show_flags": True}

    async def _snapshot(self, call: Call, before: Snapshot | None) -> Snapshot:
        categories = wire(await self._categories.seen(call.view))
        tags = await self._tags.all()
        free = await self._free_space()
        rows = {row["hash"]: {key: row[key] for key in row if key != "hash"} for row in self._queue.rows(call.view)}
        trackers: dict[str, list[str]] = {}
        for hash, row in rows.items():
            trackers.setdefault(row["tracker"], []).append(hash)
        return Snapshot(
            torrents=_shared(rows, before),
            categories=categories,
            tags=frozenset(tags),
            trackers=trackers,
            server_state={
                **_SERVER_STATE,
                **self._transfer.sums(rows.values(), call.view),
                "use_alt_speed_limits": self._transfer.alternative,
                "alltime_dl": sum(row["completed"] for row in rows.values()),
                "free_space_on_disk": free,
                "total_peer_connections": sum(row["num_seeds"] for row in rows.values()),
            },
        )


def whole(snapshot: Snapshot) -> Row:
    """A full update."""
    return {
        "full_update": True,
        "torrents": snapshot.torrents,
        "categories": snapshot.categories,
        "tags": sorted(snapshot.tags),
        "trackers": snapshot.trackers,
        "server_state": snapshot.server_state,
    }


def delta(before: Snapshot, now: Snapshot) -> Row:
    """What is new or other in ``now``, and what is gone; no key for what did not change."""
    torrents = {h: _changed(before.torrents.get(h, {}), row) for h, row in now.torrents.items()}
    changes = {
        "torrents": {h: row for h, row in torrents.items() if row},
        "torrents_removed": [h for h in before.torrents if h not in now.torrents],
        "categories": _changed(before.categories, now.categories),
        "categories_removed": [name for name in before.categories if name not in now.categories],
        "tags": sorted(now.tags - before.tags),
        "tags_removed": sorted(before.tags - now.tags),
        "trackers": _changed(before.trackers, now.trackers),
        "trackers_removed": [url for url in before.trackers if url not in now.trackers],
        "server_state": _changed(before.server_state, now.server_state),
    }
    return {name: value for name, value in changes.items() if value}


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    if before is now:
        return {}
    return {key: value for key, value in now.items() if key not in before or before[key] != value}


def _shared(rows: dict[str, Row], before: Snapshot | None) -> dict[str, Row]:
    """The same rows, as the same objects where nothing changed: many snapshots cost little more than one."""
    known = before.torrents if before else {}
    return {h: known[h] if known.get(h) == row else row for h, row in rows.items()}
