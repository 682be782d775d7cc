"""The indexer as its clients see it: the real app in memory, read by the strictest parser."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from jackd.model.errors import ItemGone, NotFound, PeerError
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind, Quality
from jackd.model.naming import release_title
from jackd.model.release import Release
from jackd.model.search import Query, matches
from jackd.ports import MAX_FOUND, PeerNetwork
from jackd.storage import threads
from jackd.storage.threads import InlineWorkers
from jackd.torrent.stub import MAX_SIZE, Stubs
from jackd.torznab.app import TorznabApp, attachment
from jackd.web.auth import Account, Keys, Mint, Scope
from jackd.web.site import Mount
from tests.fakes.feed import ApiKeyError, FeedItem, IndexerError, parse_caps, parse_feed
from tests.fakes.metainfo import load
from tests.support import MATRIX, PILOT, Web, change

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BASE = "http://jack.test:5225"
MINT = Mint(b"s" * 32)
KEY = "right"

SPECIAL = change(PILOT, id="bbbbbbbb:episode:8", title="Some.Show.S00E01.720p.WEB-DL.x264-GRP", season=0, episodes=(1,))
SECOND = change(PILOT, id="bbbbbbbb:episode:9", title="Some.Show.S01E02.720p.WEB-DL.x264-GRP", episodes=(2,))
DAILY = change(
    PILOT,
    id="bbbbbbbb:episode:10",
    title="Nightly.2024.05.17.720p.HDTV.x264-GRP",
    name="Nightly",
    ids=MediaIds(tvdb=300),
    season=12,
    episodes=(101,),
    aired=date(2024, 5, 17),
    quality=Quality(name="HDTV-720p", source="television", resolution=720),
)
ANIME = change(
    PILOT,
    id="bbbbbbbb:episode:11",
    title="Fighting.Spirit.S02E07.1080p.WEB-DL-GRP",
    name="Fighting Spirit",
    ids=MediaIds(tvdb=400),
    season=2,
    episodes=(7,),
    absolute=31,
    anime=True,
    quality=Quality(name="WEBDL-1080p", source="web", resolution=1080),
    languages=("Japanese", "Unknown"),
)
ALL = (MATRIX, PILOT, SPECIAL, SECOND, DAILY, ANIME)


class Friends:
    """A network of one friend whose answers are exact."""

    def __init__(self, *items) -> None:
        self.releases = [Release(item=i, peer="11111111", peer_name="Alice") for i in items]
        self.queries: list[Query] = []
        self.trouble: Exception | None = None

    async def search(
        self, query: Query, *, limit: int = MAX_FOUND, offset: int = 0, wanted: Callable[[Item], bool] | None = None
    ) -> Sequence[Release]:
        self.queries.append(query)
        found = [r for r in self.releases if matches(query, r.item) and (wanted is None or wanted(r.item))]
        return sorted(found, key=lambda r: r.item.published, reverse=True)[offset : offset + limit]

    async def release(self, peer: str, item_id: str) -> Release:
        if self.trouble:
            raise self.trouble
        for release in self.releases:
            if (release.peer, release.item.id) == (peer, item_id):
                return release
        raise NotFound

    def statuses(self):
        return []

    def peer(self, peer_id: str):
        return None


class Indexer:
    def __init__(self, *items) -> None:
        self.friends = Friends(*(items or ALL))
        keys = Keys()
        keys.add(KEY, Account(name="bob", scopes=frozenset(Scope)))
        keys.add("peer", Account(name="alice", scopes=frozenset((Scope.PEER,))))
        self.stubs = Stubs(MINT)
        self.jobs: list[object] = []
        app = TorznabApp(
            network=self.friends,
            keys=keys,
            mint=MINT,
            stubs=self.stubs,
            base_url=f"{BASE}/",
            workers=self,
            now=NOW.timestamp,
        )
        self.web = Web(Mount(["/torznab"], app))

    def run(self, job, *args):
        """Stands in for the workers."""
        self.jobs.append(job)
        return InlineWorkers().run(job, *args)

    def get(self, query: str, key: str | None = KEY):
        return self.web.get(f"/torznab/api?{query}" + (f"&apikey={key}" if key else ""))

    def search(self, query: str) -> list[FeedItem]:
        got = self.get(query)
        assert (got.status, got.header("content-type")) == (200, "application/xml; charset=utf-8")
        return parse_feed(got.body, f"{BASE}/torznab/api")

    def titles(self, query: str) -> set[str]:
        return {item.title for item in self.search(query)}

    def fetch(self, url: str):
        assert url.startswith(BASE)
        return self.web.get(url.removeprefix(BASE))


def names(*items) -> set[str]:
    return {release_title(item) for item in items}


@pytest.fixture
def indexer() -> Indexer:
    return Indexer()


def test_the_fake_has_the_ports_methods():
    for name in ("search", "release", "statuses", "peer"):
        real, fake = (list(inspect.signature(getattr(c, name)).parameters) for c in (PeerNetwork, Friends))
        assert real == fake


# -- capabilities --------------------------------------------------------------------------------------------------


def test_caps_let_every_arr_use_all_its_searches(indexer):
    caps = parse_caps(indexer.get("t=caps").body)
    assert (caps.page_size, caps.default, caps.max) == (100, 100, 100)
    assert caps.supports("search", "q")
    assert caps.supports("movie-search", "q", "tmdbid", "imdbid")
    assert caps.supports("tv-search", "q", "season", "ep", "tvdbid", "imdbid", "tmdbid")
    assert set(caps.categories) == {2000, 2030, 2040, 2045, 2050, 2060, 5000, 5030, 5040, 5045, 5070}


# -- keys ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["wrong", "peer", "", None])
@pytest.mark.parametrize("query", ["t=caps", "t=movie", "t=nonsense"])
def test_a_wrong_key_is_an_error_document_with_status_200(indexer, query, key):
    got = indexer.get(query, key=key)
    assert got.status == 200
    with pytest.raises(ApiKeyError) as caught:
        parse_feed(got.body, BASE)
    assert caught.value.code == 100
    assert not indexer.friends.queries


def test_a_wrong_key_with_other_methods_too(indexer):
    assert indexer.web.request("HEAD", "/torznab/api?t=caps").status == 200
    got = indexer.web.post("/torznab/api?t=caps", data={"a": "1"})
    assert (got.status, b'code="100"' in got.body) == (200, True)


def test_the_key_may_come_in_the_header_and_anywhere_in_the_query(indexer):
    assert indexer.web.get("/torznab/api?t=caps", headers={"X-Api-Key": KEY}).text.count("<caps>") == 1
    assert indexer.web.get(f"/torznab/api?apikey={KEY}&t=caps").text.count("<caps>") == 1


@pytest.mark.parametrize("path", ["/torznab/api", "/torznab/api/", "/torznab", "/torznab/"])
def test_every_usual_spelling_of_the_address_works(indexer, path):
    assert "<caps>" in indexer.web.get(f"{path}?t=caps&apikey={KEY}").text


def test_other_paths_and_methods_are_closed_then_unknown(indexer):
    assert "100" in indexer.web.get("/torznab/other").text
    assert indexer.web.get(f"/torznab/other?apikey={KEY}").status == 404
    assert indexer.web.post(f"/torznab/api?apikey={KEY}", data={}).status == 405


# -- what is wrong with a request ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", 200),
        ("t=", 200),
        ("t=details", 202),
        ("t=tvsearch&tvdbid=81189&season=abc", 201),
        ("t=tvsearch&tvdbid=81189&season=1000000000", 201),
        ("t=tvsearch&tvdbid=81189&season=1&ep=x", 201),
        ("t=tvsearch&tvdbid=81189&season=1&ep=05/17", 201),
        ("t=tvsearch&tvdbid=81189&season=2024&ep=02/31", 201),
        ("t=tvsearch&tvdbid=81189&ep=05/17", 201),
    ],
)
def test_what_is_wrong_is_told_in_the_document_never_by_the_status(indexer, query, code):
    got = indexer.get(query)
    assert got.status == 200
    with pytest.raises(IndexerError) as caught:
        parse_feed(got.body, BASE)
    assert caught.value.code == code


def test_a_bug_is_an_error_document_too():
    indexer = Indexer()
    indexer.friends.search = None
    with pytest.raises(IndexerError):
        parse_feed(indexer.get("t=movie").body, BASE)


@pytest.mark.parametrize("query", ["limit=-1", "limit=abc", "offset=-5", "offset=abc", "limit=99999999999", "limit="])
def test_odd_pages_are_put_right(indexer, query):
    assert len(indexer.search(f"t=search&{query}")) == len(ALL)


# -- RSS -----------------------------------------------------------------------------------------------------------


def test_long_feeds_are_written_by_workers(indexer, monkeypatch):
    """A page takes milliseconds, in which the reactor answers others; a few releases take less than a thread."""
    assert indexer.search("t=search")
    assert len(indexer.jobs) == 0
    monkeypatch.setattr(threads, "FEW", 2)
    assert indexer.search("t=search&cat=2000,5000")
    assert len(indexer.jobs) == 1


def test_radarrs_rss_has_the_movies(indexer):
    query = "t=movie&cat=2000,2010,2020,2030,2040,2045,2050,2060&extended=1&offset=0&limit=100"
    assert indexer.titles(query) == names(MATRIX)


def test_sonarrs_rss_has_the_episodes(indexer):
    query = "t=tvsearch&cat=5030,5040&extended=1&offset=0&limit=100"
    assert indexer.titles(query) == names(PILOT, SPECIAL, SECOND, DAILY, ANIME)


def test_sonarrs_rss_for_anime_only(indexer):
    assert indexer.titles("t=tvsearch&cat=5070&extended=1&offset=0&limit=100") == names(ANIME)


def test_prowlarrs_test_without_query_and_categories_has_everything(indexer):
    assert indexer.titles("t=search&extended=1") == names(*ALL)


def test_lidarr_finds_nothing_and_no_error(indexer):
    assert indexer.search("t=music&cat=3000&extended=1&offset=0&limit=100") == []
    assert indexer.search("t=music&cat=3000&q=&artist=A&album=B") == []
    assert indexer.friends.queries == []


def test_an_empty_feed_is_a_success():
    indexer = Indexer(change(MATRIX, size=0))
    assert indexer.search("t=movie") == []


def test_pages_are_newest_first_and_the_last_one_is_short():
    """F40"""
    items = [change(MATRIX, id=f"a:movie:{n}", published=NOW - timedelta(hours=(n * 7) % 250)) for n in range(250)]
    indexer = Indexer(*items)
    pages = [indexer.search(f"t=movie&offset={offset}&limit=100") for offset in (0, 100, 200, 300)]
    assert [len(page) for page in pages] == [100, 100, 50, 0]
    dates = [item.published for page in pages for item in page]
    assert dates == sorted(dates, reverse=True)
    assert len({item.guid for page in pages for item in page}) == 250
    assert 'total="250"' in indexer.get("t=movie&offset=200").text


def test_an_answer_never_has_more_than_100_items():
    indexer = Indexer(*(change(MATRIX, id=f"a:movie:{n}") for n in range(120)))
    assert len(indexer.search("t=movie")) == len(indexer.search("t=movie&limit=5000")) == 100
    assert len(indexer.search("t=movie&limit=7")) == 7


# -- searches ------------------------------------------------------------------------------------------------------

PAGE = "&extended=1&offset=0&limit=100"
MOVIES = "&cat=2000,2030,2040,2045"
SERIES = "&cat=5000,5030,5040,5045"


@pytest.mark.parametrize(
    "query",
    [
        f"t=movie{MOVIES}{PAGE}&tmdbid=603&imdbid=0133093",
        f"t=movie{MOVIES}{PAGE}&tmdbid=603",
        f"t=movie{MOVIES}{PAGE}&imdbid=0133093",
        f"t=movie{MOVIES}{PAGE}&imdbid=tt0133093",
        f"t=movie{MOVIES}{PAGE}&imdbid=133093",
        f"t=movie{MOVIES}{PAGE}&imdbid=TT00133093",
        f"t=movie{MOVIES}{PAGE}&tmdbid=1&imdbid=0133093",
        f"t=search{MOVIES}{PAGE}&q=Matrix%201999",
        f"t=search{MOVIES}{PAGE}&q=Matrix+1999",
        f"t=search{PAGE}&q=the%20MATRIX",
        "t=movie&tmdbid=603&year=1999&genre=Action&nonsense=1",
        "t=MOVIE&TMDBID=603",
        "t=search&tmdbid=603",
        "t=search&q=matrix&rid=5",
    ],
)
def test_every_way_to_ask_for_a_movie(indexer, query):
    assert indexer.titles(query) == names(MATRIX)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tvdbid=81189&imdbid=tt0903747&season=1&ep=2", [SECOND]),
        ("tvdbid=81189&season=1&ep=1", [PILOT]),
        ("tvdbid=81189&season=01&ep=01", [PILOT]),
        ("tvdbid=81189&season=1", [PILOT, SECOND]),
        ("tvdbid=81189", [PILOT, SECOND, SPECIAL]),
        ("imdbid=0903747&season=1&ep=1", [PILOT]),
        ("rid=77&tvmazeid=5&tvdbid=81189&season=1&ep=1", [PILOT]),
        ("q=Some%20Show&season=1&ep=2", [SECOND]),
        ("q=Some+Show&season=1", [PILOT, SECOND]),
        ("tvdbid=81189&season=00&ep=1", [SPECIAL]),
        ("tvdbid=300&season=2024&ep=05/17", [DAILY]),
        ("tvdbid=300&season=2024&ep=5%2F17", [DAILY]),
        ("q=Nightly&season=2024&ep=05/17", [DAILY]),
        ("q=Nightly&season=2024", [DAILY]),
        ("tvdbid=300&season=2024", [DAILY]),
        ("tvdbid=300&season=2023", []),
        ("tvdbid=300&season=2024&ep=05/18", []),
        ("tvdbid=400&q=31", [ANIME]),
        ("tvdbid=400&q=07", []),
        ("tvdbid=400&season=2&ep=7", [ANIME]),
        ("q=Fighting+Spirit&season=2", [ANIME]),
        ("tvdbid=81189&season=3", []),
        ("tvdbid=1&season=1&ep=1", []),
        ("season=1&ep=1&q=", [PILOT]),
    ],
)
def test_every_way_to_ask_for_episodes(indexer, query, found):
    assert indexer.titles(f"t=tvsearch{SERIES},5070{PAGE}&{query}") == names(*found)


def test_text_searches_for_episodes(indexer):
    assert indexer.titles("t=search&cat=5070&q=Fighting+Spirit+31") == names(ANIME)
    assert indexer.titles("t=search&cat=5030,5040&q=some+show+s01e02") == names(SECOND)
    assert indexer.titles("t=search&q=nothing+like+it") == set()


@pytest.mark.parametrize(
    "query", ["rid=5", "tvmazeid=5&season=1", "tvdbid=0", "imdbid=none", "tmdbid=-1", "q=!!!", "q=%00"]
)
def test_what_asks_for_nothing_that_jack_knows_finds_nothing_not_everything(indexer, query):
    assert indexer.search(f"t=tvsearch&{query}") == []
    assert indexer.friends.queries == []


def test_a_search_by_categories_of_one_kind_is_narrowed_before_the_friends_are_asked(indexer):
    indexer.search("t=search&q=x&cat=2000,2040")
    indexer.search("t=search&q=x&cat=2000,5000")
    assert [query.kind for query in indexer.friends.queries] == [Kind.MOVIE, None]


@pytest.mark.parametrize("cat", ["3000,3010", "7000", "100000"])
def test_a_search_by_categories_of_other_media_asks_nobody(indexer, cat):
    """Lidarr's feed (``cat=3000,3010`` by default): everybody's whole catalogue would be looked through for nothing."""
    assert indexer.search(f"t=search&cat={cat}&extended=1&offset=0&limit=100") == []
    assert indexer.friends.queries == []


# -- categories ----------------------------------------------------------------------------------------------------

UHD = change(MATRIX, id="a:movie:2", title="x", quality=Quality(name="Bluray-2160p", source="bluray", resolution=2160))
SD = change(MATRIX, id="a:movie:3", title="x", quality=Quality(name="DVD", source="dvd", resolution=480))
WEB_HD = Quality(name="WEBDL-1080p", source="webdl", resolution=1080)
WEB_3D = change(MATRIX, id="a:movie:5", title="The.Matrix.1999.3D.HSBS.1080p.WEB-DL", quality=WEB_HD)
BARE = change(MATRIX, id="a:movie:4", title="The.Matrix.1999-GRP", quality=None)


@pytest.mark.parametrize(
    ("cat", "found"),
    [
        ("", [MATRIX, UHD, SD, BARE]),
        ("&cat=", [MATRIX, UHD, SD, BARE]),
        ("&cat=garbage", [MATRIX, UHD, SD, BARE]),
        ("&cat=2000", [MATRIX, UHD, SD, BARE]),
        ("&cat=2000%2C2040", [MATRIX, UHD, SD, BARE]),
        ("&cat=2040", [MATRIX, BARE]),
        ("&cat=2045,x", [UHD, BARE]),
        ("&cat=2030,2045", [UHD, SD, BARE]),
        ("&cat=5000,5040", []),
        ("&cat=3000", []),
        ("&cat=2050", [MATRIX, UHD]),
        ("&cat=2060", [WEB_3D]),
        ("&cat=2000,2010,2020,2030,2040,2045,2050,2060", [MATRIX, UHD, SD, WEB_3D, BARE]),
    ],
)
def test_categories_with_their_subcategories(cat, found):
    """Radarr asks with all of them at once, Prowlarr with whatever its applications want."""
    shared = [MATRIX, UHD, SD, *([WEB_3D] if WEB_3D in found else []), BARE]
    assert Indexer(*shared).titles(f"t=search{cat}") == names(*found)


@pytest.mark.parametrize(
    ("cat", "found"),
    [
        ("5030,5040", ["anime", "hd"]),
        ("5045", ["uhd"]),
        ("5070", ["anime"]),
        ("5000", ["anime", "hd", "uhd"]),
        ("5000,5070", ["anime", "hd", "uhd"]),
        ("2000", []),
    ],
)
def test_categories_of_series(cat, found):
    """Sonarr asks with 5030,5040 unless told otherwise, and with its anime categories for anime alone."""
    best = Quality(name="WEBDL-2160p", source="web", resolution=2160)
    hd = change(PILOT, id="b:episode:1", name="Hd")
    uhd = change(PILOT, id="b:episode:2", name="Uhd", quality=best)
    anime = change(PILOT, id="b:episode:3", name="Anime", anime=True)
    titles = Indexer(hd, uhd, anime).titles(f"t=tvsearch&cat={cat}")
    assert sorted(title.partition(".")[0].lower() for title in titles) == found


def test_a_film_that_is_called_3d_is_none_for_that():
    (item,) = Indexer(change(MATRIX, name="Flight 3D", title="Flight.3D.1999.1080p.BluRay-GRP")).search("t=movie")
    assert item.categories == (2000, 2040, 2050)


# -- items ---------------------------------------------------------------------------------------------------------


def test_a_movies_item_has_all_that_any_client_reads(indexer):
    (item,) = indexer.search("t=movie")
    assert item.title == MATRIX.title
    assert item.guid == "11111111:aaaaaaaa:movie:1"
    assert item.published == MATRIX.published
    assert (item.size, item.seeders, item.peers) == (MATRIX.size, 1, 1)
    assert (item.tmdb, item.imdb, item.tvdb) == (603, 133093, 0)
    assert item.categories == (2000, 2040, 2050)
    assert item.attributes["imdbid"] == ["tt0133093"]
    assert item.attributes["downloadvolumefactor"] == ["0"]
    assert item.attributes["uploadvolumefactor"] == ["1"]
    assert item.attributes["tag"] == ["internal"]
    assert item.attributes["files"] == ["1"]
    assert "grabs" not in item.attributes
    assert "infohash" not in item.attributes
    assert "magneturl" not in item.attributes


def test_an_episodes_item_has_its_series_ids_place_and_languages(indexer):
    (item,) = indexer.search("t=tvsearch&tvdbid=400")
    assert (item.tvdb, item.categories, item.languages) == (400, (5000, 5040, 5070), ("Japanese",))
    assert (item.attributes["season"], item.attributes["episode"]) == (["2"], ["7"])


def test_guids_and_links_stay_the_same_and_carry_no_key(indexer):
    """S5"""
    first, second = indexer.get("t=search"), indexer.get("t=search")
    assert first.body == second.body
    assert KEY not in first.text


def test_no_item_is_newer_than_now():
    (item,) = Indexer(change(MATRIX, published=NOW + timedelta(days=400))).search("t=movie")
    assert item.published == NOW


@pytest.mark.parametrize("size", [0, -1, MAX_SIZE + 1, 2**64])
def test_sizes_that_no_stub_can_have_are_not_offered(size):
    assert Indexer(change(MATRIX, size=size), PILOT).titles("t=search") == names(PILOT)


@pytest.mark.parametrize("item_id", ["a:movie:\ud800", "a:movie:\x00", "x" * 600])
def test_ids_that_can_not_be_written_down_spoil_nothing(item_id):
    """F41: a lying friend's answer is left out, the others' stays."""
    assert Indexer(change(MATRIX, id=item_id), PILOT).titles("t=search") == names(PILOT)


@pytest.mark.parametrize("field", ["title", "name", "filename", "release_group", "edition"])
def test_texts_that_can_not_be_written_down_spoil_nothing(field):
    odd = change(MATRIX, **{"quality": None, "title": "x", field: '\ud800\x00\uffff<&">'})
    indexer = Indexer(odd, PILOT)
    assert len(indexer.search("t=search")) == 2
    assert indexer.fetch(link(indexer)).status == 200


# -- stubs ---------------------------------------------------------------------------------------------------------


def link(indexer: Indexer) -> str:
    (item,) = indexer.search("t=movie")
    return item.url


def test_a_link_gives_a_new_stub_of_the_offer_every_time(indexer):
    """The *arrs never look again at an info-hash that they imported."""
    got = [indexer.fetch(link(indexer)) for _ in range(3)]
    assert {(g.status, g.header("content-type")) for g in got} == {(200, "application/x-bittorrent")}
    assert len({load(g.body, generation) for g in got for generation in (2, 3)}) == 3
    grab = indexer.stubs.read(got[0].body)
    assert (grab.peer, grab.item, grab.title, grab.size) == ("11111111", MATRIX.id, MATRIX.title, MATRIX.size)
    assert grab.hash == load(got[0].body, 3).lower()


def test_the_title_of_the_feed_is_the_title_of_the_grab():
    for odd in (
        change(MATRIX, title="the matrix"),
        change(MATRIX, title="", name=None),
        change(MATRIX, title="Ä/\x00"),
    ):
        indexer = Indexer(odd)
        (item,) = indexer.search("t=movie")
        assert indexer.stubs.read(indexer.fetch(item.url).body).title == item.title


def test_a_link_is_answered_to_the_right_token_only(indexer):
    url = link(indexer)
    for wrong in (url[:-1], url + "x", url.partition("?")[0], url.replace("movie%3A1", "movie%3A2")):
        assert indexer.fetch(wrong).status == 404
    assert indexer.fetch(f"{url.partition('?')[0]}?apikey={KEY}").status == 404


@pytest.mark.parametrize("item_id", ["a:movie:1/../x", "a:movie:%2F", "a:movie:ü x?&#", "a:movie:1.torrent", "a b:+"])
def test_links_of_odd_ids_work(item_id):
    indexer = Indexer(change(MATRIX, id=item_id))
    assert indexer.fetch(link(indexer)).status == 200


@pytest.mark.parametrize(
    "trouble",
    [NotFound(), ItemGone(), PeerError("asleep"), PeerError("busy", retry_after=5.0), PeerError("no", temporary=False)],
)
def test_what_can_not_be_had_is_404(indexer, trouble):
    """F65: any other status would put the whole indexer to sleep."""
    url = link(indexer)
    indexer.friends.trouble = trouble
    got = indexer.fetch(url)
    assert (got.status, got.header("content-type")) == (404, "text/plain; charset=utf-8")


def test_an_item_that_vanished_is_404(indexer):
    url = link(indexer)
    indexer.friends.releases.clear()
    assert indexer.fetch(url).status == 404


def test_a_signed_guid_without_item_is_404(indexer):
    assert indexer.web.get(f"/torznab/download/abc.torrent?token={MINT.sign('download', 'abc')}").status == 404


def test_an_item_that_fits_no_stub_is_404(indexer):
    url = link(indexer)
    indexer.friends.releases[0] = Release(item=change(MATRIX, size=0), peer="11111111", peer_name="Alice")
    assert indexer.fetch(url).status == 404


def test_the_file_name_is_plain_and_can_break_no_header():
    """S26"""
    assert attachment('Amélie\r\nX: 1".torrent') == (
        "attachment; filename=\"Am_lie__X_ 1_.torrent\"; filename*=UTF-8''Am%C3%A9lie%0D%0AX%3A%201%22.torrent"
    )
    got = Indexer().fetch(link(Indexer()))
    assert 'filename="The.Matrix.1999.1080p.BluRay.x264-GRP.torrent"' in got.header("content-disposition")


# -- other clients -------------------------------------------------------------------------------------------------


def test_cross_seeds_forms(indexer):
    get = lambda query: parse_feed(indexer.web.get(f"/torznab/api?apikey={KEY}&{query}").body, BASE)  # noqa: E731
    assert {i.title for i in get("t=tvsearch&q=Some+Show&season=1&ep=1")} == names(PILOT)
    assert {i.title for i in get("t=movie&q=The+Matrix+1999")} == names(MATRIX)
    assert get("t=search&q=Nothing&season=&ep=") == []


def test_flexgets_and_medusas_forms(indexer):
    get = lambda query: {i.title for i in parse_feed(indexer.web.get(f"/torznab/api?{query}").body, BASE)}  # noqa: E731
    assert get(f"extended=1&apikey={KEY}&t=tvsearch&cat=5000%2C5040&season=1&ep=1&q=Some+Show") == names(PILOT)
    assert get(f"extended=1&apikey={KEY}&t=movie&cat=2000%2C2040&q=Matrix+1999") == names(MATRIX)
    assert get(f"apikey={KEY}&t=search&limit=100&offset=0&cat=5000%2C5040&q=Nightly") == names(DAILY)
    assert get(f"apikey={KEY}&t=search&limit=100&offset=0&cat=5000%2C5040") == names(
        PILOT, SPECIAL, SECOND, DAILY, ANIME
    )
    assert parse_caps(indexer.web.get(f"/torznab/api?extended=1&apikey={KEY}&t=caps").body).default == 100


def test_answers_are_xml_only(indexer):
    """S15: neither scripts nor other types can be smuggled in by a title."""
    indexer = Indexer(change(MATRIX, name="<script>", title="<script>"))
    got = indexer.get("t=search")
    assert b"<script" not in got.body
    assert got.header("x-content-type-options") == "nosniff"
    assert json.dumps(got.text)
