"""
What lies beside a video and belongs to it by its name: subtitles, a description, pictures. Everything here blocks: it
is for the disk's threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from attrs import evolve

from jackd.catalogue.subtitles import subtitles_below
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
    What lies beside the video itself comes first, by name; then subtitles of a folder of their own. A name that begins
    as those of two videos do (``Film.mkv``, ``Film.Extended.mkv``) belongs to the longer one. Nothing is told of a
    folder that lies beneath no root (S10). Raises ``OSError``.
    """
    sizes = ((suffix, path.lstat().st_size) for suffix, path in _beside(location).items())
    fitting = (Extra(suffix=suffix, size=size) for suffix, size in sizes if 0 < size <= MAX_SIZE)
    return list(islice(fitting, MAX_EXTRAS))


def extra_beside(location: Location, suffix: str) -> Location:
    """Where the extra with that suffix lies. Raises ``NotFound`` and ``OSError``."""
    if not any(extra.suffix == suffix for extra in extras_beside(location)):
        raise NotFound
    return evolve(location, path=_beside(location)[suffix])


def _beside(location: Location) -> dict[str, Path]:
    """By suffix."""
    folder, stem = location.path.parent.resolve(), location.path.stem
    if not any(folder.is_relative_to(root.resolve()) for root in location.roots):
        return {}
    files, folders = _listed(folder)
    others = {_stem(name) for name in files if video_extension(name)} - {stem}
    beside = {suffix: location.path.with_name(stem + suffix) for suffix in sorted(_suffixes(files, stem, others))}
    return {**beside, **subtitles_below(location.path, folders, alone=not others, taken=beside)}


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    """The names of its files and of its folders; no links."""
    with os.scandir(folder) as found:
        entries = list(islice(found, MAX_NAMES))
    files = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    return files, [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _suffixes(files: list[str], stem: str, others: set[str]) -> Iterator[str]:
    longer = tuple(other for other in others if other.startswith(stem))
    for name in files:
        suffix = name.removeprefix(stem)
        if suffix != name and extra_extension(suffix) is not None and not (longer and name.startswith(longer)):
            yield suffix


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
