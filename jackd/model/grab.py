"""A grab: one decision to fetch one release."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen

from jackd.model.filenames import safe_name, video_extension

MAX_FILES = 200
"""Of one grab; more than any season has."""


@frozen(kw_only=True)
class GrabFile:
    """
    One file of a grab.

    :ivar item: id of the item, or of the extra, whose bytes it has.
    :ivar name: what it will be called; one safe component of a path.
    :ivar size: bytes, as offered.
    """

    item: str
    name: str
    size: int

    @property
    def is_extra(self) -> bool:
        """Whether it is no video, but lies beside one."""
        return video_extension(self.name) is None


def _files(values: Iterable[GrabFile]) -> tuple[GrabFile, ...]:
    return tuple(values)


@frozen(kw_only=True)
class Grab:
    """
    What a stub torrent stands for: the file of one item of one friend, or those of a whole season, wanted once.

    :ivar hash: the stub's info-hash, 40 lower-case hex digits, new for every grab.
    :ivar title: the release title that the *arr was offered; also the name in its queue.
    :ivar item: the item's id, or the season's.
    :ivar filename: what the friend calls the file; used for its extension only. Empty for a season.
    :ivar size: bytes, as offered, of all files together.
    :ivar files: what it consists of, the videos in the order in which they are fetched.
    """

    hash: str
    peer: str
    peer_name: str
    item: str
    title: str
    filename: str
    size: int
    files: tuple[GrabFile, ...] = field(converter=_files)

    @files.default
    def _only(self) -> tuple[GrabFile, ...]:
        name = safe_name(self.title, extension=video_extension(self.filename) or "")
        return (GrabFile(item=self.item, name=name, size=self.size),)
