"""One file of a download."""

from __future__ import annotations

from attrs import define, field

from jackd.model.changes import Changes, changes_field, counted
from jackd.model.coverage import Coverage
from jackd.model.grab import Grab, GrabFile
from jackd.model.release import Source


@define(kw_only=True, on_setattr=counted)
class DownloadFile:
    """
    What is known of it.

    :ivar number: its place among the files of the grab.
    :ivar path: of the finished file, relative to the download's folder: ``<title>/<title>.mkv``.
    :ivar done: whether it is there, whole and safe, under that name.
    :ivar left_out: why it does not come; only of what lies beside a video.
    :ivar there: which bytes are there; between two checkpoints more than would survive. :meth:`settle` changes it.
    :ivar good: which of them are known to be on the disk and as the manifest says.
    :ivar received, checked: how many bytes those are.
    :ivar lead: the friend by whose file it goes, when that is not the one of the grab.
    :ivar etag: of the lead's file.
    :ivar given: how many bytes came from each friend, by his name.
    :ivar sources: how many friends it comes from just now.
    :ivar changes: of all this, counted together with the download's own; those inside ``given`` are not.
    """

    grab: Grab
    number: int
    path: str
    done: bool = False
    left_out: str = ""
    there: Coverage = Coverage()
    good: Coverage = Coverage()
    received: int = field(init=False)
    checked: int = field(init=False)
    lead: Source | None = None
    etag: str | None = None
    given: dict[str, int] = field(factory=dict)
    sources: int = 0
    changes: Changes = changes_field()

    def __attrs_post_init__(self) -> None:
        self.settle(self.there, self.good)

    @property
    def wanted(self) -> GrabFile:
        """Which of the grab's files it is."""
        return self.grab.files[self.number]

    @property
    def hash(self) -> str:
        """The download's."""
        return self.grab.hash

    @property
    def key(self) -> str:
        """What tells it from all other files of all downloads; of the first the download's hash."""
        return f"{self.hash}:{self.number}" if self.number else self.hash

    @property
    def title(self) -> str:
        """For the log: of the release, and of several files this one's own name."""
        return self.wanted.name if self.number else self.grab.title

    @property
    def release(self) -> str:
        """Title of the release that its item is by itself."""
        return self.wanted.name.rpartition(".")[0] if len(self.grab.files) > 1 else self.grab.title

    @property
    def size(self) -> int:
        """Bytes, as offered."""
        return self.wanted.size

    @property
    def source(self) -> Source:
        """The friend it was grabbed from."""
        return Source(peer=self.grab.peer, peer_name=self.grab.peer_name, item=self.wanted.item)

    @property
    def left(self) -> int:
        """Bytes still to come."""
        return 0 if self.left_out else max(0, self.size - self.received)

    @property
    def pending(self) -> bool:
        """Whether something has still to be done."""
        return not self.done and not self.left_out

    @property
    def verified(self) -> bool:
        """Whether it is whole, and every byte is the one that the manifest promised."""
        return self.done and self.checked >= self.size

    def settle(self, there: Coverage, good: Coverage) -> None:
        """These bytes are there, of which those of ``good`` are right."""
        self.there, self.good = there, good & there
        self.received, self.checked = there.total, self.good.total

    def forget(self) -> None:
        """Nothing of it is there."""
        self.settle(Coverage(), Coverage())
        self.done, self.left_out, self.etag, self.lead = False, "", None, None
