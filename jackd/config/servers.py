"""``servers``: the *arrs that files come from and go to, and plain folders that are shared."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import get_args

from jackd.config.checks import absolute_path, boolean, integer, list_of, name, once, one_of, same_url, url
from jackd.config.headers import headers
from jackd.config.reading import Cursor, Section
from jackd.config.secrets import arr_key
from jackd.config.settings import AutoRegister, ServerSettings, ServerType
from jackd.model.paths import PathMap, PathMapping

MAX_PRIORITY = 50
"""What Radarr and Sonarr allow an indexer."""

_TYPES: tuple[ServerType, ...] = get_args(ServerType)
_ARR_ONLY = ("url", "apiKey", "headers", "autoregister", "pathMappings")


def server(cursor: Cursor) -> ServerSettings:
    """One server, of whichever type."""
    with Section(cursor) as block:
        called = block.need("name", once("server name", name, str.casefold), "what you call this server")
        kind = block.take("type", one_of(_TYPES), None)
        if block.get("type") is None:
            block.missing("type", f"one of {', '.join(_TYPES)}")
        source = block.take("source", boolean, True)
        if kind == "folder":
            return _folder(block, called, source)
        if kind is None:
            block.get("path")  # who knows what it was meant to be
        else:
            block.refuse(["path"], 'is for the type "folder" only; remove it')
        return _arr(block, called, kind or "radarr", source)


def _folder(block: Section, called: str, source: bool) -> ServerSettings:
    block.refuse(_ARR_ONLY, "has no place in a folder; remove it")
    path = block.need("path", once("server path", absolute_path, str), "the folder to share")
    if block.take("destination", boolean, False):
        block.refuse(["destination"], "must not be true: a folder can't search or import; remove it")
    return ServerSettings(
        name=called,
        type="folder",
        url=f"file://{path}",
        source=source,
        destination=False,
        autoregister=AutoRegister(enable=False),
        path=path,
    )


def _arr(block: Section, called: str, kind: ServerType, source: bool) -> ServerSettings:
    return ServerSettings(
        name=called,
        type=kind,
        url=block.need("url", once("server url", url, same_url), "the server's address"),
        api_key=block.need("apiKey", arr_key, "shown by the server under Settings, General, API Key"),
        headers=block.take("headers", headers, {}),
        source=source,
        destination=block.take("destination", boolean, True),
        autoregister=block.take("autoregister", _autoregister, AutoRegister()),
        path_map=PathMap(block.take("pathMappings", list_of(_mapping), ())),
    )


def _autoregister(cursor: Cursor) -> AutoRegister:
    unset = AutoRegister()
    with Section(cursor) as block:
        return AutoRegister(
            enable=block.take("enable", boolean, unset.enable),
            priority=block.take("priority", integer(1, MAX_PRIORITY), unset.priority),
        )


def _mapping(cursor: Cursor) -> PathMapping:
    with Section(cursor) as block:
        return PathMapping(
            theirs=block.need("from", _posix_path, "the folder as the server sees it"),
            ours=block.need("to", _posix_path, "the same folder as jack sees it"),
        )


def _posix_path(cursor: Cursor) -> PurePosixPath:
    return PurePosixPath(absolute_path(cursor))
