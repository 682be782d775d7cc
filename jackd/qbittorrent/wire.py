"""A :class:`~jackd.model.download.Download` as the JSON of qBittorrent's WebUI API. Pure; units as the API has them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote

from attrs import frozen

from jackd.model.download import ETA_UNKNOWN, Download, State
from jackd.model.paths import PathMap
from jackd.qbittorrent.contents import pieces_of
from jackd.torrent.metainfo import piece_length

Row = dict[str, Any]

STALLED_SECONDS = 60.0
"""A download without a byte for so long is shown as stalled."""

SEEDING_TIME_STEP = 60
"""Seconds. Share limits are in minutes; finer steps would put every finished row into every delta."""

UNLIMITED, GLOBAL_LIMIT = -1, -2

_PSEUDO_TRACKERS = ("** [DHT] **", "** [PeX] **", "** [LSD] **")
_TRACKER_WORKS, _TRACKER_FAILS = 2, 4

_STATES = {
    State.QUEUED: "queuedDL",
    State.WAITING: "stalledDL",
    State.VERIFYING: "checkingUP",
    State.COMPLETED: "pausedUP",
    State.PAUSED: "pausedDL",
    State.FAILED: "error",
}


@frozen(kw_only=True)
class View:
    """
    What one account sees, and when.

    :ivar server: id of the *arr whose account it is; ``None`` for the operator, who sees everything.
    :ivar paths: how that *arr's own file system names jack's folders.
    :ivar now: Unix seconds.
    """

    server: str | None = None
    paths: PathMap = PathMap()
    now: float = 0.0

    def path(self, path: str) -> str:
        """One of jack's own paths as the account's file system names it."""
        return self.paths.theirs(path) if self.paths.mappings else path

    def sees(self, download: Download) -> bool:
        """An *arr sees what it grabbed itself, whatever category it asks for."""
        return self.server is None or download.owner == self.server


def state(download: Download, now: float) -> str:
    """
    The state's name in qBittorrent before version 5. The *arrs import ``pausedUP``, wait for ``…DL`` and
    ``checkingUP``, and warn about ``stalledDL`` and ``error``.
    """
    if download.state is not State.DOWNLOADING:
        return _STATES[download.state]
    if download.forced:
        return "forcedDL"
    stalled = not download.speed and now - download.active > STALLED_SECONDS
    return "stalledDL" if stalled else "downloading"


def row(download: Download, view: View, priority: int = 0) -> Row:
    """
    One element of ``torrents/info``: the 49 keys of qBittorrent 4.5.

    A finished download has ``ratio`` 0 and, unless a client set another limit, ``ratio_limit`` 0: for the *arrs its
    seeding goal is reached, so that they may move the file and remove the row.

    :param priority: place in the queue from 1; 0 for what is finished.
    """
    grab, speed = download.grab, int(download.speed)
    return {
        "added_on": int(download.added),
        "amount_left": _left(download),
        "auto_tmm": False,
        "availability": -1 if download.state.finished else 1,
        "category": download.category,
        "completed": _received(download),
        "completion_on": int(download.completed or 0),
        "content_path": view.path(download.content),
        "dl_limit": download.download_limit,
        "dlspeed": speed,
        "download_path": "",
        "downloaded": _received(download),
        "downloaded_session": _received(download),
        "eta": _eta(download),
        "f_l_piece_prio": False,
        "force_start": download.forced,
        "hash": download.hash,
        "infohash_v1": download.hash,
        "infohash_v2": "",
        "last_activity": int(download.active or download.added),
        "magnet_uri": f"magnet:?xt=urn:btih:{download.hash}&dn={_quoted(grab.title)}",
        "max_ratio": max(download.ratio_limit, UNLIMITED),
        "max_seeding_time": max(download.seeding_time_limit, UNLIMITED),
        "name": grab.title,
        "num_complete": 1,
        "num_incomplete": 0,
        "num_leechs": 0,
        "num_seeds": download.sources if speed else 0,
        "priority": priority,
        "progress": download.progress,
        "ratio": 0,
        "ratio_limit": download.ratio_limit,
        "save_path": view.path(download.folder),
        "seeding_time": _seeding_time(download, view.now),
        "seeding_time_limit": download.seeding_time_limit,
        "seen_complete": int(download.active),
        "seq_dl": False,
        "size": grab.size,
        "state": state(download, view.now),
        "super_seeding": False,
        "tags": ", ".join(download.tags),
        "time_active": _time_active(download),
        "total_size": grab.size,
        "tracker": tracker_url(download),
        "trackers_count": 1,
        "up_limit": download.upload_limit,
        "uploaded": 0,
        "uploaded_session": 0,
        "upspeed": 0,
    }


def stamp(download: Download, view: View, priority: int) -> tuple[object, ...]:
    """What is different whenever :func:`row` would give another one: by a change of the download, or as time passes."""
    stalls = state(download, view.now) if download.state is State.DOWNLOADING else None
    return download.changes.count, priority, stalls, _seeding_time(download, view.now)


def properties(download: Download, view: View) -> Row:
    """``torrents/properties``."""
    active = _time_active(download)
    pieces = pieces_of(download)
    return {
        "addition_date": int(download.added),
        "comment": _message(download),
        "completion_date": int(download.completed) if download.completed is not None else -1,
        "created_by": "jack",
        "creation_date": int(download.added),
        "dl_limit": download.download_limit or UNLIMITED,
        "dl_speed": int(download.speed),
        "dl_speed_avg": _received(download) // active if active else 0,
        "download_path": "",
        "eta": _eta(download),
        "hash": download.hash,
        "infohash_v1": download.hash,
        "infohash_v2": "",
        "is_private": True,
        "last_seen": int(download.active) or -1,
        "name": download.grab.title,
        "nb_connections": max(1, download.sources) if download.state is State.DOWNLOADING else 0,
        "nb_connections_limit": 1,
        "peers": 0,
        "peers_total": 0,
        "piece_size": piece_length(download.grab.size),
        "pieces_have": pieces.count(2),
        "pieces_num": len(pieces),
        "reannounce": 0,
        "save_path": view.path(download.folder),
        "seeding_time": _seeding_time(download, view.now),
        "seeds": download.sources if download.speed else 0,
        "seeds_total": 1,
        "share_ratio": 0,
        "time_elapsed": active,
        "total_downloaded": _received(download),
        "total_downloaded_session": _received(download),
        "total_size": download.grab.size,
        "total_uploaded": 0,
        "total_uploaded_session": 0,
        "total_wasted": 0,
        "up_limit": download.upload_limit or UNLIMITED,
        "up_speed": 0,
        "up_speed_avg": 0,
    }


def trackers(download: Download) -> list[Row]:
    """
    ``torrents/trackers``: qBittorrent's three pseudo-trackers, and the friend in a tracker's place, so that every
    client shows why a download waits or failed, and of a finished one whether its bytes were verified.
    """
    counts = {"num_downloaded": 0, "num_leeches": 0, "num_peers": 0, "num_seeds": 0}
    pseudo = [{"msg": "This torrent is private", **counts, "status": 0, "tier": -1, "url": u} for u in _PSEUDO_TRACKERS]
    status = _TRACKER_FAILS if download.reason else _TRACKER_WORKS
    friend = {"msg": _message(download), **counts, "status": status, "tier": 0, "url": tracker_url(download)}
    return [*pseudo, friend]


def _message(download: Download) -> str:
    if download.state is not State.COMPLETED:
        return download.reason
    return "verified" if download.verified else "unverified: the friend gave no digests"


def tracker_url(download: Download) -> str:
    """``jack://<friend>``: what clients group a list by."""
    return f"jack://{_quoted(download.grab.peer_name)}"


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quote(text, safe="")


def _received(download: Download) -> int:
    return download.grab.size if download.state is State.COMPLETED else download.received


def _left(download: Download) -> int:
    return 0 if download.state is State.COMPLETED else download.left


def _eta(download: Download) -> int:
    return min(download.eta, ETA_UNKNOWN) if download.state is State.DOWNLOADING else ETA_UNKNOWN


def _time_active(download: Download) -> int:
    return max(0, int((download.completed or download.active or download.added) - download.added))


def _seeding_time(download: Download, now: float) -> int:
    if download.completed is None:
        return 0
    return max(0, int(now - download.completed) // SEEDING_TIME_STEP * SEEDING_TIME_STEP)
