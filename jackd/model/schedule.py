"""Hours of the week at which other speed limits hold."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60


@frozen(kw_only=True)
class Window:
    """
    :ivar days: on which it begins, 0 is Monday.
    :ivar start, stop: minutes since midnight; ``stop`` is on the next day when it is not after ``start``.
    :ivar upload_rate, download_rate: bytes/s, 0 for no limit; ``None``: as at other hours.
    """

    days: frozenset[int] = frozenset(range(7))
    start: int = 0
    stop: int = DAY_MINUTES
    upload_rate: int | None = None
    download_rate: int | None = None

    def to_text(self) -> str:
        """What tells it from others."""
        days = ",".join(DAYS[day] for day in sorted(self.days))
        return f"{days} {self.start}-{self.stop} up {self.upload_rate} down {self.download_rate}"

    def covers(self, when: datetime) -> bool:
        """Whether it holds then; ``when`` is local time."""
        today, minute = when.weekday(), when.hour * 60 + when.minute
        if self.start < self.stop:
            return today in self.days and self.start <= minute < self.stop
        return (today in self.days and minute >= self.start) or ((today - 1) % 7 in self.days and minute < self.stop)
