"""A grab, and the download that it becomes."""

from __future__ import annotations

import enum
import posixpath
from collections.abc import Iterable

from attrs import define, field, frozen

from jackd.model.coverage import Coverage
from jackd.model.filenames import safe_name, video_extension
from jackd.model.release import Source

ETA_UNKNOWN = 8_640_000
"""Seconds; what qBittorrent says when it does not know (100 days)."""


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

    @property
    def source(self) -> Source:
        """The friend it was grabbed from."""
        return Source(peer=self.peer, peer_name=self.peer_name, item=self.item)


class State(enum.Enum):
    """Where a download stands; the value is what the database holds."""

    QUEUED = "queued"
    DOWNLOADING = "downloading"
    WAITING = "waiting"  # after a failed attempt; holds no slot
    VERIFYING = "verifying"
    COMPLETED = "completed"
    PAUSED = "paused"
    FAILED = "failed"  # for good

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in (State.COMPLETED, State.FAILED)


@define(kw_only=True)
class Download:
    """
    One row of the queue, with its live numbers.

    :ivar owner: id of the server (*arr) that grabbed it; ``None`` when the operator did.
    :ivar folder: absolute path of the grab's own folder, ``<completedPath>/<category>/<hash8>`` (``save_path``).
    :ivar file: path of the finished file relative to ``folder``: ``<title>/<title>.mkv``.
    :ivar there: which bytes are there; between two checkpoints more than would survive. :meth:`settle` changes it.
    :ivar good: which of them are known to be on the disk and as the manifest says.
    :ivar received, checked: how many bytes those are.
    :ivar lead: the friend by whose file the download goes, when that is not the one of the grab.
    :ivar etag: of the lead's file.
    :ivar given: how many bytes came from each friend, by his name.
    :ivar sources: how many friends it comes from just now.
    :ivar added, completed, active: Unix seconds; ``completed`` is ``None`` until done; ``active`` the last byte.
    :ivar speed: bytes/s over the last seconds; 0 unless downloading.
    :ivar attempts: that failed in a row, without one more byte; ``failures``: that failed, in all.
    :ivar seconds: that bytes were on their way, all attempts together.
    :ivar reason: why it waits or failed, for the operator.
    :ivar position: place in the queue, lowest first.
    :ivar download_limit, upload_limit: bytes/s of this one alone, 0 for none; nothing is uploaded of a download.
    :ivar retry_at: Unix seconds before which it is not tried again.
    """

    grab: Grab
    owner: str | None
    category: str
    folder: str
    file: str
    state: State = State.QUEUED
    there: Coverage = Coverage()
    good: Coverage = Coverage()
    received: int = 0
    checked: int = 0
    lead: Source | None = None
    etag: str | None = None
    given: dict[str, int] = field(factory=dict)
    sources: int = 0
    attempts: int = 0
    failures: int = 0
    seconds: float = 0.0
    reason: str = ""
    position: int = 0
    forced: bool = False
    retry_at: float = 0.0
    added: float = 0.0
    completed: float | None = None
    active: float = 0.0
    speed: float = 0.0
    tags: tuple[str, ...] = field(default=(), converter=tuple)
    ratio_limit: float = 0.0
    seeding_time_limit: int = -2
    download_limit: int = 0
    upload_limit: int = 0

    @property
    def hash(self) -> str:
        """The grab's info-hash: the download's id everywhere."""
        return self.grab.hash

    def settle(self, there: Coverage, good: Coverage) -> None:
        """These bytes are there, of which those of ``good`` are right."""
        self.there, self.good = there, good & there
        self.received, self.checked = there.total, self.good.total

    @property
    def left(self) -> int:
        """Bytes still to come."""
        return max(0, self.grab.size - self.received)

    @property
    def verified(self) -> bool:
        """Whether it is complete, and every byte is the one that the manifest promised."""
        return self.state is State.COMPLETED and self.checked >= self.grab.size

    @property
    def progress(self) -> float:
        """0 to 1; 1 only when the finished file is there."""
        if self.state is State.COMPLETED:
            return 1.0
        return min(self.received / self.grab.size, 0.9999) if self.grab.size else 0.0

    @property
    def eta(self) -> int:
        """Seconds until done, :data:`ETA_UNKNOWN` when that can't be said."""
        return int(self.left / self.speed) if self.speed > 0 and self.left else ETA_UNKNOWN

    @property
    def content(self) -> str:
        """``content_path``: the folder or file inside ``folder`` that the *arr imports."""
        return posixpath.join(self.folder, self.file.split("/", 1)[0])
