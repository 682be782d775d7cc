from __future__ import annotations

import errno
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from jackd.folder import library as library_module
from jackd.folder import walk as walk_module
from jackd.folder.describe import _finished
from jackd.model.errors import LibraryUnavailable, NotFound
from tests.folder.conftest import NOW, Folder
from tests.library_contract import Case, LibraryContract
from tests.support import MATRIX as MATRIX_ITEM
from tests.support import result_of

MATRIX = "The Matrix (1999)/The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class TestFolderLibrary(LibraryContract):
    @pytest.fixture
    def case(self, folder: Folder) -> Case:
        folder.put(MATRIX)
        folder.put("Heat (1995).mkv")
        folder.put("Some Show (2008) {tvdb-81189}/Season 01/Some.Show.S01E01E02.mkv")
        folder.put("Some Show (2008) {tvdb-81189}/Season 01/Some.Show.S01E03.mkv")
        folder.put("[Grp] Some Anime - 07 [1080p].mkv")
        folder.put("Daily/Daily.2024.05.17.Guest.mkv")
        return Case(library=folder.library, unreachable=lambda: shutil.rmtree(folder.root))


def changed(folder: Folder) -> list[str]:
    return list(result_of(folder.library.changed(LONG_AGO)))


def published(mtime: float, ctime: float) -> float:
    """When a file with these two dates is said to have come."""
    dates = SimpleNamespace(st_size=5, st_mtime_ns=int(mtime * 1e9), st_ctime_ns=int(ctime * 1e9))
    [video] = walk_module._file(SimpleNamespace(name="a.mkv", is_file=lambda **_: True, stat=lambda **_: dates))
    return _finished(MATRIX_ITEM, video, NOW).published.timestamp()


def test_a_file_says_when_it_came():
    """Not when it was made: nobody looks for new ones so far back."""
    assert published(mtime=5, ctime=7) == published(mtime=7, ctime=5) == 7


@pytest.mark.parametrize(("mtime", "ctime", "told"), [(NOW + 1e6, 0, NOW), (5, NOW + 9, NOW), (-9, -5, 0)])
def test_a_date_that_cannot_be_is_not_told(mtime, ctime, told):
    """F55"""
    assert published(mtime, ctime) == told


def test_ids_tell_nothing_of_the_path_and_cannot_be_made_up(folder):
    """S9"""
    folder.put("Heat (1995).mkv")
    first, again = folder.only().id, folder.only().id
    folder.library = folder.again()
    assert first == again == folder.only().id
    assert re.fullmatch(r"[0-9a-f]{8}:movie:[0-9a-f]{16}", first)
    folder.library = folder.again(secret="another")
    assert folder.only().id != first


def test_an_id_of_before_the_start_is_found_at_once(folder):
    """The index of the last run is searchable before the first reading is done."""
    file = folder.put("Heat (1995).mkv")
    item = folder.only()
    folder.library = folder.again()
    assert result_of(folder.library.locate(item.id)).path == file


def test_random_ids_do_not_make_it_look_again(folder, monkeypatch):
    folder.put("Heat (1995).mkv")
    folder.items()
    monkeypatch.setattr(walk_module.os, "scandir", lambda path: pytest.fail("looked"))
    with pytest.raises(NotFound):
        result_of(folder.library.locate(f"{folder.library.id}:movie:0123456789abcdef"))


def test_a_file_that_went_is_not_found(folder):
    """F34"""
    file = folder.put("Heat (1995).mkv")
    item = folder.only()
    folder.put("Other (1996).mkv")
    file.unlink()
    with pytest.raises(NotFound):
        result_of(folder.library.locate(item.id))


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_that_became_a_link_is_not_found(folder, tmp_path, what):
    """S10, S11"""
    file = folder.put("Heat (1995)/Heat (1995).mkv")
    item = folder.only()
    replaced = file if what == "file" else file.parent
    moved = replaced.rename(tmp_path / "elsewhere")
    replaced.symlink_to(moved)
    with pytest.raises(NotFound):
        result_of(folder.library.locate(item.id))


def test_the_root_itself_may_be_a_link(folder, tmp_path):
    folder.put("Heat (1995).mkv")
    link = tmp_path / "link"
    link.symlink_to(folder.root)
    linked = Folder(link)
    location = result_of(linked.library.locate(linked.only().id))
    assert location.path == folder.root / "Heat (1995).mkv"
    assert location.roots == [folder.root]


def test_a_missing_root_is_out_of_reach_and_heals(folder):
    """F10, F36"""
    file = folder.put("Heat (1995).mkv")
    folder.items()
    away = folder.root.rename(folder.root.with_name("away"))
    for call in (folder.items, lambda: changed(folder)):
        with pytest.raises(LibraryUnavailable, match="No such file"):
            call()
    away.rename(folder.root)
    assert folder.names() == {file.name}
    assert changed(folder) == []


def test_a_disk_that_is_not_mounted_holds_what_it_held(folder):
    """Its place is there, and empty."""
    folder.put(MATRIX)
    [item] = folder.items()
    shutil.move(folder.root, away := folder.root.with_name("away"))
    folder.root.mkdir()
    library = folder.library
    for question in (
        library.changed(LONG_AGO),
        library.read_group(quote("The Matrix (1999)")),
        library.locate(item.id),
    ):
        with pytest.raises(LibraryUnavailable, match="is empty; is its disk mounted"):
            result_of(question)
    with pytest.raises(LibraryUnavailable):
        folder.items()
    folder.root.rmdir()
    shutil.move(away, folder.root)
    assert folder.items() == [item]
    assert changed(folder) == []


def test_a_file_as_root_is_out_of_reach(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LibraryUnavailable, match="Not a directory"):
        Folder(tmp_path / "file").items()


# -- changes -------------------------------------------------------------------------------------------------------


def test_nothing_changed(folder):
    folder.put(MATRIX)
    folder.put("Notes (2001)/secret plans.mkv")
    folder.put("Holiday/unnamed.mkv")
    folder.items()
    assert changed(folder) == []


def test_a_new_file_changes_its_folder_only(folder):
    folder.put(MATRIX)
    folder.put("Heat (1995).mkv")
    folder.items()
    new = folder.put("The Matrix (1999)/The.Matrix.1999.720p.mkv")
    os.utime(new, (1, 1))  # copied with its old date
    assert changed(folder) == ["The%20Matrix%20%281999%29"]
    batch = result_of(folder.library.read_group(changed(folder)[0]))
    assert len(batch.items) == 2
    assert changed(folder) == []


def test_a_change_is_told_until_it_is_read(folder):
    folder.put("Heat (1995).mkv")
    assert changed(folder) == changed(folder) == ["."]


def test_a_new_folder_a_grown_file_and_a_gone_folder(folder):
    folder.put(MATRIX)
    folder.items()
    folder.put(MATRIX, b"more than before")
    assert changed(folder) == ["The%20Matrix%20%281999%29"]
    folder.put("Heat (1995)/Heat (1995).mkv")
    assert changed(folder) == ["Heat%20%281995%29", "The%20Matrix%20%281999%29"]
    shutil.rmtree(folder.root / "The Matrix (1999)")
    assert [len(result_of(folder.library.read_group(g)).items) for g in changed(folder)] == [1, 0]
    assert changed(folder) == []


def test_a_new_nfo_of_the_series_changes_its_seasons(folder):
    folder.put("Show/Season 01/Show.S01E01.mkv")
    folder.items()
    folder.put("Show/tvshow.nfo", b"<tvshow><title>Show</title><uniqueid type='tvdb'>81189</uniqueid></tvshow>")
    assert changed(folder) == ["Show/Season%2001"]
    (item,) = result_of(folder.library.read_group("Show/Season%2001")).items
    assert item.ids.tvdb == 81189


@pytest.mark.parametrize(
    "group", ["..", "../..", "/etc", ".hidden", "Extras", "a/../..", "%2e%2e", "", "\0", "%00", "a//b", "link"]
)
def test_groups_lead_nowhere_else(folder, tmp_path, group):
    """S10"""
    (tmp_path / "Other (2001).mkv").write_bytes(b"video")
    folder.put(".hidden/Hidden (2001).mkv")
    folder.put("Extras/Extra (2001).mkv")
    (folder.root / "link").symlink_to(tmp_path)
    assert list(result_of(folder.library.read_group(group)).items) == []


# -- hostile and broken folders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        ".hidden/Film (2001).mkv",
        ".Film (2001).mkv",
        "._Film (2001).mkv",
        "Film (2001)/Extras/Film (2001).mkv",
        "Film (2001)/behind the scenes/Film (2001).mkv",
        "Film (2001)/Sample/Film (2001).mkv",
        "Film (2001)/@eaDir/Film (2001).mkv",
        "Film (2001)/Film (2001)-trailer.mkv",
        "Film (2001)/Film (2001)-featurette.mkv",
        "Film (2001)/Film.2001.sample.mkv",
        "Film (2001)/sample.mkv",
        "Film (2001)/Film (2001).exe",
        "Film (2001)/Film (2001).strm",
        "Film (2001)/Film (2001).mkv.part",
        "Film (2001)/mkv",
        "holiday.mkv",
    ],
)
def test_what_is_not_shared(folder, path):
    folder.put(path)
    assert folder.items() == []


def test_empty_files_are_not_shared(folder):
    folder.put("Film (2001).mkv", b"")
    assert folder.items() == []


def test_names_of_any_bytes_are_shown_as_text(folder):
    """S27"""
    folder.put(b"Film \xff\xfe (2001).mkv")
    folder.put("Line\nbreak\x1b[31m (2002).mkv")
    folder.put("Film\u202e (2003).mkv")
    for item in folder.items():
        for text in (item.title, item.filename, item.name):
            text.encode()
            assert text.isprintable()
        assert result_of(folder.library.locate(item.id)).path.is_file()
    assert len(folder.items()) == 3


def test_undecodable_folders_can_be_read_again(folder):
    folder.put(b"F\xfflm (2001)/Film (2001).mkv")
    (group,) = folder.batches()
    assert group == "F%FFlm%20%282001%29"
    assert len(result_of(folder.library.read_group(group)).items) == 1


def test_the_longest_names(folder):
    name = "Film (2001) ".ljust(251, "x") + ".mkv"
    folder.put(f"{'d' * 255}/{name}")
    item = folder.only()
    assert item.filename == name
    assert len(item.title.encode()) <= 240


def test_links_are_not_followed(folder, tmp_path):
    """S10: neither out of the root nor round in circles."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "Secret (2001).mkv").write_bytes(b"video")
    folder.put("Film (2001)/Film (2001).mkv")
    (folder.root / "out").symlink_to(outside)
    (folder.root / "loop").symlink_to(folder.root)
    (folder.root / "Secret (2001).mkv").symlink_to(outside / "Secret (2001).mkv")
    (folder.root / "Film (2001)" / "movie.nfo").symlink_to("/dev/zero")
    assert folder.names() == {"Film (2001).mkv"}


def test_an_nfo_that_is_a_link_is_not_read(folder, tmp_path):
    """S10: nothing of a file outside the root is told to anybody."""
    (tmp_path / "secret").write_bytes(b"<movie><title>Secret</title><year>2001</year></movie>")
    folder.put("film.mkv")
    (folder.root / "movie.nfo").symlink_to(tmp_path / "secret")
    assert folder.items() == []


def test_pipes_are_not_opened(folder):
    folder.put("Film (2001).mkv")
    os.mkfifo(folder.root / "Pipe (2001).mkv")
    os.mkfifo(folder.root / "Film (2001).nfo")
    os.mkfifo(folder.root / "movie.nfo")
    assert folder.names() == {"Film (2001).mkv"}


class Vanishing:
    """A directory entry whose file goes away between being listed and being looked at."""

    def __init__(self, entry: os.DirEntry[str]) -> None:
        self.name = entry.name
        self.is_dir, self.is_file = entry.is_dir, entry.is_file

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        raise FileNotFoundError(errno.ENOENT, "gone", self.name)


def scandir(monkeypatch, wrap):
    real = os.scandir

    class Scan:
        def __init__(self, path: str) -> None:
            wrap(Path(path), None)
            self.real = real(path)

        def __enter__(self):
            return (wrap(None, entry) for entry in self.real.__enter__())

        def __exit__(self, *exc: object) -> None:
            self.real.__exit__(*exc)

    monkeypatch.setattr(walk_module.os, "scandir", Scan)


def test_a_file_that_vanishes_in_mid_walk(folder, monkeypatch):
    folder.put("Heat (1995).mkv")
    folder.put("Film (2001).mkv")
    scandir(monkeypatch, lambda _, entry: Vanishing(entry) if entry and entry.name.startswith("Heat") else entry)
    assert folder.names() == {"Film (2001).mkv"}


@pytest.mark.parametrize("error", [errno.EACCES, errno.ENOENT])
def test_a_folder_that_may_not_be_read_is_left_out_and_told_once(folder, monkeypatch, error):
    folder.put("Closed/Heat (1995).mkv")
    folder.put("Film (2001).mkv")
    told = []
    monkeypatch.setattr(library_module._log, "warn", lambda text, **fields: told.append(fields["group"]))

    def closed(path, entry):
        if path is not None and path.name == "Closed":
            raise OSError(error, os.strerror(error))
        return entry

    scandir(monkeypatch, closed)
    assert folder.names() == {"Film (2001).mkv"}
    folder.items()
    assert told == ["Closed"]


def test_a_failing_disk_spoils_the_reading_so_that_nothing_is_forgotten(folder, monkeypatch):
    """F14"""
    folder.put("Broken/Heat (1995).mkv")

    def broken(path, entry):
        if path is not None and path.name == "Broken":
            raise OSError(errno.EIO, "Input/output error")
        return entry

    scandir(monkeypatch, broken)
    with pytest.raises(LibraryUnavailable, match="Input/output error"):
        folder.items()


def test_depth_and_width_are_bounded(folder, monkeypatch):
    monkeypatch.setattr(walk_module, "MAX_DEPTH", 2)
    monkeypatch.setattr(walk_module, "MAX_ENTRIES", 3)
    for depth in range(5):
        folder.put("d/" * depth + f"Film {depth} (2001).mkv")
    for number in range(5):
        folder.put(f"wide/Film {number} (2002).mkv")
    found = folder.names()
    assert {name for name in found if "2001" in name} == {f"Film {depth} (2001).mkv" for depth in range(4)}
    assert len([name for name in found if "2002" in name]) == 3


def test_many_folders_are_read_in_parts(folder, monkeypatch):
    monkeypatch.setattr(library_module, "FOLDERS_AT_ONCE", 2)
    for number in range(5):
        folder.put(f"{number}/Film {number} (2001).mkv")
    assert len(folder.items()) == 5
    assert changed(folder) == []
