"""Walking over a :class:`~jackd.config.node.Node` tree, checking it and keeping all problems."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TypeVar, cast

from attrs import define, field, frozen

from jackd.config.node import Block, Entry, Node, Scalar
from jackd.config.problem import Problem

T = TypeVar("T")
Check = Callable[["Cursor"], T]
"""Makes a value of what stands at the cursor, or raises :class:`Wrong`."""


class Wrong(Exception):
    """The value is not usable; the message says what it should be, and never what it is."""


@define(kw_only=True)
class Reading:
    """One reading of one file: what it may look at, and what it found."""

    file: str
    environ: Mapping[str, str]
    problems: list[Problem] = field(factory=list)
    notes: list[str] = field(factory=list)
    claims: dict[tuple[str, str], Cursor] = field(factory=dict)


@frozen(kw_only=True)
class Cursor:
    """A node, and the path that leads to it."""

    node: Node
    path: str
    reading: Reading

    def read(self, check: Check[T], default: T) -> T:
        """``check`` of this; when it is wrong that is kept as a problem, and ``default`` is given."""
        try:
            return check(self)
        except Wrong as error:
            self.wrong(str(error))
            return default

    def wrong(self, message: str) -> None:
        """Keep a problem here."""
        node = self.node
        problem = Problem(file=self.reading.file, line=node.line, column=node.column, path=self.path, message=message)
        self.reading.problems.append(problem)

    def note(self, message: str) -> None:
        """Keep something that the operator should know."""
        note = Problem(file=self.reading.file, line=self.node.line, path=self.path, message=message)
        self.reading.notes.append(str(note))

    def at(self, node: Node, step: str) -> Cursor:
        """One step further down."""
        return Cursor(node=node, path=f"{self.path}{step}".lstrip("."), reading=self.reading)


class Section:
    """
    A block whose keys are taken one by one: ``with Section(cursor) as block: block.need("name", text)``. On leaving it,
    every key that nobody asked for is a problem. Raises :class:`Wrong` for what is no block.
    """

    def __init__(self, cursor: Cursor) -> None:
        if not isinstance(cursor.node, Block):
            raise Wrong(f"must be a block of settings; it is {cursor.node.kind}")
        self._cursor = cursor
        self._asked: set[str] = set()
        self._entries: dict[str, Entry] = {}
        for entry in cursor.node.entries:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        first = self._entries.setdefault(entry.key, entry)
        if first is not entry:
            self._at_key(entry).wrong(f"is given twice, first in line {first.line}; keep one of them")

    def __enter__(self) -> Section:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key, entry in self._entries.items():
            if key not in self._asked:
                self._at_key(entry).wrong(f"is not a setting{_suggestion(key, self._asked)}")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not self._entries

    def get(self, key: str) -> Cursor | None:
        """Where ``key``'s value stands; ``None`` when it is missing or null."""
        self._asked.add(key)
        entry = self._entries.get(key)
        if entry is None or (isinstance(entry.value, Scalar) and entry.value.value is None):
            return None
        return self._cursor.at(entry.value, f".{key}")

    def take(self, key: str, check: Check[T], default: T) -> T:
        """The value of a key that may be missing."""
        cursor = self.get(key)
        return default if cursor is None else cursor.read(check, default)

    def need(self, key: str, check: Check[T], why: str = "") -> T:
        """
        The value of a key that must be there. When it is missing or wrong a stand-in is given, which is not a ``T``;
        it goes nowhere, because a reading with problems makes no settings.
        """
        missing = cast("T", None)
        cursor = self.get(key)
        if cursor is None:
            self.missing(key, why)
            return missing
        return cursor.read(check, missing)

    def missing(self, key: str, why: str = "") -> None:
        """Keep as a problem that ``key`` is not there."""
        entry = self._entries.get(key)
        here = self._at_key(entry) if entry else self._cursor.at(self._cursor.node, f".{key}")
        here.wrong(f"is missing{': ' if why else ''}{why}")

    def refuse(self, keys: Iterable[str], why: str) -> None:
        """Those keys are settings, but have no place in this block."""
        for key in keys:
            cursor = self.get(key)
            if cursor is not None:
                self._at_key(self._entries[key]).wrong(why)

    def ignore(self, keys: Mapping[str, str]) -> None:
        """Those keys are known and have no effect here, for the reason given."""
        for key, why in keys.items():
            cursor = self.get(key)
            if cursor is not None:
                cursor.note(f"has no effect: {why}")
        # They are no suggestions for a misspelt key either.
        self._asked.difference_update(k for k in keys if k not in self._entries)

    def _at_key(self, entry: Entry) -> Cursor:
        return self._cursor.at(entry, f".{entry.key}")


def _suggestion(key: str, known: Iterable[str]) -> str:
    plain = {_plain(name): name for name in sorted(known)}
    found = difflib.get_close_matches(_plain(key), plain, n=1)
    if found:
        return f'; did you mean "{plain[found[0]]}"?'
    return f"; known here: {', '.join(plain.values())}" if plain else ""


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")
