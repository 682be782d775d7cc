"""Copies of friends' catalogues, searched as one; in a file of its own that may be lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from attrs import evolve, frozen
from twisted.internet.defer import Deferred

from jackd.model.errors import PeerError
from jackd.model.feed import Changes
from jackd.model.item import Item
from jackd.model.naming import release_title
from jackd.model.search import Query
from jackd.storage.columns import column_values, upsert, write_words
from jackd.storage.criteria import plan
from jackd.storage.database import MIRROR, Database, StateBroken
from jackd.storage.items import item_from_json, item_to_json
from jackd.storage.migrate import SchemaError, migrations
from jackd.storage.threads import Workers

MAX_ITEMS = 500_000
"""Of one friend."""

SWEPT_AT_ONCE = 2000
"""Rows that one transaction removes: the next page of another friend waits for it."""

MERGED_AT_ONCE = 500
"""Pages of the index of words that one transaction merges."""

DECODED = 20_000
"""Items of the last answers, kept as they are: one search is seldom the only one for them."""

T = TypeVar("T")
Found: TypeAlias = Sequence[tuple[str, Item, str]]
"""Each with the id of the friend who has it before it, and the release's title behind it."""

_READING, _SWEEPING = 1, 2

_NOBODY = "-"
"""What the copy of a forgotten friend is called, with its number; no friend's id begins so."""

_PUT = upsert(("copy", "id", "generation", "shown"), key=("copy", "id"))


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


def open_mirror(path: Path, writer: Workers, readers: Workers) -> Database:
    """The database at ``path``; a new one when what is there can't be used, or is of another version of jack."""
    database = Database(str(path), writer, readers, MIRROR)
    if path.exists() and not _is_current(path):
        _remove(path)
    try:
        database.open()
    except (StateBroken, SchemaError):
        database.close()
        _remove(path)
        database.open()
    return database


def _is_current(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] == migrations(MIRROR.schema)[-1][0])
    except sqlite3.Error:
        return False


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


class MirrorStore:
    """
    Tables ``copies``, ``items`` and ``item_words`` of the mirror.

    :ivar revision: grows with every change of what a search may find.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.revision = 0

    def copies(self) -> dict[str, Copy]:
        """All that are there, by friend; at once, before the reactor runs."""
        return self._database.read_now(lambda db: {copy.peer: copy for copy in map(_copy, _copies(db))})

    def keep_only(self, peers: Collection[str]) -> Deferred[None]:
        """Forget all other friends. Their items are not found any more, and go with :meth:`sweep`."""

        def forget(db: sqlite3.Connection) -> None:
            for row in _copies(db).fetchall():
                if row["peer"] not in peers:
                    changed = "UPDATE copies SET peer = ?, generation = generation + 1, reading = ? WHERE n = ?"
                    db.execute(changed, (f"{_NOBODY}{row['n']}", _SWEEPING, row["n"]))

        return self._write(forget)

    def apply(self, peer: str, page: Changes, now: float) -> Deferred[Copy]:
        """
        Write the page and its cursor, both or neither. Raises ``PeerError`` when there would be too many items.

        :param now: Unix seconds.
        """
        written = self._database.write(lambda db: _apply(db, peer, page, now))
        return self._counted(written) if page.is_news else written

    async def sweep(self) -> dict[str, Copy]:
        """
        Bring all readings that have come to their end to it: what they did not find again is removed, a little at a
        time. Gives the copies as they are then.
        """
        while (copies := await self._write(_sweep)) is None:
            pass
        if not any(copy.reading for copy in copies.values()):
            await self._merge_words()
        return copies

    async def _merge_words(self) -> None:
        """Make one of the many parts in which the words were written: a question then looks into one."""
        pages = -MERGED_AT_ONCE
        while await self._database.write(partial(_merge, pages=pages)):
            pages = MERGED_AT_ONCE

    def search(
        self, query: Query, peers: Collection[str], *, limit: int, wanted: Callable[[Item], bool] | None = None
    ) -> Deferred[Found]:
        """
        What those friends have that :func:`~jackd.model.search.matches`, newest first.

        :param wanted: picks of that; called in a worker.
        """

        def run(db: sqlite3.Connection) -> Found:
            found: list[tuple[str, Item, str]] = []
            for peer, text, shown in _matching(db, query, peers):
                item = _decoded(text)
                if wanted is None or wanted(item):
                    found.append((peer, item, shown or item.title))
                    if len(found) >= limit:
                        break
            return found

        return self._database.read(run)

    def item(self, peer: str, item_id: str) -> Deferred[Item | None]:
        """One of them."""
        sql = "SELECT item FROM items JOIN copies ON copies.n = items.copy WHERE peer = ? AND id = ?"

        def run(db: sqlite3.Connection) -> Item | None:
            row = db.execute(sql, (peer, item_id)).fetchone()
            return item_from_json(row["item"]) if row else None

        return self._database.read(run)

    def _write(self, change: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        return self._counted(self._database.write(change))

    def _counted(self, written: Deferred[T]) -> Deferred[T]:
        def count(result: T) -> T:
            self.revision += 1
            return result

        return written.addCallback(count)


@lru_cache(DECODED)
def _decoded(text: str) -> Item:
    return item_from_json(text)


def _copies(db: sqlite3.Connection, condition: str = "1", *values: object) -> sqlite3.Cursor:
    return db.execute(f"SELECT * FROM copies WHERE {condition}", values)  # noqa: S608 - text of this module


def _copy(row: sqlite3.Row) -> Copy:
    return Copy(
        peer=row["peer"],
        cursor=row["cursor"],
        generation=row["generation"],
        reading=bool(row["reading"]),
        complete=bool(row["complete"]),
        items=row["items"],
        heard=row["heard"],
    )


def _matching(db: sqlite3.Connection, query: Query, peers: Collection[str]) -> sqlite3.Cursor:
    """Rows of the peer's id, the item and the title that it is shown with, if that is not the item's own."""
    (condition, values), newest = plan(db, query)
    sql = f"""
        SELECT (SELECT peer FROM copies WHERE copies.n = copy), item, shown FROM items
        WHERE {condition} AND +copy IN (SELECT copies.n FROM copies WHERE peer IN ({", ".join("?" * len(peers))}))
        ORDER BY {newest}, n
    """  # noqa: S608
    return db.execute(sql, (*values, *peers))


def _apply(db: sqlite3.Connection, peer: str, page: Changes, now: float) -> Copy:
    db.execute("INSERT INTO copies (peer) VALUES (?) ON CONFLICT DO NOTHING", (peer,))
    if page.reset:
        begun = "UPDATE copies SET generation = generation + 1, reading = ?, items = 0 WHERE peer = ?"
        db.execute(begun, (_READING, peer))
    copy = _copies(db, "peer = ?", peer).fetchone()
    items = (_published(item, now) for item in page.items)
    added = sum(_put(db, copy["n"], copy["generation"], item) for item in items)
    removed = sum(_remove_item(db, copy["n"], copy["generation"], item_id) for item_id in page.gone)
    if copy["items"] + added - removed > MAX_ITEMS:
        raise PeerError(f"the peer's catalogue has more than {MAX_ITEMS} items")
    reading = _SWEEPING if copy["reading"] and not page.more else copy["reading"]
    changed = "UPDATE copies SET cursor = ?, heard = ?, items = items + ?, reading = ? WHERE n = ?"
    db.execute(changed, (page.cursor, now, added - removed, reading, copy["n"]))
    return _copy(_copies(db, "n = ?", copy["n"]).fetchone())


def _published(item: Item, now: float) -> Item:
    """A date in the future is read as now."""
    moment = datetime.fromtimestamp(now, UTC)
    return evolve(item, published=moment) if item.published > moment else item


def _put(db: sqlite3.Connection, copy: int, generation: int, item: Item) -> bool:
    """Whether the item is one more of this generation."""
    row = db.execute("SELECT n, generation, item FROM items WHERE copy = ? AND id = ?", (copy, item.id)).fetchone()
    if row is not None and row["item"] == item_to_json(item):
        db.execute("UPDATE items SET generation = ? WHERE n = ?", (generation, row["n"]))
    else:
        title = release_title(item)
        shown = None if title == item.title else title
        (n,) = db.execute(_PUT, (copy, item.id, generation, shown, *column_values(item))).fetchone()
        write_words(db, n, item)
    return row is None or row["generation"] != generation


def _remove_item(db: sqlite3.Connection, copy: int, generation: int, item_id: str) -> bool:
    """Whether there is one less of this generation."""
    row = db.execute("SELECT n, generation FROM items WHERE copy = ? AND id = ?", (copy, item_id)).fetchone()
    if row is not None:
        _delete(db, [row["n"]])
    return row is not None and row["generation"] == generation


def _sweep(db: sqlite3.Connection) -> dict[str, Copy] | None:
    """Some rows; the copies when there are none any more."""
    sql = """
        SELECT items.n FROM copies JOIN items ON items.copy = copies.n AND items.generation < copies.generation
        WHERE reading = ? LIMIT ?
    """
    rows = [row["n"] for row in db.execute(sql, (_SWEEPING, SWEPT_AT_ONCE))]
    _delete(db, rows)
    return None if rows else _finish(db)


def _delete(db: sqlite3.Connection, rows: Iterable[int]) -> None:
    numbers = [(n,) for n in rows]
    db.executemany("DELETE FROM item_words WHERE rowid = ?", numbers)
    db.executemany("DELETE FROM items WHERE n = ?", numbers)


def _merge(db: sqlite3.Connection, pages: int) -> bool:
    """
    Whether there is more to merge. A first call with a negative number takes all parts together, others go on with
    that; there is nothing left when fewer than two changes were made (https://sqlite.org/fts5.html, "merge").
    """
    before = db.total_changes
    db.execute("INSERT INTO item_words (item_words, rank) VALUES ('merge', ?)", (pages,))
    return db.total_changes - before >= 2


def _finish(db: sqlite3.Connection) -> dict[str, Copy]:
    db.execute("DELETE FROM copies WHERE reading = ? AND peer LIKE ?", (_SWEEPING, f"{_NOBODY}%"))
    db.execute("UPDATE copies SET reading = 0, complete = 1 WHERE reading = ?", (_SWEEPING,))
    return {copy.peer: copy for copy in map(_copy, _copies(db))}
