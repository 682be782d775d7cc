"""The words of a title, each kind for itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.edition import edition_in
from jackd.model.group import group_in, plain_group
from jackd.model.languages import language_words, languages_in
from jackd.model.media import media_words
from jackd.model.quality import Grade, grade
from jackd.model.revision import MAX_REAL, MAX_VERSION, Revision, revision, revision_in, revision_words


@pytest.mark.parametrize(
    ("codec", "channels", "word"),
    [
        ("TrueHD Atmos", 7.1, "TrueHD.Atmos.7.1"),
        ("TrueHD", 5.1, "TrueHD.5.1"),
        ("EAC3 Atmos", 5.1, "DDP5.1.Atmos"),
        ("EAC3", 2, "DDP2.0"),
        ("AC3", 5.1, "DD5.1"),
        ("DTS-HD MA", 5.1, "DTS-HD.MA.5.1"),
        ("DTS-ES", 6.1, "DTS.6.1"),
        ("DTS", None, "DTS"),
        ("AAC", 2.0, "AAC2.0"),
        ("EAC3 Atmos", "many", "DDP.Atmos"),
        ("FLAC", 1, "FLAC.1.0"),
        ("Opus", 5.1, "Opus.5.1"),
        ("PCM", True, "LPCM"),
        ("MP3", 2.0, "MP3"),
        ("Cook", 2.0, None),
        (7, 2.0, None),
    ],
)
def test_sound(codec, channels, word):
    assert media_words({"audioCodec": codec, "audioChannels": channels}) == ((word,) if word else ())


@pytest.mark.parametrize(
    ("codec", "remux", "word"),
    [
        ("x265", False, "x265"),
        ("h264", False, "H264"),
        ("h264", True, "AVC"),
        ("HEVC", True, "HEVC"),
        ("VC1", True, "VC1"),
    ],
)
def test_a_remux_calls_its_codec_by_its_own_name(codec, remux, word):
    """Any other BluRay with such a word is a raw disc to the *arrs."""
    assert media_words({"videoCodec": codec}, remux=remux) == (word,)
    title = f"Name.1999.1080p.BluRay.{'REMUX.' if remux else ''}{word}-GRP"
    assert grade(title).modifier == ("remux" if remux else "")
    assert grade("Name.1999.1080p.BluRay.AVC-GRP").modifier == "disc"


@given(st.integers(2, MAX_VERSION), st.integers(0, MAX_REAL), st.booleans())
def test_every_revision_is_read_back(version, real, repack):
    known = revision(version, real, repack)
    assert known is not None
    assert revision_in(f"Name.1999.{'.'.join(revision_words(known))}.1080p") == known


def test_revisions_that_no_title_tells_are_not_known():
    assert revision(MAX_VERSION + 1) is None
    assert revision(1, MAX_REAL + 1) is None
    assert revision(1, 0, repack=True) == Revision(version=2, repack=True)
    assert revision_words(None) == revision_words(Revision()) == []


@pytest.mark.parametrize(
    ("title", "group"),
    [
        ("Name.1999.1080p.WEB-DL-GRP", "GRP"),
        ("Name.1999.1080p.WEB-DL", None),
        ("Name.1999.1080p.WEB-DL-D-Z0N3", "D-Z0N3"),
        ("Name.1999.1080p.BluRay.x264-D-Z0N3", "D-Z0N3"),
        ("Name.1999.1080p.Blu-Ray", None),
        ("Name.1999.1080p.WEB-DL.DTS-HD.MA.5.1", None),
        ("Spider-Man.1999.1080p.BluRay", None),
        ("Name.1999.1080p.BluRay.x264-GRP[rartv]", "GRP"),
        ("Name.1999.1080p.BluRay.x264-GRP-Obfuscated", "GRP"),
        ("Name.1999.1080p.BluRay.x264 [GRP]", "GRP"),
        ("[Grp Two] Name - 07 [1080p]", "Grp Two"),
        ("Name.S01E01-E06.SDTV", None),
        ("Name.1999.1080p.BluRay.x264-12345678", None),
        ("Name.1999.1080p.BluRay.x264-deadbeef", None),
    ],
)
def test_groups_as_the_arrs_read_them(title, group):
    assert group_in(title) == group


@pytest.mark.parametrize(
    ("group", "plain"),
    [("GRP", "GRP"), ("[G R/P]", "GRP"), ("D-Z0N3", "D-Z0N3"), ("a-b-c", "abc"), ("E05", ""), ("126811", ""), ("", "")],
)
def test_a_group_that_would_not_be_read_is_not_written(group, plain):
    assert plain_group(group) == plain


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["English"], []),
        (["Unknown"], []),
        (["Original", "German"], ["German"]),
        (["English", "German"], ["English", "German"]),
        (["Czech"], ["CZ"]),
        (["A", "B", "C", "D", "E"], ["MULTi"]),
    ],
)
def test_languages_that_are_written(names, words):
    assert language_words(names) == words


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (".GERMAN.DL.1080p.WEB-DL", {"German"}),
        (".MULTi.VFF.1080p", {"French"}),
        (".ITA.ENG.1080p", {"Italian", "English"}),
        (".CZ.LT", {"Czech", "Lithuanian"}),
        (".cz.lt.DTS-ES.NORDiC", set()),
        (".Brazilian.Latino", {"Portuguese (Brazil)", "Spanish (Latino)"}),
    ],
)
def test_languages_that_are_read(text, names):
    assert languages_in(text) == names


@pytest.mark.parametrize(
    ("text", "edition"),
    [
        (".Directors.Cut.1080p", "Directors Cut"),
        (" (Director's Cut) 1080p", "Directors Cut"),
        (".EXTENDED.EDITION.2160p", "EXTENDED EDITION"),
        (".IMAX.Hybrid", "IMAX"),
        (".40th.Anniversary.Edition", "40th Anniversary Edition"),
        (".Extendable.1080p", None),
        (".Final.1080p", None),
    ],
)
def test_editions_that_are_read(text, edition):
    assert edition_in(text) == edition


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("Charlottes.Web.2006.1080p-GRP", Grade("tv", 1080)),
        ("Name.1999.1080p.WEB.h264-GRP", Grade("webdl", 1080)),
        ("Name.1999.NF.WEB.1080p.x264", Grade("webdl", 1080)),
        ("Name.1999.2160p.UHD.BluRay.HEVC-GRP", Grade("bluray", 1080, "disc")),
        ("Name.1999.1080p.BluRay.HEVC-GRP", Grade("bluray", 1080)),
        ("Name.1999.COMPLETE.BLURAY-GRP", Grade("bluray", 1080, "disc")),
        ("Name.1999.UHD.BluRay.x265-GRP", Grade("bluray", 2160)),
        ("Name.1999.BluRay.XviD-GRP", Grade("bluray", 480)),
        ("Name.1999.REMUX.1080p-GRP", Grade("bluray", 1080, "remux")),
        ("Name.1999.1080p.WEB-DL.REMUX-GRP", Grade("webdl", 1080)),
        ("Name.1999.1080p.BluRay.x264-REMUX", Grade("bluray", 1080)),
        ("Name.1999.540p.WEB-DL", Grade("webdl", 480)),
        ("Name.1999.1440p.WEB-DL", Grade("webdl", 1080)),
        ("Name.1999.1080p.SDTV.MPEG2", Grade("tv", 1080)),
        ("Name.1999.1080p.HDTV.MPEG2", Grade("tv", 0, "raw")),
        ("Name.1999.TS.x264-GRP", Grade("telesync", 480)),
        ("Name.1999.x264-GRP", Grade("tv", 480)),
        ("Name.1999-GRP", Grade("", 0)),
    ],
)
def test_qualities_as_the_arrs_read_them(title, read):
    assert grade(title) == read
