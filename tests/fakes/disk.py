"""
A disk in memory that forgets what nobody made durable.

What a process sees is the volatile side; ``fsync`` and ``fdatasync`` carry it over to the kept side. When the power
fails only the kept side is left, with a random choice of what was under way: each write since the last sync is lost,
torn into sectors or there; writes change places; each new, moved or removed name is remembered or not. That is what
POSIX allows and more than journalling file systems do. Only a renaming is remembered as a whole or not at all.

:class:`Disk` stands for the module :mod:`os` in the modules that use it; see :func:`replace_os`.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
import pkgutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from random import Random
from types import SimpleNamespace
from typing import Any

from attrs import define, field

SECTOR = 512
_LOOKS = ("open", "close", "dup", "stat", "fstat", "listdir", "pread", "posix_fadvise")
"""Calls that change nothing: a crash after one leaves what a crash before it leaves."""

UMASK = 0o077
"""The most unfriendly one, so that every mode that matters has to be set."""


class PowerFailure(BaseException):
    """The process stops here; nothing catches it but the threads it runs on."""


@define(eq=False)
class Power:
    """
    :ivar steps: calls that change something, and transactions, until it fails; ``None``: it does not.
    :ivar spent: how many there were.
    """

    steps: int | None = None
    spent: int = 0

    @property
    def off(self) -> bool:
        """Whether it has failed."""
        return self.steps is not None and self.steps < 0

    def spend(self) -> None:
        self.spent += 1
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                raise PowerFailure


@define(eq=False)
class Write:
    """``data`` at ``offset``; without data the file is cut, or filled up with zeros, to ``offset`` bytes."""

    offset: int
    data: bytes | None

    def apply(self, content: bytearray) -> None:
        end = self.offset + len(self.data or b"")
        if len(content) < end:
            content.extend(bytes(end - len(content)))
        if self.data is None:
            del content[self.offset :]
        else:
            content[self.offset : end] = self.data

    def torn(self, rng: Random) -> Iterator[Write]:
        """What is left of it: nothing, all, or some sectors of the right length."""
        fate = rng.randrange(3)
        if fate == 0:
            return
        if fate == 1 or self.data is None:
            yield self
            return
        yield Write(self.offset + len(self.data), b"")
        for at in range(0, len(self.data), SECTOR):
            if rng.random() < 0.5:
                yield Write(self.offset + at, self.data[at : at + SECTOR])


@define(eq=False)
class File:
    mode: int
    content: bytearray = field(factory=bytearray)
    kept_mode: int = field(init=False)
    kept: bytearray = field(factory=bytearray)
    pending: list[Write] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.kept_mode = self.mode

    def change(self, write: Write) -> None:
        write.apply(self.content)
        self.pending.append(write)

    def sync(self, *, data_only: bool) -> None:
        for write in self.pending:
            write.apply(self.kept)
        self.pending.clear()
        if not data_only:
            self.kept_mode = self.mode

    def crash(self, rng: Random) -> None:
        writes = self.pending[:]
        rng.shuffle(writes)
        for write in writes:
            for left in write.torn(rng):
                left.apply(self.kept)
        self.content = bytearray(self.kept)
        self.mode = self.kept_mode = rng.choice([self.mode, self.kept_mode])
        self.pending.clear()


@define(eq=False)
class Link:
    """``name`` stands for ``node`` from now on, for nothing when that is ``None``; ``after``: it goes with that one."""

    name: str
    node: File | Folder | None
    after: Link | None = None
    kept: bool = False


@define(eq=False)
class Folder:
    mode: int
    entries: dict[str, File | Folder] = field(factory=dict)
    kept_mode: int = field(init=False)
    kept: dict[str, File | Folder] = field(factory=dict)
    pending: list[Link] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.kept_mode = self.mode

    def change(self, link: Link) -> Link:
        _relink(self.entries, link)
        self.pending.append(link)
        return link

    def sync(self, *, data_only: bool) -> None:
        self._keep(self.pending)
        self.pending.clear()
        self.kept_mode = self.mode

    def choose(self, rng: Random) -> None:
        """Which of the names that are under way are remembered."""
        for link in self.pending:
            link.kept = link.kept or rng.random() < 0.5

    def crash(self, rng: Random) -> None:
        self._keep([link for link in self.pending if (link.after or link).kept])
        self.entries = dict(self.kept)
        self.mode = self.kept_mode = rng.choice([self.mode, self.kept_mode])
        self.pending.clear()

    def _keep(self, links: Iterable[Link]) -> None:
        for link in links:
            link.kept = True
            if link.after is not None:
                link.after.kept = True
            _relink(self.kept, link)


def _relink(entries: dict[str, File | Folder], link: Link) -> None:
    if link.node is None:
        entries.pop(link.name, None)
    else:
        entries[link.name] = link.node


class Disk:
    """
    The calls of :mod:`os` that a download needs, on a tree of its own below ``/``.

    :ivar trouble: by name of the call: the errno with which the next one fails. A sync that fails has lost what was
        under way, and the next one says that all is well: so does Linux.
    :ivar syncs_until_one_fails: how many syncs of files succeed before that.
    :ivar calls: the names of all calls so far.
    """

    def __init__(self, power: Power, *folders: str) -> None:
        self.root = Folder(0o755)
        self.trouble: dict[str, int] = {}
        self.syncs_until_one_fails: int | None = None
        self.calls: list[str] = []
        self._power = power
        self._open: dict[int, File | Folder] = {}
        self._next = 1000
        self._all: list[File | Folder] = [self.root]
        for folder in folders:
            self.mkdir(folder, 0o777)
        self._sync_all()

    def __getattr__(self, name: str) -> Any:
        """Constants and pure functions are those of the real module; a call that is not simulated must not touch it."""
        value = getattr(os, name)
        if isinstance(value, int | type) or name in ("strerror", "fsencode", "fsdecode", "fspath"):
            return value
        raise NotImplementedError(f"os.{name} is not simulated")

    # Accidents

    def power_cut(self, rng: Random) -> None:
        """Only what is durable is left, and by chance some of the rest."""
        folders = [node for node in self._all if isinstance(node, Folder)]
        for folder in folders:
            folder.choose(rng)
        for node in self._all:
            node.crash(rng)
        self.killed()

    def killed(self) -> None:
        """The process is gone; what it wrote is not."""
        self._open.clear()

    def _sync_all(self) -> None:
        for node in self._all:
            node.sync(data_only=False)

    # Looking, for tests

    def files(self, folder: str) -> dict[str, File]:
        """All files below ``folder``, by their path from there."""
        try:
            node = self._walk(folder)
        except FileNotFoundError:
            return {}
        return dict(_below(node, "")) if isinstance(node, Folder) else {}

    def folders(self, folder: str) -> dict[str, Folder]:
        """All folders below ``folder``, by their path from there."""
        node = self._walk(folder)
        return dict(_folders_below(node, "")) if isinstance(node, Folder) else {}

    # The calls

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        self._call("open", changes=bool(flags & os.O_CREAT))
        parent, name = self._place(path, dir_fd)
        node = parent.entries.get(name) if name else parent
        if node is None:
            if not flags & os.O_CREAT:
                raise _error(errno.ENOENT, path)
            node = self._add(parent, name, File(mode & ~UMASK))
        elif flags & os.O_CREAT and flags & os.O_EXCL:
            raise _error(errno.EEXIST, path)
        if flags & os.O_DIRECTORY and not isinstance(node, Folder):
            raise _error(errno.ENOTDIR, path)
        return self._handle(node)

    def close(self, descriptor: int) -> None:
        self._call("close")
        del self._open[descriptor]

    def dup(self, descriptor: int) -> int:
        self._call("dup")
        return self._handle(self._open[descriptor])

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        self._call("mkdir")
        parent, name = self._place(path, dir_fd)
        if name in parent.entries:
            raise _error(errno.EEXIST, path)
        self._add(parent, name, Folder(mode & ~UMASK & 0o1777))

    def rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._call("rmdir")
        parent, name = self._place(path, dir_fd)
        node = self._there(parent, name)
        if not isinstance(node, Folder):
            raise _error(errno.ENOTDIR, path)
        if node.entries:
            raise _error(errno.ENOTEMPTY, path)
        parent.change(Link(name, None))

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._call("unlink")
        parent, name = self._place(path, dir_fd)
        self._there(parent, name)
        parent.change(Link(name, None))

    def rename_new(self, source: int, name: bytes, target: int, new: bytes, flags: int) -> int:
        """``renameat2``, as it is called through :mod:`ctypes`."""
        assert flags == 1
        self._call("rename")
        old, there = self._folder(source), self._folder(target)
        node = self._there(old, os.fsdecode(name))
        if os.fsdecode(new) in there.entries:
            ctypes.set_errno(errno.EEXIST)
            return -1
        added = there.change(Link(os.fsdecode(new), node))
        old.change(Link(os.fsdecode(name), None, after=added))
        return 0

    def listdir(self, descriptor: int) -> list[str]:
        self._call("listdir")
        return list(self._folder(descriptor).entries)

    def stat(self, path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> Any:
        self._call("stat")
        parent, name = self._place(path, dir_fd)
        return _status(self._there(parent, name))

    def fstat(self, descriptor: int) -> Any:
        self._call("fstat")
        return _status(self._open[descriptor])

    def fchmod(self, descriptor: int, mode: int) -> None:
        self._call("fchmod")
        self._open[descriptor].mode = mode

    def fsync(self, descriptor: int) -> None:
        self._sync("fsync", self._open[descriptor], data_only=False)

    def fdatasync(self, descriptor: int) -> None:
        self._sync("fdatasync", self._open[descriptor], data_only=True)

    def ftruncate(self, descriptor: int, size: int) -> None:
        self._call("ftruncate")
        file = self._file(descriptor)
        if len(file.content) != size:
            file.change(Write(size, None))

    def write(self, descriptor: int, data: bytes) -> int:
        self._call("write")
        file = self._file(descriptor)
        file.change(Write(len(file.content), bytes(data)))
        return len(data)

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        return self.pwritev(descriptor, [data], offset)

    def pwritev(self, descriptor: int, pieces: Sequence[Any], offset: int) -> int:
        self._call("pwritev")
        data = b"".join(bytes(piece) for piece in pieces)
        self._file(descriptor).change(Write(offset, data))
        return len(data)

    def pread(self, descriptor: int, count: int, offset: int) -> bytes:
        self._call("pread")
        return bytes(self._file(descriptor).content[offset : offset + count])

    def preadv(self, descriptor: int, buffers: Sequence[Any], offset: int) -> int:
        """Into the first buffer only: a short read, which is always allowed."""
        data = self.pread(descriptor, len(memoryview(buffers[0]).cast("B")), offset)
        memoryview(buffers[0]).cast("B")[: len(data)] = data
        return len(data)

    def posix_fadvise(self, descriptor: int, offset: int, length: int, advice: int) -> None:
        self._call("posix_fadvise")

    # How

    def _call(self, name: str, *, changes: bool = False) -> None:
        if changes or name not in _LOOKS or self._power.off:
            self._power.spend()
        self.calls.append(name)
        if name in self.trouble and name not in ("fsync", "fdatasync"):
            raise _error(self.trouble.pop(name))

    def _sync(self, name: str, node: File | Folder, *, data_only: bool) -> None:
        self._call(name)
        if isinstance(node, File) and self.syncs_until_one_fails is not None:
            self.syncs_until_one_fails -= 1
            if self.syncs_until_one_fails < 0:
                self.syncs_until_one_fails, self.trouble[name] = None, errno.EIO
        if name in self.trouble:
            if isinstance(node, File):
                node.pending.clear()
            raise _error(self.trouble.pop(name))
        node.sync(data_only=data_only)

    def _handle(self, node: File | Folder) -> int:
        self._next += 1
        self._open[self._next] = node
        return self._next

    def _add(self, parent: Folder, name: str, node: Any) -> Any:
        self._all.append(node)
        parent.change(Link(name, node))
        return node

    def _there(self, parent: Folder, name: str) -> File | Folder:
        if name not in parent.entries:
            raise _error(errno.ENOENT, name)
        return parent.entries[name]

    def _file(self, descriptor: int) -> File:
        node = self._open[descriptor]
        assert isinstance(node, File)
        return node

    def _folder(self, descriptor: int) -> Folder:
        node = self._open[descriptor]
        assert isinstance(node, Folder)
        return node

    def _place(self, path: Any, dir_fd: int | None) -> tuple[Folder, str]:
        """The folder, and the name in it, which is empty for the root."""
        pure = PurePosixPath(os.fspath(path))
        if dir_fd is not None:
            assert len(pure.parts) == 1, path
            return self._folder(dir_fd), pure.name
        parent = self._walk(pure.parent)
        if not isinstance(parent, Folder):
            raise _error(errno.ENOTDIR, path)
        return parent, pure.name

    def _walk(self, path: Any) -> File | Folder:
        node: File | Folder = self.root
        for name in PurePosixPath(path).parts[1:]:
            if not isinstance(node, Folder):
                raise _error(errno.ENOTDIR, path)
            node = self._there(node, name)
        return node


def _below(folder: Folder, prefix: str) -> Iterator[tuple[str, File]]:
    for name, node in folder.entries.items():
        if isinstance(node, Folder):
            yield from _below(node, f"{prefix}{name}/")
        else:
            yield prefix + name, node


def _folders_below(folder: Folder, prefix: str) -> Iterator[tuple[str, Folder]]:
    for name, node in folder.entries.items():
        if isinstance(node, Folder):
            yield prefix + name, node
            yield from _folders_below(node, f"{prefix}{name}/")


def _status(node: File | Folder) -> Any:
    kind, size = (stat.S_IFREG, len(node.content)) if isinstance(node, File) else (stat.S_IFDIR, 0)
    return SimpleNamespace(
        st_mode=kind | node.mode, st_size=size, st_ino=id(node), st_dev=1, st_mtime_ns=0, st_blocks=-(-size // 512)
    )


def _error(number: int, path: Any = None) -> OSError:
    return OSError(number, os.strerror(number), None if path is None else str(path))


def _modules(package: str) -> list[str]:
    return [f"{package}.{found.name}" for found in pkgutil.iter_modules(importlib.import_module(package).__path__)]


@contextmanager
def replace_os(package: str, disk: Disk, monkeypatch: Any) -> Iterator[None]:
    """
    Have all modules of ``package`` that use :mod:`os`, and the one that computes digests, use ``disk``; ``renameat2``
    too, wherever it is bound.
    """
    with monkeypatch.context() as patch:
        for found in [*_modules(package), "jackd.storage.digests"]:
            module = importlib.import_module(found)
            if getattr(module, "os", None) is os:
                patch.setattr(module, "os", disk)
            if hasattr(module, "_renameat2"):
                patch.setattr(module, "_renameat2", disk.rename_new)
        yield
