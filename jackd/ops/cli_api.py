"""``jack api``: any request to the daemon, in the manner of HTTPie."""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from jackd.ops.cli_config import own_daemon
from jackd.ops.client import CommandFailed, Reply

if TYPE_CHECKING:
    from argparse import _SubParsersAction

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

_ITEM = re.compile(r"(?s)([^:=]+)(==|:=|=|:)(.*)")


@frozen(kw_only=True)
class Items:
    """What the words after the path mean."""

    query: dict[str, str] = field(factory=dict)
    headers: dict[str, str] = field(factory=dict)
    body: dict[str, Any] = field(factory=dict)


def add_to(commands: _SubParsersAction[ArgumentParser], config: ArgumentParser) -> None:
    """Adds the command."""
    api = commands.add_parser(
        "api",
        parents=[config],
        help="any request to the daemon",
        usage="jack api [-h] [--config FILE] [--json] [METHOD] PATH [ITEM ...]",
        description="Items: name==query, name=text and name:=json of a JSON body, Header:value. Adds the key.",
    )
    api.add_argument("--json", action="store_true", help="print the body only, as it came")
    api.add_argument("words", nargs="+", metavar="[METHOD] PATH [ITEM …]")
    api.set_defaults(command=call)


def call(options: Namespace) -> int:
    """Prints the answer; exit code 1 unless its status is 2xx."""
    method, path, words = split_words(options.words)
    items = read_items(words)
    method = method or ("POST" if items.body else "GET")
    reply = own_daemon(options).ask(
        method, path, params=items.query, headers=items.headers, body=items.body if items.body else None
    )
    _show(reply, raw=options.json)
    return 0 if reply.ok else 1


def split_words(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """Method (may be empty), path, items."""
    if words[0].upper() in METHODS:
        if len(words) == 1:
            raise CommandFailed(f"a path is missing: jack api {words[0]} /ping")
        return words[0].upper(), words[1], words[2:]
    return "", words[0], words[1:]


def read_items(words: Sequence[str]) -> Items:
    """``a==1`` query, ``a=1`` text and ``a:=1`` JSON of the body, ``A:1`` header. Raises ``CommandFailed``."""
    items = Items()
    for word in words:
        found = _ITEM.fullmatch(word)
        if found is None:
            raise CommandFailed(f"{word!r} is none of name==query, name=text, name:=json, Header:value")
        name, operator, value = found.groups()
        if operator == ":=":
            items.body[name] = _parsed(name, value)
        else:
            {"==": items.query, "=": items.body, ":": items.headers}[operator][name] = value.strip()
    return items


def _parsed(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise CommandFailed(f"{name}:= needs JSON: {error}") from None


def _show(reply: Reply, *, raw: bool) -> None:
    if raw:
        sys.stdout.write(reply.text)
        return
    print(f"HTTP {reply.status}", file=sys.stderr)
    if "json" in reply.type:
        print(json.dumps(reply.json(), indent=2, ensure_ascii=False))
    elif reply.body:
        print(reply.text.rstrip("\n"))
