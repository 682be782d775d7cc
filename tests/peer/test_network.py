"""All friends at once: none of them can spoil it for the others."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher, textFileLogObserver

from jackd.model.errors import ItemGone, NotFound, PeerError
from jackd.model.ids import MediaIds
from jackd.model.item import Kind
from jackd.model.peer import Peer
from jackd.model.search import Query
from jackd.model.secret import Secret
from jackd.model.versions import MAX_VERSIONS
from jackd.peer import network as network_module
from jackd.peer.friend import FIRST_RETRY, LAST_RETRY, MAX_IN_FLIGHT, REFRESH, REFUSED_RETRY
from jackd.peer.network import DEADLINE
from jackd.peer.page import write_page
from tests.fakes.original import MATRIX_RELEASE, OriginalJack, episode_release
from tests.peer.support import HANDSHAKE, JSON, NOW, Hosts, Liar, Shelf, liar, network, web
from tests.support import MATRIX, PILOT, change, result_of


def peer(name: str) -> Peer:
    return Peer(name=name, url=f"http://{name}.test:1", key=Secret("k"))


def friends(clock: Clock, **made: Any) -> Any:
    """A started network of friends with those names."""
    net = network(Hosts(**made).outgoing(clock), clock, *[peer(name) for name in made])
    net.startService()
    return net


def titles(net: Any, query: Query) -> list[str]:
    return [release.item.title for release in result_of(net.search(query))]


class Silent(Liar):
    """Shakes hands, then holds every search until :meth:`say`."""

    def __init__(self, features: bytes = b'["query"]') -> None:
        super().__init__(lambda _: None)
        self._shake = (200, JSON, b'{"name":"jack","version":"0.1.0","features":' + features + b"}")
        self.held: list[Any] = []

    def render(self, request: Any) -> Any:
        self._answer = lambda path: self._shake if path == "/handshake" else None
        if request.path != b"/handshake":
            self.held.append(request)
        return super().render(request)

    def say(self, body: bytes) -> None:
        held, self.held = self.held, []
        for request in held:
            request.setHeader("content-type", "application/json")
            request.write(body)
            request.finish()


class TestSearch:
    def test_all_friends_together_newest_first(self):
        newest = change(MATRIX, id="c:movie:9", size=7, published=MATRIX.published + timedelta(days=1))
        alice, carol = web(Shelf([MATRIX, PILOT])), web(Shelf([newest]))
        clock = Clock()
        hosts = Hosts()
        hosts.agents = {"alice": alice.agent, "carol": carol.agent}
        net = network(hosts.outgoing(clock), clock, peer("alice"), peer("carol"))
        net.startService()
        found = result_of(net.search(Query()))
        assert [(r.peer_name, r.item) for r in found] == [("carol", newest), ("alice", MATRIX), ("alice", PILOT)]
        assert found[0].guid == f"{peer('carol').id}:c:movie:9"

    def test_one_who_is_silent_costs_the_deadline_and_no_more(self):
        """F41: partial answers"""
        clock = Clock()
        net = friends(clock, bad=Silent(), good=OriginalJack([MATRIX_RELEASE]))
        search = Deferred.fromCoroutine(net.search(Query()))
        clock.advance(DEADLINE - 0.1)
        assert not search.called
        clock.advance(0.1)
        assert [r.peer_name for r in result_of(search)] == ["good"]

    @pytest.mark.parametrize(
        "bad",
        [
            liar(b"[" * 100_000),
            liar(b"NaN"),
            liar(b'{"items":' + b"7" * 4_000 + b"}"),
            liar((302, {"location": "http://evil.test/"}, b"")),
            liar((200, {"content-type": "text/html"}, b"<html>")),
            liar((200, {**JSON, "content-encoding": "gzip"}, b"x")),
            liar((500, {}, b"")),
            liar((401, {}, b"")),
            liar((404, {}, b"")),
            Liar(lambda _: (200, {"content-type": "text/html"}, b"<html>")),
            Liar(lambda _: (404, {}, b"")),
        ],
        ids=lambda bad: "",
    )
    def test_one_who_fails_is_left_out_and_says_why(self, bad):
        clock = Clock()
        net = friends(clock, bad=bad, good=OriginalJack([MATRIX_RELEASE]))
        assert titles(net, Query()) == [MATRIX.title]
        failed, well = net.statuses()
        assert (failed.reachable, well.reachable, well.error) == (False, True, None)
        assert failed.error
        assert len(bad.asked) <= 2

    def test_one_who_offers_one_thing_twice_does_not_show_it_twice(self):
        net = friends(Clock(), bad=liar(write_page([MATRIX, MATRIX])))
        assert titles(net, Query()) == [MATRIX.title]

    def test_one_who_offers_a_film_a_hundred_times_hides_nobody(self):
        many = [{**MATRIX_RELEASE, "id": f"x:movie:{n}", "size": n + 1} for n in range(100)]
        net = friends(Clock(), alice=OriginalJack(many), bob=OriginalJack([MATRIX_RELEASE]))
        found = result_of(net.search(Query(ids=MATRIX.ids), limit=MAX_VERSIONS + 1))
        assert Counter(release.peer_name for release in found) == {"alice": MAX_VERSIONS, "bob": 1}

    def test_only_what_was_asked_for_is_taken(self):
        """A peer may answer with anything."""
        clock = Clock()
        net = friends(clock, bad=liar(write_page([MATRIX, PILOT])))
        assert titles(net, Query(ids=MediaIds(tvdb=81189))) == [PILOT.title]
        assert titles(net, Query(text="matrix")) == [MATRIX.title]
        assert titles(net, Query(ids=MediaIds(tmdb=1))) == []

    def test_what_is_not_wanted_is_left_out(self):
        net = friends(Clock(), alice=liar(write_page([MATRIX, PILOT])))
        found = result_of(net.search(Query(), wanted=lambda item: item.kind is Kind.MOVIE))
        assert [release.item.title for release in found] == [MATRIX.title]

    def test_a_date_in_the_future_is_now(self):
        """Nobody sits on top of the feed for ever."""
        clock = Clock()
        late = change(MATRIX, published=datetime(2999, 1, 1, tzinfo=UTC))
        net = friends(clock, bad=liar(write_page([late])))
        (found,) = result_of(net.search(Query()))
        assert found.item.published == datetime.fromtimestamp(NOW, UTC)

    def test_without_friends_there_is_nothing(self):
        clock = Clock()
        net = network(Hosts().outgoing(clock), clock)
        net._friends.clear()
        assert result_of(net.search(Query())) == []

    def test_before_it_is_started_it_shakes_hands_when_asked(self):
        clock = Clock()
        net = network(Hosts(alice=OriginalJack([MATRIX_RELEASE])).outgoing(clock), clock, peer("alice"))
        assert titles(net, Query()) == [MATRIX.title]


class TestOriginals:
    def test_by_text_from_its_whole_catalogue_once_a_minute(self):
        clock = Clock()
        alice = OriginalJack([MATRIX_RELEASE, *[episode_release(1, n) for n in range(1, 4)]])
        net = friends(clock, alice=alice)
        assert titles(net, Query(text="the matrix 1999")) == [MATRIX.title]
        assert len(titles(net, Query(text="some show s01"))) == 3
        assert titles(net, Query(text="nothing")) == []
        assert alice.asked == [("/handshake", {}), ("/peer/search", {})]
        clock.advance(61)
        assert len(titles(net, Query())) == 4
        assert len(alice.asked) == 3

    def test_178_episodes_are_one_question(self):
        """S8: a wanted list must not storm a friend"""
        alice = OriginalJack([episode_release(1, n) for n in range(1, 11)])
        net = friends(Clock(), alice=alice)
        for n in range(1, 179):
            found = titles(net, Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=81189), season=1, episode=n))
            assert len(found) == (1 if n <= 10 else 0)
        assert alice.asked[1:] == [("/peer/search", {"tvdbId": "81189"})]

    def test_daily_and_absolute_are_picked_out_here(self):
        daily = episode_release(1, 1, airDate="2024-05-17", absoluteEpisode=12)
        net = friends(Clock(), alice=OriginalJack([daily, episode_release(1, 2)]))
        ids = MediaIds(tvdb=81189)
        assert len(titles(net, Query(ids=ids, aired=datetime(2024, 5, 17).date()))) == 1
        assert len(titles(net, Query(ids=ids, absolute=12))) == 1
        assert len(titles(net, Query(ids=ids, season=2024))) == 1


class TestQuestions:
    def test_the_same_question_at_once_is_asked_once(self):
        clock = Clock()
        slow = Silent()
        hosts = Hosts(alice=slow)
        net = network(hosts.outgoing(clock), clock, peer("alice"))
        net.startService()
        searches = [Deferred.fromCoroutine(net.search(Query(text="matrix"))) for _ in range(5)]
        assert len(slow.held) == 1
        slow.say(write_page([MATRIX]))
        hosts.agents["alice"].flush()
        assert [len(result_of(search)) for search in searches] == [1] * 5

    def test_few_questions_are_under_way_at_once(self):
        clock = Clock()
        slow = Silent()
        hosts = Hosts(alice=slow)
        net = network(hosts.outgoing(clock), clock, peer("alice"))
        net.startService()
        searches = [Deferred.fromCoroutine(net.search(Query(text=f"w{n}"))) for n in range(10)]
        assert len(slow.held) == MAX_IN_FLIGHT
        for _ in range(3):
            slow.say(b'{"items":[]}')
            hosts.agents["alice"].flush()
        assert [list(result_of(search)) for search in searches] == [[]] * 10

    def test_what_waits_for_one_who_failed_is_not_asked_any_more(self):
        clock = Clock()
        slow = Silent()
        net = friends(clock, bad=slow)
        searches = [Deferred.fromCoroutine(net.search(Query(text=f"w{n}"))) for n in range(10)]
        clock.advance(DEADLINE)
        assert [list(result_of(search)) for search in searches] == [[]] * 10
        clock.advance(30)
        assert len(slow.held) == MAX_IN_FLIGHT

    def test_an_answer_after_the_deadline_serves_the_next_one(self):
        clock = Clock()
        slow = Silent()
        hosts = Hosts(alice=slow)
        net = network(hosts.outgoing(clock), clock, peer("alice"))
        net.startService()
        search = Deferred.fromCoroutine(net.search(Query()))
        clock.advance(DEADLINE)
        assert result_of(search) == []
        slow.say(write_page([MATRIX]))
        hosts.agents["alice"].flush()
        assert titles(net, Query()) == [MATRIX.title]

    def test_one_who_never_answers_searches_is_skipped_soon(self):
        """It shook hands, but costs the deadline only until the first search has failed."""
        clock = Clock()
        net = friends(clock, bad=Silent())
        search = Deferred.fromCoroutine(net.search(Query()))
        clock.advance(DEADLINE)
        assert result_of(search) == []
        clock.advance(30)
        assert result_of(net.search(Query(text="other"))) == []
        assert not net.statuses()[0].reachable


class TestHandshakes:
    def test_start_in_any_order(self):
        """A friend who comes later is found without a restart."""
        clock = Clock()
        up = [False]
        good = liar(write_page([MATRIX]))
        alice = Liar(lambda path: good._answer(path) if up[0] else (502, {}, b""))
        net = friends(clock, alice=alice)
        assert titles(net, Query()) == []
        assert net.statuses()[0].error == "the peer answered 502"
        up[0] = True
        assert titles(net, Query()) == []
        assert len(alice.asked) == 1
        clock.advance(FIRST_RETRY)
        assert titles(net, Query()) == [MATRIX.title]
        status = net.statuses()[0]
        assert (status.version, status.features, status.error) == ("0.1.0", {"query"}, None)

    def test_the_pauses_grow_to_five_minutes(self):
        clock = Clock()
        dead = Liar(lambda _: (502, {}, b""))
        friends(clock, alice=dead)
        tries = []
        for _ in range(4000):
            clock.advance(1)
            tries.append(len(dead.asked))
        pauses = [tries.count(n) for n in range(1, tries[-1])]
        assert pauses[0] <= FIRST_RETRY
        assert all(pause <= LAST_RETRY for pause in pauses)
        assert pauses[-1] >= LAST_RETRY / 2
        assert 4000 / LAST_RETRY < len(pauses) < 40

    def test_a_refused_key_is_tried_every_quarter_of_an_hour(self):
        """F30"""
        clock = Clock()
        closed = OriginalJack([], key="another")
        net = friends(clock, alice=closed)
        for _ in range(int(REFUSED_RETRY) - 1):
            clock.advance(1)
            assert titles(net, Query()) == []
        assert len(closed.asked) == 1
        clock.advance(1)
        assert len(closed.asked) == 2
        assert "key" in net.statuses()[0].error

    def test_retry_after_is_honoured(self):
        clock = Clock()
        busy = Liar(lambda _: (503, {"retry-after": "600"}, b""))
        friends(clock, alice=busy)
        clock.advance(599)
        assert len(busy.asked) == 1
        clock.advance(1)
        assert len(busy.asked) == 2

    def test_a_friend_who_upgrades_is_noticed(self):
        clock = Clock()
        alice = Silent(features=b"[]")
        net = friends(clock, alice=alice)
        assert net.statuses()[0].features == frozenset()
        alice._shake = HANDSHAKE
        clock.advance(REFRESH)
        assert net.statuses()[0].features == {"query"}

    def test_an_original_before_0_1_0_is_incompatible(self):
        net = friends(Clock(), alice=Liar(lambda _: (404, {}, b"")))
        assert "incompatible" in net.statuses()[0].error

    def test_nothing_goes_on_after_the_stop(self):
        clock = Clock()
        net = friends(clock, alice=Liar(lambda _: (502, {}, b"")), bob=Silent(), carol=Liar(lambda _: None))
        search = Deferred.fromCoroutine(net.search(Query()))
        net.stopService()
        assert result_of(search) == []
        assert clock.getDelayedCalls() == []


class TestReleases:
    def test_from_the_last_answers(self):
        alice = OriginalJack([MATRIX_RELEASE])
        net = friends(Clock(), alice=alice)
        (found,) = result_of(net.search(Query()))
        asked = len(alice.asked)
        assert result_of(net.release(found.peer, found.item.id)) is found
        assert len(alice.asked) == asked

    def test_asked_for_when_not_known(self):
        net = friends(Clock(), alice=OriginalJack([MATRIX_RELEASE]))
        found = result_of(net.release(peer("alice").id, MATRIX_RELEASE["id"]))
        assert (found.peer_name, found.item.title) == ("alice", MATRIX.title)

    def test_gone_unknown_and_impossible(self):
        alice = OriginalJack([MATRIX_RELEASE])
        net = friends(Clock(), alice=alice)
        with pytest.raises(ItemGone):
            result_of(net.release(peer("alice").id, "x:movie:7"))
        for peer_id, item in (("nobody", "x:movie:7"), (peer("alice").id, "../x")):
            with pytest.raises(NotFound):
                result_of(net.release(peer_id, item))

    def test_only_so_many_are_remembered(self, monkeypatch):
        monkeypatch.setattr(network_module, "REMEMBERED", 3)
        net = friends(Clock(), alice=OriginalJack([episode_release(1, n) for n in range(1, 10)]))
        assert len(titles(net, Query())) == 9
        assert len(net._releases) == 3

    def test_friends_by_id(self):
        net = friends(Clock(), alice=OriginalJack([]))
        assert net.peer(peer("alice").id).name == "alice"
        assert net.peer("nobody") is None


class TestFiles:
    def test_are_opened_at_the_friend(self, tmp_path):
        (tmp_path / MATRIX.filename).write_bytes(b"abcdef")
        clock = Clock()
        site = web(Shelf([MATRIX], tmp_path), clock)
        net = network(site.outgoing(), clock, peer("alice"))
        remote = result_of(net.open(peer("alice").id, MATRIX.id, start=2))
        assert (remote.size, remote.start) == (6, 2)
        remote.abort()

    def test_of_a_friend_who_was_removed_are_gone_for_good(self):
        net = friends(Clock(), alice=OriginalJack([]))
        with pytest.raises(PeerError) as caught:
            result_of(net.open("nobody", "x:movie:1"))
        assert not caught.value.temporary


def test_no_key_is_ever_logged():
    """S28"""
    out = StringIO()
    observer = textFileLogObserver(out)
    globalLogPublisher.addObserver(observer)
    try:
        canary = evolve(peer("alice"), key=Secret("canary-1"), headers={"X-Proxy": Secret("canary-2")})
        clock = Clock()
        net = network(Hosts(alice=OriginalJack([])).outgoing(clock), clock, canary)
        net.startService()
        result_of(net.search(Query()))
        net.stopService()
    finally:
        globalLogPublisher.removeObserver(observer)
    assert "does not accept our key" in out.getvalue()
    assert "canary" not in out.getvalue() + repr(net.statuses())
