"""Programs that jack does not register itself in, but that may be pointed at it: Prowlarr and Lidarr."""

from __future__ import annotations

import pytest

from jackd.model.item import Quality
from jackd.model.release import Release
from tests.fakes.feed import parse_caps
from tests.support import MATRIX, change
from tests.torznab.test_app import ALL, ANIME, DAILY, PILOT, SECOND, SPECIAL, Indexer, names

UHD = change(MATRIX, id="a:movie:2", title="x", quality=Quality(name="Bluray-2160p", source="bluray", resolution=2160))
SD = change(PILOT, id="b:episode:3", title="x", quality=Quality(name="SDTV", source="television", resolution=480))


@pytest.fixture
def indexer() -> Indexer:
    return Indexer()


# -- Prowlarr ----------------------------------------------------------------------------------------------------------


def test_prowlarrs_test_gets_items(indexer):
    """It asks for anything at all, without query and categories, and wants at least one item."""
    items = indexer.search("t=search&extended=1")
    assert {item.title for item in items} == names(*ALL)


def test_prowlarr_finds_every_items_categories_in_the_caps():
    """It maps an item's categories by the caps, and drops an item of which it knows none."""
    indexer = Indexer(*ALL, UHD, SD, change(MATRIX, id="a:movie:4", quality=None))
    known = set(parse_caps(indexer.get("t=caps").body).categories)
    items = indexer.search("t=search&extended=1")
    assert len(items) == len(ALL) + 3
    for item in items:
        assert item.categories and known.issuperset(item.categories), item.title


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("t=movie&extended=1&cat=2000,2040&imdbid=tt0133093&tmdbid=603", [MATRIX]),
        ("t=movie&extended=1&imdbid=0133093", [MATRIX]),
        ("t=movie&extended=1&traktid=5", []),
        ("t=tvsearch&extended=1&tvdbid=81189&season=00&ep=1", [SPECIAL]),
        ("t=tvsearch&extended=1&cat=5000&tvdbid=81189&tvmazeid=7&rid=9&season=1&ep=2&limit=100&offset=0", [SECOND]),
        ("t=tvsearch&extended=1&q=Nightly&season=2024&ep=05/17", [DAILY]),
        ("t=search&extended=1&cat=5070&q=Fighting%20Spirit&limit=100&offset=0", [ANIME]),
        ("t=book&extended=1&author=A&title=B", []),
    ],
)
def test_prowlarrs_searches(indexer, query, found):
    """As it passes them on; whatever it asks for, the answer is a feed."""
    assert indexer.titles(query) == names(*found)


# -- Lidarr ------------------------------------------------------------------------------------------------------------

MUSIC = "cat=3000,3010,3030,3040&extended=1"


@pytest.mark.parametrize(
    "query",
    [
        f"t=music&{MUSIC}&offset=0&limit=100",
        f"t=music&{MUSIC}&offset=0&limit=100&q=&artist=Some%20Show&album=Pilot",
        f"t=music&{MUSIC}&offset=0&limit=100&q=&artist=VA",
        f"t=search&{MUSIC}&offset=0&limit=100",
        f"t=search&{MUSIC}&offset=0&limit=100&q=The%20Matrix",
    ],
)
def test_lidarr_gets_an_empty_feed_and_never_a_film(indexer, query):
    """An error would put the indexer to sleep; a film among the albums would be grabbed as one."""
    assert indexer.search(query) == []


# -- all of them -------------------------------------------------------------------------------------------------------


def test_the_caps_are_the_same_whoever_asks_and_whatever_there_is(indexer):
    """They are kept for seven days: what they said once must stay true."""
    told = indexer.get("t=caps").body
    indexer.search("t=movie")
    indexer.friends.releases.clear()
    assert indexer.get("t=caps&extended=1&cat=2000&limit=5").body == Indexer(UHD).get("t=caps").body == told


def test_what_two_friends_offer_are_two_items():
    """A guid is the key by which offers are told apart, also across friends who have the same item id."""
    indexer = Indexer(MATRIX)
    indexer.friends.releases.append(Release(item=MATRIX, peer="22222222", peer_name="Bob"))
    items = indexer.search("t=movie&tmdbid=603")
    assert len({item.guid for item in items}) == len({item.url for item in items}) == 2
