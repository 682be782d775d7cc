"""
What lies in a folder: its videos, their ``.nfo`` files and the folders below. Blocking; for a disk thread.

Links are never followed, so nothing outside the root is found, and no loop. Hidden files, extras and samples are left
out as the *arrs leave them out.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from jackd.model.errors import LibraryUnavailable
from jackd.model.filenames import video_extension

MAX_DEPTH = 12
MAX_FOLDERS = 100_000
MAX_ENTRIES = 20_000
"""Of one folder; what comes after is not looked at."""

_EXTRAS = frozenset(
    (
        *("extras", "extrafanart", "behind the scenes", "deleted scenes", "featurettes", "interviews", "other"),
        *("scenes", "sample", "samples", "shorts", "trailers", "plex versions"),
        *("@eadir", "#recycle", "$recycle.bin", "lost+found", "system volume information"),
    )
)
_EXTRA_STEM = re.compile(
    r".*-(?:trailer|other|behindthescenes|deleted|featurette|interview|scene|short|sample)"
    r"|(?:.*[ ._])?(?:sample|trailer)",
    re.IGNORECASE | re.DOTALL,
)
_SKIPPED = frozenset((errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG))
"""A folder that fails so is left out; any other error (an unreachable disk) spoils the whole reading."""


@frozen
class Entry:
    """
    A file.

    :ivar name: may hold surrogates, for bytes that are no UTF-8.
    :ivar changed: nanoseconds: when its content, or its name, place or rights did. A copy that keeps the old date of
        the content is new here all the same.
    """

    name: str
    size: int
    changed: int


@frozen(kw_only=True)
class Listing:
    """
    One folder.

    :ivar relative: its path below the root, ``""`` for the root itself.
    :ivar problem: why it is left out or not complete, for the operator.
    """

    relative: str
    videos: tuple[Entry, ...] = ()
    nfos: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()
    problem: str | None = None


def check(root: Path) -> None:
    """
    Raises ``LibraryUnavailable`` when the root can't be read, or has nothing at all in it, like the place of a disk
    that is not mounted: what it held is not gone.
    """
    try:
        with os.scandir(root) as entries:
            if next(entries, None) is None:
                raise LibraryUnavailable(f"the folder {root} is empty; is its disk mounted?")
    except OSError as error:
        raise LibraryUnavailable(f"the folder {root} can't be read: {error.strerror}") from error


def walk(root: Path) -> Iterator[Listing]:
    """Every folder from ``root`` on. Raises as :func:`check`, and when the disk can't be read."""
    check(root)
    waiting = [""]
    for _ in range(MAX_FOLDERS):
        if not waiting:
            return
        listing = list_folder(root, waiting.pop())
        yield listing
        if listing.relative.count("/") < MAX_DEPTH:
            below = (f"{listing.relative}/{name}".lstrip("/") for name in listing.folders)
            waiting.extend(sorted(below, reverse=True))


def list_folder(root: Path, relative: str) -> Listing:
    """One folder, as it is now. Raises as :func:`walk`."""
    try:
        with os.scandir(root / relative) as entries:
            return _sorted_out(relative, entries)
    except OSError as error:
        if relative and error.errno in _SKIPPED:
            return Listing(relative=relative, problem=f"can't be read: {error.strerror}")
        raise LibraryUnavailable(f"the folder {root} can't be read: {error.strerror}") from error


def _sorted_out(relative: str, entries: Iterator[os.DirEntry[str]]) -> Listing:
    videos, nfos, folders = [], [], []
    problem = None
    for number, entry in enumerate(entries):
        if number >= MAX_ENTRIES:
            problem = f"holds more than {MAX_ENTRIES} files; the others are not shared"
            break
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            folders += [entry.name] if is_looked_into(entry.name) else []
        elif entry.name.lower().endswith(".nfo"):
            nfos += _file(entry)
        elif video_extension(entry.name) and not _EXTRA_STEM.fullmatch(entry.name.rpartition(".")[0]):
            videos += _file(entry)
    return Listing(
        relative=relative,
        videos=tuple(sorted(videos, key=_name)),
        nfos=tuple(sorted(nfos, key=_name)),
        folders=tuple(folders),
        problem=problem,
    )


def is_looked_into(name: str) -> bool:
    """Whether a folder called so is neither hidden nor one of extras."""
    return bool(name) and not name.startswith(".") and name.lower() not in _EXTRAS


def _file(entry: os.DirEntry[str]) -> list[Entry]:
    """Nothing for a link, a pipe, an empty file, and one that vanished since."""
    try:
        if not entry.is_file(follow_symlinks=False):
            return []
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return []
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    return [Entry(entry.name, status.st_size, changed)] if status.st_size else []


def _name(entry: Entry) -> str:
    return entry.name


def ancestors(relative: str) -> list[str]:
    """The folder itself and all above it up to the root (``""``), nearest first."""
    parts = relative.split("/") if relative else []
    return ["/".join(parts[:n]) for n in range(len(parts), -1, -1)]


def signature(root: Path, listing: Listing) -> bytes:
    """Another one when something changed that the items of the folder depend on."""
    series = [_stamp(root / folder / "tvshow.nfo") for folder in ancestors(listing.relative)]
    text = repr((listing.videos, listing.nfos, series))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
