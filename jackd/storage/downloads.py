"""The rows of the download queue: values in, values out."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import asdict
from twisted.internet.defer import Deferred

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.model.file import DownloadFile
from jackd.model.grab import Grab, GrabFile
from jackd.model.release import Source
from jackd.storage.database import Database

_ALL = "SELECT * FROM downloads ORDER BY position, added, hash"

_ALL_FILES = "SELECT * FROM download_files ORDER BY hash, number"

_INSERT = """
    INSERT INTO downloads (
        hash, peer, peer_name, item, title, filename, size, owner, category, folder, state, attempts, reason, position,
        forced, retry_at, added, completed, active, tags, ratio_limit, seeding_time_limit, download_limit, upload_limit
    ) VALUES (
        :hash, :peer, :peer_name, :item, :title, :filename, :size, :owner, :category, :folder, :state, :attempts,
        :reason, :position, :forced, :retry_at, :added, :completed, :active, :tags, :ratio_limit, :seeding_time_limit,
        :download_limit, :upload_limit
    )
"""

_INSERT_FILE = """
    INSERT INTO download_files (
        hash, number, item, name, size, path, done, left_out, there, good, lead, etag, given
    ) VALUES (
        :hash, :number, :item, :name, :size, :path, :done, :left_out, :there, :good, :lead, :etag, :given
    )
"""

_SAVE_STATE = """
    UPDATE downloads SET state = :state, attempts = :attempts, reason = :reason, retry_at = :retry_at,
        completed = :completed, failures = :failures, seconds = :seconds
    WHERE hash = :hash
"""

_SAVE_FILE = """
    UPDATE download_files SET path = :path, done = :done, left_out = :left_out WHERE hash = :hash AND number = :number
"""

_SAVE_SETTINGS = """
    UPDATE downloads SET category = :category, folder = :folder, position = :position, forced = :forced, tags = :tags,
        ratio_limit = :ratio_limit, seeding_time_limit = :seeding_time_limit, download_limit = :download_limit,
        upload_limit = :upload_limit
    WHERE hash = :hash
"""

_CHECKPOINT = "UPDATE downloads SET active = :active, seconds = max(seconds, :seconds) WHERE hash = :hash"

_CHECKPOINT_FILE = """
    UPDATE download_files SET there = :there, good = :good, lead = :lead, etag = :etag, given = :given
    WHERE hash = :hash AND number = :number
"""

_REMOVE = "DELETE FROM downloads WHERE hash = ?"

_REMOVE_FILES = "DELETE FROM download_files WHERE hash = ?"

MAX_SPANS = 256
"""Of one file; bytes of what are more are fetched again after a restart."""

_CLAIMED = "SELECT 1 FROM completed_folders WHERE path = ?"

_CLAIM = "INSERT OR IGNORE INTO completed_folders (path) VALUES (?)"


class DownloadStore:
    """
    The tables ``downloads``, ``download_files`` and ``completed_folders``. A change is on disk when its Deferred fires.

    Each statement that changes a row has its own columns: what a client sets can so never undo what a transfer has
    reached, and nothing but :meth:`checkpoint` claims bytes that are on the disk. Rows that are gone stay gone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Download]:
        """Every row in the order of the queue; at once, before the reactor runs."""
        return self._database.read_now(_all)

    def is_claimed(self, folder: Path) -> bool:
        """Whether jack has used that completed folder before; at once, before the reactor runs."""
        return self._database.read_now(lambda db: db.execute(_CLAIMED, [str(folder)]).fetchone() is not None)

    def claim(self, folder: Path) -> Deferred[None]:
        """Remember that jack's marker is in ``folder``."""
        return self._run((_CLAIM, [[str(folder)]]))

    def insert(self, download: Download) -> Deferred[None]:
        """A new row, and those of its files."""
        return self._run((_INSERT, [_row(download)]), (_INSERT_FILE, [_file_row(file) for file in download.files]))

    def save_state(self, downloads: Iterable[Download]) -> Deferred[None]:
        """How far they are and what comes next: ``state``, ``attempts``, ``reason``, ``retry_at``, …"""
        return self._run((_SAVE_STATE, [_row(d) for d in downloads]))

    def save_file(self, file: DownloadFile) -> Deferred[None]:
        """What became of it: ``path``, ``done`` and ``left_out``."""
        return self._run((_SAVE_FILE, [_file_row(file)]))

    def save_settings(self, downloads: Iterable[Download]) -> Deferred[None]:
        """What clients set: ``category``, ``position``, ``forced``, ``tags`` and the share limits; and ``folder``."""
        return self._run((_SAVE_SETTINGS, [_row(d) for d in downloads]))

    def checkpoint(self, download: Download, file: DownloadFile, there: Coverage, good: Coverage) -> Deferred[None]:
        """
        The bytes of ``there``, of the file with the validator, are safely on the disk; those of ``good`` among them are
        as its manifest says. At most :data:`MAX_SPANS` spans are remembered; ``seconds`` only ever grow.
        """
        there = there.largest(MAX_SPANS)
        row = _file_row(file) | _bytes(there, (good & there).largest(MAX_SPANS))
        return self._run((_CHECKPOINT_FILE, [row]), (_CHECKPOINT, [_row(download)]))

    def remove(self, hashes: Iterable[str]) -> Deferred[None]:
        """Forget these rows."""
        rows = [[hash] for hash in hashes]
        return self._run((_REMOVE, rows), (_REMOVE_FILES, rows))

    def _run(self, *statements: tuple[str, list[Any]]) -> Deferred[None]:
        def change(db: sqlite3.Connection) -> None:
            for statement, rows in statements:
                db.executemany(statement, rows)

        return self._database.write(change)


def _row(download: Download) -> dict[str, Any]:
    row = asdict(download, recurse=False)
    grab = asdict(row.pop("grab"), recurse=False)
    del row["files"], grab["files"]
    return row | grab | {"state": download.state.value, "tags": json.dumps(download.tags)}


def _file_row(file: DownloadFile) -> dict[str, Any]:
    row = {"hash": file.hash, "number": file.number, **asdict(file.wanted)}
    row |= {"path": file.path, "done": file.done, "left_out": file.left_out, "etag": file.etag}
    row |= {"lead": json.dumps(asdict(file.lead)) if file.lead else None, "given": json.dumps(file.given)}
    return row | _bytes(file.there, file.good)


def _bytes(there: Coverage, good: Coverage) -> dict[str, Any]:
    return {"there": there.to_text(), "good": good.to_text()}


def _all(db: sqlite3.Connection) -> list[Download]:
    files = defaultdict[str, list[sqlite3.Row]](list)
    for row in db.execute(_ALL_FILES):
        files[row["hash"]].append(row)
    return [_download(row, files[row["hash"]]) for row in db.execute(_ALL)]


def _download(row: sqlite3.Row, rows: list[sqlite3.Row]) -> Download:
    values = dict(row)
    known = {name: values.pop(name) for name in ("hash", "peer", "peer_name", "item", "title", "filename", "size")}
    wanted = [GrabFile(item=file["item"], name=file["name"], size=file["size"]) for file in rows]
    grab = Grab(files=wanted, **known)
    values |= {"state": State(row["state"]), "tags": json.loads(row["tags"]), "forced": bool(row["forced"])}
    return Download(grab=grab, files=[_file(grab, file) for file in rows], **values)


def _file(grab: Grab, row: sqlite3.Row) -> DownloadFile:
    return DownloadFile(
        grab=grab,
        number=row["number"],
        path=row["path"],
        done=bool(row["done"]),
        left_out=row["left_out"],
        there=Coverage.from_text(row["there"]),
        good=Coverage.from_text(row["good"]),
        lead=Source(**json.loads(row["lead"])) if row["lead"] else None,
        etag=row["etag"],
        given=json.loads(row["given"]),
    )
