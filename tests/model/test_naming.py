from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jackd.model.item import Item, Kind, Quality
from jackd.model.naming import MAX_NAME, MAX_TITLE, release_title
from jackd.model.quality import quality_words, tells
from tests.fakes.titles import clean, quality, read_episode, read_movie, refused
from tests.support import MATRIX, PILOT, change

BLURAY = Quality(name="Bluray-1080p", source="bluray", resolution=1080)
WEB = Quality(name="WEBDL-720p", source="web", resolution=720)


def movie(name: str | None = "The Matrix", year: int | None = 1999, title: str = "", **changes) -> Item:
    defaults = {"quality": BLURAY, "release_group": "GRP", "filename": "x.mkv"}
    return change(MATRIX, name=name, year=year, title=title, **{**defaults, **changes})


def episode(name: str | None = "Some Show", title: str = "", season: int | None = 1, episodes=(2,), **changes) -> Item:
    defaults = {"quality": WEB, "release_group": "GRP", "filename": "x.mkv", "year": 2008}
    return change(PILOT, name=name, title=title, season=season, episodes=episodes, **{**defaults, **changes})


def unknown(*args, **changes) -> Item:
    """A movie of which only its name and title are known."""
    return movie(*args, quality=None, release_group=None, **changes)


def anime(**changes) -> Item:
    """An episode that only its absolute number tells from others."""
    return episode(season=None, episodes=(), anime=True, **{"absolute": 7, **changes})


HDR = {"videoCodec": "x265", "videoDynamicRangeType": "DV HDR10"}


# -- titles that stay ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item",
    [
        movie(title="The.Matrix.1999.1080p.BluRay.x264-GRP"),
        movie(title="The.Matrix.1999.REMASTERED.1080p.BluRay.DTS-HD.MA.7.1.x264-GRP"),
        movie(title="The_Matrix_1999_1080p_BluRay_x264-GRP"),
        movie(title="the.matrix.1999.1080p.bluray.x264-grp"),
        movie(title="The.Matrix.(1999).1080p.BluRay.x264-GRP"),
        movie(name="Amélie", year=2001, title="Amelie.2001.1080p.BluRay.x264-GRP"),
        movie(name="Fast & Furious", year=2009, title="Fast.and.Furious.2009.1080p.BluRay-GRP"),
        movie(name="Fast & Furious", year=2009, title="Fast.&.Furious.2009.1080p.BluRay-GRP".replace("&", "And")),
        movie(name="Spider-Man: No Way Home", year=2021, title="Spider-Man.No.Way.Home.2021.1080p.BluRay-GRP"),
        movie(name="Ocean's Eleven", year=2001, title="Oceans.Eleven.2001.1080p.BluRay.x264-GRP"),
        movie(name="1917", year=2019, title="1917.2019.1080p.BluRay.x264-GRP"),
        movie(name="2012", year=2009, title="2012.2009.1080p.BluRay.x264-GRP"),
        movie(name="Wonder Woman 1984", year=2020, title="Wonder.Woman.1984.2020.1080p.BluRay-GRP"),
        movie(name="Dune (2021)", year=2021, title="Dune.2021.1080p.BluRay-GRP"),
        movie(name=None, year=None, title="Anything.1999.1080p.BluRay-GRP"),
        movie(quality=None, title="The.Matrix.1999.Some.Cut-GRP"),
        movie(
            quality=Quality(name="Remux-2160p", source="bluray", resolution=2160),
            title="The.Matrix.1999.2160p.UHD.BluRay.REMUX.HDR.HEVC-GRP",
        ),
        movie(
            quality=Quality(name="Bluray-480p", source="bluray", resolution=480), title="The.Matrix.1999.BDRip.XviD-GRP"
        ),
        movie(quality=Quality(name="DVD", source="dvd", resolution=480), title="The.Matrix.1999.DVDRip.XviD-GRP"),
        episode(title="Some.Show.S01E02.720p.WEB-DL.x264-GRP"),
        episode(title="Some.Show.S01E02.Episode.Title.720p.AMZN.WEB-DL.DDP5.1.H.264-GRP"),
        episode(title="some.show.s01e02.720p.web.h264-grp"),
        episode(title="Some.Show.2008.S01E02.720p.WEB-DL.x264-GRP"),
        episode(title="Some.Show.S01E02E03.720p.WEB-DL.x264-GRP", episodes=(2, 3)),
        episode(title="Some.Show.S01E02-E04.720p.WEB-DL.x264-GRP", episodes=(2, 3, 4)),
        episode(title="Some.Show.S01E02-04.720p.WEB-DL.x264-GRP", episodes=(2, 3, 4)),
        episode(title="Some.Show.S00E02.720p.WEB-DL.x264-GRP", season=0),
        episode(title="Some.Show.S01.720p.WEB-DL.x264-GRP", episodes=()),
        episode(name="Doctor Who (2005)", title="Doctor.Who.2005.S01E02.720p.WEB-DL-GRP", year=2005),
        episode(name="24", title="24.S01E02.720p.WEB-DL.x264-GRP"),
        episode(name="1923", title="1923.S01E02.720p.WEB-DL.x264-GRP"),
        episode(title="Some.Show.2024.05.17.720p.WEB-DL.x264-GRP", aired=date(2024, 5, 17)),
        episode(title="[Grp] Some Show - 07 [720p][WEB-DL]", anime=True, absolute=7),
        episode(title="[Grp]_Some_Show_-_07v2_[720p]_[WEB-DL]", anime=True, absolute=7),
        episode(name=None, title="Whatever.S01E02.720p.WEB-DL-GRP"),
    ],
    ids=lambda item: item.title,
)
def test_a_scene_name_that_parses_back_is_kept(item):
    assert release_title(item) == item.title


@pytest.mark.parametrize("extension", ["mkv", "MKV", "mp4", "avi", "m2ts", "mkv.mkv"])
def test_a_videos_extension_goes(extension):
    title = "The.Matrix.1999.1080p.BluRay.x264-GRP"
    assert release_title(movie(title=f"{title}.{extension}")) == title


# -- titles that are made ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "title"),
    [
        # no scene name
        (movie(title="The Matrix (1999) Bluray-1080p.mkv"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="The Matrix (1999) {tmdb-603} [Bluray-1080p][x264]-GRP"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="matrix"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title=""), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="../../etc/passwd"), "The.Matrix.1999.1080p.BluRay-GRP"),
        # another name, year or quality than the library's
        (movie(title="Matrix.1999.1080p.BluRay.x264-GRP"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="La.Matrice.1999.1080p.BluRay.x264-GRP"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="The.Matrix.2000.1080p.BluRay.x264-GRP"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="The.Matrix.1999.2001.1080p.BluRay.x264-GRP"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="The.Matrix.1999.720p.BluRay.x264-GRP"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="The.Matrix.1999.1080p.WEB-DL.x264-GRP"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(title="The.Matrix.1999-GRP"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (episode(title="Some.Show.S01E03.720p.WEB-DL-GRP"), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="Some.Show.S02E02.720p.WEB-DL-GRP"), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="Some.Show.S01E02E03.720p.WEB-DL-GRP"), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="Some.Show.S01.720p.WEB-DL-GRP"), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="Some.Show.US.S01E02.720p.WEB-DL-GRP"), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="Some Show - S01E02 - Title WEBDL-720p"), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="some.show.1x02.720p"), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="Season 01"), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="[Grp] Some Show - 07 [720p][WEB-DL]", absolute=7), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(title="[Grp] Some Show - 08", anime=True, absolute=7), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        # names
        (movie("Amélie", 2001), "Amelie.2001.1080p.BluRay-GRP"),
        (movie("Fast & Furious", 2009), "Fast.and.Furious.2009.1080p.BluRay-GRP"),
        (movie("Ocean’s Eleven", 2001), "Oceans.Eleven.2001.1080p.BluRay-GRP"),
        (movie("Mission: Impossible - Fallout", 2018), "Mission.Impossible.Fallout.2018.1080p.BluRay-GRP"),
        (movie("WALL·E", 2008), "WALL.E.2008.1080p.BluRay-GRP"),
        (movie("A Bug's Life", 1998), "A.Bugs.Life.1998.1080p.BluRay-GRP"),
        (movie("(500) Days of Summer", 2009), "500.Days.of.Summer.2009.1080p.BluRay-GRP"),
        (movie("Dune (2021)", 2021), "Dune.2021.1080p.BluRay-GRP"),
        (movie("Bjørn", 2001), "Bjørn.2001.1080p.BluRay-GRP"),
        (movie("千と千尋の神隠し", 2001), "千と千尋の神隠し.2001.1080p.BluRay-GRP"),
        (movie("Se7en", 1995), "Se7en.1995.1080p.BluRay-GRP"),
        (unknown("?!", None, title="?!"), "Unknown"),
        (movie("Some/Thing\x00\r\n", 2001), "Some.Thing.2001.1080p.BluRay-GRP"),
        (episode("Doctor Who (2005)"), "Doctor.Who.2005.S01E02.720p.WEB-DL-GRP"),
        (episode("Marvel's Agents of S.H.I.E.L.D."), "Marvels.Agents.of.S.H.I.E.L.D.S01E02.720p.WEB-DL-GRP"),
        # shapes that the *arrs take for a hash
        (
            movie("Donaudampfschifffahrtskapitaensmuetze"),
            "Donaudampfschifffahrtska.pitaensmuetze.1999.1080p.BluRay-GRP",
        ),
        # data
        (movie(edition="Director's Cut"), "The.Matrix.1999.Directors.Cut.1080p.BluRay-GRP"),
        (
            movie(media_info=HDR),
            "The.Matrix.1999.1080p.BluRay.DV.HDR10.x265-GRP",
        ),
        (movie(title="The Matrix (1999) 3D H-SBS hybrid"), "The.Matrix.1999.3D.H-SBS.Hybrid.1080p.BluRay-GRP"),
        (movie(title="The Matrix (1999) [NF WEB-DL]", quality=WEB), "The.Matrix.1999.720p.NF.WEB-DL-GRP"),
        (
            movie(media_info={"audioCodec": "DTS-HD MA", "audioChannels": 5.1, "videoCodec": "h264"}),
            "The.Matrix.1999.1080p.BluRay.DTS-HD.MA.5.1.H264-GRP",
        ),
        (movie(media_info={"videoCodec": 7, "videoDynamicRangeType": None}), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(media_info={"videoCodec": "MPEG2"}), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(edition="2003"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(edition="720p Cut"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(release_group=None), "The.Matrix.1999.1080p.BluRay"),
        (movie(release_group="[G R/P]"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(release_group="HDTV"), "The.Matrix.1999.1080p.BluRay"),
        (movie(year=None, title="The Matrix 1999"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(year=None, filename="The Matrix (1999).mkv"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(name=None, year=None, title="The Matrix (1999) [1080p]"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (movie(name=None, filename="The Matrix.mkv"), "The.Matrix.1999.1080p.BluRay-GRP"),
        (
            unknown(title="The Matrix (1999) 1080p BluRay x264-ABC"),
            "The.Matrix.1999.1080p.BluRay.x264-ABC",
        ),
        (unknown(title="The Matrix (1999) WEB-DL"), "The.Matrix.1999.WEB.DL"),
        # episodes
        (episode(episodes=(2, 3)), "Some.Show.S01E02E03.720p.WEB-DL-GRP"),
        (episode(episodes=(1, 2, 3, 4, 5, 6)), "Some.Show.S01E01-E06.720p.WEB-DL-GRP"),
        (episode(season=0, episodes=(101,)), "Some.Show.S00E101.720p.WEB-DL-GRP"),
        (episode(season=2024, episodes=(7,)), "Some.Show.S2024E07.720p.WEB-DL-GRP"),
        (episode(episodes=()), "Some.Show.S01.720p.WEB-DL-GRP"),
        (episode(season=None, episodes=(), aired=date(2024, 5, 17)), "Some.Show.2024.05.17.720p.WEB-DL-GRP"),
        (episode(aired=date(2024, 5, 17)), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (episode(anime=True, absolute=7), "Some.Show.S01E02.720p.WEB-DL-GRP"),
        (anime(), "[GRP] Some Show - 07 [720p WEB-DL]"),
        (movie(anime=True, absolute=1999), "The.Matrix.1999.1080p.BluRay-GRP"),
        (anime(release_group=None, quality=None), "[jack] Some Show - 07"),
        (anime(aired=date(2024, 5, 17), absolute=1100), "[GRP] Some Show - 1100 [720p WEB-DL]"),
        (episode(name=None, season=None, episodes=(), title="some show s03e04"), "some.show.S03E04.720p.WEB-DL-GRP"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_any_other_is_made_from_what_the_library_knows(item, title):
    assert release_title(item) == title
    assert release_title(change(item, title=title)) == title


# -- qualities -----------------------------------------------------------------------------------------------------

QUALITIES = {
    "Bluray-480p": "480p.BluRay",
    "Bluray-576p": "576p.BluRay",
    "Bluray-720p": "720p.BluRay",
    "Bluray-1080p": "1080p.BluRay",
    "Bluray-2160p": "2160p.BluRay",
    "Remux-1080p": "1080p.BluRay.REMUX",
    "Remux-2160p": "2160p.BluRay.REMUX",
    "Bluray-1080p Remux": "1080p.BluRay.REMUX",
    "Bluray-2160p Remux": "2160p.BluRay.REMUX",
    "WEBDL-480p": "480p.WEB-DL",
    "WEBDL-720p": "720p.WEB-DL",
    "WEBDL-1080p": "1080p.WEB-DL",
    "WEBDL-2160p": "2160p.WEB-DL",
    "WEBRip-480p": "480p.WEBRip",
    "WEBRip-1080p": "1080p.WEBRip",
    "HDTV-720p": "720p.HDTV",
    "HDTV-1080p": "1080p.HDTV",
    "HDTV-2160p": "2160p.HDTV",
    "SDTV": "SDTV",
    "DVD": "DVDRip",
    "Raw-HD": "1080i.HDTV.MPEG2",
    "CAM": "CAM",
}


@pytest.mark.parametrize(("name", "words"), QUALITIES.items())
def test_every_quality_of_the_arrs_is_read_back_from_its_words(name, words):
    known = Quality(name=name)
    assert quality_words(known) == words
    spelling = f"Bluray-{name[6:]} Remux" if name.startswith("Remux") else name
    assert quality(f"Some.Name.1999.{words}-GRP") == spelling
    assert tells(f"Some.Name.1999.{words}-GRP", known)


@pytest.mark.parametrize("name", QUALITIES)
def test_no_quality_passes_for_another(name):
    told = {other for other, words in QUALITIES.items() if tells(f"Name.1999.{words}", Quality(name=name))}
    assert {QUALITIES[other] for other in told} == {QUALITIES[name]}


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (Quality(name="Unknown"), ""),
        (Quality(name="Unknown", source="unknown", resolution=0), ""),
        (Quality(name="Own", source="bluray", resolution=720), "720p.BluRay"),
        (Quality(name="Own", source="webRip", resolution=1080), "1080p.WEBRip"),
        (Quality(name="Own", resolution=1080), "1080p"),
        (None, ""),
    ],
)
def test_of_other_qualities_source_and_resolution_are_told(known, words):
    assert quality_words(known) == words


# -- everything else -----------------------------------------------------------------------------------------------

LETTERS = st.text(st.sampled_from("abz AZ.-_'’&é:!()[]{}/\\\x00ßøñ千19208sSeE"), max_size=40)
TEXTS = LETTERS | st.text(max_size=60) | st.text("ab1", min_size=20, max_size=80)
KNOWN = st.none() | st.sampled_from([Quality(name=name) for name in QUALITIES])
YEARS = st.none() | st.integers(1900, 2030)
ITEMS = st.builds(
    Item,
    id=st.just("a:b:c"),
    kind=st.sampled_from(Kind),
    title=TEXTS,
    filename=TEXTS,
    size=st.just(1),
    name=st.none() | TEXTS,
    year=YEARS,
    season=st.none() | st.integers(0, 2030),
    episodes=st.lists(st.integers(0, 1500), max_size=6, unique=True).map(sorted),
    absolute=st.none() | st.integers(0, 1500),
    aired=st.none() | st.dates(),
    anime=st.booleans(),
    quality=KNOWN,
    release_group=st.none() | TEXTS,
    edition=st.none() | TEXTS,
    media_info=st.none() | st.just({"videoCodec": "HEVC", "videoDynamicRangeType": "HDR10"}),
)


@given(ITEMS)
def test_a_title_once_made_stays(item):
    title = release_title(item)
    assert release_title(change(item, title=title)) == title


def test_what_no_title_can_tell_is_told_without_ornament():
    """Two episodes that don't follow each other are read as all between them."""
    item = episode(name=None, episodes=(1, 3), edition="E09", quality=None, media_info=HDR)
    made = release_title(item)
    assert made == "x.S01E01E03-GRP"
    assert release_title(change(item, title=made)) == made


@given(ITEMS)
def test_every_title_is_one_plain_path_component(item):
    """Never trust a friend's text: the title becomes a folder's name."""
    title = release_title(item)
    assert 0 < len(title.encode()) <= MAX_TITLE
    assert title == title.strip(" .")
    assert title.isprintable()
    assert not set(title) & set('/\\:*?"<>|')


NAMES = st.text(st.sampled_from("abcXYZ éñ&'’:!-.千ø"), min_size=1, max_size=60) | st.text(
    "abX", min_size=1, max_size=70
)


@given(name=NAMES, year=st.integers(1900, 2030), known=st.sampled_from(list(QUALITIES)), title=TEXTS)
def test_every_movie_parses_back_to_itself(name, year, known, title):
    assume(clean(name))
    made = release_title(movie(name=name, year=year, quality=Quality(name=known), title=title))
    read = read_movie(made)
    assert read is not None, made
    assert (read.name, read.year) == (clean(name), year)
    assert read.quality == (f"Bluray-{known[6:]} Remux" if known.startswith("Remux") else known)


@given(name=NAMES, season=st.integers(0, 40), first=st.integers(0, 1200), more=st.integers(0, 9), title=TEXTS)
def test_every_episode_parses_back_to_itself(name, season, first, more, title):
    assume(clean(name))
    episodes = tuple(range(first, first + more + 1))
    made = release_title(episode(name=name, season=season, episodes=episodes, title=title))
    read = read_episode(made)
    assert read is not None, made
    assert (read.name, read.season, read.episodes) == (clean(name), season, episodes)
    assert read.quality == "WEBDL-720p"


@given(name=NAMES, aired=st.dates(date(1950, 1, 1), date(2099, 1, 1)))
def test_every_daily_episode_parses_back_to_itself(name, aired):
    assume(clean(name))
    read = read_episode(release_title(episode(name=name, season=None, episodes=(), aired=aired)))
    assert read is not None
    assert (read.name, read.aired) == (clean(name), aired)


@given(name=NAMES, absolute=st.integers(0, 1500))
def test_every_anime_episode_parses_back_to_itself(name, absolute):
    assume(clean(name))
    read = read_episode(release_title(episode(name=name, season=None, episodes=(), anime=True, absolute=absolute)))
    assert read is not None
    assert (read.name, read.absolute) == (clean(name), absolute)


@pytest.mark.parametrize(
    "name", ["a" * 32, "A1" * 20, "abc", "123", "a" * 24, "Password yEnc", "password.yenc.password.yenc", "Season 01"]
)
def test_no_name_makes_a_shape_that_the_arrs_refuse(name):
    for made in (release_title(movie(name=name, title=name)), release_title(episode(name=name, title=name))):
        assert not refused(made)


def test_an_endless_name_is_cut_between_words():
    made = release_title(movie(name="One Two Three Four " * 20))
    assert re.fullmatch(r"(?:(?:One|Two|Three|Four)\.)+1999\.1080p\.BluRay-GRP", made)
    assert MAX_NAME < len(made) < MAX_TITLE
    assert read_movie(release_title(movie(name="千" * 200))).year == 1999


def test_endless_texts_cost_no_time():
    """Never trust a friend: patterns are only ever run over a bounded piece of text."""
    for endless in ("{" * 10**6, "[a" * 10**6, ".mkv" * 10**6, "S01E01" * 10**5, "e1" * 10**6, "é" * 10**6):
        made = release_title(movie(name=endless, title=endless, filename=endless, quality=None, release_group=endless))
        assert len(made.encode()) <= MAX_TITLE


def test_a_date_that_is_none_is_no_mark():
    assert release_title(episode(title="Some.Show.2024.02.31.720p.WEB-DL")) == "Some.Show.S01E02.720p.WEB-DL-GRP"


def test_the_oracle_refuses_what_the_arrs_refuse():
    """It must be able to fail, or the tests above say nothing."""
    assert read_movie("The.Matrix.1080p.BluRay") is None
    assert read_movie("1999.1080p.BluRay") is None
    assert read_movie("0123456789abcdefghijABCDEFGHIJ12.1999.1080p") is None
    assert read_episode("Season 01") is None
    assert read_episode("Show.720p.WEB-DL") is None
    assert quality("The.Matrix.1999") == ""
    assert quality("The.Matrix.1999.1080p") == "HDTV-1080p"
