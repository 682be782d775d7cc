"""Folders as groups of items: what a disk thread does for the library. All of it blocks."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from attrs import evolve, frozen

from jackd.folder.describe import describe
from jackd.folder.walk import Listing, check, is_looked_into, list_folder, signature, walk
from jackd.model.errors import LibraryUnavailable, NotFound
from jackd.model.item import Item
from jackd.ports import Location, Mints

_ROOT = "."
"""The group of what lies in the root itself."""


@frozen(kw_only=True)
class Reading:
    """
    One folder as it was read.

    :ivar signature: another one when it has to be read again.
    :ivar paths: of the files below the root, by item id.
    :ivar folder: absolute.
    """

    group: str
    items: tuple[Item, ...]
    signature: bytes
    paths: dict[str, str]
    folder: str
    problem: str | None = None


class Readings:
    """Reads the folders below ``root``. Every method raises ``LibraryUnavailable`` when that is not possible."""

    def __init__(self, root: Path, library: str, mint: Mints, now: Callable[[], float]) -> None:
        self._root = root
        self._library = library
        self._mint = mint
        self._now = now

    def all(self) -> Iterator[Reading]:
        """Every folder with videos, and every one that has a problem."""
        for listing in walk(self._root):
            if listing.videos or listing.problem:
                yield self._read(listing)

    def signatures(self) -> Iterator[tuple[str, bytes]]:
        """The group and the present signature of every folder with videos."""
        for listing in walk(self._root):
            yield _group(listing.relative), signature(self._root, listing) if listing.videos else b""

    def one(self, group: str) -> Reading:
        """One folder; without items when there is none (any more)."""
        relative = os.fsdecode(unquote_to_bytes(group)) if group != _ROOT else ""
        check(self._root)
        if relative and not _is_ours(self._root, relative):
            return Reading(group=group, items=(), signature=b"", paths={}, folder="")
        return self._read(list_folder(self._root, relative))

    def locate(self, relative: str) -> Location:
        """Where the file is. Raises ``NotFound`` when it is not there, or is a link by now."""
        try:
            root = self._root.resolve(strict=True)
        except OSError as error:
            raise LibraryUnavailable(f"the folder {self._root} can't be read: {error.strerror}") from error
        path = root / relative
        try:
            if path.resolve(strict=True) != path or not stat.S_ISREG(path.lstat().st_mode):
                raise NotFound
        except OSError as error:
            check(root)
            raise NotFound from error
        return Location(path=path, roots=[root])

    def _read(self, listing: Listing) -> Reading:
        # First the signature: what changes while the rest is read is noticed the next time.
        before = signature(self._root, listing) if listing.videos else b""
        paths, items = {}, []
        for video, item in describe(self._root, listing, self._now()):
            path = f"{listing.relative}/{video.name}".lstrip("/")
            named = evolve(item, id=f"{self._library}:{item.kind.value}:{self._key(path)}")
            paths[named.id] = path
            items.append(named)
        group = _group(listing.relative)
        return Reading(
            group=group,
            items=tuple(items),
            signature=before,
            paths=paths,
            folder=str(self._root / listing.relative).encode("utf-8", "replace").decode(),
            problem=listing.problem,
        )

    def _key(self, path: str) -> str:
        """Tells nothing of the path, and nobody else can make one (S9)."""
        signed = self._mint.sign("item", quote_from_bytes(os.fsencode(path)))
        return hashlib.sha256(signed.encode()).hexdigest()[:16]


def _group(relative: str) -> str:
    return quote_from_bytes(os.fsencode(relative)) or _ROOT


def _is_ours(root: Path, relative: str) -> bool:
    """Whether a walk would come there: folders that are looked into all the way, and no link."""
    path = root
    for name in relative.split("/"):
        path /= name
        if not is_looked_into(name) or not _is_folder(path):
            return False
    return True


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (OSError, ValueError):
        return False
