"""Friends' catalogues, kept here: complete, fresh within seconds, whoever is away."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred, fail

from jackd.model.errors import ItemGone, PeerAway, PeerError, Unavailable
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind
from jackd.model.search import Query
from jackd.peer import follower as follower_module
from jackd.peer.follower import MAX_RESETS, WAIT
from jackd.peer.mirror import AT_ONCE, Freshness
from jackd.storage import mirror as mirror_module
from jackd.storage import sweeping as sweeping_module
from jackd.storage.copies import Copy
from jackd.storage.mirror import MirrorStore
from tests.fakes.original import MATRIX_RELEASE, OriginalJack
from tests.peer.house import Street, peer
from tests.peer.support import JSON, Liar
from tests.support import MATRIX, PILOT, change, result_of

DAY = 86_400.0
OTHER = change(
    MATRIX, id="o:movie:9", title="Other.2001.720p.WEB-DL-GRP", ids=MediaIds(tmdb=9), name="Other", year=2001
)
SHAKE = b'{"name":"jack","version":"0.1.0","features":["query","catalogue"]}'


@pytest.fixture
def street() -> Any:
    street = Street()
    yield street
    street.network.stopService()


def named(friend: str, *items: Item) -> list[str]:
    return [f"{friend}: {item.title}" for item in items]


def gone_quiet(street: Street) -> None:
    """The friend's connection breaks, and the follower notices at the end of his wait."""
    street.settle(WAIT + follower_module.FIRST_PAUSE)


class TestFollowing:
    def test_a_friends_catalogue_is_here_soon_after_the_start_and_he_is_asked_no_more(self, street):
        alice = street.owner("alice", MATRIX, PILOT)
        street.start()
        assert street.find() == named("alice", MATRIX, PILOT)
        for number in range(200):
            street.find(Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=81189), season=1, episode=number))
        assert alice.count("/peer/search") == 0

    def test_what_is_new_is_found_within_seconds(self, street):
        alice = street.owner("alice", MATRIX)
        street.start()
        street.settle(20)
        alice.share(MATRIX, OTHER)
        street.until(lambda: len(street.find()) == 2, 5)
        alice.share(OTHER)
        street.until(lambda: street.find() == named("alice", OTHER), 5)

    def test_few_pages_are_in_memory_at_once(self, street, monkeypatch):
        writing: list[Deferred[None]] = []
        apply = MirrorStore.apply

        def held(*page: Any) -> Deferred[Copy]:
            writing.append(Deferred())
            return writing[-1].addCallback(lambda _: apply(*page))

        monkeypatch.setattr(MirrorStore, "apply", held)
        for number in range(5):
            street.owner(f"friend{number}", MATRIX)
        street.start()
        for written in range(5):
            assert len(writing) == min(written + AT_ONCE, 5)
            writing[written].callback(None)
            street.settle()
        assert street.find() == named("friend0", MATRIX)

    def test_while_nothing_happens_there_is_one_request_at_a_time(self, street):
        alice = street.owner("alice", MATRIX)
        street.start()
        alice.asked.clear()
        street.settle(10 * (WAIT + 1))
        assert 9 <= alice.count("/peer/catalogue") <= 11

    def test_one_who_does_not_hold_his_answer_is_asked_at_the_interval(self, street):
        lines = b'{"cursor":"c","more":false,"reset":false}\n'
        alice = street.resource("alice", catalogue(lines, first=b'{"cursor":"c","more":false,"reset":true}\n'))
        street.start()
        alice.asked.clear()
        street.settle(3000)
        assert 2 <= alice.count("/peer/catalogue") <= 5

    def test_it_goes_on_where_it_was_after_a_restart(self):
        street = Street()
        alice = street.owner("alice", MATRIX)
        street.start().stopService()
        street.settle()
        alice.asked.clear()
        street.start()
        assert street.find() == named("alice", MATRIX)
        (asked,) = [path for path in alice.asked if path.startswith("/peer/catalogue")]
        assert "since=" in asked
        street.network.stopService()

    def test_who_is_no_friend_any_more_is_not_found(self):
        street = Street()
        street.owner("alice", MATRIX)
        street.owner("bob", PILOT)
        street.start().stopService()
        street.start("bob")
        assert street.find() == named("bob", PILOT)
        street.network.stopService()

    def test_when_the_network_stops_nothing_goes_on(self):
        street = Street()
        street.owner("alice", MATRIX).feed.stopService()
        street.start().stopService()
        street.settle()
        asked = len(street.hosts["alice"].asked)
        street.settle(3 * WAIT)
        assert len(street.hosts["alice"].asked) == asked


class TestAway:
    def test_what_a_friend_has_is_found_while_he_is_away_for_a_while(self, street):
        alice = street.owner("alice", MATRIX)
        street.owner("bob", PILOT)
        street.start()
        alice.away = True
        street.settle(6 * DAY / 100)
        assert street.find() == named("alice", MATRIX) + named("bob", PILOT)
        assert not street.network.statuses()[0].reachable

    def test_not_for_ever(self):
        street = Street(freshness=Freshness(refresh=900, keep=3600))
        alice = street.owner("alice", MATRIX)
        street.start()
        alice.away = True
        street.settle(3500)
        assert street.find() == named("alice", MATRIX)
        street.settle(200)
        assert street.find() == []
        alice.away = False
        street.until(street.find, 400)
        street.network.stopService()

    def test_after_a_start_without_him_too(self):
        street = Street()
        alice = street.owner("alice", MATRIX)
        street.start().stopService()
        alice.away = True
        street.start()
        assert street.find() == named("alice", MATRIX)
        street.network.stopService()

    def test_when_he_comes_back_what_changed_meanwhile_follows(self, street):
        alice = street.owner("alice", MATRIX)
        street.start()
        alice.away = True
        gone_quiet(street)
        alice.share(OTHER)
        alice.away = False
        street.until(lambda: street.find() == named("alice", OTHER), 310)

    def test_a_release_of_his_can_be_grabbed_meanwhile(self):
        street = Street()
        alice = street.owner("alice", MATRIX)
        street.start().stopService()
        alice.away = True
        net = street.start()
        assert result_of(net.release(peer("alice").id, MATRIX.id)).item == MATRIX
        street.network.stopService()

    def test_a_grab_waits_for_him(self, street):
        alice = street.owner("alice", MATRIX)
        net = street.start()
        alice.away = True
        with pytest.raises(PeerError) as first:
            result_of(net.open(peer("alice").id, MATRIX.id))
        assert not isinstance(first.value, PeerAway), "that he is away is known only now"
        street.settle()
        with pytest.raises(PeerAway) as second:
            result_of(net.open(peer("alice").id, MATRIX.id))
        assert second.value.temporary
        assert 0 < second.value.retry_after < 310

    def test_but_not_for_ever(self):
        street = Street(freshness=Freshness(refresh=900, keep=3600))
        alice = street.owner("alice", MATRIX)
        net = street.start()
        alice.away = True
        street.settle(3700)
        with pytest.raises(PeerError) as error:
            result_of(net.open(peer("alice").id, MATRIX.id))
        assert not isinstance(error.value, PeerAway)
        street.network.stopService()


def catalogue(body: bytes, first: bytes | None = None) -> Liar:
    """Shakes hands, answers its catalogue with those lines, gzipped; the first time with others."""
    answers = [first] if first is not None else []

    def answer(path: str) -> Any:
        if path == "/handshake":
            return 200, JSON, SHAKE
        if path == "/peer/search":
            return 200, JSON, b'{"items":[]}'
        return 200, {"content-type": "application/gzip"}, gzip.compress(answers.pop() if answers else body)

    return Liar(answer)


def head(**members: Any) -> bytes:
    return json.dumps({"cursor": "c", "more": False, "reset": False, **members}).encode() + b"\n"


class Counting(Liar):
    """Always more, always new."""

    def __init__(self, line: str, **members: Any) -> None:
        super().__init__(lambda _: None)
        self.pages = 0
        self._line = line
        self._members = members
        self._answer = self.page

    def page(self, path: str) -> Any:
        if path == "/handshake":
            return 200, JSON, SHAKE
        self.pages += 1
        members = {"cursor": f"c{self.pages}", "reset": self.pages == 1, **self._members}
        body = head(**members) + self._line.format(self.pages).encode()
        return 200, {"content-type": "application/gzip"}, gzip.compress(body)


ITEM = '{{"id":"x:movie:{}","title":"Liar.2001.720p-X","filename":"l.mkv","category":2000,"size":5}}\n'


class TestGrabs:
    UPGRADE = change(MATRIX, title="The.Matrix.1999.2160p.UHD-NEW", filename="new.mkv", size=MATRIX.size * 5)

    def offered(self, street: Street) -> Any:
        done = Deferred.fromCoroutine(street.network.search(Query(text="matrix")))
        street.settle()
        [release] = result_of(done)
        return release

    def grab(self, street: Street, release: Any) -> Any:
        done = Deferred.fromCoroutine(street.network.release(release.peer, release.item.id))
        street.settle()
        return result_of(done)

    @pytest.mark.parametrize("now", [(UPGRADE,), ()], ids=["another file", "none"])
    def test_a_link_from_before_an_upgrade_gives_nothing(self, street, now):
        """The *arr takes the next release then; of another size than was offered, the transfer would fail for good."""
        alice = street.owner("alice", MATRIX)
        street.start()
        release = self.offered(street)
        assert self.grab(street, release) == release
        alice.share(*now)
        street.settle(60)
        with pytest.raises(ItemGone):
            self.grab(street, release)

    def test_a_new_title_of_the_same_file_changes_nothing(self, street):
        alice = street.owner("alice", MATRIX)
        street.start()
        release = self.offered(street)
        alice.share(change(MATRIX, languages=("French",)))
        street.settle(60)
        assert self.grab(street, release) == release

    def test_of_two_who_have_it_the_one_is_asked_who_is_there(self, street):
        """He can say what lies beside it."""
        alice, _ = street.owner("alice", MATRIX), street.owner("bob", change(MATRIX, id="b:movie:7"))
        street.start()
        first = self.offered(street)
        assert (first.peer_name, self.grab(street, first)) == ("alice", first)
        alice.away = True
        street.settle(120)
        grabbed = self.grab(street, self.offered(street))
        assert (grabbed.peer_name, grabbed.item.id, grabbed.title) == ("bob", "b:movie:7", first.title)
        assert [(other.peer_name, other.item) for other in grabbed.others] == [("alice", MATRIX.id)]
        street.hosts["bob"].away = True
        street.settle(120)
        assert self.grab(street, self.offered(street)).peer_name == "alice"


class TestRubbish:
    @pytest.mark.parametrize(
        "bad",
        [
            catalogue(b""),
            catalogue(b"rubbish\n"),
            catalogue(head(more=True, reset=True) + b"{}\n"),
            catalogue(head(reset=True)[:-1]),
            catalogue(b'{"cursor":"c"}\n' + b"[" * 60_000 + b"\n"),
            Counting(ITEM, more=True),
            Counting('{{"gone":"x{}"}}\n', more=True),
            Counting("", more=True),
            Counting(ITEM, reset=True),
            Counting(ITEM, reset=True, more=True),
        ],
        ids=range(10),
    )
    def test_who_lies_shrinks_repeats_or_never_ends_spoils_nothing_for_others(self, street, monkeypatch, bad):
        """S19, F41"""
        monkeypatch.setattr(follower_module, "MAX_PAGES", 20)
        street.resource("bad", bad)
        alice = street.owner("alice", MATRIX)
        street.start()
        street.settle(700)
        assert named("alice", MATRIX) == [title for title in street.find() if title.startswith("alice")]
        alice.share(MATRIX, PILOT)
        street.until(lambda: len([t for t in street.find() if t.startswith("alice")]) == 2, 5)
        assert getattr(bad, "pages", 0) <= 100, "he is asked less and less"

    def test_a_billion_items_are_not_kept(self, street, monkeypatch):
        monkeypatch.setattr(mirror_module, "MAX_ITEMS", 7)
        street.resource("bad", Counting(ITEM, more=True))
        street.owner("alice", MATRIX)
        street.start()
        street.settle(60)
        kept = street.mirror.read_now(lambda db: db.execute("SELECT COUNT(*) FROM items").fetchone()[0])
        assert kept <= 8
        assert street.find() == named("alice", MATRIX)

    def test_one_who_begins_anew_with_other_items_and_never_ends_does_not_fill_the_disk(self, street, monkeypatch):
        monkeypatch.setattr(mirror_module, "MAX_ITEMS", 7)
        monkeypatch.setattr(sweeping_module, "MAX_ITEMS", 7)
        street.resource("bad", Counting("".join(ITEM.replace("{}", "{0}" + c) for c in "abcde"), reset=True, more=True))
        street.start()
        street.settle(7200)
        kept = street.mirror.read_now(lambda db: db.execute("SELECT COUNT(*) FROM items").fetchone()[0])
        assert 0 < kept <= 14

    def test_one_who_begins_anew_time_and_again_is_followed_only_so_often(self, street):
        bad = Counting(ITEM, reset=True)
        street.resource("bad", bad)
        street.start()
        street.settle(850)
        assert MAX_RESETS < bad.pages < MAX_RESETS + 12

    def test_what_was_known_of_him_stays(self, street):
        lines = head(reset=True) + ITEM.format(1).encode()
        street.resource("bad", catalogue(b"rubbish", first=lines))
        street.start()
        street.settle(300)
        assert street.find() == ["bad: Liar.2001.720p-X"]

    def test_49_of_50_hang_and_the_answer_is_the_same(self):
        """The mirror is asked, not they; one who never was read is waited for no longer than the deadline."""
        street = Street()
        street.owner("alice", MATRIX)
        for number in range(49):
            street.resource(f"silent{number}", Liar(lambda _: None))
        street.start()
        street.settle(30)
        assert street.find() == named("alice", MATRIX), "at once: who can't be reached is not asked"
        street.network.stopService()


class TestMixed:
    """Some friends are mirrored, some are asked: every question finds what fits of both."""

    ANIME = change(
        PILOT,
        id="b:episode:8",
        title="[Grp] Anime - 07 [720p]",
        ids=MediaIds(tvdb=70),
        name="Anime",
        absolute=7,
        anime=True,
    )
    DAILY = change(
        PILOT, id="b:episode:9", title="Daily.2024.05.17.720p.WEB-GRP", ids=MediaIds(tvdb=50), name="Daily",
        season=2024, episodes=(1,), aired=date(2024, 5, 17),
    )  # fmt: skip
    SPECIAL = change(PILOT, id="b:episode:10", title="Some.Show.S00E02.720p.WEB-GRP", season=0, episodes=(2,))
    ALL = (MATRIX, PILOT, ANIME, DAILY, SPECIAL)

    @pytest.mark.parametrize("who", ["mirrored", "live", "mixed"])
    @pytest.mark.parametrize(
        ("query", "fits"),
        [
            (Query(kind=Kind.MOVIE), [MATRIX]),
            (Query(kind=Kind.EPISODE), [PILOT, ANIME, DAILY, SPECIAL]),
            (Query(kind=Kind.MOVIE, ids=MediaIds(tmdb=603, imdb="0133093")), [MATRIX]),
            (Query(kind=Kind.MOVIE, ids=MediaIds(tmdb=1, imdb="tt0133093")), [MATRIX]),
            (Query(text="Matrix 1999"), [MATRIX]),
            (Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=81189), season=1, episode=1), [PILOT]),
            (Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=81189), season=1), [PILOT]),
            (Query(kind=Kind.EPISODE, text="Some Show", season=1, episode=1), [PILOT]),
            (Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=50), aired=date(2024, 5, 17)), [DAILY]),
            (Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=50), season=2024), [DAILY]),
            (Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=70), absolute=7), [ANIME]),
            (Query(text="Anime 07"), [ANIME]),
            (Query(kind=Kind.EPISODE, text="Some Show", season=0, episode=2), [SPECIAL]),
            (Query(ids=MediaIds(tmdb=404)), []),
        ],
        ids=lambda value: "",
    )
    def test_every_form_of_question(self, who, query, fits):
        """What the *arrs send: RSS, ids, words, season, episode, daily, anime, specials."""
        street = Street()
        for name in ("alice", "bob"):
            owner = street.owner(name, *(evolve(item, size=item.size + len(name)) for item in self.ALL))
            if who == "live" or (who, name) == ("mixed", "bob"):
                owner.feed.changes = unavailable
        street.start()
        assert sorted(street.find(query)) == sorted(named("alice", *fits) + named("bob", *fits))
        asked = sum(host.count("/peer/search") for host in street.hosts.values())
        assert asked == {"mirrored": 0, "live": 2, "mixed": 1}[who]
        street.network.stopService()

    def test_an_original_jack_is_asked_once_for_a_series(self, street):
        street.resource("old", OriginalJack([MATRIX_RELEASE]))
        street.owner("alice", PILOT)
        street.start()
        assert street.find(Query(kind=Kind.MOVIE, ids=MediaIds(tmdb=603))) == [f"old: {MATRIX.title}"]
        for number in range(200):
            street.find(Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=81189), season=1, episode=number))
        assert street.hosts["old"].count("/peer/search") == 2
        assert street.hosts["old"].count("/peer/catalogue") == 0

    def test_who_goes_back_to_an_original_jack_is_asked_again(self):
        street = Street()
        street.owner("alice", PILOT)
        street.start().stopService()
        street.resource("alice", OriginalJack([MATRIX_RELEASE]))
        street.start()
        assert street.find() == named("alice", MATRIX)
        street.network.stopService()

    def test_pages_put_together_are_everything(self, street):
        """F40"""
        dated = [
            change(MATRIX, id=f"m:movie:{n}", size=99 - n, published=MATRIX.published - timedelta(hours=n))
            for n in range(25)
        ]
        street.owner("alice", *dated[::2])
        street.owner("bob", *dated[1::2]).feed.changes = unavailable
        net = street.start()
        pages = [result_of(net.search(Query(), limit=10, offset=offset)) for offset in (0, 10, 20, 30)]
        assert [release.item for page in pages for release in page] == dated

    def test_what_is_not_wanted_takes_no_place_on_a_page(self, street):
        street.owner("alice", MATRIX, PILOT, OTHER)
        net = street.start()
        found = result_of(net.search(Query(), limit=1, wanted=lambda item: item.id == PILOT.id))
        assert [release.item for release in found] == [PILOT]

    def test_the_same_question_gets_the_same_answer_until_something_changes(self, street):
        """An RSS poll with nothing new."""
        alice = street.owner("alice", MATRIX)
        net = street.start()
        first = result_of(net.search(Query(), limit=5))
        street.settle(100)
        assert result_of(net.search(Query(), limit=5)) is first
        alice.share(evolve(MATRIX, size=7))
        street.settle(5)
        assert result_of(net.search(Query(), limit=5)) != first

    def test_the_same_question_at_once_is_looked_up_once(self, street, monkeypatch):
        """When something is new all *arrs ask for it."""
        street.owner("alice", MATRIX)
        net = street.start()
        store, asked, held = net._mirror.store, [], Deferred()
        look = store.search

        def slow(*args: Any, **kwargs: Any) -> Any:
            asked.append(args)
            return held.addCallback(lambda _: look(*args, **kwargs))

        monkeypatch.setattr(store, "search", slow)
        searches = [Deferred.fromCoroutine(net.search(Query(), limit=5)) for _ in range(3)]
        held.callback(None)
        first, *others = map(result_of, searches)
        assert len(asked) == 1
        assert [r.item.title for r in first] == [MATRIX.title] and all(other is first for other in others)

    def test_the_answer_of_a_mirror_that_can_not_be_read_is_not_kept(self, street, monkeypatch):
        """F9: the disk could not be read, and then it could."""
        street.owner("alice", MATRIX)
        net = street.start()
        with monkeypatch.context() as broken:
            broken.setattr(net._mirror.store, "search", lambda *_, **__: fail(Unavailable()))
            assert street.find() == []
        assert street.find() == [f"alice: {MATRIX.title}"]

    def test_a_mirror_that_can_not_be_read_spoils_nothing(self, street):
        street.owner("alice", MATRIX)
        street.resource("old", OriginalJack([MATRIX_RELEASE]))
        street.start()
        street.mirror.read_now(lambda db: db.execute("DROP TABLE items"))
        assert street.find() == [f"old: {MATRIX.title}"]


async def unavailable(*args: Any, **kwargs: Any) -> Any:
    """A feed that can't be had."""
    raise PeerError
