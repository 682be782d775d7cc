"""A table of what is demanded, what was measured, and whether that is met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line. ``limit`` is what may not be exceeded; ``None`` when nothing is demanded."""

    what: str
    measured: float
    unit: str
    limit: float | None = None

    def __str__(self) -> str:
        demanded = "" if self.limit is None else f"{self.limit:g} {self.unit}"
        met = "" if self.limit is None else "met" if self.measured <= self.limit else "missed"
        return f"{self.what:<64} {demanded:>10} {self.measured:>10.4g} {self.unit:<4} {met}".rstrip()


HEAD = f"{'':<64} {'at most':>10} {'measured':>10}"
