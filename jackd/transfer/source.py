"""The friend's answer, and whether it is the continuation of what we have."""

from __future__ import annotations

from jackd.model.download import Grab
from jackd.model.errors import PeerError
from jackd.ports import RemoteFile, RemoteFiles


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
