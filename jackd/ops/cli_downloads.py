"""``jack downloads``: the queue, once or live, and what the operator does with it."""

from __future__ import annotations

import json
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from jackd.ops.cli_config import own_daemon
from jackd.ops.client import Client, CommandFailed
from jackd.ops.redact import one_line
from jackd.ops.terminal import room
from jackd.ops.watch import MAX_TITLE, table, watch

if TYPE_CHECKING:
    from argparse import _SubParsersAction

MAX_PAGES = 10
"""Of a thousand downloads each: as many as a queue may have."""

MAX_NAMED = 10

WHICH = "a part of a title, the beginning of a hash, or all"


@frozen
class Action:
    """
    What can be done to a download; the qBittorrent dialect has it all already.

    :ivar call: its name there, and ``form`` what goes with it.
    :ivar done: what is said afterwards.
    :ivar passes_over: states in which it means nothing.
    """

    call: str
    done: str
    help: str
    form: Mapping[str, str] = {}
    passes_over: Collection[str] = ()


ACTIONS = {
    "pause": Action("pause", "paused", "stop it; what came is kept", passes_over=("completed", "failed")),
    "resume": Action("resume", "resumed", "go on, at once; gives what failed another chance"),
    "remove": Action("delete", "removed", "take it off the queue; a finished file stays", {"deleteFiles": "false"}),
    "top": Action("topPrio", "first now", "make it the first of the queue"),
    "bottom": Action("bottomPrio", "last now", "make it the last of the queue"),
    "force": Action(
        "setForceStart", "forced", "go on beside the others, without a slot", {"value": "true"}, ("completed",)
    ),
}


def add_to(commands: _SubParsersAction[ArgumentParser], config: ArgumentParser) -> None:
    """Adds the command."""
    text = "the download queue: show it, watch it, pause, resume, remove, reorder"
    downloads = commands.add_parser("downloads", parents=[config], help=text, description=text)
    shown = downloads.add_mutually_exclusive_group()
    shown.add_argument("--watch", action="store_true", help="go on showing it, until ctrl-C")
    shown.add_argument("--json", action="store_true", help="for scripts")
    downloads.set_defaults(command=show)
    actions = downloads.add_subparsers(metavar="ACTION", dest="action")
    for name, action in ACTIONS.items():
        change = actions.add_parser(name, help=action.help, description=action.help)
        change.add_argument(
            "which", nargs="+", metavar="WHICH", help="a part of a title, the beginning of a hash, or all"
        )
        change.add_argument("--config", metavar="FILE", default=SUPPRESS, help=SUPPRESS)
        change.set_defaults(command=act)
        if name == "remove":
            change.add_argument("--files", action="store_true", help="remove the finished file too")


def show(options: Namespace) -> int:
    """Prints the queue."""
    daemon = own_daemon(options)
    if options.watch:
        return watch(lambda: rows(daemon))
    found = rows(daemon)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(table(found, room()[0])))
    return 0


def rows(daemon: Client) -> list[dict[str, Any]]:
    """All downloads, as ``GET /downloads`` has them. Raises ``CommandFailed``."""
    found: list[dict[str, Any]] = []
    for _ in range(MAX_PAGES):
        answer = daemon.get("/downloads", {"offset": len(found)})
        page = answer.get("downloads") if isinstance(answer, dict) else None
        if not isinstance(page, list):
            raise CommandFailed("the answer has no list of downloads; is that a jack of this version?")
        found += page
        if not page or len(found) >= answer.get("total", 0):
            break
    return found


def act(options: Namespace) -> int:
    """Does it to all that are named, or, when one can't be told, to none."""
    daemon, action = own_daemon(options), ACTIONS[options.action]
    found = rows(daemon)
    chosen, states = choose(found, options.which), {row["hash"]: row["state"] for row in found}
    left = {hash: title for hash, title in chosen.items() if states[hash] not in action.passes_over}
    for hash, title in chosen.items():
        if hash not in left:
            print(f"nothing to {options.action}, it is {states[hash]}: {title}")
    if not left:
        return 1
    form = {"hashes": "|".join(left), **action.form}
    if getattr(options, "files", False):
        form["deleteFiles"] = "true"
    daemon.change(f"/api/v2/torrents/{action.call}", form)
    for title in left.values():
        print(f"{action.done}: {title}")
    return 0


def choose(found: Sequence[dict[str, Any]], which: Sequence[str]) -> dict[str, str]:
    """Title by hash of what each word means. Raises ``CommandFailed`` for one that means nothing, or too much."""
    chosen: dict[str, str] = {}
    for word in which:
        meant = found if word == "all" else _meant(found, word)
        chosen |= {row["hash"]: one_line(row["title"], MAX_TITLE) for row in meant}
    return chosen


def _meant(found: Sequence[dict[str, Any]], word: str) -> Sequence[dict[str, Any]]:
    wanted = word.casefold()
    exact = [row for row in found if wanted in (row["hash"], row["title"].casefold())]
    meant = exact or [r for r in found if r["hash"].startswith(wanted) or wanted in r["title"].casefold()]
    if not meant:
        raise CommandFailed(f"no download is called {word!r}")
    if len(meant) > 1:
        named = [f"{row['hash'][:8]}  {one_line(row['title'], MAX_TITLE)}" for row in meant[:MAX_NAMED]]
        raise CommandFailed(f"{word!r} means {len(meant)} downloads; say more:\n" + "\n".join(named))
    return meant
