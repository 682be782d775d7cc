"""
One SQLite file: a single writer thread, a few readers, and every change a transaction that is on disk when its
Deferred fires (WAL, ``synchronous=FULL``).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from attrs import frozen
from twisted.application.service import Service
from twisted.internet.defer import Deferred

from jackd.model.errors import JackError, Unavailable
from jackd.storage.migrate import migrate
from jackd.storage.reading import Readers
from jackd.storage.threads import InlineWorkers, Workers

T = TypeVar("T")

BUSY_TIMEOUT_MS = 5000


_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
}


class StateInUse(JackError):
    """Another jack runs on the same state directory."""


class StateBroken(JackError):
    """The state directory, or the database in it, can't be used."""


@frozen(kw_only=True)
class Layout:
    """
    What kind of database it is.

    :ivar schema: the folder of its migrations.
    :ivar synchronous: SQLite's: ``FULL``, or ``NORMAL`` when a power cut may take the last changes.
    :ivar claims: whether its folder is taken with it.
    """

    schema: str = "schema"
    synchronous: str = "FULL"
    claims: bool = True


STATE = Layout()
MIRROR = Layout(schema="mirror_schema", synchronous="NORMAL", claims=False)


def connect(path: str, synchronous: str = STATE.synchronous) -> sqlite3.Connection:
    """A connection with jack's pragmas; rows can be read by column name."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    pragmas = ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    return connection


class Database(Service):
    """
    The state file. :meth:`open` before the reactor runs; ``write`` and ``read`` take a function of a connection.

    Tests use :meth:`in_memory`: the same code on one connection, at once, without threads.
    """

    def __init__(self, path: str, writer: Workers, readers: Workers, layout: Layout = STATE) -> None:
        self._path = path
        self._layout = layout
        self._writer = writer
        self._readers = Readers(readers, self._own)
        self._write_connection: sqlite3.Connection | None = None
        self._local = threading.local()
        self._lock: int | None = None

    @classmethod
    def in_memory(cls, layout: Layout = STATE) -> Database:
        """An empty database that nobody else sees."""
        database = cls(":memory:", InlineWorkers(), InlineWorkers(), layout)
        database.open()
        return database

    def open(self) -> None:
        """
        Create or upgrade the file. Raises ``StateInUse`` when another jack holds it, ``StateBroken`` when it is no
        database, and :class:`~jackd.storage.migrate.SchemaError` when it is from a newer jack; nothing is modified
        then.
        """
        if self._path != ":memory:":
            self._prepare()
        try:
            self._write_connection = self._connect()
        except sqlite3.Error as error:
            raise StateBroken(
                f"{self._path} can't be used: {error}. Put a backup in its place, or move it away: jack then starts "
                "with a new one, without the downloads that were queued"
            ) from None
        migrate(self._write_connection, self._path, self._layout.schema)

    def _connect(self) -> sqlite3.Connection:
        return connect(self._path, self._layout.synchronous)

    def _prepare(self) -> None:
        folder = Path(self._path).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._layout.claims:
            self._claim(folder)
        # SQLite would make it, and the files beside it, as readable as the umask lets it (S33).
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))

    def _claim(self, folder: Path) -> None:
        self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            self._lock = None
            raise StateInUse(f"another jack already uses {folder}; give each its own state directory") from None

    def close(self) -> None:
        """Let go of the file; open connections of reader threads go with their threads."""
        if self._write_connection is not None:
            self._write_connection.close()
            self._write_connection = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def stopService(self) -> Deferred[None]:
        super().stopService()
        return self._writer.run(self.close)

    def write(self, change: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        """
        ``change(connection)`` inside one transaction: committed when this fires, rolled back when it fails. Raises
        ``Unavailable`` when the disk does not take it, which may be another time (F9).
        """
        return self._writer.run(self._in_transaction, change)

    def read(self, query: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        """``query(connection)`` beside the writer, on what was committed last."""
        return self._readers.ask(query)

    def read_now(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """``query(connection)`` at once on this thread: only between :meth:`open` and the reactor's start."""
        if self._write_connection is None:
            raise JackError("the database is closed")
        return query(self._write_connection)

    def _in_transaction(self, change: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._write_connection
        if connection is None:
            raise JackError("the database is closed")
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = change(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            if connection.in_transaction:  # a full disk may have ended it already
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error) and _passes(error):
                raise Unavailable(f"the database can't be written: {error}") from None
            raise
        return result

    def _own(self) -> sqlite3.Connection:
        """The calling reader's."""
        if self._path == ":memory:":
            assert self._write_connection is not None
            return self._write_connection
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        connection: sqlite3.Connection = self._local.connection
        return connection


def _passes(error: sqlite3.Error) -> bool:
    """Whether it is the disk's fault; the low byte says so, the others say which."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING
