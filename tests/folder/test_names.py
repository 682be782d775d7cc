from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.folder.names import about_name, about_series, shown
from jackd.folder.numbering import numbering, season_folder
from jackd.folder.quality import group_in, quality_in
from jackd.folder.tags import ids_in, tagged_edition, without_tags
from jackd.model.ids import MediaIds


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("Film (2001) {tmdb-603}", MediaIds(tmdb=603)),
        ("Film (2001) [tmdbid-603]", MediaIds(tmdb=603)),
        ("Film (2001) [tmdbid=603]", MediaIds(tmdb=603)),
        ("Film (2001) {imdb-tt0133093}", MediaIds(imdb="tt0133093")),
        ("Film (2001) [imdbid-tt0133093]", MediaIds(imdb="tt0133093")),
        ("Show {tvdb-81189}", MediaIds(tvdb=81189)),
        ("Show [tvdbid=81189]", MediaIds(tvdb=81189)),
        ("Show [TVDBID-81189] {tmdb-1396}", MediaIds(tvdb=81189, tmdb=1396)),
        ("Film {tmdb-0} {imdb-tt0}", MediaIds()),
        ("Film {tmdb-99999999999}", MediaIds()),
        ("Film {tmdb-tt12}", MediaIds()),
        ("tmdb-603", MediaIds()),
    ],
)
def test_ids_in_brackets(name, ids):
    assert ids_in(name) == ids


def test_editions():
    assert tagged_edition("Film (2001) {edition-Director's Cut}") == "Director's Cut"
    assert tagged_edition("Film (2001)") is None
    assert without_tags("Film {edition-X} {tmdb-1}").split() == ["Film"]


@pytest.mark.parametrize(
    ("text", "name", "year"),
    [
        ("The.Matrix.1999.1080p.BluRay.x264-GRP", "The Matrix", 1999),
        ("The Matrix (1999)", "The Matrix", 1999),
        ("The Matrix [1999] {tmdb-603}", "The Matrix", 1999),
        ("The_Matrix_1999", "The Matrix", 1999),
        ("1917 (2019)", "1917", 2019),
        ("2012.2009.720p", "2012", 2009),
        ("2001.A.Space.Odyssey.1968", "2001 A Space Odyssey", 1968),
        ("Blade.Runner.2049.2017.2160p", "Blade Runner 2049", 2017),
        ("Blade Runner 2049", "Blade Runner 2049", None),
        ("Charlotte's Web 2006 1080p WEB-DL", "Charlotte's Web", 2006),
        ("Film (2001) 2160p (2019 Remaster)", "Film", 2001),
        ("Film.1080p.WEB-DL", "Film", None),
        ("WEB-DL", "WEB-DL", None),
        ("Mr. Robot (2015)", "Mr. Robot", 2015),
        ("[Grp] Film (2001)", "Film", 2001),
        ("(2001)", None, None),
        ("...", None, None),
        ("", None, None),
    ],
)
def test_title_and_year(text, name, year):
    about = about_name(text, latest=2027)
    if name is None:
        assert about.year is None
    else:
        assert (about.name, about.year) == (name, year)


def test_a_series_name_may_hold_a_word_of_quality():
    assert about_series("Charlotte's.Web.", latest=2027).name == "Charlotte's Web"
    about = about_series("Some Show (2008) - ", latest=2027)
    assert (about.name, about.year) == ("Some Show", 2008)
    assert about_series("", latest=2027).name is None


@pytest.mark.parametrize(
    ("stem", "season", "episodes", "before"),
    [
        ("Some.Show.S01E02.720p", 1, (2,), "Some.Show."),
        ("some show s1e2", 1, (2,), "some show "),
        ("Some.Show.S01.E02", 1, (2,), "Some.Show."),
        ("Show S2024E05", 2024, (5,), "Show "),
        ("Show S00E03", 0, (3,), "Show "),
        ("Show S01E01E02", 1, (1, 2), "Show "),
        ("Show S01E01-E03", 1, (1, 2, 3), "Show "),
        ("Show S01E01-03 - x", 1, (1, 2, 3), "Show "),
        ("Show S01E01E02E03", 1, (1, 2, 3), "Show "),
        ("Show S01E05v2", 1, (5,), "Show "),
        ("Show.S01E01-1080p", 1, (1,), "Show."),
        ("Show.S01E01-E9999", 1, (1,), "Show."),
        ("Show.S01E05-E02", 1, (5,), "Show."),
        ("Show 1x02", 1, (2,), "Show "),
        ("Show 1x02-04", 1, (2, 3, 4), "Show "),
        ("Show 1x02-1x03", 1, (2, 3), "Show "),
    ],
)
def test_season_and_episode(stem, season, episodes, before):
    number = numbering(stem)
    assert (number.season, number.episodes, number.before) == (season, episodes, before)


@pytest.mark.parametrize(
    "stem", ["Film.2001.1920x1080", "Film.x264", "Class1e2", "Film (2001)", "S01", "Film 2001.13.45", "", "07", "E07"]
)
def test_what_is_no_episode(stem):
    assert numbering(stem) is None


def test_air_dates():
    for stem in ("Show.2024.05.17.Guest", "Show - 2024-05-17", "Show 2024 05 17", "Show 2024.99.99 2024.05.17"):
        number = numbering(stem)
        assert (number.aired, number.season, number.episodes) == (date(2024, 5, 17), None, ())


def test_fansubs():
    for stem in ("[Grp] Some Anime - 07 [1080p]", "[Grp] Some Anime - 07v2 (BD)", "[Grp]_Some_Anime_-_07_[1080p]"):
        number = numbering(stem)
        assert (number.absolute, number.group, about_series(number.before, latest=2027).name) == (
            7,
            "Grp",
            "Some Anime",
        )


@pytest.mark.parametrize(
    ("name", "season"),
    [
        ("Season 01", 1),
        ("season 1 (2008)", 1),
        ("S02", 2),
        ("Staffel 3", 3),
        ("Specials", 0),
        ("Season", None),
        ("Seasons 1-3", None),
        ("S.W.A.T", None),
    ],
)
def test_season_folders(name, season):
    assert season_folder(name) == season


def test_bare_numbers_count_in_a_season_folder():
    for stem in ("02 - Second", "02", "E02", "Episode 2", "Some Show E02"):
        number = numbering(stem, season=3)
        assert (number.season, number.episodes) == (3, (2,))
    assert numbering("Making of", season=3) is None
    assert numbering("2001 odyssey", season=3) is None


@pytest.mark.parametrize(
    ("text", "name", "source", "resolution"),
    [
        (".1080p.BluRay.x264-GRP", "Bluray-1080p", "bluray", 1080),
        (" [Bluray-1080p]", "Bluray-1080p", "bluray", 1080),
        (" [Remux-2160p]", "Remux-2160p", "bluray", 2160),
        (".2160p.UHD.BluRay.REMUX", "Remux-2160p", "bluray", 2160),
        (".4K.WEB-DL", "WEBDL-2160p", "webdl", 2160),
        (".720p.WEB.h264", "WEBDL-720p", "webdl", 720),
        (".WEBRip.1080p", "WEBRip-1080p", "webrip", 1080),
        (".720p.HDTV.x264", "HDTV-720p", "tv", 720),
        (".HDTV.XviD", "SDTV", "tv", 480),
        (".576p.DVDRip", "DVD", "dvd", 576),
        (".DVDRip.XviD", "DVD", "dvd", 480),
        (" [1920x1080]", "1080p", None, 1080),
        (".1080p", "1080p", None, 1080),
        (".BDRip", "Bluray", "bluray", 0),
    ],
)
def test_quality(text, name, source, resolution):
    quality = quality_in(text)
    assert (quality.name, quality.source, quality.resolution) == (name, source, resolution)


def test_no_quality():
    for text in ("", " - The Webster", ".108p", ".x264", " 1080"):
        assert quality_in(text) is None


def test_groups():
    assert group_in(".1080p.BluRay.x264-GRP") == "GRP"
    for text in (".1080p.WEB-DL", " WEBDL-1080p", " - Spider-Man", ".720p.HDTV - Spider", ".1080p.Blu-ray", ""):
        assert group_in(text) is None


def test_names_are_shown_as_printable_text():
    assert shown("a\nb\x00c\udcffd\u202ee") == "a\ufffdb\ufffdc\ufffdd\ufffde"


@given(st.text(max_size=60))
def test_any_name_is_survived(text):
    """S27"""
    numbering(text, season=1)
    about_name(text, latest=2027)
    about_series(text, latest=2027)
    quality_in(text)
    group_in(text)


@pytest.mark.parametrize("text", ["[a] " * 60, "e1" * 120, "S1E1" + "E1" * 120, "- " * 120, "(2001" * 50, "1x01-" * 50])
def test_long_names_are_read_quickly(text):
    """A regular expression that goes wild would hang here."""
    numbering(text, season=1)
    about_name(text, latest=2027)
    group_in(text)
