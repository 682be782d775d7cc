"""Manifests of files that are shared, and of those that were downloaded."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any

from attrs import asdict
from twisted.internet.defer import Deferred

from jackd.model.manifest import Manifest
from jackd.storage.database import Database

MAX_SHARED = 10_000
MAX_KEPT = 10_000
"""Rows; the oldest go first, they can be made again. That of a film of 8 GB has 64 KB."""

MAX_ALIKE = 10

_TABLES = {"shared_manifests": ("stamp", MAX_SHARED), "download_manifests": ("hash", MAX_KEPT)}


class ManifestStore:
    """
    The tables ``shared_manifests`` and ``download_manifests``. A change is on disk when its Deferred fires.

    :param now: Unix seconds.
    """

    def __init__(self, database: Database, *, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def shared(self, stamp: str) -> Deferred[Manifest | None]:
        """Of the shared content with that stamp."""
        return self._database.read(lambda db: find(db, "shared_manifests", stamp))

    def save_shared(self, stamp: str, manifest: Manifest) -> Deferred[None]:
        """Remember it; the oldest go when there are too many."""
        return self._save("shared_manifests", stamp, manifest)

    def kept(self, hash: str) -> Deferred[Manifest | None]:
        """Of the download with that hash."""
        return self._database.read(lambda db: find(db, "download_manifests", hash))

    def keep(self, hash: str, manifest: Manifest) -> Deferred[None]:
        """What a friend says of the download's file; replaces what was said before."""
        return self._save("download_manifests", hash, manifest)

    def _save(self, table: str, key: str, manifest: Manifest) -> Deferred[None]:
        row = {"key": key, **asdict(manifest), "made": self._now()}
        return self._database.write(lambda db: _save(db, table, row))


def find(db: sqlite3.Connection, table: str, key: str) -> Manifest | None:
    """The manifest with that key in one of the two tables."""
    name, _ = _TABLES[table]
    row = db.execute(f"SELECT * FROM {table} WHERE {name} = ?", [key]).fetchone()  # noqa: S608 - our own names
    return manifest_of(row) if row else None


def of_size(db: sqlite3.Connection, size: int) -> list[Manifest]:
    """What friends said of downloads of that size: each content once, at most :data:`MAX_ALIKE`, the newest first."""
    rows = db.execute(
        "SELECT *, max(made) FROM download_manifests WHERE size = ? GROUP BY root ORDER BY made DESC LIMIT ?",
        [size, MAX_ALIKE],
    )
    return [manifest_of(row) for row in rows]


def manifest_of(row: sqlite3.Row) -> Manifest:
    """A row of either table."""
    return Manifest(
        size=row["size"], etag=row["etag"], block_size=row["block_size"], root=row["root"], digests=row["blocks"]
    )


def _save(db: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    name, most = _TABLES[table]
    db.execute(
        f"INSERT OR REPLACE INTO {table} ({name}, size, etag, block_size, root, blocks, made) "  # noqa: S608
        "VALUES (:key, :size, :etag, :block_size, :root, :digests, :made)",
        row,
    )
    excess = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] - most  # noqa: S608
    if excess > 0:
        db.execute(
            f"DELETE FROM {table} WHERE {name} IN (SELECT {name} FROM {table} ORDER BY made LIMIT ?)",  # noqa: S608
            [excess],
        )
