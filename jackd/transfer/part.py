"""The file that a download's bytes arrive in. All methods block: they run on the disk's threads."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence

from jackd.model.manifest import BLOCK_BYTES
from jackd.storage.digests import digest_span
from jackd.transfer.beneath import set_mode

PART = "part"
"""What the part of a download's first file is called."""

FILE_MODE = 0o664
"""Of finished files: the *arrs, in the same group, may move and delete them (F11)."""

ALIGNED = 4096
"""What is written past the page cache begins and ends at multiples of this."""

_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW


def part_name(number: int) -> str:
    """What the part of a download's file with that number is called, beside those of the others."""
    return f"{number}.{PART}" if number else PART


class Part:
    """
    An open part file, cut to what is known to be good.

    :ivar size: bytes that were kept.
    :ivar digesting: whether digests of all that is written will be wanted; ``None`` as long as nobody knows.
    """

    digesting: bool | None = None

    def __init__(self, descriptor: int, keep: int) -> None:
        self._descriptor = descriptor
        self._direct: int | None = None
        self._digests: dict[int, bytes] = {}
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", PART)
        self.size = min(status.st_size, keep)
        os.ftruncate(descriptor, self.size)

    @classmethod
    def open(cls, folder: int, keep: int, name: str = PART) -> Part:
        """
        The part of that name in the folder that ``folder`` is open on, made durably if need be.

        :param keep: bytes that a checkpoint vouches for; what lies behind them is cut off.
        """
        try:
            descriptor = os.open(name, _FLAGS | os.O_CREAT | os.O_EXCL, FILE_MODE, dir_fd=folder)
        except FileExistsError:
            descriptor = os.open(name, _FLAGS, dir_fd=folder)
        try:
            os.fsync(folder)  # also when it was there: perhaps jack was killed before this
            return cls(descriptor, keep)
        except BaseException:
            os.close(descriptor)
            raise

    def write(self, pieces: Sequence[bytes | memoryview], offset: int) -> int:
        """Write ``pieces`` one after the other from ``offset`` on; returns the offset behind them."""
        self._forget(offset, offset + sum(map(len, pieces)))
        return self._write(pieces, offset)

    def _write(self, pieces: Sequence[bytes | memoryview], offset: int) -> int:
        left = [memoryview(piece) for piece in pieces if piece]
        while left:
            written = os.pwritev(self._descriptor, left, offset)
            offset += written
            left = _behind(left, written)
        return offset

    def splice(self, pipe: int, count: int, offset: int) -> None:
        """Let the kernel move ``count`` bytes, which are in ``pipe`` already, to ``offset``."""
        end = offset + count
        self._forget(offset, end)
        while offset < end:
            offset += os.splice(pipe, self._descriptor, end - offset, offset_dst=offset)

    def open_direct(self) -> bool:
        """Whether :meth:`write_direct` can be called: not every file system knows how to write past the page cache."""
        if self._direct is None:
            try:
                self._direct = os.open(f"/proc/self/fd/{self._descriptor}", os.O_WRONLY | os.O_CLOEXEC | os.O_DIRECT)
            except (OSError, AttributeError):
                self._direct = -1
        return self._direct >= 0

    def write_direct(self, piece: memoryview, offset: int) -> None:
        """
        Write past the page cache what can be, and the rest as always.

        :param piece: begins at a page of memory.
        :param offset: a multiple of :data:`ALIGNED`.
        """
        whole, done = len(piece) - len(piece) % ALIGNED, 0
        try:
            while done < whole and not done % ALIGNED:
                assert self._direct is not None
                done += os.pwritev(self._direct, [piece[done:whole]], offset + done)
        except OSError as error:
            if error.errno != errno.EINVAL:  # it asks for more than that
                raise
        self._write([piece[done:]], offset + done)

    def remember(self, start: int, digest: bytes) -> None:
        """The digest of the whole block that is written at ``start`` now, and will be asked for once."""
        self._digests[start] = digest

    def digest(self, start: int, stop: int) -> bytes:
        """Of the bytes from ``start`` up to ``stop``, which must be there."""
        known = self._digests.pop(start, None) if stop - start == BLOCK_BYTES else None
        return known or digest_span(self._descriptor, start, stop)

    def _forget(self, start: int, stop: int) -> None:
        """Something else is written there."""
        if self._digests:
            for block in range(start - start % BLOCK_BYTES, stop, BLOCK_BYTES):
                self._digests.pop(block, None)

    def restart(self) -> None:
        """Throw the content away."""
        self._digests.clear()
        os.ftruncate(self._descriptor, 0)
        self.size = 0

    def sync(self) -> None:
        """Return when all that was written before the call is on the disk."""
        os.fdatasync(self._descriptor)

    def seal(self, size: int) -> bool:
        """Put everything on the disk, and the mode of a finished file; whether it has exactly ``size`` bytes."""
        set_mode(self._descriptor, FILE_MODE)
        os.fsync(self._descriptor)
        return os.fstat(self._descriptor).st_size == size

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)
        if self._direct is not None and self._direct >= 0:
            os.close(self._direct)


def _behind(views: list[memoryview], written: int) -> list[memoryview]:
    while views and written >= len(views[0]):
        written -= len(views[0])
        views = views[1:]
    return [views[0][written:], *views[1:]] if views else []
