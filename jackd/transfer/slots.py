"""Who may start."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from jackd.model.download import State
from jackd.transfer.entry import Entry


def startable(entries: Sequence[Entry], slots: int, held: Container[str]) -> Iterator[Entry]:
    """
    In the order of the queue: as many as slots are free, and all that are forced, which need none. No friend has all
    slots while another's downloads are waiting.

    Those that wait for their next attempt hold no slot. Those whose hash is ``held`` are about to be changed.
    """
    running = [entry for entry in entries if entry.job is not None and not entry.download.forced]
    waiting = [entry for entry in entries if entry.job is None and _queued(entry, held)]
    yield from [entry for entry in waiting if entry.download.forced]
    friends = {entry.download.grab.peer for entry in running}
    queue = [entry for entry in waiting if not entry.download.forced]
    for free in range(slots - len(running), 0, -1):
        if not queue:
            return
        chosen = _last(queue, friends) if free == 1 < slots else queue[0]
        queue.remove(chosen)
        friends.add(chosen.download.grab.peer)
        yield chosen


def _queued(entry: Entry, held: Container[str]) -> bool:
    return entry.download.state is State.QUEUED and entry.download.hash not in held


def _last(queue: Sequence[Entry], friends: set[str]) -> Entry:
    """Who gets the last slot, ``friends`` have the others."""
    others = (entry for entry in queue if entry.download.grab.peer not in friends)
    return next(others, queue[0]) if len(friends) == 1 else queue[0]
