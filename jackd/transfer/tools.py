"""What every job uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from attrs import field, frozen
from twisted.internet.interfaces import IReactorTime

from jackd.ports import RemoteFiles
from jackd.storage.downloads import DownloadStore
from jackd.storage.manifests import ManifestStore
from jackd.transfer.completed import CompletedFolder
from jackd.transfer.disk import Disk
from jackd.transfer.sink import Sink


@frozen(kw_only=True)
class Tools:
    """
    What every job uses.

    :ivar now: wall-clock seconds.
    :ivar digests: threads that compare what came with the manifest.
    :ivar sink: makes the sink of one transfer from the friend with that id.
    :ivar limited: whether a speed limit of ours holds for what comes from him.
    :ivar idle_timeout: seconds without an answer, or without a byte.
    :ivar lanes: how many connections all downloads together have to the friend with that id.
    """

    store: DownloadStore
    manifests: ManifestStore
    files: RemoteFiles
    folder: CompletedFolder
    disk: Disk
    digests: Disk
    clock: IReactorTime
    now: Callable[[], float]
    sink: Callable[[str], Sink]
    limited: Callable[[str], bool]
    idle_timeout: float
    lanes: Counter[str] = field(factory=Counter)

    async def claim_folder(self) -> None:
        """Make sure that the completed folder is there; remember when it is used first. Raises ``DiskTrouble``."""
        await self.disk.run(self.folder.check)
        if not self.folder.claimed:
            await self.store.claim(self.folder.path)
            self.folder.claimed = True
