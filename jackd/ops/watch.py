"""The download queue as lines of text, once or again and again."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from jackd.ops.client import CommandFailed
from jackd.ops.redact import one_line
from jackd.ops.terminal import Screen, bar, cells, duration, fitted, room, size

LOOK_SECONDS = 1.0
MAX_TITLE = 300
MIN_TITLE = 16
WIDE = 100
"""Columns from which on there is room for more than the necessary."""

_ORDER = ["downloading", "verifying", "waiting", "queued", "paused", "failed", "completed"]

Row = dict[str, Any]
Look = Callable[[], list[Row]]


def watch(look: Look) -> int:
    """Until ctrl-C: live on a terminal, else a line for each change. Raises ``CommandFailed`` if nothing answers."""
    found = look()
    with suppress(KeyboardInterrupt):
        if sys.stdout.isatty():
            _live(look, found)
        else:
            _tell(look, found)
    return 0


def _live(look: Look, found: list[Row]) -> None:
    trouble = ""
    with Screen() as screen:
        while True:
            columns, lines = room()
            screen.draw(page(found, columns, lines, trouble))
            time.sleep(LOOK_SECONDS)
            try:
                found, trouble = look(), ""
            except CommandFailed as error:
                trouble = str(error)


def _tell(look: Look, found: list[Row]) -> None:
    told: dict[str, str] = {}
    trouble = ""
    while True:
        for news in changes(told, found):
            print(f"{time.strftime('%H:%M:%S')}  {news}", flush=True)
        time.sleep(LOOK_SECONDS)
        try:
            found, trouble = look(), ""
        except CommandFailed as error:
            if not trouble:
                print(f"jack: {error}", file=sys.stderr, flush=True)
            trouble = str(error)


def changes(told: dict[str, str], found: Sequence[Row]) -> list[str]:
    """A line for each download that is new, gone, in another state or a tenth further than was ``told``, by hash."""
    news = {row["hash"]: _news(row) for row in found}
    gone = [f"{'gone':<19}{told.pop(hash)[19:]}" for hash in [*told] if hash not in news]
    lines = [line for hash, line in news.items() if told.get(hash) != line]
    told.update(news)
    return gone + lines


def _news(row: Row) -> str:
    tenth = int(row["progress"] * 10) * 10
    return f"{row['state']:<12} {tenth:3}%  {_title(row)}" + (f": {_reason(row)}" if row["reason"] else "")


def page(found: Sequence[Row], columns: int, lines: int, trouble: str = "") -> list[str]:
    """As many as fit, in a terminal of that size."""
    rows = table(found, columns)
    head = [fitted(one_line(trouble, MAX_TITLE), columns)] if trouble else []
    free = max(lines - len(head), 1)
    if len(rows) > free:
        rows = [*rows[: free - 1], fitted(f"… and {len(rows) - free + 1} lines more", columns)]
    return [*head, *rows][:lines]


def table(found: Sequence[Row], columns: int) -> list[str]:
    """A line that sums up, then one for each download, and one for the reason where there is one."""
    lines = [fitted(summary(found), columns).rstrip()]
    for row in sorted(found, key=lambda row: _ORDER.index(row["state"]) if row["state"] in _ORDER else 0):
        lines.append(line(row, columns))
        if row["reason"]:
            lines.append(fitted(f"  {_reason(row)}", columns).rstrip())
    return lines


def summary(found: Sequence[Row]) -> str:
    """``2 downloading, 5 queued; 25 MB/s, 41 GB left, 27:20``."""
    if not found:
        return "no downloads"
    counted = Counter(row["state"] for row in found)
    states = ", ".join(f"{counted[state]} {state}" for state in _ORDER if counted[state])
    speed = sum(row["speed"] for row in found)
    left = sum(row["size"] - row["received"] for row in found if row["state"] not in ("completed", "failed"))
    if not left:
        return states
    soon = f", {duration(left / speed)}" if speed else ""
    return f"{states}; {size(speed)}/s, {size(left)} left{soon}"


def line(row: Row, columns: int) -> str:
    """One download: title, bar, per cent, speed and time left, or its state; from whom."""
    wide = columns >= WIDE
    parts = [bar(row["progress"], 20 if wide else 10), f"{int(row['progress'] * 100):3}%"]
    if wide:
        parts.append(f"{size(row['size']):>7}")
    parts.append(fitted(_pace(row) if row["state"] == "downloading" else _state(row), 18))
    parts.append(fitted(one_line(", ".join(row["friends"]), MAX_TITLE), 20 if wide else 10))
    rest = " ".join(parts)
    title = fitted(_title(row), max(columns - cells(rest) - 1, MIN_TITLE))
    return fitted(f"{title} {rest}", columns).rstrip()


def _pace(row: Row) -> str:
    left = "" if row["eta"] is None else duration(row["eta"])
    return f"{size(row['speed']) + '/s':>9} {left:>8}"


def _state(row: Row) -> str:
    if row["state"] == "waiting" and row["retryAt"]:
        return f"waits {duration(max(0.0, row['retryAt'] - time.time()))}"
    return "verified" if row["verified"] else str(row["state"])


def _title(row: Row) -> str:
    """A friend's words go to a terminal: no control characters (S27)."""
    return one_line(row["title"], MAX_TITLE)


def _reason(row: Row) -> str:
    return one_line(row["reason"], MAX_TITLE)
