"""
What lies beside a video and belongs to it by its name: subtitles, a description, pictures. Everything here blocks: it
is for the disk's threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

from attrs import evolve

from jackd.model.errors import NotFound
from jackd.model.filenames import extra_extension, video_extension
from jackd.model.item import Extra
from jackd.ports import Location

MAX_EXTRAS = 32
"""Of one video."""

MAX_SIZE = 256 * 1024**2
"""Bytes of one; subtitles that are pictures have tens of megabytes."""

MAX_NAMES = 10_000
"""That are looked at in one folder."""


def extras_beside(location: Location) -> list[Extra]:
    """
    In the order of their names. A name that begins as those of two videos do (``Film.mkv``, ``Film.Extended.mkv``)
    belongs to the longer one. Nothing is told of a folder that lies beneath no root (S10). Raises ``OSError``.
    """
    folder = location.path.parent.resolve()
    if not any(folder.is_relative_to(root.resolve()) for root in location.roots):
        return []
    with os.scandir(folder) as entries:
        files = [entry for entry in islice(entries, MAX_NAMES) if entry.is_file(follow_symlinks=False)]
    others = {_stem(entry.name) for entry in files if video_extension(entry.name)} - {location.path.stem}
    found = sorted(_extras(files, location.path.stem, others), key=lambda extra: extra.suffix)
    return found[:MAX_EXTRAS]


def extra_beside(location: Location, suffix: str) -> Location:
    """Where the extra with that suffix lies. Raises ``NotFound`` and ``OSError``."""
    if not any(extra.suffix == suffix for extra in extras_beside(location)):
        raise NotFound
    return evolve(location, path=location.path.with_name(location.path.stem + suffix))


def _extras(files: list[os.DirEntry[str]], stem: str, others: set[str]) -> Iterator[Extra]:
    longer = tuple(other for other in others if other.startswith(stem))
    for entry in files:
        suffix = entry.name.removeprefix(stem)
        if suffix == entry.name or extra_extension(suffix) is None or (longer and entry.name.startswith(longer)):
            continue
        size = entry.stat(follow_symlinks=False).st_size
        if 0 < size <= MAX_SIZE:
            yield Extra(suffix=suffix, size=size)


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
