"""
A friend's jack that misbehaves: HTTP by hand on a real socket, one method for each fault F15 to F30.

``/handshake``, ``/peer/search`` and ``/peer/items/<id>`` are answered honestly, so that a real daemon finds the item.
Each request for the file is answered by the next of :attr:`EvilPeer.faults`, and honestly when none is left::

    peer = EvilPeer(content, release)
    port = peer.listen(reactor)
    peer.faults = [EvilPeer.resets, EvilPeer.ignores_range]
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, field
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory, Protocol

HTML = b"<!doctype html><html><body>Please log in</body></html>"
TRICKLE_SECONDS = 0.02


@define
class Asked:
    """One request, and the socket to answer it on."""

    method: str
    path: str
    headers: dict[str, str]
    transport: Any = field(repr=False)

    @property
    def start(self) -> int | None:
        """The first byte that is asked for, ``None`` when all are."""
        text = self.headers.get("range", "")
        return int(text.removeprefix("bytes=").partition("-")[0]) if text.startswith("bytes=") else None

    def head(self, status: str, headers: Mapping[str, object]) -> None:
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
        self.transport.write("\r\n".join([*lines, "", ""]).encode())

    def answer(self, status: str, headers: Mapping[str, object], body: bytes) -> None:
        self.head(status, {"Content-Length": len(body), **headers})
        self.transport.write(body)


Fault = Callable[["EvilPeer", Asked], None]


class EvilPeer(Factory):
    """
    Serves ``content`` as the file of ``release`` (the JSON of a peer's item, with the content's size).

    :ivar etag: validator of the honest answers; ``None``: none, as an original jack.
    :ivar faults: what the next answers to requests for the file do.
    :ivar asked: all requests for the file.
    :ivar elsewhere: requests for a path that only a followed redirect leads to.
    """

    noisy = False

    def __init__(self, content: bytes, release: Mapping[str, Any], *, etag: str | None = '"one"') -> None:
        self.content = content
        self.release = {**release, "size": len(content)}
        self.etag = etag
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self.elsewhere: list[Asked] = []
        self.open: set[Any] = set()

    def listen(self, reactor: Any) -> IListeningPort:
        """On any free port of 127.0.0.1; :attr:`url` tells which."""
        self.reactor = reactor
        self.port: Any = reactor.listenTCP(0, self, interface="127.0.0.1")
        return self.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port.getHost().port}"

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        for transport in list(self.open):
            transport.abortConnection()
        await self.port.stopListening()

    def buildProtocol(self, addr: Any) -> Protocol:
        return _Connection(self)

    def got(self, asked: Asked) -> None:
        path = asked.path.partition("?")[0]
        if path.endswith("/file"):
            self.asked.append(asked)
            fault = self.faults.pop(0) if self.faults else EvilPeer.honest
            fault(self, asked)
        elif path == "/handshake":
            self._json(asked, {"name": "jack", "version": "0.1.0"})
        elif path == "/peer/search":
            self._json(asked, {"items": [self.release]})
        elif path.startswith("/peer/items/"):
            self._json(asked, self.release)
        else:
            self.elsewhere.append(asked)
            asked.answer("200 OK", {}, self.content)

    def _json(self, asked: Asked, value: Any) -> None:
        asked.answer("200 OK", {"Content-Type": "application/json"}, json.dumps(value).encode())

    def _headers(self, **more: object) -> dict[str, object]:
        known = {"Content-Type": "application/octet-stream", "ETag": self.etag}
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in {**known, **named}.items() if value is not None}

    def _begin(self, asked: Asked) -> bytes:
        """The right head; returns the bytes that should follow."""
        start, size = asked.start, len(self.content)
        if start is None or asked.headers.get("if-range") not in (None, self.etag):
            asked.head("200 OK", self._headers(Content_Length=size))
            return self.content
        if start >= size:
            asked.head("416 Range Not Satisfiable", {"Content-Range": f"bytes */{size}", "Content-Length": 0})
            return b""
        found = f"bytes {start}-{size - 1}/{size}"
        asked.head("206 Partial Content", self._headers(Content_Length=size - start, Content_Range=found))
        return self.content[start:]

    # What he does with a request for the file

    def honest(self, asked: Asked) -> None:
        asked.transport.write(self._begin(asked))

    def resets(self, asked: Asked) -> None:
        """F15: half of the body, then RST."""
        body = self._begin(asked)
        asked.transport.write(body[: len(body) // 2])
        self.reactor.callLater(0.05, asked.transport.abortConnection)

    def stalls(self, asked: Asked) -> None:
        """F15: half of the body, then silence."""
        body = self._begin(asked)
        asked.transport.write(body[: len(body) // 2])

    def never_answers(self, asked: Asked) -> None:
        """F16."""

    def trickles(self, asked: Asked) -> None:
        """F17: a byte now and then."""
        body = self._begin(asked)

        def more(at: int) -> None:
            if asked.transport.connected and at < len(body):
                asked.transport.write(body[at : at + 1])
                self.reactor.callLater(TRICKLE_SECONDS, more, at + 1)

        more(0)

    def short(self, asked: Asked) -> None:
        """F20: closes in good order before the announced end."""
        body = self._begin(asked)
        asked.transport.write(body[: len(body) // 2])
        asked.transport.loseConnection()

    def long(self, asked: Asked) -> None:
        """F21: more than its own ``Content-Length`` says."""
        asked.transport.write(self._begin(asked) + b"more" * 1000)

    def chunked(self, asked: Asked) -> None:
        """F22: no length, but the right number of bytes."""
        self._chunks(asked, self.content)

    def chunked_short(self, asked: Asked) -> None:
        """F22: ends in good order, with too few bytes."""
        self._chunks(asked, self.content[: len(self.content) // 2])

    def chunked_long(self, asked: Asked) -> None:
        """F22, F24: goes on behind the announced size."""
        self._chunks(asked, self.content + b"more" * 1000)

    def _chunks(self, asked: Asked, body: bytes) -> None:
        asked.head("200 OK", self._headers(Transfer_Encoding="chunked"))
        for at in range(0, len(body), 60_000):
            piece = body[at : at + 60_000]
            asked.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        asked.transport.write(b"0\r\n\r\n")

    def no_length(self, asked: Asked) -> None:
        """F22: the connection's end is the body's."""
        asked.head("200 OK", self._headers(Connection="close"))
        asked.transport.write(self.content)
        asked.transport.loseConnection()

    def no_length_short(self, asked: Asked) -> None:
        """F22: the same, but half of it is missing."""
        asked.head("200 OK", self._headers(Connection="close"))
        asked.transport.write(self.content[: len(self.content) // 2])
        asked.transport.loseConnection()

    def lies_small(self, asked: Asked) -> None:
        """F23: a consistent answer with a smaller file than was offered."""
        asked.answer("200 OK", self._headers(), self.content[:-1])

    def lies_big(self, asked: Asked) -> None:
        """F24: announces, and would send, far more than was offered."""
        asked.head("200 OK", self._headers(Content_Length=10**12))
        asked.transport.write(self.content * 2)

    def two_lengths(self, asked: Asked) -> None:
        """F23."""
        asked.head("200 OK", self._headers(Content_Length=f"{len(self.content)}\r\nContent-Length: 7"))
        asked.transport.write(self.content)

    def wrong_range(self, asked: Asked) -> None:
        """F26: another part than was asked for."""
        start, size = (asked.start or 0) + 100, len(self.content)
        found = f"bytes {start}-{size - 1}/{size}"
        asked.answer("206 Partial Content", self._headers(Content_Range=found), self.content[start:])

    def wrong_total(self, asked: Asked) -> None:
        """F26: the right bytes of a file that has another size now."""
        start, size = asked.start or 0, len(self.content)
        found = f"bytes {start}-{size - 1}/{size + 5}"
        asked.answer("206 Partial Content", self._headers(Content_Range=found), self.content[start:])

    def part_unasked(self, asked: Asked) -> None:
        """F26: 206 to a request for all."""
        self.wrong_range(asked)

    def ignores_range(self, asked: Asked) -> None:
        """F26: 200 to a request for a part."""
        asked.answer("200 OK", self._headers(), self.content)

    def byteranges(self, asked: Asked) -> None:
        """F26: multipart."""
        kind = "multipart/byteranges; boundary=X"
        asked.answer("206 Partial Content", self._headers(Content_Type=kind), b"--X\r\n\r\n" + self.content)

    def unsatisfiable(self, asked: Asked) -> None:
        """F26: 416 though there is more."""
        asked.answer("416 Range Not Satisfiable", {"Content-Range": f"bytes */{len(self.content)}"}, b"")

    def gzip(self, asked: Asked) -> None:
        """F27: an encoding nobody asked for."""
        asked.answer("200 OK", self._headers(Content_Encoding="gzip"), gzip.compress(self.content))

    def redirects(self, asked: Asked) -> None:
        """F28."""
        asked.answer("302 Found", {"Location": f"{self.url}/elsewhere"}, b"")

    def html(self, asked: Asked) -> None:
        """F29: a login page."""
        asked.answer("200 OK", {"Content-Type": "text/html"}, HTML)

    @staticmethod
    def status(code: int, **headers: object) -> Fault:
        """F30: ``status(429, Retry_After=7)``."""

        def fault(self: EvilPeer, asked: Asked) -> None:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            asked.answer(f"{code} No", {"Content-Type": "text/plain", **named}, b"no")

        return fault

    @staticmethod
    def replaced(content: bytes, etag: str | None) -> Fault:
        """F31 to F33: from now on it is another file."""

        def fault(self: EvilPeer, asked: Asked) -> None:
            self.content, self.etag = content, etag
            self.honest(asked)

        return fault

    @staticmethod
    def spliced(content: bytes, etag: str | None) -> Fault:
        """F32: another file from now on, and this time ``If-Range`` is not looked at."""

        def fault(self: EvilPeer, asked: Asked) -> None:
            self.content, self.etag = content, etag
            asked.headers.pop("if-range", None)
            self.honest(asked)

        return fault


class _Connection(Protocol):
    """Cuts what comes into requests; none of ours has a body."""

    transport: Any

    def __init__(self, peer: EvilPeer) -> None:
        self._peer = peer
        self._data = b""

    def connectionMade(self) -> None:
        self._peer.open.add(self.transport)

    def connectionLost(self, reason: object = None) -> None:
        self._peer.open.discard(self.transport)

    def dataReceived(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, self._data = self._data.partition(b"\r\n\r\n")
            line, *lines = head.decode("latin-1").split("\r\n")
            method, path, _ = line.split(" ")
            pairs = (text.partition(":") for text in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            self._peer.got(Asked(method, path, headers, self.transport))
