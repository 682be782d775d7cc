"""
``twistd`` that kills itself, as ``kill -9`` does, at one step of the commit protocol: ``python -P dying.py STEP -n jack
...``. And, as ``STEP``, disks that fail. The daemon knows nothing of it: what it calls is replaced before it is made.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from jackd.model.download import State
from jackd.storage.downloads import DownloadStore
from jackd.transfer import completed, retry, tuner
from jackd.transfer.completed import CompletedFolder
from jackd.transfer.part import Part

Step = Callable[[], None]


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str, when: Callable[..., bool] = lambda *_: True) -> Step:
    """Die instead of a call of ``owner.name`` for whose arguments ``when`` is true."""

    def patch() -> None:
        real = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if when(*args):
                die()
            return real(*args, **kwargs)

        setattr(owner, name, call)

    return patch


def after(owner: Any, name: str, when: Callable[..., bool] = lambda *_, **__: True) -> Step:
    """Die when such a call is done; when it gives a Deferred, as soon as that fires."""

    def patch() -> None:
        real = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = real(*args, **kwargs)
            if when(*args, **kwargs):
                result.addCallback(die) if hasattr(result, "addCallback") else die()
            return result

        setattr(owner, name, call)

    return patch


def first(times: int, number: int, owner: Any, name: str) -> Step:
    """The first calls of ``owner.name`` fail with that errno."""

    def patch() -> None:
        real, left = getattr(owner, name), [times]

        def call(*args: Any, **kwargs: Any) -> Any:
            if left[0]:
                left[0] -= 1
                raise OSError(number, os.strerror(number))
            return real(*args, **kwargs)

        setattr(owner, name, call)

    return patch


def without_reserve() -> None:
    """A small disk may be filled to the brim."""
    completed.MIN_RESERVE = 0


def quick() -> None:
    """The disk is looked at again after a moment."""
    without_reserve()
    retry.DISK_BASE = retry.DISK_MAX = 0.3


def unforeseen() -> None:
    """As :func:`quick`; how much space there is can't be told beforehand, as under a quota."""
    quick()
    CompletedFolder.require = lambda self, needed: None  # type: ignore[method-assign]


def failing(number: int, owner: Any, name: str) -> Step:
    patch = first(2, number, owner, name)

    def both() -> None:
        quick()
        patch()

    return both


def is_complete(_: object, rows: Any, **__: object) -> bool:
    return any(row.state is State.COMPLETED for row in rows)


STEPS: dict[str, Step] = {
    "before the grab is committed": before(DownloadStore, "insert"),
    "after the grab is committed": after(DownloadStore, "insert"),
    "after a part is opened": after(CompletedFolder, "open_part"),
    "after bytes are spliced": after(Part, "splice"),
    "before a fdatasync": before(Part, "sync"),
    "after a fdatasync": after(Part, "sync"),
    "after a checkpoint": after(DownloadStore, "checkpoint", lambda store, download, there, *_: bool(there)),
    "after the part is sealed": after(Part, "seal"),
    "after the renaming": after(completed, "rename_new"),
    "before the last commit": before(DownloadStore, "save_state", is_complete),
    "after the last commit": after(DownloadStore, "save_state", is_complete),
}
DELETING: dict[str, Step] = {
    "after the part is removed": after(CompletedFolder, "discard_parts"),
    "after the file is removed": after(CompletedFolder, "discard_finished"),
    "after the folders are removed": after(CompletedFolder, "tidy"),
    "after the row is removed": after(DownloadStore, "remove"),
}
DISKS: dict[str, Step] = {
    "quick": quick,
    "unforeseen": unforeseen,
    "EIO from fdatasync": failing(errno.EIO, Part, "sync"),
    "EIO from splice": failing(errno.EIO, Part, "splice"),
    "EDQUOT": failing(errno.EDQUOT, Part, "splice"),
    "EFBIG": failing(errno.EFBIG, Part, "splice"),
}


def eager() -> None:
    """More connections are tried after a moment, and for small files."""
    tuner.SETTLE_SECONDS, tuner.WINDOW_SECONDS, tuner.MIN_LEFT = 1.0, 2.0, 8 * 1024 * 1024


OTHERS: dict[str, Step] = {"eager": eager}

if __name__ == "__main__":
    from twisted.scripts.twistd import run

    (STEPS | DELETING | DISKS | OTHERS)[sys.argv.pop(1)]()
    sys.argv[0] = "twistd"
    run()
