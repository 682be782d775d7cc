"""An item as the columns that :mod:`jackd.storage.criteria` looks at, and as the words that are searched."""

from __future__ import annotations

import sqlite3

from jackd.model.item import Item
from jackd.model.search import searchable
from jackd.storage.criteria import MAX_INTEGER
from jackd.storage.items import item_to_json, listed

COLUMNS = ("kind", "tmdb", "imdb", "tvdb", "season", "episodes", "absolute", "aired", "published", "item")


def column_values(item: Item) -> tuple[object, ...]:
    """The values of :data:`COLUMNS`."""
    return (
        item.kind.value,
        integer(item.ids.tmdb),
        item.ids.imdb,
        integer(item.ids.tvdb),
        integer(item.season),
        listed(item.episodes),
        integer(item.absolute),
        item.aired and item.aired.isoformat(),
        item.published.timestamp(),
        item_to_json(item),
    )


def integer(value: int | None) -> int | None:
    """A number that SQLite can't hold is nothing that anybody looks for."""
    return value if value is not None and abs(value) <= MAX_INTEGER else None


def upsert(place: tuple[str, ...], key: tuple[str, ...]) -> str:
    """SQL that writes an item: first the columns ``place``, then :data:`COLUMNS`. ``key`` is what can be there once."""
    columns = (*place, *COLUMNS)
    changed = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    values = ", ".join("?" * len(columns))
    return (
        f"INSERT INTO items ({', '.join(columns)}) VALUES ({values}) "  # noqa: S608 - names of this package
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed} RETURNING n"
    )


def write_words(connection: sqlite3.Connection, n: int, item: Item) -> None:
    """Have ``item`` found by its words in the row ``n``."""
    connection.execute("DELETE FROM item_words WHERE rowid = ?", (n,))
    connection.execute("INSERT INTO item_words (rowid, words) VALUES (?, ?)", (n, " ".join(sorted(searchable(item)))))
