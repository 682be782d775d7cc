from __future__ import annotations

import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from jackd.model.errors import JackError, Unavailable
from jackd.model.search import Query
from jackd.model.sharing import Facts
from jackd.ports import Batch
from jackd.storage import migrate as migrate_module
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.database import Database, StateBroken, StateInUse
from jackd.storage.migrate import SchemaError, migrations
from jackd.storage.threads import InlineWorkers
from tests.support import PILOT, change, result_of


class Place:
    """A state directory; what it opens is closed after the test."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state" / "jack.db"
        self.opened: list[Database] = []

    def open(self) -> Database:
        database = Database(str(self.path), InlineWorkers(), InlineWorkers())
        self.opened.append(database)
        database.open()
        return database

    def raw(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.path)
        rows = connection.execute(sql).fetchall()
        connection.commit()
        connection.close()
        return rows

    def files(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.path.parent.iterdir() if file.name != "lock"}


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    for database in place.opened:
        database.close()


def tags(database: Database) -> list[str]:
    return result_of(database.read(lambda c: [row["name"] for row in c.execute("SELECT name FROM tags ORDER BY name")]))


def add(database: Database, *names: str) -> None:
    def run(connection: sqlite3.Connection) -> None:
        for name in names:
            connection.execute("INSERT INTO tags (name) VALUES (?)", (name,))

    result_of(database.write(run))


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_what_was_written_is_read(place, kind):
    database = place.open() if kind == "file" else Database.in_memory()
    add(database, "a", "b")
    assert tags(database) == ["a", "b"]


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_failing_change_is_rolled_back_whole(place, kind):
    database = place.open() if kind == "file" else Database.in_memory()
    with pytest.raises(sqlite3.IntegrityError):
        add(database, "a", "b", "a")
    assert tags(database) == []
    add(database, "c")
    assert tags(database) == ["c"]


def test_databases_in_memory_are_strangers():
    one, other = Database.in_memory(), Database.in_memory()
    add(one, "a")
    assert tags(other) == []


def test_what_was_committed_is_there_after_a_restart(place):
    """F2, F3"""
    database = place.open()
    add(database, "a")
    # No close: as after kill -9, all that is left is the files.
    copy = Place(place.path.parent.parent / "copy")
    shutil.copytree(place.path.parent, copy.path.parent)
    try:
        assert tags(copy.open()) == ["a"]
    finally:
        copy.opened[0].close()


def test_a_commit_is_on_disk_when_it_is_answered(place):
    """F4: write-ahead log, synced at each commit."""
    database = place.open()
    pragmas = {name: database._write_connection.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
    assert pragmas == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_the_state_directory_is_private(place):
    """S33"""
    place.open()
    assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700
    add(place.opened[-1], "a row, so that there is a journal")
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.path.parent.iterdir()} == {0o600}


def test_what_is_no_database_is_refused_with_what_to_do(place):
    """F52: no traceback; nothing is modified."""
    place.path.parent.mkdir(parents=True, exist_ok=True)
    place.path.write_bytes(b"no database, whatever its name says " * 100)
    with pytest.raises(StateBroken, match="backup"):
        place.open()
    assert place.path.read_bytes().startswith(b"no database")


def test_a_second_jack_on_the_same_directory_is_refused(place):
    """F51"""
    first = place.open()
    with pytest.raises(StateInUse, match="own state directory"):
        place.open()
    add(first, "still mine")
    first.close()
    assert tags(place.open()) == ["still mine"]


def test_a_schema_from_a_newer_jack_is_refused_and_nothing_is_modified(place):
    """F53"""
    place.open().close()
    newer = migrations()[-1][0] + 1
    place.raw(f"PRAGMA user_version={newer}")
    before = place.files()
    with pytest.raises(SchemaError, match="newer jack"):
        place.open()
    place.opened[-1].close()
    assert place.files() == before


def test_after_a_refusal_the_directory_is_free_again(place):
    """F53: the upgraded jack can start right after."""
    place.open().close()
    place.raw("PRAGMA user_version=9999")
    with pytest.raises(SchemaError):
        place.open()
    place.opened[-1].close()
    place.raw(f"PRAGMA user_version={migrations()[-1][0]}")
    place.open()


def test_migrations_are_numbered_without_a_gap():
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))


def more_migrations(monkeypatch: pytest.MonkeyPatch, *sql: str) -> int:
    known = migrations()
    more = known + [(known[-1][0] + n, text) for n, text in enumerate(sql, 1)]
    monkeypatch.setattr(migrate_module, "migrations", lambda _: more)
    return known[-1][0]


def test_an_upgrade_keeps_the_rows_and_a_copy_of_what_was(place, monkeypatch):
    database = place.open()
    add(database, "a")
    database.close()
    version = more_migrations(monkeypatch, "CREATE TABLE more (x TEXT);")
    database = place.open()
    assert tags(database) == ["a"]
    result_of(database.read(lambda c: c.execute("SELECT x FROM more").fetchall()))
    copy = place.path.with_name(f"jack.db.before-{version + 1:04d}")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    connection = sqlite3.connect(copy)
    assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    connection.close()


def test_the_words_of_what_has_dots_between_its_letters_are_made_anew(place, monkeypatch):
    """An older jack did not find S.W.A.T. as SWAT."""
    swat = change(PILOT, id="a:episode:1", title="S.W.A.T.2017.S01E01.1080p.WEB-DL.H.264", name="S.W.A.T.")
    known = migrations()
    monkeypatch.setattr(migrate_module, "migrations", lambda _: [m for m in known if m[0] < 10])
    database = place.open()
    batch = Batch(group="1", items=[swat, PILOT], facts={i.id: Facts(folder="/", modified=5) for i in (swat, PILOT)})
    result_of(CatalogueStore(database).replace("a", batch))
    result_of(database.write(lambda c: c.execute("DELETE FROM item_words") and None))
    database.close()
    monkeypatch.setattr(migrate_module, "migrations", lambda _: known)
    store = CatalogueStore(place.open())
    assert len(result_of(store.search(Query(), limit=9))) == 2
    result_of(store.replace("a", batch))
    assert [item.id for item in result_of(store.search(Query(text="SWAT"), limit=9))] == [swat.id]
    assert result_of(store.search(Query(text="pilot"), limit=9)) == []


def test_a_failing_upgrade_leaves_the_last_good_version(place, monkeypatch):
    place.open().close()
    with monkeypatch.context() as patch:
        version = more_migrations(patch, "CREATE TABLE one (x TEXT);", "CREATE TABLE two (x TEXT); GARBAGE;")
        with pytest.raises(sqlite3.OperationalError):
            place.open()
        place.opened[-1].close()
    assert place.raw("PRAGMA user_version") == [(version + 1,)]
    tables = {name for (name,) in place.raw("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert "one" in tables
    assert "two" not in tables


def test_a_closed_database_says_so(place):
    database = place.open()
    database.startService()
    result_of(database.stopService())
    with pytest.raises(JackError, match="closed"):
        add(database, "late")


def test_a_reader_sees_what_was_committed_while_a_change_is_on_its_way(place):
    database = place.open()
    add(database, "a")

    def look_meanwhile(connection: sqlite3.Connection) -> list[str]:
        connection.execute("INSERT INTO tags (name) VALUES ('b')")
        return tags(database)

    assert result_of(database.write(look_meanwhile)) == ["a"]
    assert tags(database) == ["a", "b"]


def test_all_that_one_query_asks_is_of_one_moment(place):
    database = place.open()
    result_of(database.write(lambda db: db.execute("CREATE TABLE numbers (n)")))

    def count(db: sqlite3.Connection) -> int:
        return int(db.execute("SELECT COUNT(*) FROM numbers").fetchone()[0])

    def twice(db: sqlite3.Connection) -> tuple[int, int]:
        before = count(db)
        result_of(database.write(lambda writer: writer.execute("INSERT INTO numbers VALUES (1)")))
        return before, count(db)

    assert result_of(database.read(twice)) == (0, 0)
    assert result_of(database.read(count)) == 1


def test_f9_a_full_disk_passes(place):
    """F9: what does not fit is refused as a passing trouble, nothing that was there is lost, and it heals by itself."""
    database = place.open()
    add(database, "before")
    pages = database.read_now(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    database.read_now(lambda c: c.execute(f"PRAGMA max_page_count={pages}"))
    for _ in range(2):
        with pytest.raises(Unavailable, match="full"):
            add(database, *(f"{number} {'x' * 500}" for number in range(100)))
    assert tags(database) == ["before"]
    database.read_now(lambda c: c.execute("PRAGMA max_page_count=1000000"))
    add(database, "then")
    assert tags(database) == ["before", "then"]
