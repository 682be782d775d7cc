"""Who may start."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from jackd.model.download import State
from jackd.transfer.entry import Entry


def startable(entries: Sequence[Entry], slots: int, held: Container[str]) -> Iterator[Entry]:
    """
    In the order of the queue: as many as slots are free, and all that are forced, which need none.

    Those that wait for their next attempt hold no slot. Those whose hash is ``held`` are about to be changed.
    """
    free = slots - sum(entry.job is not None and not entry.download.forced for entry in entries)
    for entry in entries:
        download = entry.download
        if download.state is not State.QUEUED or entry.job is not None or download.hash in held:
            continue
        if download.forced:
            yield entry
        elif free > 0:
            free -= 1
            yield entry
