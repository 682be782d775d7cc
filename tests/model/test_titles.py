"""Names as people meet them, both ways: what a title says is what the library knows, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.item import Item, Kind, Quality
from jackd.model.naming import MAX_TITLE, release_title
from jackd.model.revision import Revision
from tests.fakes.title_marks import Mended
from tests.fakes.titles import Read, clean, parse
from tests.model.names import MESSY, SCENE, Name, names
from tests.support import change


def read(title: str, item: Item) -> Read:
    """What the *arr of that kind of item reads."""
    found = parse("radarr" if item.kind is Kind.MOVIE else "sonarr", title)
    assert found is not None, title
    return found


def spelled(quality: Quality) -> str:
    """A remux in Sonarr's spelling."""
    name = quality.name
    return f"Bluray-{name[6:]} Remux" if name.startswith("Remux") else name


def says(title: str, item: Item) -> None:
    """``title`` is read as ``item``: what it is, its quality, revision, group, edition and languages."""
    found = read(title, item)
    name = item.name or ""
    assert found.name in (clean(name), clean(f"{name} {item.year}"), clean(name.removesuffix(f" ({item.year})")))
    assert numbers(found) == numbers(item)
    assert found.quality == spelled(item.quality) if item.quality else True
    revision = item.revision or Revision()
    assert found.revision == Mended(revision.version, revision.real, revision.repack)
    assert found.group == (item.release_group or ("jack" if found.absolute is not None else ""))
    if item.edition:
        assert found.edition == item.edition.replace("'", "").lower()
    assert not item.languages or found.languages <= set(item.languages)


def numbers(of: Read | Item) -> tuple[object, ...]:
    if isinstance(of, Item) and of.kind is Kind.MOVIE:
        return (of.year, None, (), None, None)
    year = of.year if isinstance(of, Read) else None
    return (year, of.season, of.episodes, of.aired, of.absolute)


@pytest.mark.parametrize("name", names(SCENE), ids=lambda name: name.title)
def test_a_scene_name_that_says_what_the_library_knows_is_kept(name: Name):
    says(name.title.replace("[rartv]", ""), name.item)
    assert release_title(name.item) == name.title


def others(item: Item) -> Iterator[Item]:
    """The same but for one fact."""
    other = "SDTV" if item.quality and item.quality.name != "SDTV" else "DVD"
    yield change(item, quality=Quality(name=other))
    yield change(item, revision=Revision(version=5))
    yield change(item, revision=Revision(version=2, repack=True, real=2))
    yield change(item, release_group="Another")
    yield change(item, edition="Assembly Cut")
    yield change(item, name=f"{item.name} Too")
    if item.kind is Kind.MOVIE:
        yield change(item, year=1933)
    else:
        numbers = {"season": 77, "episodes": (66,), "aired": None, "absolute": None}
        yield change(item, **numbers)


@pytest.mark.parametrize("name", names(SCENE), ids=lambda name: name.title)
def test_a_scene_name_that_says_anything_else_is_replaced(name: Name):
    for other in others(name.item):
        made = release_title(other)
        assert made != name.title, other
        says(made, other)


@pytest.mark.parametrize("name", names(MESSY), ids=lambda name: f"{name.title} {name.item.name}")
def test_any_other_name_becomes_a_title_that_says_what_the_library_knows(name: Name):
    made = release_title(name.item)
    says(made, name.item)
    assert release_title(change(name.item, title=made)) == made
    languages = {"English"} & set(name.item.languages) if len(name.item.languages) == 1 else set()
    assert read(made, name.item).languages | languages == set(name.item.languages)


def test_there_are_enough_of_them():
    assert len(names(SCENE)) + len(names(MESSY)) > 260
    assert len({name.title for name in names(SCENE)}) > 140


# -- and all others ------------------------------------------------------------------------------------------------

WORDS = """
The A of and German Germany Truefrench Complete Disc Proper REAL Repack Remux Uncut Extended Final Cut Part Web WEB Cam
DVD Special Edition 1984 2049 2001 101 360 24 7 300 3D Love Night's Amélie Müller 千尋 Ведьмак S.W.A.T. X-Men M & Tick!
"""
QUALITIES = (
    *(
        "SDTV",
        "DVD",
        "WEBDL-480p",
        "WEBDL-720p",
        "WEBDL-1080p",
        "WEBDL-2160p",
        "WEBRip-480p",
        "WEBRip-1080p",
        "HDTV-720p",
    ),
    *(
        "HDTV-1080p",
        "HDTV-2160p",
        "Bluray-480p",
        "Bluray-576p",
        "Bluray-720p",
        "Bluray-1080p",
        "Bluray-2160p",
        "Raw-HD",
    ),
    *("Remux-1080p", "Remux-2160p"),
)
EDITIONS = (
    "Director's Cut",
    "Extended",
    "Extended Cut",
    "Theatrical Cut",
    "IMAX",
    "Open Matte",
    "Unrated",
    "Final Cut",
)
LANGUAGES = ("English", "German", "French", "Czech", "Portuguese (Brazil)", "Spanish (Latino)", "Japanese", "Slovak")
SOUND = (
    "TrueHD Atmos",
    "TrueHD",
    "EAC3 Atmos",
    "EAC3",
    "AC3",
    "DTS-HD MA",
    "DTS-X",
    "DTS-ES",
    "DTS",
    "FLAC",
    "Opus",
    "AAC",
)
PICTURE = ("", "HDR10", "HDR10Plus", "HLG", "PQ", "DV", "DV HDR10", "DV HDR10Plus", "DV HLG", "DV SDR")
CODECS = ("x264", "h264", "AVC", "x265", "h265", "HEVC", "AV1", "VP9", "VC1", "MPEG2", "XviD", "DivX", "RealVideo")
FACTS = {
    "id": st.just("a:b:1"),
    "title": st.sampled_from(["", "x", "Copper.Sky.2014.720p.HDTV.x264-GRP", "Some Film (1999) [AMZN WEB-DL] 3D"]),
    "filename": st.sampled_from(["x.mkv", "Copper Sky (2014).mkv", "Grey.Harbour.S03E04.mkv"]),
    "size": st.just(1),
    "name": st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=5).map(" ".join).filter(clean),
    "quality": st.sampled_from([Quality(name=name) for name in QUALITIES]),
    "revision": st.builds(Revision, version=st.integers(2, 9), real=st.integers(0, 4), repack=st.booleans())
    | st.just(Revision()),
    "languages": st.lists(st.sampled_from(LANGUAGES), max_size=4, unique=True),
    "release_group": st.none() | st.sampled_from(["GRP", "grp", "D-Z0N3", "FraMeSToR", "iT00NZ", "4KiDs", "BD", "CAM"]),
    "media_info": st.fixed_dictionaries(
        {
            "audioCodec": st.sampled_from(SOUND),
            "audioChannels": st.sampled_from([1, 2.0, 5.1, 7.1]),
            "videoDynamicRangeType": st.sampled_from(PICTURE),
            "videoCodec": st.sampled_from(CODECS),
        }
    ),
}
FILMS = st.builds(
    Item,
    kind=st.just(Kind.MOVIE),
    year=st.integers(1888, 2029),
    edition=st.none() | st.sampled_from(EDITIONS),
    **FACTS,
)
EPISODES = st.builds(
    Item,
    kind=st.just(Kind.EPISODE),
    season=st.integers(0, 99) | st.integers(2000, 2029),
    episodes=st.tuples(st.integers(0, 120), st.integers(0, 8)).map(lambda span: tuple(range(span[0], sum(span) + 1))),
    **FACTS,
)
DAILIES = st.builds(Item, kind=st.just(Kind.EPISODE), aired=st.dates(date(1960, 1, 1), date(2029, 1, 1)), **FACTS)
ANIME = st.builds(Item, kind=st.just(Kind.EPISODE), anime=st.just(True), absolute=st.integers(1, 1500), **FACTS)


@given(FILMS | EPISODES | DAILIES | ANIME)
def test_every_title_that_is_made_says_what_the_library_knows(item: Item):
    made = release_title(item)
    group = read(made, item).group
    assert group in (item.release_group, "", "jack")
    says(made, change(item, release_group=group if group != "jack" else None))
    assert len(made.encode()) <= MAX_TITLE
    assert release_title(change(item, title=made)) == made


@given(FILMS.filter(lambda item: item.release_group not in ("BD", "CAM")))
def test_nothing_of_it_is_lost(item: Item):
    """A group, an edition, a language, the sound and the picture are all there."""
    made = release_title(item)
    found = read(made, item)
    assert found.group == (item.release_group or "")
    if item.edition:
        assert found.edition == item.edition.replace("'", "").lower()
    assert found.languages | {"English"} == {*item.languages, "English"}
    assert item.media_info is not None
    for word in item.media_info["videoDynamicRangeType"].replace("SDR", "").split():
        assert word in re.split("[.-]", made)
