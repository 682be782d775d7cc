"""Radarr and Sonarr as libraries keep what every library promises; files lie on a disk that is really there."""

from __future__ import annotations

from pathlib import Path

import pytest

from jackd.arr.radarr import RadarrLibrary
from jackd.arr.sonarr import SonarrLibrary
from jackd.storage.threads import InlineWorkers
from tests.arr.world import World
from tests.fakes.arr import FakeArr, media_file
from tests.library_contract import Case, LibraryContract


def put(arr: FakeArr, name: str) -> str:
    """The path, as the *arr tells it, of a file that is there."""
    path = Path(arr.root_folders[0]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"video")
    return str(path)


def world(kind: str, root: Path) -> World:
    made = World(kind)
    made.arr.root_folders = [str(root)]
    return made


def case(world: World, kind: type[RadarrLibrary | SonarrLibrary]) -> Case:
    inline = InlineWorkers()
    library = kind(client=world.client, workers=inline, disk=inline, state=world.state, now=world.clock.seconds)
    return Case(library=library, unreachable=world.down)


class TestRadarrLibrary(LibraryContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        radarr = world("radarr", tmp_path)
        for number, name in enumerate(("The Matrix (1999)", "Heat (1995)"), 5):
            file = media_file(put(radarr.arr, f"{name}/{name}.mkv"), id=number, size=5, quality="Bluray-1080p")
            radarr.arr.add_movie(name[:-7], int(name[-5:-1]), tmdb=600 + number, file=file)
        radarr.arr.add_movie("Later", 2027, tmdb=2)
        return case(radarr, RadarrLibrary)


class TestSonarrLibrary(LibraryContract):
    @pytest.fixture
    def case(self, tmp_path: Path) -> Case:
        sonarr = world("sonarr", tmp_path)
        for show in (1, 2):
            series = sonarr.arr.add_series(f"Show {show}", tvdb=100 + show)
            for number in (1, 3):
                path = put(sonarr.arr, f"Show {show}/Season 01/Show.{show}.S01E0{number}.mkv")
                file = sonarr.arr.add_file(series, 1, media_file(path, id=10 * show + number, size=5))
                sonarr.arr.add_episode(series, 1, number, file=file)
                if number == 3:  # a file with two episodes
                    sonarr.arr.add_episode(series, 1, 4, file=file)
        sonarr.arr.add_episode(1, 2, 1)
        return case(sonarr, SonarrLibrary)
