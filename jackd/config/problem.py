"""What is wrong with a configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen

from jackd.model.errors import ConfigError

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@frozen(kw_only=True)
class Problem:
    """
    One thing that is wrong, and what to do about it. Never holds a value from the file: it might be a key.

    :ivar file: a path, or ``environment``.
    :ivar line, column: from 1; ``None`` where there is none.
    :ivar path: of the setting (``servers[0].apiKey``), or the variable's name; empty for the file as a whole.
    """

    file: str
    line: int | None = None
    column: int | None = None
    path: str = ""
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return _UNPRINTABLE.sub("?", ": ".join(part for part in (place, self.path, self.message) if part))

    @property
    def order(self) -> tuple[bool, int, int]:
        """Sorts problems as one reads: down the file, the environment last."""
        return (self.file == "environment", self.line or 0, self.column or 0)


class ConfigErrors(ConfigError):
    """All problems of one configuration; ``str()`` is a line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.order))
        super().__init__("\n".join(map(str, self.problems)))
