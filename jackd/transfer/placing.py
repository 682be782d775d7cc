"""Where a grab will lie. Nothing of what the friend calls it is taken but the extension, and that from a list (S12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from jackd.model.download import Download
from jackd.model.errors import UnsupportedMedia
from jackd.model.filenames import EXTRA_EXTENSIONS, safe_name, safe_path
from jackd.model.grab import Grab

MAX_SIZE = 200 * 1024**3
"""Bytes of one file (F24)."""

MAX_NAMES = 10
"""How many names are tried for one finished file."""

_HASH = re.compile(r"[0-9a-f]{40}")


def check(grab: Grab) -> None:
    """Raises ``UnsupportedMedia`` for what can never become a file here."""
    if not _HASH.fullmatch(grab.hash):
        raise UnsupportedMedia("that is no info-hash")
    for file in grab.files:
        if not 0 < file.size <= MAX_SIZE:
            raise UnsupportedMedia(f"a file of {file.size} bytes is not accepted")
        if file.is_extra and file.name.rpartition(".")[2].lower() not in EXTRA_EXTENSIONS:
            raise UnsupportedMedia(f"only videos are accepted, not {safe_name(grab.filename or file.name)}")
    if all(file.is_extra for file in grab.files):
        raise UnsupportedMedia("there is no video in it")


def folder_of(grab: Grab, completed: Path, category: str) -> str:
    """The grab's own folder, so that no two grabs can collide (S13)."""
    return str(completed / safe_path(category) / grab.hash[:8])


def new_download(grab: Grab, completed: Path, *, category: str, **values: Any) -> Download:
    """The row of a new grab. Raises ``UnsupportedMedia`` as :func:`check` does."""
    check(grab)
    folder = folder_of(grab, completed, category)
    return Download(grab=grab, category=category, folder=folder, **values)


def candidates(file: str) -> Iterator[str]:
    """``file`` and further names for the case that it is taken (F12)."""
    path = PurePosixPath(file)
    yield file
    for number in range(2, MAX_NAMES + 1):
        yield str(path.with_name(safe_name(f"{path.stem} ({number})", extension=path.suffix)))
