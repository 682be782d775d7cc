"""The queue as the port promises it, in memory, without anything being downloaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.model.errors import Unavailable
from jackd.model.grab import Grab


def come(download: Download, received: int, *, checked: int = 0) -> Download:
    """``download``, of whose only file so many bytes are there, and so many of them are right."""
    (file,) = download.files
    file.settle(Coverage.of(0, received), Coverage.of(0, checked))
    file.done = download.state is State.COMPLETED
    return download


class FakeDownloads:
    """
    :ivar full: set it, and every ``add`` fails as with a full disk.
    :ivar deleted: ``(hash, delete_files)`` of what was deleted.
    :ivar rechecked: the hashes that were.
    """

    def __init__(self, completed_path: str = "/downloads", now: Callable[[], float] = lambda: 0.0) -> None:
        self._completed_path = completed_path
        self._now = now
        self._downloads: dict[str, Download] = {}
        self.full = False
        self.deleted: list[tuple[str, bool]] = []
        self.rechecked: list[str] = []

    async def add(self, grab: Grab, *, owner: str | None, category: str, paused: bool = False) -> bool:
        if self.full:
            raise Unavailable("no space left on the disk")
        if grab.hash in self._downloads:
            self._downloads[grab.hash].category = category
            return False
        self._downloads[grab.hash] = Download(
            grab=grab,
            owner=owner,
            category=category,
            folder="/".join(filter(None, [self._completed_path, category, grab.hash[:8]])),
            state=State.PAUSED if paused else State.QUEUED,
            position=len(self._downloads),
            added=self._now(),
        )
        return True

    def list(self) -> Sequence[Download]:
        return sorted(self._downloads.values(), key=lambda d: d.position)

    def get(self, hash: str) -> Download | None:
        return self._downloads.get(hash)

    async def delete(self, hashes: Iterable[str], *, delete_files: bool) -> None:
        for hash in hashes:
            if self._downloads.pop(hash, None):
                self.deleted.append((hash, delete_files))

    async def pause(self, hashes: Iterable[str]) -> None:
        self._change(hashes, lambda d: setattr(d, "state", State.PAUSED))

    async def resume(self, hashes: Iterable[str]) -> None:
        self._change(hashes, lambda d: setattr(d, "state", State.QUEUED))

    async def recheck(self, hashes: Iterable[str]) -> None:
        self.rechecked.extend(hash for hash in hashes if hash in self._downloads)

    async def set_forced(self, hashes: Iterable[str], forced: bool) -> None:
        self._change(hashes, lambda d: setattr(d, "forced", forced))

    async def set_category(self, hashes: Iterable[str], category: str) -> None:
        self._change(hashes, lambda d: setattr(d, "category", category))

    async def set_tags(self, tags: Mapping[str, Sequence[str]]) -> None:
        for hash, new in tags.items():
            self._change([hash], lambda d, new=new: setattr(d, "tags", tuple(new)))

    async def set_share_limits(self, hashes: Iterable[str], ratio: float, seeding_time: int) -> None:
        def limit(download: Download) -> None:
            download.ratio_limit, download.seeding_time_limit = ratio, seeding_time

        self._change(hashes, limit)

    async def set_speed_limits(
        self, hashes: Iterable[str], *, download: int | None = None, upload: int | None = None
    ) -> None:
        def limit(row: Download) -> None:
            row.download_limit = row.download_limit if download is None else download
            row.upload_limit = row.upload_limit if upload is None else upload

        self._change(hashes, limit)

    async def move(self, hashes: Iterable[str], where: str) -> None:
        order = [d.hash for d in self.list()]
        for hash in hashes:
            if hash in order:
                place = order.index(hash)
                order.insert(
                    {"top": 0, "bottom": len(order), "up": max(0, place - 1), "down": place + 1}[where],
                    order.pop(place),
                )
        for position, hash in enumerate(order):
            self._downloads[hash].position = position

    def _change(self, hashes: Iterable[str], change: Callable[[Download], None]) -> None:
        for hash in hashes:
            if hash in self._downloads:
                change(self._downloads[hash])
