"""
The one way in which jack calls others: no redirects (a key must not travel on, F28), no surprise encodings (F27), a
deadline, and a limit on what an answer may hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from attrs import field, frozen
from treq.client import HTTPClient
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectError, ConnectingCancelledError, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IBodyProducer, IResponse
from zope.interface import implementer

from jackd.model.errors import JackError
from jackd.web.trust import distrust

MAX_ANSWER_HEADERS = 100
QUOTED = 512
"""Bytes of another server's error body that go into our message."""


class CallFailed(JackError):
    """
    No answer at all: connection, DNS, TLS, deadline, or more than the limit.

    :ivar late: whether it was the deadline.
    """

    status = 502
    code = "CALL_FAILED"

    def __init__(self, message: str = "", *, late: bool = False) -> None:
        super().__init__(message)
        self.late = late


@frozen(kw_only=True)
class Answer:
    """
    An answer with its whole body.

    :ivar parts: the body as it came; joining a long one takes a while.
    """

    status: int
    headers: Headers = field(repr=False)
    parts: Sequence[bytes] = field(repr=False)

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(self.parts)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        found = self.headers.getRawHeaders(name)
        return str(found[0]) if found else None

    def json(self) -> Any:
        """The body as JSON. Raises ``CallFailed`` for anything else, quoting its beginning."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise CallFailed(f"not JSON: {self.quoted()}") from None

    def quoted(self) -> str:
        """The beginning of the body, on one line, for messages."""
        text = b"".join(islice(self.parts, QUOTED))[:QUOTED].decode("utf-8", "replace")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())


class Outgoing:
    """Calls others by HTTP. One for all of jack; the connection pool is the agent's."""

    def __init__(self, agent: IAgent, clock: IReactorTime) -> None:
        self._http = HTTPClient(_Uncoded(agent))
        self._clock = clock

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,
        limit: int,
        params: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        """
        One request and its whole answer, within ``timeout`` seconds and ``limit`` bytes.

        :param body: sent as JSON when it is not ``None``.
        :raises CallFailed: when there is no complete answer. Any status is an answer, also a redirect.
        """
        done: Deferred[Answer] = Deferred.fromCoroutine(self._call(method, url, headers, limit, params, body))
        done.addTimeout(timeout, self._clock, onTimeoutCancel=_too_late)
        try:
            return await done
        except (CallFailed, CancelledError):
            raise
        except Exception as error:
            raise CallFailed(_reason(error), late=_is_late(error)) from None

    async def _call(
        self, method: str, url: str, headers: Mapping[str, str], limit: int, params: Any, body: Any
    ) -> Answer:
        response = await self.open(method, url, headers=headers, params=params, body=body)
        collected: Deferred[list[bytes]] = Deferred(lambda _: collector.abort())
        collector = _Collector(collected, limit)
        response.deliverBody(collector)
        return Answer(status=response.code, headers=response.headers, parts=await collected)

    async def open(
        self, method: str, url: str, *, headers: Mapping[str, str], params: Any = None, body: Any = None
    ) -> IResponse:
        """The answer's head; the caller delivers the body, and sets the deadline."""
        extra = {} if body is None else {"json": body}
        response = await self._http.request(
            method,
            url,
            headers=Headers({k: [v] for k, v in headers.items()}),
            params=params,
            allow_redirects=False,
            unbuffered=True,
            **extra,
        )
        if len(list(response.headers.getAllRawHeaders())) > MAX_ANSWER_HEADERS:
            discard(response.original)
            raise CallFailed("too many headers")
        return response.original


@implementer(IAgent)
class _Uncoded:
    """
    Below treq, which asks for gzip and inflates without a bound: asks for the bytes as they are, refuses others. Hides
    cookies, which treq would keep for everybody whom jack ever called.
    """

    def __init__(self, agent: IAgent) -> None:
        self._agent = agent

    def request(
        self, method: bytes, uri: bytes, headers: Headers | None = None, bodyProducer: IBodyProducer | None = None
    ) -> Deferred[IResponse]:
        plain = headers.copy() if headers else Headers()
        plain.setRawHeaders("accept-encoding", ["identity"])
        return self._agent.request(method, uri, plain, bodyProducer).addCallbacks(self._check, _cancelled_or)

    def _check(self, response: IResponse) -> IResponse:
        response.headers.removeHeader("set-cookie")
        coding = response.headers.getRawHeaders("content-encoding", ["identity"])[0]
        if coding.lower() != "identity":
            discard(response)
            raise CallFailed(f"the answer has the content coding {coding[:20]!r}, which was not asked for")
        return response


def discard(response: IResponse) -> None:
    """
    Close the connection of an answer whose body nobody wants; at once if the answer knows its connection. Else, through
    TLS, it is only said that it may be closed, and a server may go on sending all the same.
    """
    hang_up = getattr(response, "hang_up", None)
    response.deliverBody(_Hangup())
    if hang_up is not None:
        hang_up()


class _Hangup(Protocol):
    """Wants nothing of a body."""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.abortConnection() if hasattr(transport, "abortConnection") else transport.loseConnection()


class _Collector(Protocol):
    """Gathers a body up to a limit."""

    transport: Any

    def __init__(self, done: Deferred[list[bytes]], limit: int) -> None:
        self._done = done
        self._left = limit
        self._parts: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._finish(Failure(CallFailed("the answer is too large")))
            self.abort()
        else:
            self._parts.append(data)

    def connectionLost(self, reason: Failure = Failure(ResponseDone())) -> None:  # noqa: B008
        if reason.check(ResponseDone):
            self._finish(self._parts)
        else:
            self._finish(Failure(CallFailed("the answer broke off")))

    def abort(self) -> None:
        """Close the connection; what is missing does not matter any more."""
        if self.transport is not None:
            self.transport.loseConnection()

    def _finish(self, result: list[bytes] | Failure) -> None:
        if not self._done.called:
            self._done.callback(result)


def _too_late(result: object, seconds: float) -> None:
    raise CallFailed(f"no answer in {seconds:g} s", late=True)


def _cancelled_or(failure: Failure) -> Failure:
    """
    ``failure``, or plain ``CancelledError`` when that is what is behind it: Twisted wraps it, and whoever was told to
    stop would take it for one more failed attempt.
    """
    if _was_cancelled(failure.value):
        raise CancelledError from None
    return failure


def _was_cancelled(error: BaseException | None) -> bool:
    if isinstance(error, CancelledError | ConnectingCancelledError):
        return True
    return any(_was_cancelled(reason.value) for reason in getattr(error, "reasons", None) or ())


def _is_late(error: Exception) -> bool:
    return isinstance(error, TimeoutError | ConnectTimeout)


def _reason(error: Exception) -> str:
    if isinstance(error, ResponseFailed) and error.reasons:
        return _reason(error.reasons[0].value)
    if (why := distrust(error)) is not None:
        return why
    if isinstance(error, DNSLookupError):
        return "the host name is not known"
    if _is_late(error):
        return "no answer in time"
    if isinstance(error, ConnectError):
        return "the connection was refused or lost"
    return f"{type(error).__name__}: {error}"[:QUOTED]
