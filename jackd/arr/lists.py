"""
Long lists of JSON, parsed on a thread, member by member as the text is taken in: ``json.loads`` of a whole library
holds the interpreter for seconds.
"""

from __future__ import annotations

import codecs
import json
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from jackd.model.errors import LibraryUnavailable

WINDOW: Final = 65_536
"""Characters that are there before a member is tried; one that is longer is tried again with twice as many."""

MAX_MEMBER: Final = 16 << 20
"""Characters of one member."""

_DECODER: Final = json.JSONDecoder()
_OF_NUMBERS: Final = ".eE"
_BLANK: Final = " \t\r\n"


def elements(body: deque[bytes]) -> Iterator[Any]:
    """
    The members of a JSON array. ``body`` is emptied on the way.

    :raises LibraryUnavailable: when it is no array, or broken off.
    """
    text = _Text(body)
    beginning = body[0][:80].decode("utf-8", "replace") if body else ""
    try:
        text.expect("[")
        while not text.goes_on_with("]"):
            yield text.value()
            if not text.goes_on_with("]"):
                text.expect(",")
    except (ValueError, RecursionError):
        raise LibraryUnavailable(f"the answer is not a complete JSON list; it begins {beginning!r}") from None


class _Text:
    """What is left of a text, of which no more is in memory than is needed. Raises ``ValueError`` for what is wrong."""

    def __init__(self, parts: deque[bytes]) -> None:
        self._parts = parts
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0

    def expect(self, mark: str) -> None:
        """Take ``mark``, which must come next."""
        if not self.goes_on_with(mark):
            raise ValueError(mark)
        self._at += 1

    def goes_on_with(self, mark: str) -> bool:
        """Whether ``mark`` comes next, after blanks."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at] == mark
            if not self._fill(WINDOW):
                raise ValueError("it breaks off")

    def value(self) -> Any:
        """Take the next value."""
        wanted = WINDOW
        while True:
            is_all = not self._fill(wanted)
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except ValueError:
                if is_all or wanted > MAX_MEMBER:
                    raise
            else:
                # What is cut within a number may look like another number.
                if is_all or (end < len(self._text) and self._text[end] not in _OF_NUMBERS):
                    self._at = end
                    return value
            wanted *= 2

    def _fill(self, wanted: int) -> bool:
        """Have so many characters, if there are. Whether there may be more."""
        if len(self._text) - self._at < wanted and self._parts:
            taken = [self._text[self._at :]]
            have = len(taken[0])
            while have < 2 * wanted and self._parts:
                part = self._parts.popleft()
                taken.append(self._decoder.decode(part, final=not self._parts))
                have += len(taken[-1])
            self._text, self._at = "".join(taken), 0
            return True
        return bool(self._parts)
