"""What follows from a failure: another attempt, later, or the end."""

from __future__ import annotations

from random import Random

from attrs import frozen

from jackd.config.settings import DownloadSettings
from jackd.model.errors import NotFound, PeerError, PeerRefused
from jackd.transfer.disk import DiskTrouble

MAX_RETRY_AFTER = 3600.0
"""Seconds; a friend who asks for more is asked after this all the same (F30)."""

REFUSED_SECONDS = 900.0
"""Between two attempts at a friend who does not accept our key (F30)."""

DISK_BASE = 60.0
DISK_MAX = 600.0
"""The disk is looked at again after a minute, then less and less often (F7, F8)."""

_DOUBLINGS = 32


@frozen(kw_only=True)
class Verdict:
    """
    :ivar delay: seconds until the next attempt, ``None``: there is none.
    :ivar reason: the sentence for the operator.
    """

    delay: float | None
    reason: str


@frozen(kw_only=True)
class RetryPolicy:
    """
    :ivar attempts: how many in a row may fail without a new byte.
    :ivar base: seconds, before the second attempt at most; doubles with each.
    :ivar maximum: seconds.
    """

    attempts: int
    base: float
    maximum: float
    rng: Random

    @classmethod
    def of(cls, settings: DownloadSettings, rng: Random | None = None) -> RetryPolicy:
        """As the configuration says."""
        return cls(
            attempts=settings.max_download_attempts,
            base=settings.retry_base_delay_ms / 1000,
            maximum=settings.retry_max_delay_ms / 1000,
            rng=rng or Random(),  # noqa: S311 - spreads attempts, protects nothing
        )

    def judge(self, error: Exception, *, attempts: int, disk_waits: int) -> Verdict:
        """
        After ``error``. Trouble with the disk, or with anything of ours, passes: it never ends a download.

        :param attempts: that failed in a row, this one included.
        :param disk_waits: how often in a row the disk was the reason, this time included.
        """
        reason = str(error)
        if isinstance(error, NotFound) or (isinstance(error, PeerError) and not error.temporary):
            return Verdict(delay=None, reason=reason)
        if not isinstance(error, PeerError):
            return Verdict(delay=self._jittered(DISK_BASE, DISK_MAX, disk_waits), reason=reason)
        if attempts >= self.attempts:
            return Verdict(delay=None, reason=f"{attempts} attempts failed, the last one: {reason}")
        return Verdict(delay=max(_asked(error), self.backoff(attempts)), reason=reason)

    def backoff(self, attempt: int) -> float:
        """Full jitter: anything up to the doubled base, so that many downloads don't come back at once."""
        return self.rng.uniform(0, _doubled(self.base, self.maximum, attempt))

    def _jittered(self, base: float, maximum: float, count: int) -> float:
        return _doubled(base, maximum, count) * self.rng.uniform(1, 1.1)


def is_ours(error: Exception) -> bool:
    """Whether the friend has no part in it: the disk, the database."""
    return isinstance(error, DiskTrouble) or not isinstance(error, PeerError | NotFound)


def _doubled(base: float, maximum: float, count: int) -> float:
    return float(min(maximum, base * 2 ** min(max(count - 1, 0), _DOUBLINGS)))


def _asked(error: PeerError) -> float:
    asked = min(error.retry_after or 0.0, MAX_RETRY_AFTER)
    return max(asked, REFUSED_SECONDS) if isinstance(error, PeerRefused) else asked
