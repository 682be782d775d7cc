"""Subtitles that lie in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from jackd.catalogue import subtitles as module
from jackd.catalogue.extras import MAX_EXTRAS, extra_beside, extras_beside
from jackd.model.errors import NotFound
from jackd.model.filenames import extra_extension
from jackd.ports import Location


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def suffixes(root: Path, video: str) -> list[str]:
    return [extra.suffix for extra in extras_beside(Location(path=root / video, roots=[root]))]


def found(root: Path, video: str) -> dict[str, str]:
    """Where what is listed lies."""
    location = Location(path=root / video, roots=[root])
    places = {suffix: extra_beside(location, suffix).path for suffix in suffixes(root, video)}
    return {suffix: str(path.relative_to(root)) for suffix, path in places.items()}


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
        ("Brazilian.por.srt", ".pt.srt"),
        ("SDH.eng.HI.srt", ".en.sdh.srt"),
        ("Hindi.hin.srt", ".hi.srt"),
        ("hi.srt", ".hi.srt"),
        ("My.Name.Is.Earl.S01E01.srt", ".srt"),
        ("He.Knows.No.Fear.2019.Part.srt", ".srt"),
        ("Other.Film.With.A.Long.Name.And.Many.Words.2160p.WEB-DL.fre.vtt", ".fr.vtt"),
        ("2008.srt", ".srt"),
        ("vobsub.idx", ".idx"),
    ],
)
def test_a_subtitle_is_called_by_number_language_and_kind(tmp_path: Path, name: str, suffix: str):
    tree(tmp_path, "Film.2008.mkv", f"Subs/{name}")
    assert suffixes(tmp_path, "Film.2008.mkv") == [suffix]
    assert extra_extension(suffix)


def test_what_is_no_subtitle_stays_behind(tmp_path: Path):
    tree(tmp_path, "Film.mkv", "Subs/2_English.txt", "Subs/2_English", "Subs/x.nfo", "Subs/x.exe", "Subs/.srt")
    assert suffixes(tmp_path, "Film.mkv") == []


def test_of_several_with_the_same_language_each_has_a_number_and_none_is_lost(tmp_path: Path):
    """As they are often packed."""
    several = [
        "Brazilian.por",
        "European.por",
        "European.spa",
        "Latin American.spa",
        "English",
        "SDH.eng.HI",
        "Film.eng",
    ]
    tree(tmp_path, "Film.mkv", "Film.en.srt", *(f"Subs/{name}.srt" for name in several))
    assert found(tmp_path, "Film.mkv") == {
        ".en.srt": "Film.en.srt",
        ".pt.srt": "Subs/Brazilian.por.srt",
        ".2.en.srt": "Subs/English.srt",
        ".2.pt.srt": "Subs/European.por.srt",
        ".es.srt": "Subs/European.spa.srt",
        ".3.en.srt": "Subs/Film.eng.srt",
        ".2.es.srt": "Subs/Latin American.spa.srt",
        ".en.sdh.srt": "Subs/SDH.eng.HI.srt",
    }


def test_the_two_files_of_one_subtitle_stay_together(tmp_path: Path):
    tree(tmp_path, "Film.mkv", "Subs/a.eng.idx", "Subs/a.eng.sub", "Subs/b.eng.idx", "Subs/b.eng.sub")
    assert suffixes(tmp_path, "Film.mkv") == [".en.idx", ".en.sub", ".2.en.idx", ".2.en.sub"]


def test_when_there_are_too_many_those_beside_the_video_and_the_first_ones_come(tmp_path: Path):
    tree(tmp_path, "Film.mkv", "Film.en.srt", "Film.nfo", *(f"Subs/{n}_ger.srt" for n in range(1, 41)))
    numbered = [f".{n}.de.srt" for n in range(1, MAX_EXTRAS - 1)]
    assert suffixes(tmp_path, "Film.mkv") == [".en.srt", ".nfo", *numbered]


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
    assert found(tmp_path, "Film.mkv") == {
        ".nfo": "Film.nfo",
        ".2.en.srt": "Subs/2_English.srt",
        ".3.fr.srt": "Subs/3_French.srt",
        ".de.srt": "subtitles/de.srt",
    }
    with pytest.raises(NotFound):
        extra_beside(Location(path=tmp_path / "Film.mkv", roots=[tmp_path]), ".4.it.srt")


def test_of_several_videos_each_has_those_in_the_folder_called_as_it_is(tmp_path: Path):
    tree(
        tmp_path, "S01E01.mkv", "S01E02.mkv", "Subs/2_English.srt", "Subs/S01E01/2_English.srt", "Subs/S01E02/3_ger.srt"
    )
    assert suffixes(tmp_path, "S01E01.mkv") == [".2.en.srt"]
    assert suffixes(tmp_path, "S01E02.mkv") == [".3.de.srt"]
    assert suffixes(tmp_path, "S01E03.mkv") == []


def test_those_come_first_that_belong_to_the_video_most_surely(tmp_path: Path):
    tree(tmp_path, "Film.mkv", "Film.en.srt", "Subs/English.srt", "Subs/fr.srt", "Subs/Film/French.srt")
    assert found(tmp_path, "Film.mkv") == {
        ".en.srt": "Film.en.srt",
        ".fr.srt": "Subs/Film/French.srt",
        ".2.en.srt": "Subs/English.srt",
        ".2.fr.srt": "Subs/fr.srt",
    }


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
