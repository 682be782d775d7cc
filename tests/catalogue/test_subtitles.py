"""Subtitles that lie in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from jackd.catalogue import subtitles as module
from jackd.catalogue.extras import extra_beside, extras_beside
from jackd.catalogue.subtitles import subtitle_suffix
from jackd.model.errors import NotFound
from jackd.model.filenames import extra_extension
from jackd.ports import Location


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def suffixes(root: Path, video: str) -> list[str]:
    return [extra.suffix for extra in extras_beside(Location(path=root / video, roots=[root]))]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("2_English.srt", ".2.en.srt"),
        ("English.srt", ".en.srt"),
        ("Film.2008.eng.SRT", ".en.srt"),
        ("Film.2008.srt", ".srt"),
        ("14_Spanish (SDH).srt", ".14.es.sdh.srt"),
        ("4_ger_forced.ass", ".4.de.forced.ass"),
        ("German [Forced] [Default] [CC].sup", ".de.forced.default.sup"),
        ("pt-BR.srt", ".pt.srt"),
        ("Other.Film.With.A.Long.Name.And.Many.Words.2160p.WEB-DL.fre.vtt", ".fr.vtt"),
        ("2008.srt", ".srt"),
        ("vobsub.idx", ".idx"),
        ("vobsub.sub", ".sub"),
        ("2_English.txt", None),
        ("2_English", None),
        (".srt", ".srt"),
    ],
)
def test_a_subtitle_is_called_by_number_language_and_kind(name: str, suffix: str | None):
    assert subtitle_suffix(name, "Film.2008") == suffix
    assert suffix is None or extra_extension(suffix)


def test_those_beside_the_only_video_of_a_folder_are_its(tmp_path: Path):
    tree(
        tmp_path,
        "Film.mkv",
        "Film.nfo",
        "Subs/2_English.srt",
        "Subs/3_French.srt",
        "subtitles/de.srt",
        "Other/4_it.srt",
    )
    assert suffixes(tmp_path, "Film.mkv") == [".2.en.srt", ".3.fr.srt", ".de.srt", ".nfo"]
    for suffix, file in ((".2.en.srt", "Subs/2_English.srt"), (".de.srt", "subtitles/de.srt"), (".nfo", "Film.nfo")):
        assert extra_beside(Location(path=tmp_path / "Film.mkv", roots=[tmp_path]), suffix).path == tmp_path / file
    with pytest.raises(NotFound):
        extra_beside(Location(path=tmp_path / "Film.mkv", roots=[tmp_path]), ".4.it.srt")


def test_of_several_videos_each_has_those_in_the_folder_called_as_it_is(tmp_path: Path):
    tree(
        tmp_path, "S01E01.mkv", "S01E02.mkv", "Subs/2_English.srt", "Subs/S01E01/2_English.srt", "Subs/S01E02/3_ger.srt"
    )
    assert suffixes(tmp_path, "S01E01.mkv") == [".2.en.srt"]
    assert suffixes(tmp_path, "S01E02.mkv") == [".3.de.srt"]
    assert suffixes(tmp_path, "S01E03.mkv") == []


def test_the_nearer_one_is_taken_of_two_with_the_same_name(tmp_path: Path):
    tree(
        tmp_path,
        "Film.mkv",
        "Film.en.srt",
        "Subs/English.srt",
        "Subs/fr.srt",
        "Subs/Film/French.srt",
        "Subs/de.srt",
        "Subs/ger.srt",
    )
    location = Location(path=tmp_path / "Film.mkv", roots=[tmp_path])
    nearest = {suffix: extra_beside(location, suffix).path for suffix in suffixes(tmp_path, "Film.mkv")}
    expected = {".en.srt": "Film.en.srt", ".fr.srt": "Subs/Film/French.srt", ".de.srt": "Subs/de.srt"}
    assert nearest == {suffix: tmp_path / file for suffix, file in expected.items()}


def test_links_are_not_followed(tmp_path: Path):
    """S10"""
    root, outside = tmp_path / "root", tmp_path / "outside"
    tree(outside, "en.srt", "Film/en.srt")
    tree(root, "linked/Film.mkv", "own/Film.mkv", "own/Subs/x.txt", "file/Film.mkv", "file/Subs/x.txt")
    (root / "linked/Subs").symlink_to(outside)
    (root / "own/Subs/Film").symlink_to(outside / "Film")
    (root / "file/Subs/en.srt").symlink_to(outside / "en.srt")
    assert [suffixes(root, f"{name}/Film.mkv") for name in ("linked", "own", "file")] == [[], [], []]


def test_a_folder_that_cannot_be_read_keeps_nothing_else_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tree(tmp_path, "Film.mkv", "Film.en.srt", "Subs/fr.srt")
    scandir = module.os.scandir

    def broken(path: Path) -> object:
        if Path(path).name == "Subs":
            raise PermissionError
        return scandir(path)

    monkeypatch.setattr(module.os, "scandir", broken)
    assert suffixes(tmp_path, "Film.mkv") == [".en.srt"]


def test_no_more_than_some_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tree(tmp_path, "Film.mkv", "Subs/de.srt", "Subs/en.srt", "Subs/fr.srt")
    monkeypatch.setattr(module, "MAX_SUBTITLES", 2)
    assert len(suffixes(tmp_path, "Film.mkv")) == 2
