from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from attrs import define, field

from jackd.config.settings import ServerSettings
from jackd.folder.library import FolderLibrary
from jackd.model.item import Item
from jackd.storage.threads import InlineWorkers
from tests.support import result_of

NOW = 1_790_000_000.0


class FakeMint:
    def __init__(self, secret: str = "secret") -> None:
        self.secret = secret

    def sign(self, purpose: str, text: str) -> str:
        return hashlib.sha256(f"{self.secret}|{purpose}|{text}".encode()).hexdigest()


@define
class Folder:
    """A directory with videos, and the library over it."""

    root: Path
    library: FolderLibrary = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.library = self.again()

    def again(self, secret: str = "secret") -> FolderLibrary:
        settings = ServerSettings(name="films", type="folder", url=f"file://{self.root}", path=self.root)
        return FolderLibrary(settings=settings, mint=FakeMint(secret), disk=InlineWorkers(), now=lambda: NOW)

    def put(self, path: str | bytes, data: bytes = b"video") -> Path:
        import os

        file = self.root / os.fsdecode(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    def batches(self) -> dict[str, list[Item]]:
        async def everything() -> dict[str, list[Item]]:
            return {batch.group: list(batch.items) async for batch in self.library.read()}

        return result_of(everything())

    def items(self) -> list[Item]:
        return [item for items in self.batches().values() for item in items]

    def names(self) -> set[str]:
        return {item.filename for item in self.items()}

    def only(self) -> Item:
        (item,) = self.items()
        return item


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    root = tmp_path / "films"
    root.mkdir()
    return Folder(root)
