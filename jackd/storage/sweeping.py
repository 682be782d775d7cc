"""What goes from the mirror, a little at a time: items that a new reading did not find, and those of former friends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from jackd.storage.copies import NOBODY, READING, SWEEPING, Copy, copies, copy_of

MAX_ITEMS = 500_000
"""Of one friend."""

SWEPT_AT_ONCE = 2000
"""Rows that one transaction removes: the next page of another friend waits for it."""

MERGED_AT_ONCE = 500
"""Pages of the index of words that one transaction merges."""


def make_room(db: sqlite3.Connection, peer: str) -> bool:
    """
    Of a reading that has not come to its end, what it has not found, if there are more rows than one catalogue may
    have. Whether some were removed.
    """
    copy = copies(db, "peer = ? AND reading = ?", peer, READING).fetchone()
    if copy is None:
        return False
    (count,) = db.execute("SELECT COUNT(*) FROM items WHERE copy = ?", (copy["n"],)).fetchone()
    if count <= MAX_ITEMS:
        return False
    old = "SELECT n FROM items WHERE copy = ? AND generation < ? LIMIT ?"
    rows = [row["n"] for row in db.execute(old, (copy["n"], copy["generation"], SWEPT_AT_ONCE))]
    delete(db, rows)
    return bool(rows)


def sweep(db: sqlite3.Connection) -> dict[str, Copy] | None:
    """Some rows; the copies when there are none any more."""
    sql = """
        SELECT items.n FROM copies JOIN items ON items.copy = copies.n AND items.generation < copies.generation
        WHERE reading = ? LIMIT ?
    """
    rows = [row["n"] for row in db.execute(sql, (SWEEPING, SWEPT_AT_ONCE))]
    delete(db, rows)
    return None if rows else _finish(db)


def delete(db: sqlite3.Connection, rows: Iterable[int]) -> None:
    """Items, by their numbers."""
    numbers = [(n,) for n in rows]
    db.executemany("DELETE FROM item_words WHERE rowid = ?", numbers)
    db.executemany("DELETE FROM items WHERE n = ?", numbers)


def merge(db: sqlite3.Connection, pages: int) -> bool:
    """
    Whether there is more to merge. A first call with a negative number takes all parts together, others go on with
    that; there is nothing left when fewer than two changes were made (https://sqlite.org/fts5.html, "merge").
    """
    before = db.total_changes
    db.execute("INSERT INTO item_words (item_words, rank) VALUES ('merge', ?)", (pages,))
    return db.total_changes - before >= 2


def _finish(db: sqlite3.Connection) -> dict[str, Copy]:
    db.execute("DELETE FROM copies WHERE reading = ? AND peer LIKE ?", (SWEEPING, f"{NOBODY}%"))
    db.execute("UPDATE copies SET reading = 0, complete = 1 WHERE reading = ?", (SWEEPING,))
    return {copy.peer: copy for copy in map(copy_of, copies(db))}
