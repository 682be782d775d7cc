"""Tags: words that clients stick to downloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from jackd.model.download import Download
from jackd.ports import Downloads
from jackd.qbittorrent.calls import Actions, Answer, Call
from jackd.qbittorrent.queue import Queue
from jackd.storage.labels import Labels

MAX_TAG = 200
"""Characters; what is longer is no tag."""


class Tags:
    """``torrents/*Tags``. The list of tags is one for all accounts."""

    actions: ClassVar[Actions] = Actions()

    def __init__(self, labels: Labels, downloads: Downloads, queue: Queue) -> None:
        self._labels = labels
        self._downloads = downloads
        self._queue = queue

    async def put(self, hashes: Sequence[str], tags: Sequence[str]) -> None:
        """Give ``tags`` to downloads, besides those they have."""
        await self._labels.add_tags(tags)
        found = [d for d in map(self._downloads.get, hashes) if d is not None]
        await self._change(found, lambda had: [*had, *(t for t in tags if t not in had)])

    async def all(self) -> Sequence[str]:
        """In the order of the alphabet."""
        return await self._labels.tags()

    @actions.read("torrents/tags")
    async def list(self, call: Call) -> Answer:
        """All of them."""
        return list(await self.all())

    @actions.change("torrents/createTags")
    async def create(self, call: Call) -> Answer:
        """``tags``, separated by commas."""
        call.need("tags")
        await self._labels.add_tags(tags_in(call))
        return ""

    @actions.change("torrents/deleteTags")
    async def delete(self, call: Call) -> Answer:
        """``tags``; they are taken off the downloads that the account sees."""
        call.need("tags")
        gone = tags_in(call)
        await self._labels.remove_tags(gone)
        await self._change(self._queue.seen(call.view), lambda had: [t for t in had if t not in gone])
        return ""

    @actions.change("torrents/addTags")
    async def add(self, call: Call) -> Answer:
        """``hashes``, ``tags``."""
        call.need("hashes", "tags")
        await self.put(self._queue.hashes(call), tags_in(call))
        return ""

    @actions.change("torrents/removeTags")
    async def remove(self, call: Call) -> Answer:
        """``hashes``, ``tags``; all of them when no tag is named."""
        gone = tags_in(call)
        await self._change(self._queue.chosen(call), lambda had: [t for t in had if gone and t not in gone])
        return ""

    async def _change(self, downloads: Sequence[Download], change: Callable[[Sequence[str]], Sequence[str]]) -> None:
        changed = {d.hash: new for d in downloads if (new := sorted(change(d.tags))) != list(d.tags)}
        if changed:
            await self._downloads.set_tags(changed)


def tags_in(call: Call) -> list[str]:
    """The usable tags of the field ``tags``."""
    return [tag for tag in call.words("tags") if len(tag) <= MAX_TAG and tag.isprintable()]
