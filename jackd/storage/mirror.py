"""Copies of friends' catalogues, searched as one; in a file of its own that may be lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TypeAlias, TypeVar

from attrs import evolve
from twisted.internet.defer import Deferred

from jackd.model.errors import PeerError
from jackd.model.feed import Changes
from jackd.model.item import Item
from jackd.model.naming import release_title
from jackd.model.search import Query
from jackd.model.versions import Versions
from jackd.storage.columns import column_values, upsert, write_words
from jackd.storage.copies import NOBODY, READING, SWEEPING, Copy, copies, copy_of
from jackd.storage.criteria import plan
from jackd.storage.database import MIRROR, Database, StateBroken
from jackd.storage.items import item_from_json, item_to_json
from jackd.storage.migrate import SchemaError, migrations
from jackd.storage.sweeping import MAX_ITEMS, MERGED_AT_ONCE, delete, make_room, merge, sweep
from jackd.storage.threads import Workers

MAX_ROWS = 100_000
"""Newest ones that a search looks at, when few of them are wanted."""

DECODED = 20_000
"""Items of the last answers, kept as they are: one search is seldom the only one for them."""

T = TypeVar("T")
Found: TypeAlias = Sequence[tuple[str, Item, str]]
"""Each with the id of the friend who has it before it, and the release's title behind it."""

_PUT = upsert(("copy", "id", "generation", "shown"), key=("copy", "id"))


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
        return self._database.read_now(lambda db: {copy.peer: copy for copy in map(copy_of, copies(db))})

    def keep_only(self, peers: Collection[str]) -> Deferred[None]:
        """Forget all other friends. Their items are not found any more, and go with :meth:`sweep`."""

        def forget(db: sqlite3.Connection) -> None:
            for row in copies(db).fetchall():
                if row["peer"] not in peers:
                    changed = "UPDATE copies SET peer = ?, generation = generation + 1, reading = ? WHERE n = ?"
                    db.execute(changed, (f"{NOBODY}{row['n']}", SWEEPING, row["n"]))

        return self._write(forget)

    def apply(self, peer: str, page: Changes, now: float) -> Deferred[Copy]:
        """
        Write the page and its cursor, both or neither. Raises ``PeerError`` when there would be too many items.

        :param now: Unix seconds.
        """
        written = self._database.write(lambda db: _apply(db, peer, page, now))
        return self._counted(written) if page.is_news else written

    async def make_room(self, peer: str) -> None:
        """
        Before his catalogue is read anew though the last reading did not come to its end: what that one has not found
        is removed if there would be more than two catalogues of the largest size.
        """
        while await self._write(partial(make_room, peer=peer)):
            pass

    async def sweep(self) -> dict[str, Copy]:
        """
        Bring all readings that have come to their end to it: what they did not find again is removed, a little at a
        time. Gives the copies as they are then.
        """
        while (swept := await self._write(sweep)) is None:
            pass
        if not any(copy.reading for copy in swept.values()):
            await self._merge_words()
        return swept

    async def _merge_words(self) -> None:
        """Make one of the many parts in which the words were written: a question then looks into one."""
        pages = -MERGED_AT_ONCE
        while await self._database.write(partial(merge, pages=pages)):
            pages = MERGED_AT_ONCE

    def search(
        self, query: Query, peers: Collection[str], *, limit: int, wanted: Callable[[Item], bool] | None = None
    ) -> Deferred[Found]:
        """
        What those friends have that :func:`~jackd.model.search.matches`, newest first.

        :param wanted: picks of that; called in a worker.
        """

        def run(db: sqlite3.Connection) -> Found:
            versions = Versions()
            found = (
                (peer, item, shown or item.title)
                for peer, text, shown in islice(_matching(db, query, peers), MAX_ROWS)
                for item in (_decoded(text),)
                if (wanted is None or wanted(item)) and versions.has_room(peer, item)
            )
            return list(islice(found, limit))

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
        db.execute(begun, (READING, peer))
    copy = copies(db, "peer = ?", peer).fetchone()
    items = (_published(item, now) for item in page.items)
    added = sum(_put(db, copy["n"], copy["generation"], item) for item in items)
    removed = sum(_remove_item(db, copy["n"], copy["generation"], item_id) for item_id in page.gone)
    if copy["items"] + added - removed > MAX_ITEMS:
        raise PeerError(f"the peer's catalogue has more than {MAX_ITEMS} items")
    reading = SWEEPING if copy["reading"] and not page.more else copy["reading"]
    changed = "UPDATE copies SET cursor = ?, heard = ?, items = items + ?, reading = ? WHERE n = ?"
    db.execute(changed, (page.cursor, now, added - removed, reading, copy["n"]))
    return copy_of(copies(db, "n = ?", copy["n"]).fetchone())


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
        delete(db, [row["n"]])
    return row is not None and row["generation"] == generation
