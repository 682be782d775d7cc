"""The lead's answer, and whether it is the continuation of what we have."""

from __future__ import annotations

from typing import TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from jackd.model.coverage import Span
from jackd.model.errors import AnotherFile, NotFound, PeerError, UpstreamError
from jackd.model.release import Source
from jackd.ports import RemoteFile, RemoteFiles
from jackd.transfer.sink import Stopped

T = TypeVar("T")


async def open_source(files: RemoteFiles, source: Source, gap: Span, *, size: int, etag: str | None) -> RemoteFile:
    """
    The bytes of ``gap`` (and, when that ends with the file, whatever follows it) if the file is still the one with
    ``etag``, else all bytes: look at the answer's ``start``.

    Bytes of two different files must never meet in one part: a continuation with another validator is not taken,
    the file is asked for anew. Without validators (original jacks have none) the peer's range has to do.

    :param size: of the file, as it was offered.
    :raises PeerError: for good when the file has not that size (F23, F24).
    """
    start, stop = gap
    try:
        remote = await files.open(
            source.peer, source.item, start=start, stop=stop if stop < size else None, etag=etag, size=size
        )
    except AnotherFile:
        remote = await files.open(source.peer, source.item, size=size)
    if remote.start not in (0, start) or (remote.start and remote.etag != etag):
        remote.abort()
        remote = await files.open(source.peer, source.item, size=size)
        start = 0
    try:
        _must_fit(remote, size, start)
    except PeerError:
        remote.abort()
        raise
    return remote


def _must_fit(remote: RemoteFile, size: int, start: int) -> None:
    if remote.size != size:
        raise PeerError(f"the file has {remote.size} bytes, {size} were offered", temporary=False)
    if remote.start not in (0, start):
        raise PeerError(f"bytes from {start} on were asked for, those from {remote.start} on came")


async def opened(opening: Deferred[T]) -> T:
    """
    What ``opening`` gives.

    :raises PeerError: also when its time is up.
    :raises Stopped: when it is cancelled.
    """
    try:
        return await opening
    except (PeerError, NotFound):
        raise
    except CancelledError:
        raise Stopped from None
    except (DeferredTimeout, TimeoutError):
        raise PeerError("no answer in time") from None
    except UpstreamError as error:
        raise PeerError(str(error)) from None
