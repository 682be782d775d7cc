"""Numbered SQL files bring the database up to date; ``PRAGMA user_version`` says how far it is."""

from __future__ import annotations

import sqlite3
from importlib import resources
from pathlib import Path

from jackd.model.errors import JackError


class SchemaError(JackError):
    """The database was written by a newer jack; upgrade jack, or give it another state directory."""


def migrations(schema: str = "schema") -> list[tuple[int, str]]:
    """``(number, sql)`` of every file ``<schema>/NNNN-what.sql``, in order."""
    files = (resources.files("jackd.storage") / schema).iterdir()
    return sorted((int(f.name[:4]), f.read_text("utf-8")) for f in files if f.name.endswith(".sql"))


def migrate(connection: sqlite3.Connection, path: str, schema: str = "schema") -> None:
    """Apply what is missing, each file in a transaction of its own; a file database is copied aside before."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    known = migrations(schema)
    if version > known[-1][0]:
        raise SchemaError(
            f"{path} has schema {version}, this jack knows {known[-1][0]}: it was written by a newer jack. "
            "Upgrade jack, or give it another state directory."
        )
    missing = [(number, sql) for number, sql in known if number > version]
    if missing and version and path != ":memory:":
        _backup(connection, Path(f"{path}.before-{missing[-1][0]:04d}"))
    for number, sql in missing:
        connection.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version={number};\nCOMMIT;")


def _backup(connection: sqlite3.Connection, path: Path) -> None:
    copy = sqlite3.connect(path)
    with copy:
        connection.backup(copy)
    copy.close()
    path.chmod(0o600)
