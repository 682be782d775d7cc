"""The download that a grab becomes."""

from __future__ import annotations

import enum
import posixpath
from collections import Counter

from attrs import define, field, setters

from jackd.model.changes import Changes, changes_field, counted
from jackd.model.file import DownloadFile
from jackd.model.filenames import safe_name
from jackd.model.grab import Grab

ETA_UNKNOWN = 8_640_000
"""Seconds; what qBittorrent says when it does not know (100 days)."""


class State(enum.Enum):
    """
    Where a download stands; the value is what the database holds.

    :ivar finished: whether nothing more will happen by itself.
    """

    QUEUED = "queued"
    DOWNLOADING = "downloading"
    WAITING = "waiting"  # after a failed attempt; holds no slot
    VERIFYING = "verifying"
    COMPLETED = "completed"
    PAUSED = "paused"
    FAILED = "failed"  # for good

    def __init__(self, value: str) -> None:
        self.finished = value in ("completed", "failed")


@define(kw_only=True, on_setattr=[setters.convert, counted])
class Download:
    """
    One row of the queue, with its live numbers.

    :ivar owner: id of the server (*arr) that grabbed it; ``None`` when the operator did.
    :ivar folder: absolute path of the grab's own folder, ``<completedPath>/<category>/<hash8>`` (``save_path``).
    :ivar files: what it consists of, in the order in which they are fetched.
    :ivar added, completed, active: Unix seconds; ``completed`` is ``None`` until done; ``active`` the last byte.
    :ivar speed: bytes/s over the last seconds; 0 unless downloading.
    :ivar attempts: that failed in a row, without one more byte; ``failures``: that failed, in all.
    :ivar seconds: that bytes were on their way, all attempts together.
    :ivar reason: why it waits or failed, for the operator.
    :ivar position: place in the queue, lowest first.
    :ivar download_limit, upload_limit: bytes/s of this one alone, 0 for none; nothing is uploaded of a download.
    :ivar retry_at: Unix seconds before which it is not tried again.
    :ivar changes: of all this and of its files, so that who shows it knows whether to look again.
    """

    grab: Grab
    owner: str | None
    category: str
    folder: str
    files: list[DownloadFile] = field()
    state: State = State.QUEUED
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
    changes: Changes = changes_field()

    def __attrs_post_init__(self) -> None:
        for file in self.files:
            file.changes = self.changes

    @property
    def hash(self) -> str:
        """The grab's info-hash: the download's id everywhere."""
        return self.grab.hash

    @files.default
    def _all_files(self) -> list[DownloadFile]:
        folder = safe_name(self.grab.title)
        names = [file.name for file in self.grab.files]
        return [DownloadFile(grab=self.grab, number=n, path=f"{folder}/{name}") for n, name in enumerate(names)]

    @property
    def received(self) -> int:
        """Bytes that are there."""
        first, *others = self.files  # mostly there is one; this is asked of a thousand downloads at a time
        return first.received + sum([file.received for file in others]) if others else first.received

    @property
    def given(self) -> dict[str, int]:
        """How many bytes came from each friend, by his name."""
        total: Counter[str] = Counter()
        for file in self.files:
            total.update(file.given)
        return dict(total)

    @property
    def sources(self) -> int:
        """How many friends it comes from just now."""
        return max(file.sources for file in self.files)

    @property
    def left(self) -> int:
        """Bytes still to come."""
        return sum(file.left for file in self.files)

    @property
    def verified(self) -> bool:
        """Whether it is complete, and every byte is the one that the manifest promised."""
        return self.state is State.COMPLETED and all(file.verified for file in self.files if not file.left_out)

    @property
    def progress(self) -> float:
        """0 to 1; 1 only when the finished file is there."""
        if self.state is State.COMPLETED:
            return 1.0
        return min(self.received / self.grab.size, 0.9999) if self.grab.size else 0.0

    @property
    def eta(self) -> int:
        """Seconds until done, :data:`ETA_UNKNOWN` when that can't be said."""
        return int(min(self.left / self.speed, ETA_UNKNOWN)) if self.speed > 0 and self.left else ETA_UNKNOWN

    @property
    def content(self) -> str:
        """``content_path``: the folder inside ``folder`` that the *arr imports."""
        return posixpath.join(self.folder, self.files[0].path.split("/", 1)[0])
