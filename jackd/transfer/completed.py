"""The completed folder. All methods block: they run on the disk's threads."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from jackd.transfer import beneath
from jackd.transfer.disk import DiskTrouble
from jackd.transfer.part import Part, part_name
from jackd.transfer.rename import rename_new

WORK = ".jack"
MARKER = "marker"
FOLDER_MODE = 0o2775
"""Of folders for finished files: writable for the group, which their content inherits (F11)."""

WORK_MODE = 0o700
MIN_RESERVE = 1024**3
RESERVE_SHARE = 0.01
"""Kept free: this share of the disk, at least :data:`MIN_RESERVE` bytes (F8)."""

_HASH = re.compile(r"[0-9a-f]{40}")
_MARKER_TEXT = b"jack keeps unfinished downloads here. This file tells it that the right disk is mounted; leave it.\n"


def _disk_usage(descriptor: int) -> tuple[int, int]:
    status = os.fstatvfs(descriptor)
    return status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize


class CompletedFolder:
    """
    Where parts grow (``.jack/<hash>/part``, ``.jack/<hash>/1.part``, …) and finished files appear.

    :ivar claimed: whether jack has put its marker here before: without it, the disk is not mounted (F10).
    """

    def __init__(self, path: Path, *, usage: Callable[[int], tuple[int, int]] = _disk_usage) -> None:
        self.path = path
        self.claimed = False
        self._usage = usage

    def check(self) -> None:
        """Raises ``DiskTrouble`` when this is not the folder that it was; marks it when it is used first."""
        if not self.claimed:
            self._claim()
        try:
            with self._folder([WORK]) as work:
                os.stat(MARKER, dir_fd=work, follow_symlinks=False)
        except FileNotFoundError:
            raise DiskTrouble(f"{self.path} is not mounted: it has no {WORK}/{MARKER}") from None

    def _claim(self) -> None:
        """Makes the folder itself, never its parents: those would be the mount point of a missing disk."""
        beneath.make_root(self.path)
        with self._folder([WORK], mode=WORK_MODE) as work:
            with suppress(FileExistsError):
                marker = os.open(MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=work)
                os.write(marker, _MARKER_TEXT)
                os.close(marker)
            os.fsync(work)

    def require(self, needed: int) -> None:
        """Raises ``DiskTrouble`` unless ``needed`` bytes fit and the reserve stays free."""
        with self._folder([]) as folder:
            total, free = self._usage(folder)
        reserve = max(MIN_RESERVE, int(total * RESERVE_SHARE))
        if free < needed + reserve:
            raise DiskTrouble(
                f"not enough space: {_gib(needed)} to download and {_gib(reserve)} to keep free, {_gib(free)} are left"
            )

    def make(self, names: Sequence[str]) -> None:
        """Make a folder for finished files, such as a category's."""
        with self._folder(names, mode=FOLDER_MODE):
            pass

    def open_part(self, hash: str, keep: int, number: int = 0) -> Part:
        """The part of one of the download's files, cut to ``keep`` bytes."""
        with self._folder([WORK, hash], mode=WORK_MODE) as folder:
            return Part.open(folder, keep, part_name(number))

    def part_size(self, hash: str, number: int = 0) -> int | None:
        """Bytes of the part of one of the download's files, ``None`` when there is none."""
        return self._size([WORK, hash], part_name(number))

    def finished_size(self, folder: str, file: str) -> int | None:
        """Bytes of the finished file, ``None`` when there is none."""
        *names, name = self._beneath(folder, file)
        return self._size(names, name)

    def open_finished(self, folder: str, file: str) -> int:
        """A descriptor to read the finished file."""
        *names, name = self._beneath(folder, file)
        with self._folder(names) as parent:
            return os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)

    def _size(self, names: Sequence[str], name: str) -> int | None:
        with suppress(FileNotFoundError), self._folder(names) as folder:
            return os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
        return None

    def publish(self, hash: str, folder: str, file: str, number: int = 0) -> bool:
        """Move a part to its final name, durably; ``False`` when that is taken (F12)."""
        *names, name = self._beneath(folder, file)
        with self._folder([WORK, hash]) as source, self._folder(names, mode=FOLDER_MODE) as target:
            try:
                rename_new(part_name(number), name, source_folder=source, target_folder=target)
            except FileExistsError:
                return False
            os.fsync(target)
            os.fsync(source)
        return True

    def settle(self, folder: str, file: str) -> None:
        """Make durable what :meth:`publish` may not have when jack was killed in it (F2)."""
        *names, _ = self._beneath(folder, file)
        with self._folder(names, mode=FOLDER_MODE) as target:
            os.fsync(target)

    def discard_parts(self, hash: str) -> None:
        """Remove the download's parts and their folder, if they are there."""
        with suppress(FileNotFoundError), self._folder([WORK]) as work:
            with beneath.folder(work, [hash]) as folder:
                for name in os.listdir(folder):  # noqa: PTH208 - a descriptor
                    os.unlink(name, dir_fd=folder)
            os.rmdir(hash, dir_fd=work)

    def discard_finished(self, folder: str, file: str) -> None:
        """Remove the finished file durably, if it is there; nothing else in its folder is ours."""
        *names, name = self._beneath(folder, file)
        with suppress(FileNotFoundError), self._folder(names) as parent:
            os.unlink(name, dir_fd=parent)
            os.fsync(parent)

    def tidy(self, folder: str, file: str) -> None:
        """Remove the folders of a grab that are empty: the release's and the grab's, never the category's."""
        *names, _ = self._beneath(folder, file)
        with suppress(OSError):
            for depth in range(len(names), len(self._beneath(folder)) - 1, -1):
                with suppress(FileNotFoundError), self._folder(names[: depth - 1]) as parent:
                    os.rmdir(names[depth - 1], dir_fd=parent)

    def parts(self) -> list[str]:
        """The hashes of all downloads that have a part."""
        with suppress(FileNotFoundError), self._folder([WORK]) as work:
            return [name for name in os.listdir(work) if _HASH.fullmatch(name)]  # noqa: PTH208 - a descriptor
        return []

    def holds(self, folder: str) -> bool:
        """Whether a download's folder lies in this one (and not in one that was configured before)."""
        return PurePosixPath(folder).is_relative_to(self.path)

    def _beneath(self, folder: str, file: str = "") -> tuple[str, ...]:
        try:
            return PurePosixPath(folder, file).relative_to(self.path).parts
        except ValueError:
            raise DiskTrouble(f"{folder} does not lie in {self.path}") from None

    @contextmanager
    def _folder(self, names: Sequence[str], *, mode: int | None = None) -> Iterator[int]:
        with beneath.root(self.path) as root, beneath.folder(root, names, mode=mode) as folder:
            yield folder


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"
