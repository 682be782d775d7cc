from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.naming import release_title
from jackd.model.release import Release
from jackd.torznab import documents
from tests.fakes.feed import ApiKeyError, FeedItem, IndexerError, UnsupportedFeed, parse_caps, parse_date, parse_feed
from tests.support import MATRIX, PILOT, change

NOW = datetime(2100, 1, 1, tzinfo=UTC)
NASTY = st.text(st.characters() | st.sampled_from("<>&\"'\x00\x0b\x1f\ud800\ufffe]]>"), max_size=40)
VISIBLE = st.text(st.characters(blacklist_categories=("Cc", "Cs")) | st.sampled_from("<>&\"'"), max_size=40)


def read(*releases: Release, url: str = "http://jack.test/x") -> list[FeedItem]:
    page = documents.feed(releases, offset=0, total=1, base_url="http://jack.test", now=NOW, link=lambda _: url)
    return parse_feed(page.encode(), "http://jack.test/torznab/api")


def offered(**changes) -> Release:
    return Release(
        item=change(MATRIX, **changes), peer="11111111", peer_name="Alice", seeders=changes.pop("seeders", 1)
    )


@given(NASTY)
def test_any_text_becomes_xml_without_what_xml_can_not_hold(value):
    """S15"""
    inside = ET.fromstring(f"<a b='{documents.text(value)}'>{documents.text(value)}</a>")
    clean = "".join(c for c in value if documents.is_clean(c)).replace("\r\n", "\n").replace("\r", "\n")
    assert inside.text == (clean or None)


@given(guid=VISIBLE.filter(documents.is_clean), language=VISIBLE, path=st.text("abc&=?<\"'%20", max_size=30))
def test_items_survive_any_text_in_them(guid, language, path):
    url = f"http://jack.test/x{path}x"
    (item,) = read(offered(id=guid, languages=(language,)), url=url)
    assert item.guid == f"11111111:{guid}"
    assert item.url == url


@given(NASTY, NASTY, NASTY)
def test_titles_survive_any_text_in_them(title, name, group):
    (item,) = read(offered(title=title, name=name, release_group=group))
    assert item.title == release_title(offered(title=title, name=name, release_group=group).item)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2099, 12, 31), timezones=st.just(UTC)))
def test_every_date_has_the_right_weekday(published):
    (item,) = read(offered(published=published))
    assert item.published == published.replace(microsecond=0)


def test_seeders_are_those_who_can_be_reached_and_never_none():
    items = read(*(Release(item=PILOT, peer="1", peer_name="A", seeders=n) for n in (0, 1, 5)))
    assert [(i.seeders, i.peers) for i in items] == [(1, 1), (1, 1), (5, 5)]


def test_languages_that_say_nothing_are_left_to_the_title():
    (item,) = read(offered(languages=("English", "Unknown", "Original", " ", "German")))
    assert item.languages == ("English", "German")
    (item,) = read(offered(languages=tuple(f"L{n}" for n in range(1000))))
    assert len(item.languages) == documents.MAX_LANGUAGES


def test_errors_are_read_as_what_they_are():
    with pytest.raises(ApiKeyError):
        parse_feed(documents.error(100, "no <key>").encode(), "")
    with pytest.raises(IndexerError) as caught:
        parse_caps(documents.error(202, 'no "function"\x00').encode())
    assert str(caught.value) == '202: no "function"'


# -- the strict reader is strict -----------------------------------------------------------------------------------

GOOD = documents.feed(
    [offered(), offered(id="x")],
    offset=0,
    total=2,
    base_url="http://b",
    now=NOW,
    link=lambda r: f"http://b/{r.item.id}",
)


def test_the_reader_reads_what_is_good():
    assert len(parse_feed(GOOD.encode(), "")) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<pubDate>Sat, 14 Nov 2026 10:00:00 +0000</pubDate>", ""),
        ("<guid>", '<guid isPermaLink="false">'),
        ("application/x-bittorrent", "application/x-nzb"),
        ("<rss ", "<feed "),
        ("</channel>", ""),
        ("<?xml", "\ufeff<?xml"),
    ],
)
def test_the_reader_refuses_what_the_arrs_refuse(before, after):
    changed = GOOD.replace(before, after)
    assert changed != GOOD
    with pytest.raises((UnsupportedFeed, ET.ParseError)):
        parse_feed(changed.encode(), "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Sat, 14 Nov", "Sun, 14 Nov"),
        ("+0000", "GMT+1"),
        ("application/x-bittorrent", "application/octet-stream"),
        ("<title>The.Matrix.1999.1080p.BluRay.x264-GRP</title>", "<title> </title>"),
        ('name="seeders" value="1"', 'name="seeders" value="many"'),
    ],
)
def test_the_reader_drops_items_that_the_arrs_drop(before, after):
    changed = GOOD.replace(before, after)
    assert changed != GOOD
    assert parse_feed(changed.encode(), "") == []


def test_the_reader_knows_its_calendar():
    assert parse_date("Thu, 29 Feb 2024 00:00:00 +0000") == datetime(2024, 2, 29, tzinfo=UTC)
    with pytest.raises(ValueError):
        parse_date("Fri, 29 Feb 2024 00:00:00 +0000")


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ("q,imdbid", "q, imdbid", UnsupportedFeed),
        ("<caps", "<rss", (UnsupportedFeed, ET.ParseError)),
        (' name="TV"', "", KeyError),
        ('id="2000"', 'id="movies"', ValueError),
        (' max="100"', "", KeyError),
    ],
)
def test_the_reader_of_capabilities_is_strict_too(before, after, error):
    good = documents.capabilities()
    assert before in good
    with pytest.raises(error):
        parse_caps(good.replace(before, after).encode())
