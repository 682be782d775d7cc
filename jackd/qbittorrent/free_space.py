"""How much room is left for finished grabs."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from jackd.model.errors import JackError
from jackd.storage.threads import Workers

FREE_SPACE_SECONDS = 30.0
"""How long an answer is good; clients ask every second or two."""


class FreeSpace:
    """Bytes, as they were not long ago; 0 when it can't be said."""

    def __init__(self, path: str, workers: Workers, now: Callable[[], float]) -> None:
        self._path = path
        self._workers = workers
        self._now = now
        self._known = 0
        self._asked: float | None = None

    async def __call__(self) -> int:
        """The number, from the file system when the last answer is old."""
        if self._asked is None or abs(self._now() - self._asked) >= FREE_SPACE_SECONDS:
            self._asked = self._now()
            try:
                self._known = (await self._workers.run(shutil.disk_usage, self._path)).free
            except (OSError, JackError):
                self._known = 0
        return self._known
