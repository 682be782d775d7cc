"""``jack history``: what became of the downloads, what friends fetched, and how much each gave and took."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from jackd.ops.cli_config import own_daemon
from jackd.ops.client import Client, CommandFailed
from jackd.ops.redact import one_line
from jackd.ops.terminal import fitted, size

if TYPE_CHECKING:
    from argparse import _SubParsersAction

PAGE = 500
"""Lines asked for at once."""

DEFAULT_LINES = 50
MAX_CELL = 300

_WAYS = {"fetched": "from", "shared": "to"}

Line = dict[str, Any]


def add_to(commands: _SubParsersAction[ArgumentParser], config: ArgumentParser) -> None:
    """Adds the command."""
    history = commands.add_parser(
        "history",
        parents=[config],
        help="what was fetched from whom, and what friends fetched from here",
        description="Newest first: when, what became of it, how large, how fast, from or to whom, title.",
    )
    which = history.add_mutually_exclusive_group()
    which.add_argument("--fetched", action="store_true", help="only my downloads")
    which.add_argument("--shared", action="store_true", help="only what friends fetched")
    which.add_argument("--friends", action="store_true", help="how much each friend gave and took")
    history.add_argument("--limit", type=int, default=DEFAULT_LINES, metavar="N", help="so many lines (%(default)s)")
    history.add_argument("--json", action="store_true", help="for scripts")
    history.set_defaults(command=run)


def run(options: Namespace) -> int:
    """Prints the lines, or the sums."""
    daemon = own_daemon(options)
    found = _list(daemon.get("/history/friends"), "friends") if options.friends else read(daemon, options)
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    for row in found:
        print(total(row) if options.friends else line(row))
    return 0


def read(daemon: Client, options: Namespace) -> list[Line]:
    """Page after page. Raises ``CommandFailed``."""
    direction = "shared" if options.shared else "fetched" if options.fetched else None
    found: list[Line] = []
    while len(found) < options.limit:
        before = found[-1]["id"] if found else None
        asked = {"direction": direction, "limit": min(PAGE, options.limit - len(found)), "before": before}
        page = _list(daemon.get("/history", asked), "history")
        found += page
        if not page:
            break
    return found


def _list(answer: Any, name: str) -> list[Line]:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise CommandFailed("the answer has no history; is that a jack of this version?")
    return found


def line(row: Line) -> str:
    """``2026-11-14 10:32  completed   8.5 GB   112 MB/s  from Alice  Title (verified)``."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["endedAt"]))
    friends = ", ".join(friend["name"] for friend in row["friends"])
    cells = [when, f"{row['event']:<9}", f"{size(row['bytes']):>6}", f"{size(row['speed']) + '/s':>8}"]
    cells += [fitted(one_line(f"{_WAYS[row['direction']]} {friends}", MAX_CELL), 16)]
    notes = "; ".join(one_line(note, MAX_CELL) for note in _notes(row))
    return "  ".join([*cells, one_line(row["title"], MAX_CELL)]) + (f" ({notes})" if notes else "")


def _notes(row: Line) -> list[str]:
    notes = []
    if row["bytes"] < row["size"]:
        notes.append(f"of {size(row['size'])}")
    if row["direction"] == "shared":
        return [*notes, row["client"]]
    if row["event"] == "completed":
        notes.append("verified" if row["verified"] else "unverified")
    if row["failedAttempts"]:
        notes.append(f"failed attempts: {row['failedAttempts']}")
    return notes + ([row["reason"]] if row["reason"] else [])


def total(row: Line) -> str:
    """``Alice  gave 1.2 TB in 140 files, took 12 GB in 3``."""
    name = fitted(one_line(row["name"], MAX_CELL), 16)
    gave, took = size(row["fetched"]), size(row["shared"])
    return f"{name}  gave {gave} in {row['fetchedFiles']} files, took {took} in {row['sharedFiles']}"
