"""Categories and tags, as clients of the qBittorrent dialect make them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from jackd.model.errors import Conflict
from jackd.storage.database import Database

MAX_LABELS = 1000
"""Categories, and again tags."""


class Labels:
    """Read once, then answered from memory; a change is on disk when it returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loaded: tuple[dict[str, str], set[str]] | None = None

    async def categories(self) -> Mapping[str, str]:
        """Name to save path, which may be empty."""
        return (await self._load())[0]

    async def tags(self) -> Sequence[str]:
        """In the order of the alphabet."""
        return sorted((await self._load())[1])

    async def save_category(self, name: str, save_path: str, owner: str | None = None) -> None:
        """Create or change a category. Raises ``Conflict`` when there are too many."""
        categories, _ = await self._load()
        if name not in categories and len(categories) >= MAX_LABELS:
            raise Conflict(f"there are {MAX_LABELS} categories already")
        statement = (
            "INSERT INTO categories (name, save_path, owner) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET save_path = excluded.save_path"
        )
        await self._database.write(lambda db: _each(db, statement, [(name, save_path, owner)]))
        categories[name] = save_path

    async def remove_categories(self, names: Iterable[str]) -> None:
        """Forget those of them that there are."""
        categories, _ = await self._load()
        gone = [name for name in names if name in categories]
        await self._database.write(lambda db: _each(db, "DELETE FROM categories WHERE name = ?", [(n,) for n in gone]))
        for name in gone:
            categories.pop(name, None)

    async def add_tags(self, names: Iterable[str]) -> None:
        """Create those that are new. Raises ``Conflict`` when there are too many."""
        _, tags = await self._load()
        new = set(names) - tags
        if len(tags) + len(new) > MAX_LABELS:
            raise Conflict(f"there may be {MAX_LABELS} tags")
        await self._database.write(lambda db: _each(db, "INSERT OR IGNORE INTO tags VALUES (?)", [(n,) for n in new]))
        tags |= new

    async def remove_tags(self, names: Iterable[str]) -> None:
        """Forget those of them that there are."""
        _, tags = await self._load()
        gone = tags.intersection(names)
        await self._database.write(lambda db: _each(db, "DELETE FROM tags WHERE name = ?", [(n,) for n in gone]))
        tags -= gone

    async def _load(self) -> tuple[dict[str, str], set[str]]:
        if self._loaded is None:
            found = await self._database.read(_read)
            self._loaded = self._loaded or found
        return self._loaded


def _read(db: sqlite3.Connection) -> tuple[dict[str, str], set[str]]:
    categories = {row["name"]: row["save_path"] for row in db.execute("SELECT name, save_path FROM categories")}
    return categories, {row["name"] for row in db.execute("SELECT name FROM tags")}


def _each(db: sqlite3.Connection, statement: str, rows: Sequence[tuple[str | None, ...]]) -> None:
    db.executemany(statement, rows)
