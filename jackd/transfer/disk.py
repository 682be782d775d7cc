"""The disk's threads, and what their errors mean."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from jackd.model.errors import Unavailable
from jackd.storage.threads import Workers

P = ParamSpec("P")
T = TypeVar("T")

_SENTENCES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EXDEV: "the completed folder spans several file systems",
    errno.ELOOP: "a symbolic link stands where a folder should be",
}


class DiskTrouble(Unavailable):
    """The completed folder can't be used just now."""


class Disk:
    """Runs what blocks on the disk's workers; every ``OSError`` becomes a :class:`DiskTrouble`."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def run(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of ``job``. Raises ``DiskTrouble``."""
        with told_as_trouble():
            return await self._workers.run(lambda: job(*args, **kwargs))


@contextmanager
def told_as_trouble() -> Iterator[None]:
    """What the disk, or its threads, refuse in the block is a ``DiskTrouble``."""
    try:
        yield
    except DiskTrouble:
        raise
    except Unavailable as error:
        raise DiskTrouble(str(error)) from None
    except OSError as error:
        raise DiskTrouble(_sentence(error)) from None


def _sentence(error: OSError) -> str:
    known = _SENTENCES.get(error.errno or 0)
    text = known or os.strerror(error.errno) if error.errno else str(error)
    return text if known or not error.filename else f"{text}: {error.filename}"
