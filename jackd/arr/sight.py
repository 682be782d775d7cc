"""Whether the files that an *arr tells of are there, and how large: the disk knows better (F35). All of it blocks."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path

from attrs import frozen

MISSING = {errno.ENOENT, errno.ENOTDIR}


class Absence(Enum):
    """
    Why a file was not seen. What is ``GONE`` is not shared. What is ``OUT_OF_SIGHT`` is shared as long as it was seen
    before: its disk is not mounted, say, or does not answer.
    """

    GONE = "gone"
    OUT_OF_SIGHT = "out of sight"


@frozen(kw_only=True)
class Seen:
    """``size`` in bytes, ``modified`` in nanoseconds since 1970."""

    size: int
    modified: int


Sighting = Seen | Absence


class Sight:
    """Looks at files below root folders."""

    def look(self, paths: Iterable[Path | None], roots: Sequence[Path]) -> list[Sighting]:
        """One for each of ``paths``; what lies below none of ``roots``, or has no path, is as good as gone."""
        away: dict[Path, bool] = {}
        return [self._look(path, roots, away) for path in paths]

    def _look(self, path: Path | None, roots: Sequence[Path], away: dict[Path, bool]) -> Sighting:
        root = next((r for r in roots if path and path.is_relative_to(r)), None)
        if path is None or root is None or ".." in path.parts:
            return Absence.GONE
        try:
            found = path.stat()
        except (OSError, ValueError) as error:
            if getattr(error, "errno", errno.ENOENT) not in MISSING:
                return Absence.OUT_OF_SIGHT
            if root not in away:
                away[root] = _is_empty(root)
            return Absence.OUT_OF_SIGHT if away[root] else Absence.GONE
        if not stat.S_ISREG(found.st_mode) or found.st_size <= 0:
            return Absence.GONE
        return Seen(size=found.st_size, modified=found.st_mtime_ns)


def _is_empty(root: Path) -> bool:
    """Whether nothing is in that root folder, as in a mount point without its disk, or it is not there itself."""
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return True
