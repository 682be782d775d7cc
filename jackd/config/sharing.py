"""``sharing``: what is shared with everybody, or with one friend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from jackd.config.checks import list_of, name, one_of, text
from jackd.config.node import Listing, Scalar
from jackd.config.reading import Check, Cursor, Section, Wrong
from jackd.config.settings import ServerSettings
from jackd.model.item import Kind
from jackd.model.search import folded_pattern
from jackd.model.sharing import Rule, Rules

T = TypeVar("T")

GIB = 1 << 30
MAX_GIB = 1 << 20


def sharing(servers: Sequence[ServerSettings]) -> Check[Rules]:
    """``sharing``, whose rules may name those servers."""

    def check(cursor: Cursor) -> Rules:
        with Section(cursor) as block:
            rules = list_of(_rule(servers))
            return Rules(deny=block.take("deny", rules, ()), allow=block.take("allow", rules, None))

    return check


def _rule(servers: Sequence[ServerSettings]) -> Check[Rule]:
    def check(cursor: Cursor) -> Rule:
        with Section(cursor) as block:
            found = Rule(
                servers=block.take("server", _one_or_more(_server(servers)), ()),
                folders=_both_names(block.take("rootFolder", _one_or_more(_folder), ()), servers),
                tags=block.take("tags", _one_or_more(_tag), ()),
                qualities=block.take("quality", _one_or_more(_quality), ()),
                titles=block.take("title", _one_or_more(_title), ()),
                kind=block.take("kind", _kind, None),
                min_size=block.take("minGiB", _size, None),
                max_size=block.take("maxGiB", _size, None),
            )
        if block.is_empty:
            raise Wrong("must say what it is about; for everything there is server, with all of them")
        if found.min_size is not None and found.max_size is not None and found.max_size < found.min_size:
            raise Wrong("can fit nothing: maxGiB is less than minGiB")
        return found

    return check


def _one_or_more(check: Check[T]) -> Check[tuple[T, ...]]:
    """A value, or a list of some."""

    def check_all(cursor: Cursor) -> tuple[T, ...]:
        if not isinstance(cursor.node, Listing):
            return (check(cursor),)
        if not cursor.node.items:
            raise Wrong("must not be an empty list")
        return list_of(check)(cursor)

    return check_all


def _server(servers: Sequence[ServerSettings]) -> Check[str]:
    def check(cursor: Cursor) -> str:
        wanted = name(cursor)
        found = next((s.id for s in servers if s.name and s.name.casefold() == wanted.casefold()), None)
        if found is None:
            known = ", ".join(s.name for s in servers if s.name) or "none"
            raise Wrong(f"must be the name of a server; there are: {known}")
        return found

    return check


def _folder(cursor: Cursor) -> str:
    return text(cursor).strip().replace("\\", "/").rstrip("/")


def _both_names(folders: Sequence[str], servers: Sequence[ServerSettings]) -> tuple[str, ...]:
    """A folder may be called as a server calls it, or as jack does."""
    theirs = (server.path_map.theirs(folder) for folder in folders for server in servers)
    return tuple(dict.fromkeys([*folders, *theirs]))


def _tag(cursor: Cursor) -> str:
    found = text(cursor).strip().lower()
    if "," in found:
        raise Wrong("must be the label of one tag; several make a list")
    return found


def _quality(cursor: Cursor) -> str:
    return text(cursor).strip().lower().replace("[", "[[]")


def _title(cursor: Cursor) -> str:
    found = folded_pattern(text(cursor))
    if not found:
        raise Wrong("must have a letter, a digit or a * in it")
    return found


def _kind(cursor: Cursor) -> Kind:
    return Kind(one_of(tuple(kind.value for kind in Kind))(cursor))


def _size(cursor: Cursor) -> int:
    """Bytes, from GiB."""
    found = cursor.node.value if isinstance(cursor.node, Scalar) else None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise Wrong(f"must be a number of GiB, without quotes; it is {cursor.node.kind}")
    if not 0 <= found <= MAX_GIB:
        raise Wrong(f"must be from 0 to {MAX_GIB}")
    return round(found * GIB)
