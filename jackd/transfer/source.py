"""The friend's answer, and whether it is the continuation of what we have."""

from __future__ import annotations

from typing import TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from jackd.model.download import Grab
from jackd.model.errors import NotFound, PeerError, UpstreamError
from jackd.ports import RemoteFile, RemoteFiles
from jackd.transfer.sink import Stopped

T = TypeVar("T")


async def open_source(files: RemoteFiles, grab: Grab, *, start: int, etag: str | None) -> RemoteFile:
    """
    The file from ``start`` on if it is still the one with ``etag``, else from 0: look at the answer's ``start``.

    Bytes of two different files must never meet in one part: a continuation with another validator is not taken,
    the file is asked for anew. Without validators (original jacks have none) the peer's range has to do.

    :raises PeerError: for good when the file has not the size that was offered (F23, F24).
    """
    remote = await files.open(grab.peer, grab.item, start=start, etag=etag)
    if remote.start not in (0, start) or (remote.start and remote.etag != etag):
        remote.abort()
        remote = await files.open(grab.peer, grab.item)
        start = 0
    try:
        _must_fit(remote, grab, start)
    except PeerError:
        remote.abort()
        raise
    return remote


def _must_fit(remote: RemoteFile, grab: Grab, start: int) -> None:
    if remote.size != grab.size:
        raise PeerError(f"the file has {remote.size} bytes, {grab.size} were offered", temporary=False)
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
