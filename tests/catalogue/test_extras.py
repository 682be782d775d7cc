"""What belongs to a video by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from jackd.catalogue import extras as module
from jackd.catalogue.extras import extra_beside, extras_beside
from jackd.catalogue.shared import EXTRAS_DEADLINE, SharedCatalogue
from jackd.catalogue.views import PolicyViews
from jackd.model.errors import LibraryUnavailable, NotFound
from jackd.model.item import Extra, extra_id
from jackd.model.sharing import Facts, Policy, Rule, Rules
from jackd.ports import Batch, Location
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.database import Database
from jackd.storage.threads import InlineWorkers
from tests.catalogue.fake_library import FakeLibrary
from tests.support import MATRIX, result_of


def put(folder: Path, *names: str) -> Location:
    """The video is the first."""
    for name in names:
        (folder / name).write_bytes(b"xyz")
    return Location(path=folder / names[0], roots=[folder])


def suffixes(location: Location) -> list[str]:
    return [extra.suffix for extra in extras_beside(location)]


def test_what_begins_as_the_video_does_belongs_to_it(tmp_path: Path):
    names = ("Film.srt", "Film.en.forced.srt", "Film.idx", "Film.sub", "Film.nfo", "Film-poster.jpg", "Film.de.sup")
    others = ("film.srt", "Film.txt", "Film.exe", "Other.srt", "Film.mkv.part", "poster.jpg", "Film (en).srt", ".srt")
    location = put(tmp_path, "Film.mkv", *names, *others)
    (tmp_path / "Film.fr.srt").mkdir()
    (tmp_path / "Film.empty.srt").touch()
    assert suffixes(location) == sorted(name.removeprefix("Film") for name in names)
    assert extras_beside(location)[0] == Extra(suffix="-poster.jpg", size=3)


def test_what_belongs_to_a_video_with_a_longer_name_is_not_taken_from_it(tmp_path: Path):
    names = ("Film.mkv", "Film.Extended.mkv", "Film.en.srt", "Film.Extended.srt", "Film.Extended.en.srt")
    location = put(tmp_path, *names)
    assert suffixes(location) == [".en.srt"]
    longer = Location(path=tmp_path / "Film.Extended.mkv", roots=[tmp_path])
    assert suffixes(longer) == [".en.srt", ".srt"]


def test_links_and_folders_outside_the_roots_are_not_looked_at(tmp_path: Path):
    """S10"""
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    put(outside, "Film.mkv", "Film.srt")
    assert suffixes(Location(path=outside / "Film.mkv", roots=[inside])) == []
    (inside / "linked").symlink_to(outside)
    assert suffixes(Location(path=inside / "linked" / "Film.mkv", roots=[inside])) == []
    location = put(inside, "Film.mkv")
    (inside / "Film.srt").symlink_to(outside / "Film.srt")
    assert suffixes(location) == []


def test_many_and_large_ones_stay_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    location = put(tmp_path, "Film.mkv", *(f"Film.{n:02d}.srt" for n in range(40)))
    assert len(suffixes(location)) == module.MAX_EXTRAS
    monkeypatch.setattr(module, "MAX_SIZE", 2)
    assert suffixes(location) == []
    monkeypatch.setattr(module, "MAX_NAMES", 0)
    assert suffixes(location) == []


def test_only_what_is_listed_can_be_located(tmp_path: Path):
    location = put(tmp_path, "Film.mkv", "Film.srt", "Film.mkv.srt", "Other.srt")
    assert extra_beside(location, ".srt").path == tmp_path / "Film.srt"
    for suffix in (".mkv", "/../Other.srt", ".de.srt", "", "Other.srt"):
        with pytest.raises(NotFound):
            extra_beside(location, suffix)


# -- by way of the catalogue


@pytest.fixture
def library(tmp_path: Path) -> FakeLibrary:
    location = put(tmp_path, MATRIX.filename, MATRIX.filename.replace(".mkv", ".srt"))
    return FakeLibrary(groups={"1": [MATRIX]}, places=[location.path] * 20)


@pytest.fixture
def catalogue(library: FakeLibrary) -> SharedCatalogue:
    store = CatalogueStore(Database.in_memory())
    facts = {MATRIX.id: Facts(folder="/m", tags=("private",))}
    result_of(store.replace(library.id, Batch(group="1", items=[MATRIX], facts=facts)))
    return SharedCatalogue(libraries=[library], store=store, clock=Clock(), disk=InlineWorkers())


SUBTITLES = extra_id(MATRIX.id, ".srt")


def test_extras_are_told_and_located(catalogue: SharedCatalogue, tmp_path: Path):
    assert list(result_of(catalogue.extras(MATRIX.id))) == [Extra(suffix=".srt", size=3)]
    assert result_of(catalogue.locate(SUBTITLES)).path == tmp_path / MATRIX.filename.replace(".mkv", ".srt")
    for item in (extra_id(MATRIX.id, ".nfo"), extra_id("aaaaaaaa:movie:404", ".srt"), f"{SUBTITLES}+.srt"):
        with pytest.raises(NotFound):
            result_of(catalogue.locate(item))


def test_a_hidden_items_extras_are_hidden_too(catalogue: SharedCatalogue):
    policy = Policy(friends={"a": Rules(deny=(Rule(tags=("private",)),))})
    hidden, shown = (PolicyViews(catalogue, policy).of(friend) for friend in ("a", "b"))
    assert result_of(shown.locate(SUBTITLES)) == result_of(catalogue.locate(SUBTITLES))
    assert list(result_of(shown.extras(MATRIX.id))) == list(result_of(catalogue.extras(MATRIX.id)))
    for question in (hidden.locate(SUBTITLES), hidden.extras(MATRIX.id)):
        with pytest.raises(NotFound):
            result_of(question)


def test_a_library_that_does_not_answer_has_nothing_beside_its_files(catalogue: SharedCatalogue, library: FakeLibrary):
    library.failure = LibraryUnavailable()
    assert list(result_of(catalogue.extras(MATRIX.id))) == []


def test_a_library_that_hangs_keeps_the_item_back_for_a_moment_only(library: FakeLibrary, tmp_path: Path):
    """A friend's jack waits ten seconds for an item."""
    library.hangs = Deferred()
    clock, store = Clock(), CatalogueStore(Database.in_memory())
    hanging = SharedCatalogue(libraries=[library], store=store, clock=clock, disk=InlineWorkers())
    looking = Deferred.fromCoroutine(hanging.extras(MATRIX.id))
    clock.advance(EXTRAS_DEADLINE)
    assert list(result_of(looking)) == []


def test_a_file_that_the_library_does_not_have_any_more_has_nothing_beside_it(catalogue: SharedCatalogue):
    assert list(result_of(catalogue.extras("aaaaaaaa:movie:404"))) == []


def test_a_folder_that_went_away_has_nothing_beside_its_files(catalogue: SharedCatalogue, library: FakeLibrary):
    library.places[:] = [Path("/nowhere/at/all/x.mkv")] * 5
    assert list(result_of(catalogue.extras(MATRIX.id))) == []
    with pytest.raises(NotFound):
        result_of(catalogue.locate(SUBTITLES))
