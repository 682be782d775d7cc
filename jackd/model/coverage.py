"""Which bytes of a file are meant: any set of them, as spans."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TypeAlias

from attrs import field, frozen

Span: TypeAlias = tuple[int, int]
"""The bytes from the first offset up to the second one, which is not among them."""


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for start, stop in sorted(span for span in spans if span[0] < span[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], stop)
        else:
            joined.append((start, stop))
    return tuple(joined)


@frozen
class Coverage:
    """
    A set of bytes; ``|``, ``&`` and ``-`` are those of sets.

    :ivar spans: ascending; they neither overlap nor touch, and none is empty.
    """

    spans: tuple[Span, ...] = field(default=(), converter=_joined)

    @classmethod
    def of(cls, start: int, stop: int) -> Coverage:
        """One span."""
        return cls(((start, stop),))

    @classmethod
    def from_text(cls, text: str) -> Coverage:
        """What :meth:`to_text` wrote. Raises ``ValueError``."""
        pairs = (pair.split("-") for pair in text.split(",") if pair)
        return cls(tuple((int(start), int(stop)) for start, stop in pairs))

    def to_text(self) -> str:
        """``0-4096,8192-9000``."""
        return ",".join(f"{start}-{stop}" for start, stop in self.spans)

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __or__(self, other: Coverage) -> Coverage:
        return Coverage(self.spans + other.spans)

    def __sub__(self, other: Coverage) -> Coverage:
        left: list[Span] = []
        gone = deque(other.spans)
        for start, stop in self.spans:
            at = start
            while at < stop and gone and gone[0][0] < stop:
                left.append((at, gone[0][0]))
                at = max(at, gone[0][1])
                if at < stop:  # else the next span may begin in it too
                    gone.popleft()
            left.append((at, stop))
        return Coverage(tuple(left))

    def __and__(self, other: Coverage) -> Coverage:
        return self - (self - other)

    @property
    def total(self) -> int:
        """How many bytes it has."""
        return sum(stop - start for start, stop in self.spans)

    @property
    def end(self) -> int:
        """The offset behind its last byte."""
        return self.spans[-1][1] if self.spans else 0

    def covers(self, start: int, stop: int) -> bool:
        """Whether each of those bytes is in it."""
        return start >= stop or any(first <= start and stop <= last for first, last in self.spans)

    def gaps(self, size: int) -> Coverage:
        """What of a file of ``size`` bytes is not in it."""
        return Coverage.of(0, size) - self

    def clipped(self, size: int) -> Coverage:
        """Without what lies behind ``size``."""
        return self & Coverage.of(0, size)

    def largest(self, count: int) -> Coverage:
        """Its ``count`` largest spans."""
        if len(self.spans) <= count:
            return self
        return Coverage(tuple(sorted(self.spans, key=lambda span: span[0] - span[1])[:count]))
