"""The same folder under two names: as the *arr's container sees it and as jack does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from attrs import frozen


@frozen(kw_only=True)
class PathMapping:
    """``theirs`` is the *arr's name of a folder (``from`` in the configuration), ``ours`` is jack's (``to``)."""

    theirs: PurePosixPath
    ours: PurePosixPath


@frozen
class PathMap:
    """All mappings of one server; the first whose prefix fits is taken; a path that none fits stays as it is."""

    mappings: Sequence[PathMapping] = ()

    def ours(self, path: str) -> str:
        """``path`` of the *arr as jack must open it."""
        return _moved(path, [(m.theirs, m.ours) for m in self.mappings])

    def theirs(self, path: str) -> str:
        """``path`` of jack as the *arr must be told it."""
        return _moved(path, [(m.ours, m.theirs) for m in self.mappings])


def _moved(path: str, pairs: Sequence[tuple[PurePosixPath, PurePosixPath]]) -> str:
    pure = PurePosixPath(path)
    for before, after in pairs:
        if pure.is_relative_to(before):
            return str(after / pure.relative_to(before))
    return path
