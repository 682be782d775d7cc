"""What of a new configuration has to wait for the next start."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from attrs import fields

from jackd.config.settings import ServerSettings, Settings
from jackd.model.peer import Peer

LIVE_IN_DOWNLOADS = frozenset({"max_concurrent_downloads"})
LIVE_IN_PEERS = frozenset({"sharing", "key_version", "upload_rate", "download_rate"})
"""What takes effect at once, as the blocks ``sharing`` and ``limits`` do."""

_RENAMED = {"key": "apiKey", "path_map": "pathMappings"}


def pending(running: Settings, new: Settings) -> list[str]:
    """
    The settings in which ``new`` differs from those that jack was started with and that can't change while it runs; as
    the file calls them, never with a value.
    """
    return [
        *_members("jack", running.jack, new.jack),
        *_downloads(running, new),
        *_members("search", running.search, new.search),
        *_entries("servers", running.servers, new.servers),
        *_entries("peers", running.peers, new.peers, LIVE_IN_PEERS),
    ]


def _downloads(running: Settings, new: Settings) -> Iterator[str]:
    if running.downloads is not None and new.downloads is not None:
        yield from _members("downloads", running.downloads, new.downloads, LIVE_IN_DOWNLOADS)
    elif running.downloads != new.downloads:
        yield "downloads"


def _entries(
    block: str,
    running: Sequence[ServerSettings] | Sequence[Peer],
    new: Sequence[ServerSettings] | Sequence[Peer],
    live: Collection[str] = (),
) -> Iterator[str]:
    """They are known by their URLs, and called by their names."""
    before, after = {entry.id: entry for entry in running}, {entry.id: entry for entry in new}
    for id, entry in before.items():
        if id not in after:
            yield f"{block}[{entry.name}], which is gone,"
        else:
            yield from _members(f"{block}[{after[id].name}]", entry, after[id], live)
    for id in after.keys() - before.keys():
        yield f"{block}[{after[id].name}], which is new,"


def _members(block: str, running: Any, new: Any, live: Collection[str] = ()) -> Iterator[str]:
    for member in fields(type(running)):
        if member.name not in live and getattr(running, member.name) != getattr(new, member.name):
            yield f"{block}.{_in_the_file(member.name)}"


def _in_the_file(name: str) -> str:
    first, *others = _RENAMED.get(name, name).split("_")
    return first + "".join(word.capitalize() for word in others)
