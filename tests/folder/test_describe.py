from __future__ import annotations

from datetime import date

import pytest

from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind


def by_name(folder) -> dict[str, Item]:
    return {item.filename: item for item in folder.items()}


def test_a_movie_from_its_own_name(folder):
    folder.put("The.Matrix.1999.1080p.BluRay.x264-GRP.mkv")
    item = folder.only()
    assert (item.kind, item.name, item.year) == (Kind.MOVIE, "The Matrix", 1999)
    assert item.title == "The.Matrix.1999.1080p.BluRay.x264-GRP"
    assert (item.quality.name, item.release_group) == ("Bluray-1080p", "GRP")


def test_a_movie_from_its_folder(folder):
    folder.put("The Matrix (1999) {tmdb-603}/disc.mkv")
    item = folder.only()
    assert (item.name, item.year, item.ids, item.title) == ("The Matrix", 1999, MediaIds(tmdb=603), "The.Matrix.1999")


def test_the_name_of_the_file_comes_first_its_ids_from_wherever_they_stand(folder):
    folder.put("The Matrix (1999) {tmdb-603}/The.Matrix.1999.720p.mkv")
    folder.put("The Matrix (1999) {tmdb-603}/The.Matrix.1999.720p.nfo", b"https://imdb.com/title/tt0133093")
    item = folder.only()
    assert (item.name, item.ids) == ("The Matrix", MediaIds(tmdb=603, imdb="tt0133093"))


def test_movie_nfo(folder):
    folder.put("matrix/film.mkv")
    folder.put("matrix/movie.nfo", b"<movie><title>The Matrix</title><year>1999</year><tmdbid>603</tmdbid></movie>")
    item = folder.only()
    assert (item.name, item.year, item.ids) == ("The Matrix", 1999, MediaIds(tmdb=603))


def test_a_collection_does_not_lend_its_id(folder):
    folder.put("Matrix Collection {tmdb-2344}/The Matrix (1999).mkv")
    folder.put("Matrix Collection {tmdb-2344}/movie.nfo", b"<movie><title>Other</title><year>2003</year></movie>")
    item = folder.only()
    assert (item.name, item.year, item.ids) == ("The Matrix", 1999, MediaIds())


def test_a_folder_of_the_same_name_does(folder):
    folder.put("Matrix {tmdb-603}/Matrix (1999).mkv")
    assert folder.only().ids == MediaIds(tmdb=603)


def test_neither_year_nor_id_is_nothing_to_offer(folder):
    folder.put("Holiday/Beach.mkv")
    folder.put("Birthday/2024-05-17.mkv")
    folder.put("S01E01.mkv")
    assert {item.filename for item in folder.items()} == {"2024-05-17.mkv"}


def test_episodes(folder):
    show = "Some Show (2008) {tvdb-81189}"
    folder.put(f"{show}/Season 01/Some.Show.S01E01.720p.WEB-DL.x264-GRP.mkv")
    folder.put(f"{show}/Season 01/02 - Second.mkv")
    folder.put(f"{show}/Season 02/Some Show - S02E01E02 - Both [WEBDL-1080p].mkv")
    folder.put(f"{show}/Specials/Some Show 0x05.mkv")
    items = by_name(folder)
    for item in items.values():
        assert (item.kind, item.name, item.ids.tvdb) == (Kind.EPISODE, "Some Show", 81189)
    numbers = {(item.season, item.episodes) for item in items.values()}
    assert numbers == {(1, (1,)), (1, (2,)), (2, (1, 2)), (0, (5,))}
    assert items["02 - Second.mkv"].title == "Some.Show.S01E02"
    assert items["Some.Show.S01E01.720p.WEB-DL.x264-GRP.mkv"].title == "Some.Show.S01E01.720p.WEB-DL.x264-GRP"


def test_tvshow_nfo_counts_for_all_below(folder):
    folder.put(
        "show/tvshow.nfo", b"<tvshow><title>Some Show</title><uniqueid type='imdb'>tt0903747</uniqueid></tvshow>"
    )
    folder.put("show/Season 1/Some.Show.S01E01.mkv")
    folder.put("show/other disc/Some.Show.S02E01.mkv")
    assert {item.ids.imdb for item in folder.items()} == {"tt0903747"}


def test_an_episode_nfo_knows_better_than_the_name(folder):
    folder.put("Show/ep.mkv")
    folder.put(
        "Show/ep.nfo",
        b"<episodedetails><showtitle>The Show</showtitle><season>2</season><episode>5</episode>"
        b"<aired>2008-02-03</aired></episodedetails>",
    )
    item = folder.only()
    assert (item.name, item.season, item.episodes, item.aired) == ("The Show", 2, (5,), date(2008, 2, 3))


def test_daily_and_anime(folder):
    folder.put("Late.Night.2024.05.17.Guest.720p.HDTV.x264-GRP.mkv")
    folder.put("[Grp] Some Anime - 07 [1080p].mkv")
    items = by_name(folder)
    daily = items["Late.Night.2024.05.17.Guest.720p.HDTV.x264-GRP.mkv"]
    assert (daily.kind, daily.name, daily.aired) == (Kind.EPISODE, "Late Night", date(2024, 5, 17))
    anime = items["[Grp] Some Anime - 07 [1080p].mkv"]
    assert (anime.kind, anime.name, anime.absolute, anime.anime) == (Kind.EPISODE, "Some Anime", 7, True)
    assert anime.release_group == "Grp"


@pytest.mark.parametrize("nfo", [b"<!DOCTYPE x [<!ENTITY a 'b'>]><movie/>", b"\xff" * 300, b"x" * 400_000])
def test_a_bad_nfo_costs_nothing_else(folder, nfo):
    """S15"""
    for name in ("movie.nfo", "tvshow.nfo", "Film (2001).nfo"):
        folder.put(name, nfo)
    folder.put("Film (2001).mkv")
    assert (folder.only().name, folder.only().year) == ("Film", 2001)


def test_editions_and_tags_do_not_reach_the_title(folder):
    folder.put("Film (2001) {edition-Extended} {imdb-tt0120737} [1080p].mkv")
    item = folder.only()
    assert (item.edition, item.ids.imdb) == ("Extended", "tt0120737")
    assert "imdb" not in item.title and "edition" not in item.title


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Some Film (1999) Directors Cut German 1080p BluRay.mkv", "Directors.Cut.German.1080p.BluRay"),
        ("Some Film (1999) [PROPER] [WEBDL-720p].mkv", "PROPER.720p.WEB-DL"),
        ("Some Film (1999) REPACK2 720p WEB-DL.mkv", "REPACK2.720p.WEB-DL"),
        ("Some Film (1999) [NF][WEB-DL 720p] 3D.mkv", "3D.720p.NF.WEB-DL"),
        ("Some Film (1999) [NF WEB-DL 720p].mkv", "720p.NF.WEB-DL"),
        ("Some Film (1999) German DL 720p BluRay.mkv", "720p.BluRay"),
    ],
)
def test_what_a_name_says_of_itself_goes_into_the_title(folder, name, title):
    folder.put(name)
    assert folder.only().title == f"Some.Film.1999.{title}"


def test_two_languages_of_which_one_is_named_are_not_told_as_one(folder):
    """What the feed says of languages is believed before the title."""
    folder.put("Some.Film.1999.German.DL.720p.BluRay.x264-GRP.mkv")
    folder.put("Other.Film.1999.German.720p.BluRay.x264-GRP.mkv")
    assert {item.name: item.languages for item in folder.items()} == {"Some Film": (), "Other Film": ("German",)}
