"""The files that are fetched, and the folder in which everything happens."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
GIB = 1024 * MIB
BLOCK = 16 * MIB
SPARE = 2 * GIB
"""Room that is left on the disk beyond what is needed: jack itself keeps 1 GiB or more free."""


class BenchFailed(Exception):
    """Told to who runs the benchmark, instead of a traceback."""


@dataclass(frozen=True)
class Film:
    """A file to share. Its number, which stands in for a TMDB id, is the key by which a jack's search finds it."""

    path: Path
    number: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    def warm(self) -> None:
        """Have it in the page cache, as far as there is room."""
        with self.path.open("rb", buffering=0) as file:
            room = bytearray(BLOCK)
            while file.readinto(room):
                pass

    def cool(self) -> None:
        """Have nothing of it in the page cache."""
        fd = os.open(self.path, os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)

    def is_same_as(self, other: Path) -> bool:
        """Whether every byte of ``other`` is the same."""
        with self.path.open("rb", buffering=0) as mine, other.open("rb", buffering=0) as theirs:
            while block := mine.read(BLOCK):
                if theirs.read(BLOCK) != block:
                    return False
            return not theirs.read(1)


def film(library: Path, number: int) -> Film:
    """Where the film with that number lies, named so that jack knows it."""
    folder = library / f"Film {number} (2001) {{tmdb-{number}}}"
    return Film(folder / f"Film.{number}.2001.1080p.BluRay.x264-BENCH.mkv", number)


def random_film(library: Path, size: int, number: int = 0) -> Film:
    """A film of ``size`` random bytes, safely on the disk. Its number is its size in MiB, if none is given."""
    made = film(library, number or size // MIB)
    made.path.parent.mkdir(parents=True)
    with made.path.open("wb") as file:
        for start in range(0, size, BLOCK):
            file.write(os.urandom(min(BLOCK, size - start)))
        file.flush()
        os.fsync(file.fileno())
    return made


def sparse_film(library: Path, number: int, size: int) -> Film:
    """
    A film of zeros that takes no room, for a list. Who sends it sees another system than with any real one: instead of
    a disk, the processor fills what is read ahead, all of it at once.
    """
    made = film(library, number)
    made.path.parent.mkdir(parents=True)
    with made.path.open("wb") as file:
        file.truncate(size)
    return made


def fresh(folder: Path, needed: int) -> Path:
    """An empty ``folder``. Raises ``BenchFailed`` unless its disk has room for ``needed`` bytes and some more."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise BenchFailed(f"{folder} needs {(needed + SPARE) / GIB:.1f} GiB of room and has {free / GIB:.1f}")
    return folder


def settle() -> None:
    """
    Return when all that was written lies on the disks. Who only fills the page cache leaves it to be written back
    behind the next one's back, who would pay for it.
    """
    os.sync()


def file_system(folder: Path) -> str:
    """Its type, as the kernel calls it."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(len(where), kind) for _, where, kind, *_ in mounts if folder.is_relative_to(where)]
    return max(above)[1] if above else "unknown"
