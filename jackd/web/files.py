"""Serving a library's files: which may be opened, and how their bytes, ranges and validators are answered with."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from jackd.model.errors import NotFound, Unavailable
from jackd.model.filenames import EXTRA_EXTENSIONS, VIDEO_EXTENSIONS
from jackd.ports import Location, Mints
from jackd.storage.threads import Workers
from jackd.web.ranges import Range, Unsatisfiable, content_range, if_range_holds, parse_range
from jackd.web.rate import Flow
from jackd.web.request import JackRequest
from jackd.web.router import reply
from jackd.web.sending import BlockSender, FileReader, Sender, Stamp
from jackd.web.slots import Busy
from jackd.web.uploads import Uploads

log = Logger(namespace="jackd.files")

SERVED_EXTENSIONS = VIDEO_EXTENSIONS | EXTRA_EXTENSIONS

RETRY_SECONDS = 30.0
"""When to ask again for a file that can't be read just now."""

_GONE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.EPERM))
"""Errors that say that there is no such file for jack; any other one may pass."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY


def open_beneath(location: Location) -> int:
    """
    A descriptor of the file, which must be a regular one with a served extension, beneath one of the roots (S10).

    Links inside the roots are resolved first; then every component is opened by itself without following any, so that
    what was resolved can't be swapped in between (S11). Blocks; raises ``NotFound`` and ``OSError``.
    """
    try:
        real = Path(os.path.realpath(location.path, strict=True))
    except ValueError:  # a NUL in the name
        raise NotFound("File not found") from None
    for root in location.roots:
        top = Path(os.path.realpath(root))
        if real != top and real.is_relative_to(top):
            return _opened(top, real.relative_to(top).parts)
    raise NotFound("File not found")


def refusal(error: OSError, retry_after: float) -> NotFound | Unavailable:
    """What is answered when a file can't be opened: there is none, or it can't be read just now."""
    if error.errno in _GONE:
        return NotFound("File not found")
    return Unavailable("the file can't be read just now", retry_after=retry_after)


def _opened(top: Path, parts: Sequence[str]) -> int:
    if parts[-1].rpartition(".")[2].lower() not in SERVED_EXTENSIONS:
        raise NotFound("File not found")
    folder = os.open(top, _DIRECTORY)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
        return _regular(os.open(parts[-1], _FILE, dir_fd=folder))
    finally:
        os.close(folder)


def _regular(fd: int) -> int:
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise NotFound("File not found")


class Files:
    """
    Answers requests for files.

    :param workers: the disk's; they open and read.
    :param sender: how the bytes are sent; :class:`~jackd.web.sending.BlockSender` when none is given.
    :param uploads: who is counted, and bounded, together with the others; only those of here when not given.
    """

    def __init__(
        self,
        *,
        workers: Workers,
        mint: Mints,
        clock: IReactorTime,
        sender: Sender | None = None,
        uploads: Uploads | None = None,
    ) -> None:
        self._workers = workers
        self._mint = mint
        self._clock = clock
        self._sender = sender or BlockSender(workers=workers, clock=clock)
        self.uploads = uploads or Uploads(clock=clock)

    async def serve(self, request: JackRequest, location: Location) -> bytes:
        """
        Answer ``request`` (GET or HEAD) with the file: what a handler returns. Raises ``NotFound``, also for what may
        not be served, and ``Unavailable``.
        """
        file = FileReader(partial(open_beneath, location))
        with self._slot(request), closing(file):
            await self._open(file, location.path)
            return await self._answer(request, file, location.path.name)

    @contextmanager
    def _slot(self, request: JackRequest) -> Iterator[None]:
        try:
            with self.uploads.slots.taken(_who(request), f"{request.head.client} {request.head.path}"):
                yield
        except Busy as error:
            request.setHeader("x-queue-position", str(error.place))
            raise

    async def _open(self, file: FileReader, path: Path) -> None:
        try:
            await self._workers.run(file.open)
        except NotFound:
            log.warn("{path!r} is not served: no media file, or not beneath its library's roots", path=str(path))
            raise
        except OSError as error:
            log.warn("{path!r} can't be opened: {reason}", path=str(path), reason=error.strerror)
            raise refusal(error, RETRY_SECONDS) from None

    async def _answer(self, request: JackRequest, file: FileReader, name: str) -> bytes:
        etag = etag_of(file.stamp, self._mint)
        headers = request.head.headers
        part = parse_range(headers.get("range"), file.size) if if_range_holds(headers.get("if-range"), etag) else None
        request.setHeader("etag", etag)
        request.setHeader("accept-ranges", "bytes")
        if isinstance(part, Unsatisfiable):
            request.setHeader("content-range", content_range(None, file.size))
            return reply(request, '{"error":"Range Not Satisfiable"}', "application/json", 416)
        _head(request, part, file.size, name)
        if request.method != b"HEAD":
            await self._send(request, file, part or Range(0, file.size), name)
        return b""

    async def _send(self, request: JackRequest, file: FileReader, part: Range, name: str) -> None:
        told = {"name": name, "who": request.head.client}
        began, flow = self._clock.seconds(), None
        try:
            with self._listed(request, file, part, name) as flow:
                await self._sender.send(file, part, request, flow)
        except CancelledError:
            # Whoever has got all of it may close before anybody here knows that it was sent.
            if flow is None or flow.moved < part.length:
                log.info("{who} went away before {name} was sent to the end", **told)
            else:
                self._tell_sent(part, began, told)
            raise
        except Exception as error:
            log.warn("sending {name} to {who} broke off: {reason}", reason=str(error), **told)
            await self._break_off(request)
        self._tell_sent(part, began, told)

    def _tell_sent(self, part: Range, began: float, told: dict[str, str]) -> None:
        seconds = max(self._clock.seconds() - began, 0.001)
        size, speed = part.length / 1e6, part.length / 1e6 / seconds
        log.info("sent {name} to {who}: {size:.0f} MB, {speed:.0f} MB/s", size=size, speed=speed, **told)

    def _listed(self, request: JackRequest, file: FileReader, part: Range, name: str) -> AbstractContextManager[Flow]:
        return self.uploads.begun(
            who=_who(request), client=request.head.client, file=name, file_size=file.size, size=part.length
        )

    async def _break_off(self, request: JackRequest) -> None:
        """Never a clean end: the reader must see that bytes are missing (F14)."""
        # Not from in here, because the end of the connection cancels this very coroutine.
        self._clock.callLater(0, _drop, request)
        await Deferred()


def etag_of(stamp: Stamp, mint: Mints) -> str:
    """A strong validator that tells nothing to those who have not the install's secret (F33)."""
    return f'"{mint.sign("etag", str(stamp))}"'


def _who(request: JackRequest) -> str:
    return request.account.name if request.account else ""


def _drop(request: JackRequest) -> None:
    if request.channel is not None:
        request.drop()


def _head(request: JackRequest, part: Range | None, size: int, name: str) -> None:
    request.setResponseCode(206 if part else 200)
    if part:
        request.setHeader("content-range", content_range(part, size))
    request.setHeader("content-type", "application/octet-stream")
    request.setHeader("content-length", str(part.length if part else size))
    request.setHeader("content-disposition", attachment(name))
    request.setHeader("cache-control", "private, no-store, no-transform")
    request.setHeader("x-content-type-options", "nosniff")
    request.setHeader("x-accel-buffering", "no")  # F57: nginx would spool the file


def attachment(name: str) -> str:
    """``Content-Disposition`` for a file of that name: ASCII for old readers, UTF-8 for all others (RFC 6266, S26)."""
    visible = "".join(c for c in name if c.isprintable())
    plain = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in visible)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(visible, safe='', errors='replace')}"
