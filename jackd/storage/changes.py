"""The catalogue's changes in their order, for friends who follow it: tables ``changes``, ``starts``, ``forgotten``."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Iterable

from attrs import evolve, frozen
from twisted.internet.defer import Deferred

from jackd.model.errors import Unavailable
from jackd.model.feed import Changes
from jackd.storage.criteria import Criterion
from jackd.storage.database import Database
from jackd.storage.items import item_from_json

MAX_GONE = 100_000
"""So many that are gone are remembered."""

MAX_STARTS = 1000

MAX_TEXT = 2 * 2**20
"""Characters of items in one page, about."""

_CURSOR = re.compile(r"([0-9a-f]{12})-([0-9]{1,18})-([0-9A-Za-z]{1,64})(?:-([0-9]{1,18})-([0-9]{1,18}))?")

EVERYTHING: Criterion = ("1", ())


@frozen(kw_only=True)
class Cursor:
    """
    Where somebody is.

    :ivar start: the name of the start of jack during which it was given.
    :ivar revision: the last that he knows.
    :ivar rules: a digest of what he was permitted to see.
    :ivar began: the last revision when his reading of everything began. What was gone by then, he never had.
    :ivar top: the last revision that there was when he was told up to here: what he was not told, he was not because of
        a later change up to that one.
    """

    start: str
    revision: int
    rules: str
    began: int = 0
    top: int = 0

    def __str__(self) -> str:
        behind = f"-{self.began}-{self.top}" if self.top > self.revision else ""
        return f"{self.start}-{self.revision}-{self.rules}{behind}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """``None`` for what is no cursor."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            return None
        return cls(
            start=found[1],
            revision=int(found[2]),
            rules=found[3],
            began=int(found[4] or 0),
            top=int(found[5] or found[2]),
        )


class ChangeStore:
    """Call :meth:`begin` once at each start of jack, before anything else."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._start: str | None = None

    async def begin(self) -> None:
        """From now on cursors belong to this start."""
        name = secrets.token_hex(6)
        await self._database.write(lambda connection: _begin(connection, name))
        self._start = name

    def prune(self) -> Deferred[None]:
        """Forget the oldest of what is gone."""
        return self._database.write(_prune)

    def page(self, since: str, *, limit: int, permitted: Criterion = EVERYTHING) -> Deferred[Changes]:
        """
        The changes after the cursor ``since``, or everything with ``reset``. Raises ``Unavailable``.

        :param permitted: which items the one who asks may know of; all others are gone. When that is another than the
            cursor was given for, all begins anew.
        """

        def run(connection: sqlite3.Connection) -> Changes:
            if self._start is None:
                raise Unavailable("the catalogue is not ready yet")
            return _page(connection, self._start, Cursor.read(since), permitted, limit)

        return self._database.read(run)


def _begin(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("INSERT INTO starts (name, began) VALUES (?, ?)", (name, _top(connection)))
    connection.execute("DELETE FROM starts WHERE n <= (SELECT MAX(n) FROM starts) - ?", (MAX_STARTS,))


def _top(connection: sqlite3.Connection) -> int:
    """The last revision ever given."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    return int(row[0]) if row else 0


def _prune(connection: sqlite3.Connection) -> None:
    oldest = "SELECT revision FROM changes WHERE gone ORDER BY revision DESC LIMIT 1 OFFSET ?"
    row = connection.execute(oldest, (MAX_GONE,)).fetchone()
    if row is not None:
        connection.execute("DELETE FROM changes WHERE gone AND revision <= ?", (row[0],))
        connection.execute("UPDATE forgotten SET revision = ?", (row[0],))


def _page(
    connection: sqlite3.Connection, start: str, since: Cursor | None, permitted: Criterion, limit: int
) -> Changes:
    top, rules = _top(connection), hashlib.sha256(repr(permitted).encode()).hexdigest()[:12]
    reset = since is None or since.rules != rules or not _is_ours(connection, since, top)
    if since is None or reset:
        since = Cursor(start=start, revision=0, rules=rules, began=top, top=top)
    rows = _rows(connection, since.revision, permitted, limit + 1)
    shown = list(_fitting(rows[:limit]))
    more = len(shown) < len(rows)
    # What changed again has left its older revision: without a further page all up to the top is told.
    last = shown[-1]["revision"] if shown else since.revision
    cursor = evolve(since, start=start, revision=last if more else max(last, top), top=max(since.top, _top(connection)))
    return Changes(
        items=[item_from_json(row["item"]) for row in shown if row["item"] is not None],
        gone=[row["id"] for row in shown if row["item"] is None and row["revision"] > since.began],
        cursor=str(cursor),
        more=more,
        reset=reset,
    )


def _rows(connection: sqlite3.Connection, after: int, permitted: Criterion, limit: int) -> list[sqlite3.Row]:
    """The next changes, each with its item if there is one to be shown."""
    sql, values = permitted
    page = f"""
        SELECT revision, changes.id, CASE WHEN {sql} THEN item END AS item
        FROM changes LEFT JOIN items ON items.id = changes.id
        WHERE revision > ? ORDER BY revision LIMIT ?
    """  # noqa: S608
    return connection.execute(page, (*values, after, limit)).fetchall()


def _is_ours(connection: sqlite3.Connection, since: Cursor, top: int) -> bool:
    """Whether this database gave the cursor and knows all that came after it."""
    row = connection.execute("SELECT n FROM starts WHERE name = ?", (since.start,)).fetchone()
    if row is None:
        return False
    (end,) = connection.execute("SELECT MIN(began) FROM starts WHERE n > ?", (row["n"],)).fetchone()
    (forgotten,) = connection.execute("SELECT revision FROM forgotten").fetchone()
    return int(forgotten) <= max(since.revision, since.began) and since.top <= (top if end is None else end)


def _fitting(rows: Iterable[sqlite3.Row]) -> Iterable[sqlite3.Row]:
    """The first, and as many more as the page has room for."""
    length = 0
    for row in rows:
        length += len(row["item"] or "")
        if length > MAX_TEXT and length > len(row["item"] or ""):
            return
        yield row
