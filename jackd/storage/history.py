"""The table ``history``: what became of each download, and what friends fetched from here."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import asdict, evolve, frozen
from twisted.internet.defer import Deferred

from jackd.model.history import Event, Record
from jackd.storage.database import Database

MAX_ROWS = 10_000
"""Of what was fetched, and again of what was shared: so no friend can push out what is not about him."""

CONTINUED_SECONDS = 900.0
"""A friend who goes on with a file within this time is still at the same transfer."""

_INSERT = """
    INSERT INTO history (
        shared, event, title, size, friends, seconds, began, ended, hash, owner, failures, verified, reason, client
    ) VALUES (
        :shared, :event, :title, :size, :friends, :seconds, :began, :ended, :hash, :owner, :failures, :verified,
        :reason, :client
    )
"""

_UPDATE = "UPDATE history SET event = :event, friends = :friends, seconds = :seconds, ended = :ended WHERE n = :n"

_TRIM = """
    DELETE FROM history WHERE shared = :shared
        AND n <= (SELECT n FROM history WHERE shared = :shared ORDER BY n DESC LIMIT 1 OFFSET :most)
"""

_OPEN = """
    SELECT * FROM history WHERE shared = 1 AND title = :title AND size = :size AND client = :client
        AND ended >= :since AND EXISTS (SELECT 1 FROM json_each(friends) WHERE key = :friend)
    ORDER BY n DESC LIMIT 1
"""

_PAGE = """
    SELECT * FROM history WHERE n < :before AND (:shared IS NULL OR shared = :shared) ORDER BY n DESC LIMIT :limit
"""

_TOTALS = """
    SELECT json_each.key AS name, SUM(json_each.value) AS moved, SUM(event IN ('completed', 'sent')) AS files,
        shared
    FROM history, json_each(history.friends) GROUP BY shared, name
"""

_LAST = 2**63 - 1


@frozen(kw_only=True)
class Total:
    """Of all lines that are kept: what one friend gave, and what he took, in bytes and whole files."""

    name: str
    fetched: int = 0
    fetched_files: int = 0
    shared: int = 0
    shared_files: int = 0


class HistoryStore:
    """A change is on disk when its Deferred fires."""

    def __init__(self, database: Database, *, most: int = MAX_ROWS) -> None:
        self._database = database
        self._most = most

    def add(self, record: Record) -> Deferred[None]:
        """What became of a download."""

        def change(db: sqlite3.Connection) -> None:
            db.execute(_INSERT, _row(record))
            self._trim(db, shared=False)

        return self._database.write(change)

    def add_shared(self, records: Iterable[Record]) -> Deferred[None]:
        """Each has one friend, and goes on with his last line about that file if he was at it a moment ago."""

        def change(db: sqlite3.Connection) -> None:
            for record in records:
                before = _going_on(db, record)
                if before is None:
                    db.execute(_INSERT, _row(_judged(record)))
                else:
                    db.execute(_UPDATE, _row(_judged(_joined(before, record))))
            self._trim(db, shared=True)

        return self._database.write(change)

    def page(self, *, limit: int, before: int | None = None, shared: bool | None = None) -> Deferred[Sequence[Record]]:
        """Newest first; only lines before the one with number ``before``; only those shared, or not, from here."""
        values = {"limit": limit, "before": _LAST if before is None else before, "shared": shared}
        return self._database.read(lambda db: [_record(row) for row in db.execute(_PAGE, values)])

    def totals(self) -> Deferred[Sequence[Total]]:
        """By friend, in the order of the alphabet."""
        return self._database.read(_totals)

    def _trim(self, db: sqlite3.Connection, *, shared: bool) -> None:
        db.execute(_TRIM, {"shared": shared, "most": self._most})


def _going_on(db: sqlite3.Connection, record: Record) -> Record | None:
    (friend,) = record.friends
    row = db.execute(_OPEN, _row(record) | {"friend": friend, "since": record.began - CONTINUED_SECONDS}).fetchone()
    return _record(row) if row else None


def _joined(before: Record, after: Record) -> Record:
    ((friend, moved),) = after.friends.items()
    friends = {friend: before.moved + moved}
    return evolve(before, friends=friends, seconds=before.seconds + after.seconds, ended=after.ended)


def _judged(record: Record) -> Record:
    return evolve(record, event=Event.SENT if record.moved >= record.size else Event.PARTLY)


def _row(record: Record) -> dict[str, Any]:
    row = asdict(record, recurse=False)
    return row | {
        "shared": record.event.shared,
        "event": record.event.value,
        "friends": json.dumps(dict(record.friends)),
    }


def _record(row: sqlite3.Row) -> Record:
    values: dict[str, Any] = dict(row)
    del values["shared"]
    values |= {"event": Event(row["event"]), "friends": json.loads(row["friends"]), "verified": bool(row["verified"])}
    return Record(**values)


def _totals(db: sqlite3.Connection) -> Sequence[Total]:
    found: dict[str, Total] = {}
    for row in db.execute(_TOTALS):
        total = found.get(row["name"]) or Total(name=row["name"])
        if row["shared"]:
            total = evolve(total, shared=row["moved"], shared_files=row["files"])
        else:
            total = evolve(total, fetched=row["moved"], fetched_files=row["files"])
        found[total.name] = total
    return [found[name] for name in sorted(found)]
