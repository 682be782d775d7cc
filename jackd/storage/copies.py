"""What is known of the copies of friends' catalogues in the mirror, one row each."""

from __future__ import annotations

import sqlite3

from attrs import frozen

READING, SWEEPING = 1, 2
"""Of the column ``reading``."""

NOBODY = "-"
"""What the copy of a forgotten friend is called, with its number; no friend's id begins so."""


@frozen(kw_only=True)
class Copy:
    """
    What is known of one friend's catalogue.

    :ivar cursor: where to go on; empty to begin.
    :ivar reading: whether everything is being read: what has not come again by its end is gone.
    :ivar complete: whether everything was read once, so that the friend need not be asked.
    :ivar items: how many there are; during a reading, how many it has found.
    :ivar heard: Unix seconds: when he answered last.
    """

    peer: str
    cursor: str = ""
    generation: int = 0
    reading: bool = False
    complete: bool = False
    items: int = 0
    heard: float = 0.0


def copies(db: sqlite3.Connection, condition: str = "1", *values: object) -> sqlite3.Cursor:
    """The rows that meet the condition, which is text of this package."""
    return db.execute(f"SELECT * FROM copies WHERE {condition}", values)  # noqa: S608


def copy_of(row: sqlite3.Row) -> Copy:
    """Of a row."""
    return Copy(
        peer=row["peer"],
        cursor=row["cursor"],
        generation=row["generation"],
        reading=bool(row["reading"]),
        complete=bool(row["complete"]),
        items=row["items"],
        heard=row["heard"],
    )
