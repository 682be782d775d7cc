"""The download queue as one account sees it, and which part of it a call means."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from attrs import define

from jackd.model.changes import Changes
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
class Shown:
    """
    A download as one account sees it.

    :ivar stamp: what :func:`~jackd.qbittorrent.wire.stamp` was when it was looked at.
    :ivar row: not to be changed: while the stamp stays the same it is given again.
    """

    stamp: tuple[object, ...]
    row: Row
    _json: orjson.Fragment | None = None

    @property
    def json(self) -> orjson.Fragment:
        """The row, written once."""
        if self._json is None:
            self._json = orjson.Fragment(as_json(self.row))
        return self._json


class Queue:
    """Nothing here ever shows, finds or names a download that the account does not see."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads
        self._shown: dict[str | None, dict[Changes, Shown]] = {}

    def seen(self, view: View) -> list[Download]:
        """All that the account sees, in the queue's order."""
        return [download for download in self._downloads.list() if view.sees(download)]

    def shown(self, view: View) -> list[Shown]:
        """The same as rows, with the places in the whole queue."""
        before, shown, place = self._shown.get(view.server, {}), dict[Changes, Shown](), 0
        for download in self._downloads.list():
            finished = download.state.finished
            place += not finished
            if view.sees(download):
                priority = 0 if finished else place
                now, changes = stamp(download, view, priority), download.changes
                known = before.get(changes)
                if known is None or known.stamp != now:
                    known = Shown(now, row(download, view, priority))
                shown[changes] = known
        self._shown[view.server] = shown
        return list(shown.values())

    def rows(self, view: View) -> list[Row]:
        """The rows alone."""
        return [shown.row for shown in self.shown(view)]

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


def select(shown: list[Shown], call: Call) -> list[Shown]:
    """Filter, sort and cut as the parameters of ``torrents/info`` say. Raises ``BadRequest`` for an unknown key."""
    for wanted in _filter(call):
        shown = [s for s in shown if wanted(s.row)]
    return _cut(_sort(shown, call), call.number("offset"), call.number("limit"))


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


def _sort(shown: list[Shown], call: Call) -> list[Shown]:
    key = call.params.get("sort", "")
    if not shown or not key:
        return shown
    if key not in shown[0].row:
        raise BadRequest("'sort' parameter is invalid")
    return sorted(shown, key=lambda s: s.row[key], reverse=call.flag("reverse"))


def _cut(shown: list[Shown], offset: int, limit: int) -> list[Shown]:
    start = offset + len(shown) if offset < 0 else offset
    if not 0 <= start < len(shown):
        start = 0
    return shown[start : start + limit] if limit > 0 else shown[start:]
