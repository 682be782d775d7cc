from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.folder.names import About
from jackd.folder.nfo import MAX_NFO, Nfo, read_nfo
from jackd.model.ids import MediaIds

MATRIX = MediaIds(tmdb=603, imdb="tt0133093")


def test_a_movie():
    nfo = read_nfo(
        b"""<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
        <movie><title>The  Matrix</title><year>1999</year><id>tt0133093</id>
        <uniqueid type="tmdb" default="true">603</uniqueid><uniqueid type="imdb">tt0133093</uniqueid></movie>"""
    )
    assert nfo == Nfo(kind="movie", about=About(ids=MATRIX, name="The Matrix", year=1999))


@pytest.mark.parametrize(
    ("inside", "ids"),
    [
        ("<id>603</id>", MediaIds(tmdb=603)),
        ("<id>tt0133093</id><tmdbid>603</tmdbid>", MATRIX),
        ("<imdb_id>tt0133093</imdb_id><tmdb_id> 603 </tmdb_id>", MATRIX),
        ("<uniqueid type='TMDB'>603</uniqueid><id>9</id>", MediaIds(tmdb=603)),
        ("<uniqueid type='tmdb'>x</uniqueid><id/>", MediaIds()),
        ("<uniqueid type='tmdb'>99999999999999999999</uniqueid>", MediaIds()),
        ("<uniqueid>603</uniqueid>", MediaIds()),
    ],
)
def test_ids_of_a_movie(inside, ids):
    assert read_nfo(f"<movie>{inside}</movie>".encode()).about.ids == ids


def test_a_series():
    nfo = read_nfo(b"<tvshow><title>Show</title><premiered>2008-01-20</premiered><id>81189</id></tvshow>")
    assert nfo == Nfo(kind="tvshow", about=About(ids=MediaIds(tvdb=81189), name="Show", year=2008))


def test_the_ids_of_an_episode_are_not_those_of_the_series():
    nfo = read_nfo(
        b"""<episodedetails><title>Pilot</title><showtitle>Show</showtitle><season>1</season><episode>2</episode>
        <aired>2008-01-20</aired><uniqueid type="tvdb">349232</uniqueid></episodedetails>
        https://www.imdb.com/title/tt0959621/"""
    )
    assert nfo == Nfo(kind="episodedetails", about=About(name="Show"), season=1, episodes=(2,), aired=date(2008, 1, 20))


def test_a_file_of_two_episodes_has_two_roots():
    one = "<episodedetails><season>1</season><episode>{}</episode></episodedetails>\n"
    assert read_nfo((one.format(3) + one.format(2)).encode()).episodes == (2, 3)


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("https://www.imdb.com/title/tt0133093/", MediaIds(imdb="tt0133093")),
        ("https://www.themoviedb.org/movie/603-the-matrix", MediaIds(tmdb=603)),
        ("https://www.themoviedb.org/tv/1396", MediaIds(tmdb=1396)),
        ("http://thetvdb.com/?tab=series&id=81189&lid=7", MediaIds(tvdb=81189)),
        ("https://www.thetvdb.com/dereferrer/series/81189", MediaIds(tvdb=81189)),
        ("just words", MediaIds()),
    ],
)
def test_a_bare_address_or_one_after_the_xml(url, ids):
    assert read_nfo(url.encode()).about.ids == ids
    after = read_nfo(f"<movie><title>Film</title></movie>\n{url}&x=1\n".encode())
    assert (after.about.name, after.about.ids) == ("Film", ids)


def test_bombs_and_outside_entities_are_refused():
    """S15"""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY l0 "lol">{levels}]><movie><title>&l11;</title></movie>'
    outside = '<!DOCTYPE b [<!ENTITY e SYSTEM "file:///etc/passwd">]><movie><title>&e;</title></movie>'
    spaced = '<!  doctype b SYSTEM "http://127.0.0.1/x"><movie><title>x</title></movie>'
    for text in (bomb, outside, spaced, bomb.lower()):
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-7"):
            assert read_nfo(text.encode(encoding)) == Nfo()
    assert read_nfo(f"{outside} https://www.imdb.com/title/tt0133093".encode()) == Nfo()


def test_unknown_entities_and_loose_ampersands_are_text():
    assert read_nfo(b"<movie><title>Tom & Jerry &amp; &lol;</title></movie>").about.name == "Tom & Jerry & &lol;"


def test_large_files_are_not_read():
    assert read_nfo(b"<movie><title>Film</title></movie>" + b" " * MAX_NFO) == Nfo()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"<movie>",
        b"<a>" * 60_000,
        b"<a>" * 30_000 + b"</a>" * 30_000,
        b"<html/>",
        b"\0",
        b"<movie/></nfo><nfo>",
        b"<movie><title>\x01</title></movie>",
    ],
)
def test_broken_files_say_nothing(data):
    assert read_nfo(data).about == About()


def test_texts_are_short_and_printable():
    """S27"""
    name = read_nfo(f"<movie><title>a&#10;b\u202e{'x' * 5000}</title></movie>".encode()).about.name
    assert name.isprintable()
    assert len(name) == 200


@pytest.mark.parametrize(
    "inside", ["<year>0000</year>", "<year>two</year>", "<premiered>99-1</premiered>", "<year>20011</year>"]
)
def test_years_that_are_none(inside):
    assert read_nfo(f"<movie>{inside}</movie>".encode()).about.year is None


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: f"<movie>{t}</movie>".encode("utf-8", "replace")))
def test_anything_is_survived(data):
    read_nfo(data)
