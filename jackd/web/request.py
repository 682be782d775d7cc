"""
A request that is judged when its headers are there, before a byte of its body is looked at.

Twisted parses forms by itself, on the reactor, before any resource is asked, and has no limit on bodies; jack's
:class:`JackRequest` asks its :class:`~jackd.web.site.Site` first and parses nothing: :mod:`jackd.web.forms` does.
"""

from __future__ import annotations

from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.web import server

from jackd.model.errors import BadRequest, Forbidden, JackError, TooLarge, TooManyTries, Unauthorized
from jackd.web.auth import Account
from jackd.web.limits import DISCARDED_BODY, MAX_ARGUMENTS, MAX_HEADERS, MAX_URI

if TYPE_CHECKING:
    from jackd.web.connection import Connection
    from jackd.web.site import Mount, Site

log = Logger(namespace="jackd.request")


@frozen(kw_only=True)
class Head:
    """
    What is known of a request before its body: enough to let it in or not.

    :ivar path: without query, as sent.
    :ivar query: decoded; the first of several equal names.
    :ivar headers: lower-case name to the first value.
    :ivar client: the caller's IP address.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    client: str

    @property
    def presents_key(self) -> bool:
        """Whether there is a key in it, right or wrong; a session's cookie is none."""
        return bool(
            self.query.get("apikey") or self.headers.get("x-api-key") or self.headers.get("authorization", "").strip()
        )


class JackRequest(server.Request):
    """
    What Klein's handlers are given.

    :ivar head: what was judged.
    :ivar account: who calls, once let in; ``None`` on open routes.
    :ivar connection: that it came on.
    """

    head: Head
    connection: Connection
    account: Account | None = None
    content_type = ""
    _mount: Mount | None = None
    _refusal: JackError | None = None
    _dropped = False

    def __init__(self, channel: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(channel, *args, **kwargs)
        self._started = monotonic()
        self._gate: Site = channel.site
        self._deadline: IDelayedCall | None = self._gate.watch(self)

    def gotLength(self, length: int | None) -> None:
        """All headers are there: let the request in, or make sure that its body is thrown away."""
        self.content = BytesIO()
        self._clock_out()
        try:
            self._let_in(length)
        except JackError as error:
            guessed = isinstance(error, Unauthorized | Forbidden)
            self._refusal = self._gate.guesses.judged(self.head, error) if guessed else error
            if length is None or length > DISCARDED_BODY:
                self._answer_and_hang_up(error)
        if length:
            self._deadline = self._gate.watch_body(self)
        # Twisted would parse a form right after the body came; it does not know what it has not been told.
        self.content_type = self.requestHeaders.getRawHeaders(b"content-type", [b""])[0].decode("latin-1")
        self.requestHeaders.removeHeader(b"content-type")

    def _let_in(self, length: int | None) -> None:
        self.head = _head(self)
        self._mount = self._gate.mount_for(self.head.path)
        self.account = self._mount.app.admit(self.head)
        if self.account is not None:
            self.connection.account = self.account
        _check_length(self.head.method, length, self._mount.max_body)

    def handleContentChunk(self, data: bytes) -> None:
        if self._refusal is None:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self._clock_out()
        if not self._dropped:
            super().requestReceived(command, path, version)

    def process(self) -> None:
        """Answer the refusal, or hand over to the app."""
        done: Deferred[None] = self.notifyFinish()
        done.addBoth(self._trace)
        if self._refusal is None:
            super().process()
        elif isinstance(self._refusal, TooManyTries):
            self._deadline = self._gate.keep_back(self._refuse, self._refusal)
        else:
            self._refuse(self._refusal)

    def write(self, data: bytes) -> None:
        """Says nothing of the software that answers: strangers read it too (S1)."""
        if not self.startedWriting:
            self.responseHeaders.removeHeader(b"server")
        super().write(data)

    def drop(self) -> None:
        """Close the connection at once: too slow, or too much."""
        self._dropped = True
        transport: Any = self.channel.transport
        transport.abortConnection()

    def connectionLost(self, reason: Any) -> None:
        self._clock_out()
        super().connectionLost(reason)

    def _refuse(self, error: JackError) -> None:
        mount = self._mount or self._gate.fallback
        self.write(mount.app.errors(self, error))
        self.finish()

    def _answer_and_hang_up(self, error: JackError) -> None:
        self._dropped = True
        self.method, self.clientproto = b"GET", b"HTTP/1.0"
        mount = self._mount or self._gate.fallback
        body = mount.app.errors(self, error)
        head = [
            f"HTTP/1.1 {self.code} {self.code_message.decode()}",
            f"content-length: {len(body)}",
            "connection: close",
        ]
        kind = self.responseHeaders.getRawHeaders("content-type", ["text/plain"])[0]
        transport: Any = self.channel.transport
        transport.write("\r\n".join([*head, f"content-type: {kind}", "", ""]).encode() + body)
        transport.loseConnection()

    def _clock_out(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = None

    def _trace(self, _: object) -> None:
        log.debug(
            "{method} {path} -> {status} in {ms:.0f} ms for {who}",
            trace=True,
            method=self.head.method if self._refusal is None else self.method.decode("latin-1"),
            path=self.path.decode("latin-1"),
            status=self.code,
            ms=(monotonic() - self._started) * 1000,
            who=self.account.name if self.account else "-",
        )


def _head(request: JackRequest) -> Head:
    # Twisted sets method and uri only after the body; the channel has had them since the first line.
    method, uri = request.channel._command, request.channel._path
    request.method, request.uri, request.path = method, uri, uri.partition(b"?")[0]
    headers = dict(request.requestHeaders.getAllRawHeaders())
    if sum(map(len, headers.values())) > MAX_HEADERS or len(uri) > MAX_URI:
        raise BadRequest("too many headers, or too long a URL")
    if len(headers.get(b"Host", ())) != 1 or not uri.startswith(b"/"):
        raise BadRequest("a request needs exactly one Host header and a path")
    try:
        query = parse_qsl(uri.partition(b"?")[2].decode("ascii"), keep_blank_values=True, max_num_fields=MAX_ARGUMENTS)
    except (UnicodeDecodeError, ValueError):
        raise BadRequest("the query can't be read") from None
    return Head(
        method=method.decode("ascii", "replace"),
        path=request.path.decode("ascii", "replace"),
        query=dict(reversed(query)),
        headers={k.decode("latin-1").lower(): v[0].decode("latin-1") for k, v in headers.items()},
        client=getattr(request.getClientAddress(), "host", ""),
    )


def _check_length(method: str, length: int | None, limit: int) -> None:
    if method in ("GET", "HEAD") and length:
        limit = min(limit, DISCARDED_BODY)
    if length is None or length > limit:
        raise TooLarge(f"the body must have a Content-Length of at most {limit} bytes")
