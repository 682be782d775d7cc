"""
A friend whose jack shakes hands and searches well, with many movies; what happens when one is fetched is up to the
test. He speaks bytes, not HTTP: nothing corrects what he says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from attrs import define, frozen
from twisted.internet.protocol import Factory, Protocol

ETAG = '"first"'
HOLD = None
"""Among the bytes of an answer: say no more, and keep the connection."""

Said = Sequence[bytes | None]


@frozen(kw_only=True)
class Asked:
    """
    One request for a file.

    :ivar turn: how many came before it for this item.
    :ivar start: of the range that is asked for, ``None`` without.
    :ivar elsewhere: a URL where nobody may be sent to with a key.
    """

    turn: int
    start: int | None
    if_range: str | None
    content: bytes
    elsewhere: str


Behaviour = Callable[[Asked], Said]


@define(kw_only=True)
class Offer:
    """A movie with that many bytes, and what happens when it is fetched."""

    tmdb: int
    title: str
    content: bytes
    behave: Behaviour
    turns: int = 0

    @property
    def id(self) -> str:
        return f"deadbeef:movie:{self.tmdb}"

    @property
    def release(self) -> dict[str, Any]:
        name = f"{self.title.replace(' ', '.')}.2001.1080p.BluRay.x264-GRP"
        quality = {"name": "Bluray-1080p", "source": "bluray", "resolution": 1080}
        known = {"id": self.id, "title": name, "filename": f"{name}.mkv", "category": 2000, "size": len(self.content)}
        return {**known, "tmdbId": self.tmdb, "quality": quality, "publishDate": "2026-11-14T10:00:00Z"}


class BadPeer(Factory):
    """:ivar keys: every ``X-Api-Key`` that came."""

    def __init__(self, offers: Sequence[Offer], elsewhere: str) -> None:
        self.offers = {offer.id: offer for offer in offers}
        self.elsewhere = elsewhere
        self.keys: set[str] = set()
        self.noisy = False

    def buildProtocol(self, addr: object) -> Protocol:
        return _Conversation(self)

    def answer(self, target: str, headers: Mapping[str, str]) -> Said:
        """What is said to one request."""
        self.keys.add(headers.get("x-api-key", ""))
        path, _, query = target.partition("?")
        if path == "/handshake":
            return said_json({"name": "jack", "version": "0.1.0"})
        if path == "/peer/search":
            wanted = re.search(r"tmdbId=(\d+)", query)
            found = [o.release for o in self.offers.values() if wanted is None or o.tmdb == int(wanted[1])]
            return said_json({"items": found})
        offer = self.offers[unquote(path.split("/")[3])]
        return self._file(offer, headers) if path.endswith("/file") else said_json(offer.release)

    def _file(self, offer: Offer, headers: Mapping[str, str]) -> Said:
        turn, offer.turns = offer.turns, offer.turns + 1
        found = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
        asked = Asked(
            turn=turn,
            start=int(found[1]) if found else None,
            if_range=headers.get("if-range"),
            content=offer.content,
            elsewhere=self.elsewhere,
        )
        return offer.behave(asked)


class _Conversation(Protocol):
    """One request, one answer, and the end."""

    transport: Any

    def __init__(self, peer: BadPeer) -> None:
        self._peer = peer
        self._got = b""

    def dataReceived(self, data: bytes) -> None:
        self._got += data
        if b"\r\n\r\n" not in self._got:
            return
        first, *lines = self._got.decode().split("\r\n\r\n")[0].split("\r\n")
        self._got = b""
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        for piece in self._peer.answer(first.split()[1], headers):
            if piece is HOLD:
                return
            self.transport.write(piece)
        self.transport.loseConnection()


def head(status: int, **headers: object) -> bytes:
    """A status line and headers; ``Content_Length=3`` is ``Content-Length: 3``."""
    kind = {"Content_Type": "application/octet-stream", "Connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in kind.items() if value is not None]
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", *lines, "", ""]).encode()


def said_json(value: object) -> Said:
    body = json.dumps(value).encode()
    return [head(200, Content_Type="application/json", Content_Length=len(body)), body]


def page(status: int = 200) -> Said:
    """The login page of a proxy."""
    body = b"<html>Please log in</html>"
    return [head(status, Content_Type="text/html; charset=utf-8", Content_Length=len(body)), body]


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def whole(asked: Asked, *, etag: str | None = ETAG, content: bytes | None = None) -> Said:
    """All of it, in good order."""
    content = asked.content if content is None else content
    return [head(200, Content_Length=len(content), ETag=etag), content]


def part(asked: Asked, *, etag: str | None = ETAG, content: bytes | None = None, shift: int = 0) -> Said:
    """What was asked for; ``shift`` bytes off."""
    content = asked.content if content is None else content
    start = (asked.start or 0) + shift
    told = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return [head(206, Content_Range=told, Content_Length=len(content) - start, ETag=etag), content[start:]]


def good(asked: Asked) -> Said:
    """What a good jack says."""
    if asked.start is not None and asked.if_range in (None, ETAG):
        return part(asked)
    return whole(asked)


def cut(asked: Asked, size: int) -> Said:
    """:func:`good`, for so many bytes; then the connection breaks."""
    first, body = good(asked)
    assert first is not None and body is not None
    return [first, body[:size]]
