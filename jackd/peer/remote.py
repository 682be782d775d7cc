"""An answer to a request for a file, judged before a byte of it is believed (F20 to F29)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocol, IPushProducer
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.iweb import UNKNOWN_LENGTH, IResponse
from zope.interface import implementer

from jackd.model.errors import AnotherFile, PeerError
from jackd.peer.answers import header, media_type, refuse
from jackd.peer.wire import MAX_SIZE
from jackd.ports import Taken
from jackd.web.outgoing import discard
from jackd.web.ranges import parse_content_range, parse_unsatisfied, strong_etag
from jackd.web.takeover import TakenAnswer


class StartAgain(Exception):
    """The file is not the one of which the beginning is there: ask again, for all of it."""


class OpenedFile:
    """
    Implements :class:`jackd.ports.RemoteFile`.

    :param response: ``None`` when there is nothing left to come.
    :param stop: the offset behind the last byte that comes, when that is not the file's end.
    """

    def __init__(
        self, response: IResponse | None, *, size: int, start: int, etag: str | None, stop: int | None = None
    ) -> None:
        self._stop = size if stop is None else stop
        self._response = response
        self._receiver: IProtocol | None = None
        self._known = response if isinstance(response, TakenAnswer) else None
        self.size = size
        self.start = start
        self.etag = etag

    def deliver(self, receiver: IProtocol) -> None:
        """See the port. A body without announced end has ended well when it has the announced length (F22)."""
        self._receiver = receiver
        response, self._response = self._response, None
        if response is None:
            receiver.makeConnection(_Nothing())  # type: ignore[arg-type]
            receiver.connectionLost(Failure(ResponseDone()))
        elif response.length == UNKNOWN_LENGTH:
            response.deliverBody(_Counting(receiver, self._stop - self.start))
        else:
            response.deliverBody(receiver)

    def take_over(self) -> Deferred[Taken] | None:
        """See the port."""
        response = self._response
        if not isinstance(response, TakenAnswer):
            return None
        taking = response.take_over()
        if taking is not None:
            self._response = None
        return taking

    def abort(self) -> None:
        """See the port."""
        if self._known is not None:
            self._known.hang_up()
        response, self._response = self._response, None
        if response is not None:
            discard(response)
        transport: Any = getattr(self._receiver, "transport", None)
        if transport is not None:
            transport.loseConnection()


def judged(
    response: IResponse, *, start: int, etag: str | None, announced: int | None, now: float, stop: int | None = None
) -> OpenedFile:
    """
    ``response`` as an open file.

    :param start: the offset that was asked for.
    :param stop: the offset behind the last byte that was asked for, when that was not all the rest.
    :param etag: what was sent as ``If-Range``.
    :param announced: the item's size, if known, for an answer without length.
    :raises StartAgain: when only the whole file will do.
    :raises PeerError: as the protocol says.
    """
    if response.code == 416 and start and stop is None:
        return _at_the_end(response, start)
    if response.code not in (200, 206):
        refuse(response.code, response.headers, now=now, item=True)
    if media_type(response.headers) in ("text/html", "multipart/byteranges"):
        raise PeerError("a page came instead of the file: there may be an auth layer in front of the peer")
    if response.code == 206:
        return _continued(response, start, stop, etag)
    if stop is not None:
        raise AnotherFile("the peer did not send the part that was asked for")
    size = announced if response.length == UNKNOWN_LENGTH else response.length
    if not size or size > MAX_SIZE:
        raise PeerError(f"the peer gives no usable size ({size})", temporary=False)
    return OpenedFile(response, size=size, start=0, etag=_etag(response))


def _continued(response: IResponse, start: int, stop: int | None, etag: str | None) -> OpenedFile:
    found = parse_content_range(header(response.headers, "content-range"))
    if not (start or stop) or found is None:
        raise PeerError("the peer sent a part that was not asked for")
    part, size = found
    if size > MAX_SIZE:
        raise PeerError(f"the peer gives no usable size ({size})", temporary=False)
    if part.start != start or part.stop != (stop or size) or response.length not in (UNKNOWN_LENGTH, part.length):
        raise PeerError("the peer sent another part than was asked for")
    if etag is not None and etag != _etag(response):
        raise StartAgain
    return OpenedFile(response, size=size, start=start, stop=stop, etag=_etag(response))


def _at_the_end(response: IResponse, start: int) -> OpenedFile:
    if parse_unsatisfied(header(response.headers, "content-range")) != start:
        raise StartAgain
    discard(response)
    return OpenedFile(None, size=start, start=start, etag=_etag(response))


def _etag(response: IResponse) -> str | None:
    return strong_etag(header(response.headers, "etag"))


class _Counting(Protocol):
    """Between a body that just ends and its receiver: tells a whole one from one that was cut short."""

    def __init__(self, receiver: IProtocol, length: int) -> None:
        self._receiver = receiver
        self._left = length

    def connectionMade(self) -> None:
        self._receiver.makeConnection(self.transport)  # type: ignore[arg-type]

    def dataReceived(self, data: bytes) -> None:
        self._left -= len(data)
        self._receiver.dataReceived(data)

    def connectionLost(self, reason: Failure = Failure(ResponseDone())) -> None:  # noqa: B008
        whole = self._left == 0 and reason.check(PotentialDataLoss)
        self._receiver.connectionLost(Failure(ResponseDone()) if whole else reason)


@implementer(IPushProducer)
class _Nothing:
    """The transport of an empty body."""

    def pauseProducing(self) -> None:
        pass

    def resumeProducing(self) -> None:
        pass

    def stopProducing(self) -> None:
        pass

    def loseConnection(self) -> None:
        pass
