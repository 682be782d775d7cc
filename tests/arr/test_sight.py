"""F35: what the disk says of files that an *arr tells of, and what becomes of that."""

from __future__ import annotations

import os

import pytest
from twisted.logger import capturedLogs

from jackd.arr.sight import Absence, Seen, Sight
from jackd.model.search import Query
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.database import Database
from tests.arr.test_library import library, radarr, sonarr
from tests.arr.world import MODIFIED
from tests.support import result_of

NAME = "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"


# -- looking ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "films"
    (root / "Heat").mkdir(parents=True)
    (root / "Heat" / "heat.mkv").write_bytes(b"12345")
    os.utime(root / "Heat" / "heat.mkv", ns=(1, 1_700_000_000_123_456_789))
    return root


def look(root, *names):
    return Sight().look([root / name for name in names], [root])


def test_a_file_that_is_there(root):
    assert look(root, "Heat/heat.mkv") == [Seen(size=5, modified=1_700_000_000_123_456_789)]


def test_a_link_is_what_it_leads_to(root):
    (root / "link.mkv").symlink_to(root / "Heat" / "heat.mkv")
    (root / "broken.mkv").symlink_to(root / "nowhere")
    assert [type(s) for s in look(root, "link.mkv", "broken.mkv")] == [Seen, Absence]


def test_what_is_missing_in_a_folder_that_is_there_is_gone(root):
    (root / "empty.mkv").touch()
    names = ["Heat/other.mkv", "Other/x.mkv", "Heat/heat.mkv/x.mkv", "Heat", "empty.mkv", "x" * 300]
    assert look(root, *names)[:5] == [Absence.GONE] * 5


def test_what_lies_elsewhere_is_as_good_as_gone(root, tmp_path):
    """S10"""
    (tmp_path / "secret.mkv").write_bytes(b"x")
    paths = [tmp_path / "secret.mkv", root / ".." / "secret.mkv", None, root / "a\0b"]
    assert Sight().look(paths, [root]) == [Absence.GONE] * 4
    assert Sight().look([root / "Heat" / "heat.mkv"], []) == [Absence.GONE]


def test_without_its_disk_nothing_is_gone(root, tmp_path):
    """An empty mount point, and none at all."""
    for path in sorted(root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert look(root, "Heat/heat.mkv") == [Absence.OUT_OF_SIGHT]
    root.rmdir()
    assert look(root, "Heat/heat.mkv") == [Absence.OUT_OF_SIGHT]


@pytest.mark.parametrize("code", [5, 13, 116])
def test_a_disk_that_fails_says_nothing_of_its_files(root, monkeypatch, code):
    """EIO, EACCES, ESTALE"""

    def fail(path, **_):
        raise OSError(code, "no")

    monkeypatch.setattr("pathlib.Path.stat", fail)
    assert look(root, "Heat/heat.mkv") == [Absence.OUT_OF_SIGHT]


# -- what becomes of it -----------------------------------------------------------------------------------------------


class Index:
    """A library read into an index."""

    def __init__(self, world):
        self.world, self.library = world, library(world)
        self.store = CatalogueStore(Database.in_memory())

    def read(self):
        async def go():
            seen = set()
            async for batch in self.library.read():
                seen.add(batch.group)
                await self.store.replace(self.library.id, batch)
            await self.store.keep_groups(self.library.id, seen)

        result_of(go())
        return self

    def items(self):
        return {item.filename: item for item in result_of(self.store.search(Query(), limit=10))}

    def changed(self):
        from tests.arr.test_library import SINCE

        return result_of(self.library.changed(SINCE))


def test_the_disk_has_the_last_word_about_the_size_and_it_is_told_once():
    """F35"""
    world = radarr()
    world.sight.sizes[NAME] = 123
    index = Index(world)
    with capturedLogs() as logged:
        index.read().read()
    assert index.items()[NAME].size == 123
    told = [(e["there"], e["told"]) for e in logged if "there" in e]
    assert told == [(123, world.arr.movies[1]["movieFile"]["size"])]
    [facts] = result_of(index.library.read_group("1")).facts.values()
    assert facts.modified == MODIFIED


@pytest.mark.parametrize(("make", "name"), [(radarr, NAME), (sonarr, "a.mkv")])
def test_what_is_gone_is_not_offered(make, name):
    """F35"""
    world = make()
    index = Index(world).read()
    assert name in index.items()
    world.sight.absent[name] = Absence.GONE
    with capturedLogs() as logged:
        index.read()
    assert index.items() == {}
    assert [e["why"] for e in logged if "why" in e] == ["gone"]
    assert index.changed() == []


@pytest.mark.parametrize(("make", "name"), [(radarr, NAME), (sonarr, "a.mkv")])
def test_what_is_out_of_sight_stays_as_it_was_and_is_looked_at_again(make, name):
    """F35: the disk is away for a while: nothing is forgotten, nothing is believed."""
    world = make()
    index = Index(world).read()
    before = index.items()
    world.sight.absent[name] = Absence.OUT_OF_SIGHT
    index.read()
    assert index.items() == before
    result_of(index.store.replace(index.library.id, result_of(index.library.read_group("1"))))
    assert index.items() == before
    assert index.changed() is None  # everything has to be read before long
    world.sight.absent.clear()
    index.read()
    assert index.items() == before
    assert index.changed() == []


def test_what_was_never_seen_is_not_offered():
    world = radarr()
    world.sight.absent[NAME] = Absence.OUT_OF_SIGHT
    index = Index(world).read()
    assert index.items() == {}
    world.sight.absent.clear()
    assert set(index.read().items()) == {NAME}


def test_a_library_of_missing_files_is_one_line_in_the_log():
    world = sonarr(count=9)
    world.sight.absent["a.mkv"] = Absence.OUT_OF_SIGHT
    index = Index(world)

    def told() -> list[str]:
        with capturedLogs() as logged:
            index.read()
        return [e["path"] for e in logged if "why" in e]

    assert [told(), told()] == [["/library/Show 1/a.mkv"], []]
    world.sight.absent.clear()
    assert told() == []
    world.sight.absent["a.mkv"] = Absence.GONE
    assert told() == ["/library/Show 1/a.mkv"]
