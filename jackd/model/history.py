"""What has happened: downloads that came to their end, and files that friends fetched from here."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from attrs import frozen

from jackd.model.download import Download


class Event(enum.Enum):
    """How it ended; the value is what the database holds and the operator reads."""

    COMPLETED = "completed"
    FAILED = "failed"  # for good
    REMOVED = "removed"  # before its end
    SENT = "sent"  # to a friend, as many bytes as the file has
    PARTLY = "partly"  # sent to a friend, but fewer

    @property
    def shared(self) -> bool:
        """Whether a friend fetched it from here."""
        return self in (Event.SENT, Event.PARTLY)


@frozen(kw_only=True)
class Record:
    """
    One line of the history.

    :ivar n: grows with each new line; 0 as long as it is not stored.
    :ivar title: of the release; of what a friend fetched, the file's name.
    :ivar size: of the file, bytes.
    :ivar friends: bytes that came from, or went to, each of these friends.
    :ivar seconds: that the bytes were on their way; of several streams at once, those of each.
    :ivar began, ended: Unix seconds; of a download, when it was grabbed and when it ended.
    :ivar hash: of the download.
    :ivar owner: name of the *arr that grabbed it; empty when the operator did.
    :ivar failures: attempts that failed, in all.
    :ivar client: address of the friend who fetched.
    """

    event: Event
    title: str
    size: int
    friends: Mapping[str, int]
    seconds: float
    began: float
    ended: float
    hash: str = ""
    owner: str = ""
    failures: int = 0
    verified: bool = False
    reason: str = ""
    client: str = ""
    n: int = 0

    @property
    def moved(self) -> int:
        """Bytes, all friends together."""
        return sum(self.friends.values())

    @property
    def speed(self) -> float:
        """Bytes/s in the mean; 0 when nothing moved."""
        return self.moved / self.seconds if self.seconds > 0 else 0.0


def record_of(download: Download, event: Event, *, owner: str, ended: float) -> Record:
    """``download`` as it is now, at its end."""
    return Record(
        event=event,
        title=download.grab.title,
        size=download.grab.size,
        friends=dict(download.given) or {download.grab.peer_name: 0},
        seconds=download.seconds,
        began=download.added,
        ended=ended,
        hash=download.hash,
        owner=owner,
        failures=download.failures,
        verified=download.verified,
        reason=download.reason,
    )
