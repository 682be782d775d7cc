"""What fits on a terminal: text by cells, numbers for people, bars, and a screen that is given back as it was."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType, TracebackType

_ENTER = "\x1b[?1049h\x1b[?25l"  # the other page, no cursor
_LEAVE = "\x1b[?25h\x1b[?1049l"
_HOME, _LINE, _REST_OF_PAGE = "\x1b[H", "\x1b[K", "\x1b[J"
_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
_ROUND = 10
"""Numbers from this one on are shown without decimals."""


def cells(text: str) -> int:
    """How wide ``text`` is: most characters take one cell, East Asian ones two, accents none."""
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fitted(text: str, width: int) -> str:
    """``text`` in exactly ``width`` cells: cut with an ellipsis, or filled with spaces."""
    if width < 1:
        return ""
    if cells(text) <= width:
        return text + " " * (width - cells(text))
    kept, room = "", width - 1
    for char in text:
        if _cells(char) > room:
            break
        kept, room = kept + char, room - _cells(char)
    return f"{kept}…{' ' * room}"


def size(count: float) -> str:
    """``8.5 GB``: three digits at the most, in the powers of 1000 that disks are sold by."""
    unit = 0
    while count >= _STEP - 0.5 and unit < len(_UNITS) - 1:
        count, unit = count / _STEP, unit + 1
    return f"{count:.{1 if unit and count < _ROUND else 0}f} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """``1:05`` or ``2:03:04``; days for what takes so long."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours >= 100:
        return f"{hours // 24} days"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def bar(share: float, width: int) -> str:
    """``━━━━━╸────``; plain signs for a terminal that knows no others."""
    full, half, empty = "━╸─" if _can("━╸─") else "=>-"
    halves = int(min(max(share, 0.0), 1.0) * width * 2)
    text = full * (halves // 2) + half * (halves % 2)
    return text + empty * (width - len(text))


def _can(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def room() -> tuple[int, int]:
    """Columns and lines."""
    found = shutil.get_terminal_size()
    return found.columns, found.lines


class Screen:
    """
    A page of its own, so that what stood there before comes back: also after ctrl-C and SIGTERM, and as long as ctrl-Z
    has put the command to sleep.
    """

    def __enter__(self) -> Screen:
        self._handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGTSTP)}
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGTSTP, self._sleep)
        _write(_ENTER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the terminal may be gone
            _write(_LEAVE)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def draw(self, lines: Sequence[str]) -> None:
        """Show these, none wider than the terminal, in one go: nothing flickers."""
        # Erased before it is written: behind a line that fills the terminal the cursor stands on its last character.
        _write(_HOME + "\r\n".join(_LINE + line for line in lines) + _REST_OF_PAGE)

    def _sleep(self, number: int, frame: FrameType | None) -> None:
        _write(_LEAVE)
        os.kill(os.getpid(), signal.SIGSTOP)
        _write(_ENTER)


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
