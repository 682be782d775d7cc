"""The table ``settings``: what clients have set, by name."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from twisted.internet.defer import Deferred

from jackd.storage.database import Database

_SAVE = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


class KeptSettings:
    """Values that JSON can hold. A change is on disk when its Deferred fires."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, Any]:
        """Every value; at once, before the reactor runs."""

        def read(db: sqlite3.Connection) -> dict[str, Any]:
            return {name: json.loads(value) for name, value in db.execute("SELECT name, value FROM settings")}

        return self._database.read_now(read)

    def save(self, name: str, value: Any) -> Deferred[None]:
        """Keep ``value`` from now on."""

        def change(db: sqlite3.Connection) -> None:
            db.execute(_SAVE, (name, json.dumps(value)))

        return self._database.write(change)
