"""``jack peer search`` and ``jack torznab search``: what friends get to see, and what the *arrs get to see."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from attrs import evolve

from jackd.model.peer import Peer
from jackd.ops.cli_config import own_daemon, peer_key, settings_for
from jackd.ops.client import Client, CommandFailed
from jackd.ops.redact import one_line

if TYPE_CHECKING:
    from argparse import _SubParsersAction

MAX_CELL = 120

_NAMESPACE = "{http://torznab.com/schemas/2015/feed}"


def add_to(commands: _SubParsersAction[ArgumentParser], config: ArgumentParser) -> None:
    """Adds the commands."""
    peer = _search(commands, config, "peer", "what a jack offers to its friends: this one, or a friend's (--peer)")
    peer.add_argument("--peer", metavar="NAME", help="ask that friend, or all; else this jack itself")
    peer.add_argument("--as", dest="as_friend", metavar="NAME", help="what that friend finds at this jack")
    peer.set_defaults(command=search_peers)
    torznab = _search(commands, config, "torznab", "what the arrs find through this jack")
    torznab.add_argument("--t", choices=["search", "movie", "tvsearch"], help="else chosen by the ids")
    torznab.add_argument("--cat", help="categories, with commas: 2000 movies, 5000 television")
    torznab.add_argument("--limit", type=int)
    torznab.add_argument("--offset", type=int)
    torznab.add_argument("--xml", action="store_true", help="print the feed as it came")
    torznab.set_defaults(command=search_torznab)


def _search(
    commands: _SubParsersAction[ArgumentParser], config: ArgumentParser, group: str, text: str
) -> ArgumentParser:
    inner = commands.add_parser(group, help=text).add_subparsers(metavar="COMMAND", required=True)
    search = inner.add_parser("search", parents=[config], help=text)
    for name in ("imdb", "tmdb", "tvdb"):
        search.add_argument(f"--{name}", f"--{name}id", f"--{name}Id", dest=name, metavar="ID")
    search.add_argument("--season", metavar="N")
    search.add_argument("--episode", "--ep", dest="episode", metavar="N")
    search.add_argument("--query", "--q", "-q", dest="query", metavar="WORDS")
    search.add_argument("--json", action="store_true", help="for scripts")
    return search


def search_peers(options: Namespace) -> int:
    """Prints the items; exit code 1 when one that was asked did not answer."""
    found: list[dict[str, Any]] = []
    failed = False
    for name, client in _peers(options):
        try:
            found += [{"peer": name, **item} for item in _items(client, options)]
        except CommandFailed as error:
            failed = True
            print(f"jack: {name}: {error}", file=sys.stderr)
    _print(found, options, "seriesTitle")
    return 1 if failed else 0


def _peers(options: Namespace) -> list[tuple[str, Client]]:
    if not options.peer:
        own = own_daemon(options)
        key = peer_key(settings_for(options), options.as_friend) if options.as_friend else own.key
        return [("this jack", evolve(own, key=key))]
    peers = settings_for(options).peers
    chosen = [p for p in peers if options.peer in ("all", p.name)]
    if not chosen:
        known = ", ".join(p.name for p in peers) or "there is none in the configuration"
        raise CommandFailed(f"no friend is called {options.peer!r}; known: {known}")
    return [(p.name, _client(p)) for p in chosen]


def _client(peer: Peer) -> Client:
    hint = "Is his jack running, and can this machine reach it?"
    keys = "Ask for the key that `jack key` with your name prints there, and write it to this friend's apiKey."
    return Client(url=peer.url, key=peer.key, headers=peer.headers, hint=hint, key_hint=keys)


def _items(client: Client, options: Namespace) -> list[dict[str, Any]]:
    params = {
        "imdbId": options.imdb,
        "tmdbId": options.tmdb,
        "tvdbId": options.tvdb,
        "season": options.season,
        "episode": options.episode,
        "q": options.query,
    }
    reply = client.good(client.ask("GET", "/peer/search", params=params))
    items = reply.json().get("items") if isinstance(reply.json(), dict) else None
    if not isinstance(items, list):
        raise CommandFailed("the answer has no list of items; is that a jack?")
    return [item for item in items if isinstance(item, dict)]


def search_torznab(options: Namespace) -> int:
    """Prints the releases."""
    params = {
        "t": options.t or _function(options),
        "imdbid": options.imdb,
        "tmdbid": options.tmdb,
        "tvdbid": options.tvdb,
        "season": options.season,
        "ep": options.episode,
        "q": options.query,
        "cat": options.cat,
        "limit": options.limit,
        "offset": options.offset,
    }
    daemon = own_daemon(options)
    reply = daemon.good(daemon.ask("GET", "/torznab/api", params=params))
    if options.xml:
        print(reply.text)
    else:
        _print(read_feed(reply.body), options, "published")
    return 0


def _function(options: Namespace) -> str:
    if options.tvdb or options.season or options.episode:
        return "tvsearch"
    return "movie" if options.imdb or options.tmdb else "search"


def read_feed(body: bytes) -> list[dict[str, Any]]:
    """The releases of our own daemon's feed. Raises ``CommandFailed`` with the error that a feed can be instead."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise CommandFailed("the answer is no Torznab feed")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - our own daemon's, without DTD
    except ElementTree.ParseError as error:
        raise CommandFailed(f"the answer is no Torznab feed: {error}") from None
    if root.tag == "error":
        raise CommandFailed(f"{root.get('description')} (code {root.get('code')})")
    return [_release(item) for item in root.iter("item")]


def _release(item: ElementTree.Element) -> dict[str, Any]:
    text = {name: item.findtext(name) or "" for name in ("title", "guid", "link", "pubDate", "size")}
    attributes = {a.get("name", ""): a.get("value") for a in item.iter(f"{_NAMESPACE}attr")}
    size = int(text["size"]) if text["size"].isdigit() else 0
    known = {"title": text["title"], "size": size, "published": text["pubDate"], "guid": text["guid"]}
    return {**known, "link": text["link"], "attributes": attributes}


def _print(rows: list[dict[str, Any]], options: Namespace, last: str) -> None:
    """A friend's words go to a terminal: no control characters."""
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        cells = [_size(row.get("size")), row.get("title"), row.get("peer"), row.get(last)]
        print("  ".join(one_line(str(cell), MAX_CELL) for cell in cells if cell))
    print(f"{len(rows)} found", file=sys.stderr)


def _size(size: object) -> str:
    return f"{size / 1e9:8.2f} GB" if isinstance(size, int | float) else " " * 11
