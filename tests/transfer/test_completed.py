"""The completed folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.storage.threads import InlineWorkers
from jackd.transfer import beneath, rename
from jackd.transfer.completed import MIN_RESERVE, CompletedFolder
from jackd.transfer.disk import Disk, DiskTrouble
from jackd.transfer.part import Part
from tests.support import result_of

HASH = "a" * 40


@pytest.fixture
def folder(tmp_path):
    completed = CompletedFolder(tmp_path / "done")
    completed.check()
    return completed


def test_the_first_use_marks_it(folder):
    """F10"""
    assert (folder.path / ".jack" / "marker").is_file()
    assert (folder.path / ".jack").stat().st_mode & 0o777 == 0o700


def test_without_its_marker_it_is_another_folder(folder):
    """F10"""
    folder.claimed = True
    folder.check()
    (folder.path / ".jack" / "marker").unlink()
    with pytest.raises(DiskTrouble, match="not mounted"):
        folder.check()
    assert not (folder.path / ".jack" / "marker").exists()


@pytest.mark.parametrize("names", [[".."], ["a", ".."], ["."], [""], ["a/b"], ["/etc"]])
def test_no_name_leads_out(folder, names):
    """S14"""
    with pytest.raises(OSError, match="not the name"):
        folder.make(names)


@pytest.mark.parametrize("elsewhere", ["/etc/x", "/", "relative"])
def test_no_row_leads_out(folder, elsewhere):
    """S14"""
    with pytest.raises(DiskTrouble):
        folder.discard_finished(elsewhere, "a/b.mkv")
    with pytest.raises(OSError):
        folder.discard_finished(f"{folder.path}/../x", "a/b.mkv")


def test_links_are_not_followed(folder, tmp_path):
    """S14"""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "f").write_text("x")
    (folder.path / "link").symlink_to(tmp_path / "out")
    for call in (
        lambda: folder.make(["link", "x"]),
        lambda: folder.discard_finished(str(folder.path / "link"), "f"),
        lambda: folder.publish(HASH, str(folder.path / "link"), "f"),
    ):
        with pytest.raises(OSError):
            call()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["f"]


def test_no_descriptor_is_left_open(folder):
    """F60"""
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        part = folder.open_part(HASH, 0)
        part.write([b"abc"], 0)
        part.close()
        folder.publish(HASH, str(folder.path / "c" / "h"), "t/t.mkv")
        folder.finished_size(str(folder.path / "c" / "h"), "t/t.mkv")
        folder.discard_finished(str(folder.path / "c" / "h"), "t/t.mkv")
        folder.tidy(str(folder.path / "c" / "h"), "t/t.mkv")
        folder.discard_parts(HASH)
        with pytest.raises(OSError):
            folder.make(["c", "..", "d"])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("modern", [True, False])
def test_renaming_never_replaces(tmp_path, monkeypatch, modern):
    """F12: with renameat2 and without"""
    if not modern:
        monkeypatch.setattr(rename, "_renameat2", None)
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    with beneath.root(tmp_path) as root:
        with pytest.raises(FileExistsError):
            rename.rename_new("a", "b", source_folder=root, target_folder=root)
        assert (tmp_path / "b").read_text() == "b"
        rename.rename_new("a", "c", source_folder=root, target_folder=root)
        with pytest.raises(FileNotFoundError):
            rename.rename_new("a", "d", source_folder=root, target_folder=root)
    assert (tmp_path / "c").read_text() == "a"


@pytest.mark.parametrize(
    ("total", "free", "fits"), [(10**12, 11 * 10**9, True), (10**12, 10**10, False), (10, 10, False)]
)
def test_the_reserve(tmp_path, total, free, fits):
    """F8: one part in a hundred, at least a GiB"""
    folder = CompletedFolder(tmp_path, usage=lambda _: (total, free))
    if fits:
        folder.require(free - max(MIN_RESERVE, total // 100))
    with pytest.raises(DiskTrouble):
        folder.require(free - max(MIN_RESERVE, total // 100) + 1)


@given(st.lists(st.binary(max_size=50), max_size=30), st.integers(0, 10))
def test_pieces_are_written_one_after_the_other(tmp_path_factory, pieces, offset):
    path: Path = tmp_path_factory.mktemp("part")
    with beneath.root(path) as root:
        part = Part.open(root, 0)
    assert part.write(pieces, offset) == offset + len(b"".join(pieces))
    part.close()
    assert (path / "part").read_bytes()[offset:] == b"".join(pieces)


def test_a_write_that_takes_less_is_continued(folder, monkeypatch):
    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda fd, views, at: real(fd, [views[0][:3]], at))
    part = folder.open_part(HASH, 0)
    assert part.write([b"abcdefgh", b"ijkl"], 0) == 12
    part.close()
    assert (folder.path / ".jack" / HASH / "part").read_bytes() == b"abcdefghijkl"


def test_each_file_of_a_download_has_a_part_of_its_own(folder):
    for number, data in enumerate((b"one", b"second", b"3")):
        part = folder.open_part(HASH, 0, number)
        part.write([data], 0)
        part.close()
    assert sorted(p.name for p in (folder.path / ".jack" / HASH).iterdir()) == ["1.part", "2.part", "part"]
    assert [folder.part_size(HASH, number) for number in range(4)] == [3, 6, 1, None]
    place = str(folder.path / "c" / "h")
    assert folder.publish(HASH, place, "t/b.mkv", 1)
    assert (folder.path / "c/h/t/b.mkv").read_bytes() == b"second"
    assert [folder.part_size(HASH, number) for number in range(3)] == [3, None, 1]
    folder.discard_parts(HASH)
    assert folder.parts() == []


def test_what_the_disk_says_is_said(tmp_path):
    disk = Disk(InlineWorkers())
    with pytest.raises(DiskTrouble, match="No such file or directory"):
        result_of(disk.run(os.stat, tmp_path / "none"))
