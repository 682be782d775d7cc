"""
JSON with comments and trailing commas, into a :class:`~jackd.config.node.Node` tree.

Strings, numbers and words are left to :mod:`json`; what is here is the structure, because that is where the lines are
known. Comments count as blank space, so nothing has to be cut out and every offset stays true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeVar

from jackd.config.node import Block, Entry, Listing, Malformed, Node, Scalar, place

MAX_DEPTH = 50
"""Blocks within blocks; the settings need five."""

_BLANK = re.compile(r"(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SCALAR = re.compile(r'["\-0-9tfn]')
_HINT = "text and keys stand in double quotes, entries are separated by commas"

T = TypeVar("T", bound=Node)


def read_jsonc(text: str) -> Node:
    """The file's only value; nothing but blanks and comments is a null. Raises :class:`Malformed`."""
    return _Parser(text).document()


def _no_constant(name: str) -> float:
    raise ValueError(name)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)

    def document(self) -> Node:
        self._skip()
        if self._at == len(self._text):
            return Scalar(line=1, column=1, value=None)
        node = self._node()
        if self._at < len(self._text):
            raise self._malformed("nothing may follow the closing bracket")
        return node

    def _node(self) -> Node:
        line, column = place(self._text, self._at)
        next_ = self._peek()
        if next_ == "{":
            return Block(line=line, column=column, entries=self._all("}", self._entry))
        if next_ == "[":
            return Listing(line=line, column=column, items=self._all("]", self._node))
        return Scalar(line=line, column=column, value=self._scalar())

    def _all(self, end: str, one: Callable[[], T]) -> tuple[T, ...]:
        """The entries up to ``end``; what stands at the cursor is the opening bracket."""
        found: list[T] = []
        self._deeper()
        while self._peek() != end:
            found.append(one())
            if self._peek() == ",":
                self._step()
            elif self._peek() != end:
                raise self._malformed(f'"," or "{end}" is expected here: {_HINT}')
        self._depth -= 1
        self._step()
        return tuple(found)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._malformed("too many brackets within brackets")
        self._step()

    def _entry(self) -> Entry:
        line, column = place(self._text, self._at)
        if self._peek() != '"':
            raise self._malformed(f"a key is expected here: {_HINT}")
        key = str(self._scalar())
        if self._peek() != ":":
            raise self._malformed('":" is expected after the key')
        self._step()
        return Entry(line=line, column=column, key=key, value=self._node())

    def _scalar(self) -> str | int | float | bool | None:
        if not _SCALAR.match(self._text, self._at):
            raise self._malformed(f"a value is expected here: {_HINT}")
        try:
            value, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            line, column = place(self._text, error.pos)
            raise Malformed(f"{error.msg.removesuffix(' at')} here: {_HINT}", line, column) from None
        except ValueError:  # Infinity, or a number of thousands of digits
            raise self._malformed("this number can't be read") from None
        self._skip()
        assert value is None or isinstance(value, str | int | float)
        return value

    def _peek(self) -> str:
        """The next character that counts; empty at the end."""
        return self._text[self._at : self._at + 1]

    def _step(self) -> None:
        self._at += 1
        self._skip()

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        assert blank is not None  # it matches nothing, too
        self._at = blank.end()

    def _malformed(self, message: str) -> Malformed:
        if self._text.startswith("/*", self._at):
            message = 'this comment has no end: "*/" is missing'
        elif self._at >= len(self._text):
            message = f"the file ends too early: {message}"
        return Malformed(message, *place(self._text, self._at))
