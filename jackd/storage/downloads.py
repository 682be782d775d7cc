"""The rows of the download queue: values in, values out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import asdict
from twisted.internet.defer import Deferred

from jackd.model.coverage import Coverage
from jackd.model.download import Download, Grab, State
from jackd.model.release import Source
from jackd.storage.database import Database

_ALL = "SELECT * FROM downloads ORDER BY position, added, hash"

_INSERT = """
    INSERT INTO downloads (
        hash, peer, peer_name, item, title, filename, size, owner, category, folder, file, state, received, checked,
        there, good, lead, etag, given, attempts, reason, position, forced, retry_at, added, completed, active, tags,
        ratio_limit, seeding_time_limit, download_limit, upload_limit
    ) VALUES (
        :hash, :peer, :peer_name, :item, :title, :filename, :size, :owner, :category, :folder, :file, :state, :received,
        :checked, :there, :good, :lead, :etag, :given, :attempts, :reason, :position, :forced, :retry_at, :added,
        :completed, :active, :tags, :ratio_limit, :seeding_time_limit, :download_limit, :upload_limit
    )
"""

_SAVE_STATE = """
    UPDATE downloads SET state = :state, file = :file, attempts = :attempts, reason = :reason, retry_at = :retry_at,
        completed = :completed, failures = :failures, seconds = :seconds
    WHERE hash = :hash
"""

_SAVE_SETTINGS = """
    UPDATE downloads SET category = :category, folder = :folder, position = :position, forced = :forced, tags = :tags,
        ratio_limit = :ratio_limit, seeding_time_limit = :seeding_time_limit, download_limit = :download_limit,
        upload_limit = :upload_limit
    WHERE hash = :hash
"""

_CHECKPOINT = """
    UPDATE downloads SET received = :received, checked = :checked, there = :there, good = :good, lead = :lead,
        etag = :etag, given = :given, active = :active, seconds = max(seconds, :seconds)
    WHERE hash = :hash
"""

_REMOVE = "DELETE FROM downloads WHERE hash = ?"

MAX_SPANS = 256
"""Of one file; bytes of what are more are fetched again after a restart."""

_CLAIMED = "SELECT 1 FROM completed_folders WHERE path = ?"

_CLAIM = "INSERT OR IGNORE INTO completed_folders (path) VALUES (?)"


class DownloadStore:
    """
    The tables ``downloads`` and ``completed_folders``. A change is on disk when its Deferred fires.

    Three statements change a row, each its own columns: what a client sets can so never undo what a transfer has
    reached, and nothing but :meth:`checkpoint` claims bytes that are on the disk. Rows that are gone stay gone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Download]:
        """Every row in the order of the queue; at once, before the reactor runs."""
        return self._database.read_now(lambda db: [_download(row) for row in db.execute(_ALL)])

    def is_claimed(self, folder: Path) -> bool:
        """Whether jack has used that completed folder before; at once, before the reactor runs."""
        return self._database.read_now(lambda db: db.execute(_CLAIMED, [str(folder)]).fetchone() is not None)

    def claim(self, folder: Path) -> Deferred[None]:
        """Remember that jack's marker is in ``folder``."""
        return self._each(_CLAIM, [[str(folder)]])

    def insert(self, download: Download) -> Deferred[None]:
        """A new row."""
        return self._each(_INSERT, [_row(download)])

    def save_state(self, downloads: Iterable[Download]) -> Deferred[None]:
        """How far they are and what comes next: ``state``, ``file``, ``attempts``, ``reason``, ``retry_at``, …"""
        return self._each(_SAVE_STATE, [_row(d) for d in downloads])

    def save_settings(self, downloads: Iterable[Download]) -> Deferred[None]:
        """What clients set: ``category``, ``position``, ``forced``, ``tags`` and the share limits; and ``folder``."""
        return self._each(_SAVE_SETTINGS, [_row(d) for d in downloads])

    def checkpoint(self, download: Download, there: Coverage, good: Coverage) -> Deferred[None]:
        """
        The bytes of ``there``, of the file with the download's validator, are safely on the disk; those of ``good``
        among them are as its manifest says. At most :data:`MAX_SPANS` spans are
        remembered; ``seconds`` only ever grow.
        """
        there = there.largest(MAX_SPANS)
        return self._each(_CHECKPOINT, [_row(download) | _bytes(there, (good & there).largest(MAX_SPANS))])

    def remove(self, hashes: Iterable[str]) -> Deferred[None]:
        """Forget these rows."""
        return self._each(_REMOVE, [[hash] for hash in hashes])

    def _each(self, statement: str, rows: list[Any]) -> Deferred[None]:
        def change(db: sqlite3.Connection) -> None:
            db.executemany(statement, rows)

        return self._database.write(change)


def _row(download: Download) -> dict[str, Any]:
    row = asdict(download, recurse=False)
    row |= asdict(row.pop("grab"))
    row |= {"state": download.state.value, "tags": json.dumps(download.tags), "given": json.dumps(download.given)}
    row["lead"] = json.dumps(asdict(download.lead)) if download.lead else None
    return row | _bytes(download.there, download.good)


def _bytes(there: Coverage, good: Coverage) -> dict[str, Any]:
    texts = {"there": there.to_text(), "good": good.to_text()}
    return {**texts, "received": there.total, "checked": good.total}


def _download(row: sqlite3.Row) -> Download:
    values = dict(row)
    grab = Grab(
        **{name: values.pop(name) for name in ("hash", "peer", "peer_name", "item", "title", "filename", "size")}
    )
    values |= {"state": State(row["state"]), "tags": json.loads(row["tags"]), "forced": bool(row["forced"])}
    values |= {"there": Coverage.from_text(row["there"]), "good": Coverage.from_text(row["good"])}
    values |= {"given": json.loads(row["given"]), "lead": Source(**json.loads(row["lead"])) if row["lead"] else None}
    return Download(grab=grab, **values)
