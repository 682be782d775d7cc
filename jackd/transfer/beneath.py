"""Folders beneath a root, reached name by name, so that no symbolic link leads anywhere else (S14)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_HALF_MADE = 0o1700
"""The mode of a folder that jack has made, and could not yet give the right one."""


@contextmanager
def root(path: Path) -> Iterator[int]:
    """A descriptor of the root itself, which may be a link: it is the operator's own."""
    descriptor = os.open(path, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def make_root(path: Path) -> None:
    """Make the root itself, durably. Raises ``OSError`` where its parent is missing."""
    with suppress(FileExistsError):
        os.mkdir(path)  # noqa: PTH102 - all calls of one module
    with suppress(PermissionError), root(path.parent) as parent:
        os.fsync(parent)


@contextmanager
def folder(beneath: int, names: Sequence[str], *, mode: int | None = None) -> Iterator[int]:
    """
    A descriptor of a folder below the one that ``beneath`` is open on. With a ``mode`` what is missing is made,
    durably and with that mode whatever the umask is (F11). Raises ``OSError``.
    """
    current = os.dup(beneath)
    try:
        for name in names:
            following = _enter(current, name, mode)
            os.close(current)
            current = following
        yield current
    finally:
        os.close(current)


def _enter(parent: int, name: str, mode: int | None) -> int:
    if name in ("", ".", "..") or "/" in name:
        raise OSError(errno.EINVAL, "not the name of a folder", name)
    if mode is None:
        return _open(parent, name)
    with suppress(FileExistsError):
        os.mkdir(name, _HALF_MADE, dir_fd=parent)
    os.fsync(parent)  # also of one that is there: perhaps jack was killed before this
    made = _open(parent, name)
    if stat.S_IMODE(os.fstat(made).st_mode) & 0o1777 == _HALF_MADE:
        set_mode(made, mode)
    return made


def _open(parent: int, name: str) -> int:
    return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)


def set_mode(descriptor: int, mode: int) -> None:
    """Set the mode of our own new file or folder, where the file system has modes."""
    with suppress(OSError):
        os.fchmod(descriptor, mode)
