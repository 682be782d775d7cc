"""The download queue as one account sees it, and which part of it a call means."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson
from attrs import define

from jackd.model.download import Download
from jackd.model.errors import BadRequest, NotFound
from jackd.ports import Downloads
from jackd.qbittorrent.calls import Call
from jackd.qbittorrent.wire import Row, View, row, stamp
from jackd.web.router import as_json

_ACTIVE = {"downloading", "forcedDL"}
_UPLOADING = {"checkingUP"}
_PAUSED = {"pausedDL", "pausedUP"}
_STALLED = {"stalledDL"}

FILTERS: dict[str, Callable[[str], bool]] = {
    "downloading": lambda state: state.endswith("DL") or state == "downloading",
    "seeding": lambda state: state in _UPLOADING,
    "completed": lambda state: state.endswith("UP"),
    "paused": lambda state: state in _PAUSED,
    "stopped": lambda state: state in _PAUSED,
    "resumed": lambda state: state not in _PAUSED,
    "running": lambda state: state not in _PAUSED,
    "active": lambda state: state in _ACTIVE,
    "inactive": lambda state: state not in _ACTIVE,
    "stalled": lambda state: state in _STALLED,
    "stalled_downloading": lambda state: state in _STALLED,
    "stalled_uploading": lambda state: False,
    "checking": lambda state: state.startswith("checking"),
    "errored": lambda state: state == "error",
}
"""``filter=`` of ``torrents/info``, by state; any other word filters nothing."""


@define(eq=False)
class _Made:
    """A row, how the download was when it was made, and its JSON once that was asked for."""

    stamp: tuple[object, ...]
    row: Row
    json: orjson.Fragment | None = None


class Queue:
    """Nothing here ever shows, finds or names a download that the account does not see."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self._made: dict[str | None, dict[str, _Made]] = {}

    def seen(self, view: View) -> list[Download]:
        """All that the account sees, in the queue's order."""
        return [download for download in self._downloads.list() if view.sees(download)]

    def rows(self, view: View) -> list[Row]:
        """The same as JSON, with the places in the whole queue. Not to be changed: most of them are given again."""
        before, made, place = self._made.get(view.server, {}), dict[str, _Made](), 0
        for download in self._downloads.list():
            finished = download.state.finished
            place += not finished
            if view.sees(download):
                priority = 0 if finished else place
                now = stamp(download, view, priority)
                hash = download.hash
                known = before.get(hash)
                if known is None or known.stamp != now:
                    known = _Made(now, row(download, view, priority))
                made[hash] = known
        self._made[view.server] = made
        return [known.row for known in made.values()]

    def written(self, rows: Sequence[Row], view: View) -> list[orjson.Fragment]:
        """Some of the last :meth:`rows` as JSON: most of it was written before."""
        made = self._made[view.server]
        return [_json(made[row["hash"]]) for row in rows]

    def one(self, call: Call) -> Download:
        """What ``hash`` names. Raises ``BadRequest`` when it is missing, ``NotFound`` when it names nothing."""
        (name,) = call.need("hash")
        download = self._downloads.get(name.lower())
        if download is None or not call.view.sees(download):
            raise NotFound
        return download

    def chosen(self, call: Call) -> list[Download]:
        """What ``hashes`` names, separated by ``|``, or ``all``; what names nothing is left out."""
        (names,) = call.need("hashes")
        if names == "all":
            return self.seen(call.view)
        found = (self._downloads.get(name) for name in dict.fromkeys(names.lower().split("|")))
        return [download for download in found if download is not None and call.view.sees(download)]

    def hashes(self, call: Call) -> list[str]:
        """The hashes of :meth:`chosen`."""
        return [download.hash for download in self.chosen(call)]


def _json(made: _Made) -> orjson.Fragment:
    if made.json is None:
        made.json = orjson.Fragment(as_json(made.row))
    return made.json


def select(rows: list[Row], call: Call) -> list[Row]:
    """Filter, sort and cut as the parameters of ``torrents/info`` say. Raises ``BadRequest`` for an unknown key."""
    for wanted in _filter(call):
        rows = [r for r in rows if wanted(r)]
    return _cut(_sort(rows, call), call.number("offset"), call.number("limit"))


def _filter(call: Call) -> list[Callable[[Row], bool]]:
    params, tests = call.params, list[Callable[[Row], bool]]()
    by_state = FILTERS.get(params.get("filter", ""))
    if by_state is not None:
        tests.append(lambda r: by_state(r["state"]))
    if "category" in params:
        tests.append(lambda r: r["category"] == params["category"])
    if "tag" in params:
        tests.append(lambda r: params["tag"] in r["tags"].split(", "))
    if params.get("hashes"):
        hashes = set(params["hashes"].lower().split("|"))
        tests.append(lambda r: r["hash"] in hashes)
    return tests


def _sort(rows: list[Row], call: Call) -> list[Row]:
    key = call.params.get("sort", "")
    if not rows or not key:
        return rows
    if key not in rows[0]:
        raise BadRequest("'sort' parameter is invalid")
    return sorted(rows, key=lambda r: r[key], reverse=call.flag("reverse"))


def _cut(rows: list[Row], offset: int, limit: int) -> list[Row]:
    start = offset + len(rows) if offset < 0 else offset
    if not 0 <= start < len(rows):
        start = 0
    return rows[start : start + limit] if limit > 0 else rows[start:]
