"""A configuration file as a tree that knows where everything stands, whatever language it was written in."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Node:
    """Part of a file; ``line`` and ``column`` are where it begins, from 1."""

    line: int
    column: int

    kind = "nothing"


@frozen(kw_only=True)
class Scalar(Node):
    """
    A single value.

    :ivar source: how it is written, if without quotes (YAML): ``0123`` is a number here and good text there.
    """

    value: bool | int | float | str | None
    source: str | None = None

    @property
    def kind(self) -> str:  # type: ignore[override]
        """What it is, as a message says it."""
        if isinstance(self.value, bool):
            return "true or false"
        if isinstance(self.value, int | float):
            return "a number"
        return "text" if isinstance(self.value, str) else "nothing"


@frozen(kw_only=True)
class Listing(Node):
    """``[…]``, or lines that begin with a dash."""

    items: tuple[Node, ...]

    kind = "a list"


@frozen(kw_only=True)
class Entry(Node):
    """One ``key: value`` of a block; its place is the key's."""

    key: str
    value: Node


@frozen(kw_only=True)
class Block(Node):
    """``{…}``, or indented ``key: value`` lines, in order; a key may occur twice here."""

    entries: tuple[Entry, ...]

    kind = "a block"


class Malformed(Exception):
    """The file can't be understood at all from there on."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of a character."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
