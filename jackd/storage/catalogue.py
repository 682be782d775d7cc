"""The index of everything shared: found by ids, season, date or words, newest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence

from attrs import evolve
from twisted.internet.defer import Deferred

from jackd.model.errors import NotFound
from jackd.model.item import Item
from jackd.model.search import Query, folded
from jackd.model.sharing import Facts, Rules
from jackd.ports import Batch
from jackd.storage.columns import column_values, integer, upsert, write_words
from jackd.storage.criteria import both, plan
from jackd.storage.database import Database
from jackd.storage.items import item_from_json, item_to_json, listed
from jackd.storage.sharing import permitted

_PUT = upsert(("id", "library", "grp", "folder", "tags", "modified", "quality", "named", "year", "size"), key=("id",))


class CatalogueStore:
    """
    Tables ``items`` and ``item_words``. What is written is searchable when the Deferred fires.

    :param changed: called after each write after which something is other than before.
    """

    def __init__(self, database: Database, *, changed: Callable[[], object] = lambda: None) -> None:
        self._database = database
        self._changed = changed

    def replace(self, library: str, *batches: Batch) -> Deferred[None]:
        """
        Each batch becomes all that is known of its group, in one transaction; rows that say the same already are
        not touched. While a file keeps its name and size it also keeps the ``published`` it was first seen with.
        """
        return self._write(lambda connection: _replace(connection, library, batches))

    def keep_groups(self, library: str, groups: Collection[str]) -> Deferred[None]:
        """Forget the groups of ``library`` that a complete reading did not find any more."""
        return self._write(lambda connection: _keep_groups(connection, library, set(groups)))

    def drop_libraries_except(self, libraries: Iterable[str]) -> Deferred[None]:
        """Forget what is not shared any more: the rows of every other library."""
        kept = set(libraries)

        def drop(connection: sqlite3.Connection) -> None:
            for (library,) in connection.execute("SELECT DISTINCT library FROM items").fetchall():
                if library not in kept:
                    _delete(connection, "library = ?", library)

        return self._write(drop)

    def _write(self, change: Callable[[sqlite3.Connection], None]) -> Deferred[None]:
        def write(connection: sqlite3.Connection) -> bool:
            before = connection.total_changes
            change(connection)
            return connection.total_changes != before

        def tell(is_other: bool) -> None:
            if is_other:
                self._changed()

        return self._database.write(write).addCallback(tell)

    def search(
        self, query: Query, *, limit: int, offset: int = 0, sharing: Iterable[Rules] = ()
    ) -> Deferred[Sequence[Item]]:
        """
        What :func:`~jackd.model.search.matches` and ``sharing`` permits, newest first, at most ``limit`` after the
        first ``offset``.
        """

        def run(connection: sqlite3.Connection) -> Sequence[Item]:
            wanted, newest = plan(connection, query)
            condition, values = both(wanted, permitted(sharing))
            sql = f"SELECT item FROM items WHERE {condition} ORDER BY {newest}, id LIMIT ? OFFSET ?"  # noqa: S608
            return [item_from_json(row["item"]) for row in connection.execute(sql, (*values, limit, offset))]

        return self._database.read(run)

    def item(self, item_id: str, *, sharing: Iterable[Rules] = ()) -> Deferred[Item]:
        """Raises ``NotFound``, also when ``sharing`` does not permit it."""
        condition, values = both(("id = ?", (item_id,)), permitted(sharing))
        sql = f"SELECT item FROM items WHERE {condition}"  # noqa: S608

        def run(connection: sqlite3.Connection) -> Item:
            row = connection.execute(sql, values).fetchone()
            if row is None:
                raise NotFound
            return item_from_json(row["item"])

        return self._database.read(run)

    def count(self, library: str) -> Deferred[int]:
        """How many items ``library`` shares."""
        sql = "SELECT COUNT(*) FROM items WHERE library = ?"
        return self._database.read(lambda connection: int(connection.execute(sql, (library,)).fetchone()[0]))


def _replace(connection: sqlite3.Connection, library: str, batches: Iterable[Batch]) -> None:
    for batch in batches:
        ids = {item.id for item in batch.items} | set(batch.unseen)
        for row in connection.execute("SELECT n, id FROM items WHERE library = ? AND grp = ?", (library, batch.group)):
            if row["id"] not in ids:
                _delete(connection, "n = ?", row["n"])
        for item in batch.items:
            _put(connection, library, batch.group, item, batch.facts.get(item.id))


def _put(connection: sqlite3.Connection, library: str, group: str, item: Item, facts: Facts | None) -> None:
    sql = "SELECT library, grp, folder, tags, modified, item FROM items WHERE id = ?"
    row = connection.execute(sql, (item.id,)).fetchone()
    known, place = tuple(row or ()), (library, group, *_told(facts))
    if known == (*place, item_to_json(item)):
        return
    if known:
        item = _as_first_seen(item, item_from_json(row["item"]))
        if known == (*place, item_to_json(item)):
            return
    (n,) = connection.execute(_PUT, (item.id, *place, *_values(item), *column_values(item))).fetchone()
    write_words(connection, n, item)


def _as_first_seen(item: Item, known: Item) -> Item:
    same_file = (known.filename, known.size) == (item.filename, item.size)
    return evolve(item, published=known.published) if same_file else item


def _values(item: Item) -> tuple[object, ...]:
    """The other columns that rules look at."""
    quality = item.quality.name.lower() if item.quality else ""
    return quality, folded(item.name or item.title), integer(item.year), integer(item.size)


def _told(facts: Facts | None) -> tuple[object, ...]:
    """The columns of what the owner alone knows."""
    return (facts.folder, listed(facts.tags), integer(facts.modified)) if facts else (None, None, None)


def _keep_groups(connection: sqlite3.Connection, library: str, groups: set[str]) -> None:
    for (group,) in connection.execute("SELECT DISTINCT grp FROM items WHERE library = ?", (library,)).fetchall():
        if group not in groups:
            _delete(connection, "library = ? AND grp = ?", library, group)


def _delete(connection: sqlite3.Connection, condition: str, *values: object) -> None:
    """``condition`` is text of this module."""
    words = f"DELETE FROM item_words WHERE rowid IN (SELECT n FROM items WHERE {condition})"  # noqa: S608
    connection.execute(words, values)
    connection.execute(f"DELETE FROM items WHERE {condition}", values)  # noqa: S608
