"""Several friends who have a file of the same size."""

from __future__ import annotations

from jackd.model.manifest import Manifest
from jackd.model.release import Source
from tests.transfer.test_verification import manifest_of
from tests.transfer.world import CONTENT, FakeFile, FakeFiles, World

ALICE = "aaaaaaaa"
"""The friend of the grab."""


def a_friend(etag: str | None = '"one"', content: bytes = CONTENT, *, manifest: bool = True) -> FakeFiles:
    """One who gives everything that he is asked for, at once."""
    files = FakeFiles()
    files.etag, files.content = etag, content
    if manifest:
        files.manifests = [manifest_of(content, etag=etag)]
    return files


class Friends:
    """
    :class:`jackd.ports.RemoteFiles` of friends by id.

    :ivar away: ids of those of whom no search tells.
    """

    def __init__(self, **friends: FakeFiles) -> None:
        self.friends = friends
        self.away: set[str] = set()
        self.looked = 0

    def __getattr__(self, name: str):
        """Of the friend of the grab, for what a :class:`World` knows of one friend."""
        return getattr(self.friends[ALICE], name)

    @property
    def script(self):
        """What all of them do with each answer."""
        return self.friends[ALICE].script

    @script.setter
    def script(self, script) -> None:
        for friend in self.friends.values():
            friend.script = friend.part_script = script

    async def open(self, peer: str, item_id: str, **more) -> FakeFile:
        return await self.friends[peer].open(peer, item_id, **more)

    async def manifest(self, peer: str, item_id: str, *, size: int) -> Manifest | None:
        return await self.friends[peer].manifest(peer, item_id, size=size)

    async def sources(self, peer: str, item_id: str, *, size: int, title: str) -> list[Source]:
        self.looked += 1
        return [
            Source(peer=name, peer_name=name.title(), item="x:movie:1")
            for name in self.friends
            if name not in {peer, *self.away}
        ]


def world_of(path, friends: Friends, **settings) -> World:
    """A queue that knows them."""
    world = World(path, **settings)
    world.files = friends
    world.queue = world._queue()
    return world.start()
