"""Whole seasons among friends: found, grabbed, and found again; and what lies beside a video."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from jackd.model.errors import ItemGone, NotFound
from jackd.model.item import Extra, Kind
from jackd.model.search import Query
from jackd.peer import bundles as bundles_module
from jackd.peer.bundles import EXTRAS_SECONDS, Bundles
from jackd.peer.network import Network
from jackd.peer.page import write_page
from jackd.storage.threads import InlineWorkers
from tests.fakes.original import OriginalJack, episode_release
from tests.peer.support import JSON, Hosts, Liar, Shelf, network, web
from tests.peer.test_extras import SUBTITLES, filled
from tests.peer.test_network import peer
from tests.peer.test_seasons import SEASON, THREE, episode, whole
from tests.support import MATRIX, PILOT, result_of


def bundles(net: Network, **options: Any) -> Bundles:
    """Of a network that is started."""
    net.startService()
    return Bundles(net, workers=InlineWorkers(), clock=options.pop("clock", Clock()), **options)


def test_a_season_is_found_grabbed_and_found_again_after_a_restart():
    alice = web(Shelf([*THREE, episode(1, season=2)]))
    net = bundles(network(alice.outgoing(), Clock()))
    found = result_of(net.search(SEASON))
    assert [len(r.files) for r in found] == [3, 0, 0, 0]
    pack = next(r for r in found if r.files)
    again = bundles(network(alice.outgoing(), Clock()))
    assert result_of(again.release(pack.peer, pack.item.id)) == pack == result_of(net.release(pack.peer, pack.item.id))


def test_a_season_that_lost_an_episode_is_gone():
    net = bundles(network(web(Shelf(THREE[:2])).outgoing(), Clock()))
    with pytest.raises(ItemGone):
        result_of(net.release(net.statuses()[0].peer.id, whole(*THREE)[0].item.id))


def test_an_episode_search_and_a_search_by_its_name_give_no_season():
    net = bundles(network(web(Shelf(THREE)).outgoing(), Clock()))
    for query in (evolve(SEASON, episode=2), Query(kind=Kind.EPISODE, text="some show s01e02")):
        assert [r.item for r in result_of(net.search(query))] == [THREE[1]]
    assert len(result_of(net.search(Query(text="some show s01")))) == 4


def test_a_feed_has_the_newest_seasons_and_no_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bundles_module, "FEED_SEASONS", 2)
    items = [
        episode(n, season=s, length=2, published=PILOT.published + timedelta(days=s)) for s in (1, 2, 3) for n in (1, 2)
    ]
    net = bundles(network(web(Shelf(items)).outgoing(), Clock()))
    found = result_of(net.search(Query()))
    assert [r.item.season for r in found if r.files] == [3, 2]
    assert len(found) == 8


def test_an_answer_is_made_once_as_long_as_the_network_gives_the_same():
    """Who writes pages of it knows it again."""
    shelf = Shelf(THREE)
    clock = Clock()
    net = bundles(network(web(shelf, clock).outgoing(), clock))
    first = result_of(net.search(SEASON))
    assert result_of(net.search(SEASON)) is first
    assert result_of(net.search(SEASON, limit=2)) == first[:2]
    assert result_of(net.search(SEASON, limit=2, offset=3)) == first[3:]
    assert result_of(net.search(Query())) is not first


def test_an_original_jack_has_seasons_when_somebody_knows_how_long_they_are():
    """It tells neither the number nor that two of its items are one file."""
    double = {"title": "Some.Show.S01E02E03.720p.WEB-DL.x264-GRP", "filename": "double.mkv"}
    original = OriginalJack([episode_release(1, 1), episode_release(1, 2, **double), episode_release(1, 3, **double)])
    clock, hosts = Clock(), Hosts(carl=original)
    hosts.agents["alice"] = web(Shelf([THREE[0]])).agent
    net = bundles(network(hosts.outgoing(clock), clock, peer("carl"), peer("alice")))
    [pack] = [r for r in result_of(net.search(SEASON)) if r.files]
    assert (pack.peer_name, [i.episodes for i in pack.files]) == ("carl", [(1,), (2, 3)])
    [one] = [r for r in result_of(net.search(evolve(SEASON, episode=3))) if r.peer_name == "carl"]
    assert one.item.title == "Some.Show.S01E02E03.720p.WEB-DL.x264-GRP"


# -- what lies beside


def test_a_grab_has_the_extras_that_are_wanted_and_no_search_asks_for_them(tmp_path: Path):
    alice = web(Shelf([MATRIX], filled(tmp_path)))
    net = bundles(network(alice.outgoing(), Clock()), extras={"srt", "nfo"})
    [found] = result_of(net.search(Query()))
    assert found.item.extras == ()
    release = result_of(net.release(found.peer, MATRIX.id))
    assert release.item == evolve(MATRIX, extras=[SUBTITLES, Extra(suffix=".nfo", size=4)])
    assert result_of(bundles(network(alice.outgoing(), Clock())).release(found.peer, MATRIX.id)).item.extras == ()


def test_each_episode_of_a_season_brings_its_own(tmp_path: Path):
    for item in THREE:
        (tmp_path / item.filename).write_bytes(b"video")
    (tmp_path / THREE[1].filename).with_suffix(".srt").write_bytes(b"hello")
    net = bundles(network(web(Shelf(THREE, tmp_path)).outgoing(), Clock()), extras={"srt"})
    [season] = [r for r in result_of(net.search(SEASON)) if r.files]
    files = result_of(net.release(season.peer, season.item.id)).files
    assert [len(item.extras) for item in files] == [0, 1, 0]
    assert [evolve(item, extras=()) for item in files] == list(THREE)


def test_a_friend_who_does_not_tell_is_not_asked():
    original = OriginalJack([episode_release(1, 1)])
    net = bundles(network(Hosts(alice=original).outgoing(Clock()), Clock()), extras={"srt"})
    [found] = result_of(net.search(SEASON))
    before = len(original.asked)
    assert result_of(net.release(found.peer, found.item.id)) == found
    assert len(original.asked) == before


def test_nobody_is_asked_for_what_nobody_wants():
    answers = {"/handshake": HELLO, "/peer/search": (200, JSON, write_page([MATRIX]))}
    liar = Liar(lambda path: answers.get(path, (500, {}, b"")))
    net = bundles(network(Hosts(alice=liar).outgoing(Clock()), Clock()))
    [found] = result_of(net.search(Query()))
    before = len(liar.asked)
    assert result_of(net.release(found.peer, found.item.id)) == found
    assert len(liar.asked) == before


HELLO = (200, JSON, b'{"name":"jack","version":"0.1.0","features":["query","extras"]}')


@pytest.mark.parametrize("answer", [(500, {}, b""), (404, JSON, b"{}"), (200, JSON, b'{"id":"x"}'), None])
def test_a_grab_goes_without_when_he_does_not_answer(answer: Any):
    """F16: an *arr waits for the torrent."""
    body = write_page([MATRIX])
    answers = {"/handshake": HELLO, "/peer/search": (200, JSON, body)}
    liar, clock = Liar(lambda path: answers.get(path, answer)), Clock()
    net = bundles(network(Hosts(alice=liar).outgoing(clock), clock), extras={"srt"}, clock=clock)
    [found] = result_of(net.search(Query()))
    waiting = Deferred.fromCoroutine(net.release(found.peer, found.item.id))
    clock.advance(EXTRAS_SECONDS)
    assert result_of(waiting) == found


def test_a_friend_who_is_not_there_any_more_has_no_extras():
    net = bundles(network(web(Shelf([MATRIX])).outgoing(), Clock()), extras={"srt"})
    with pytest.raises(NotFound):
        result_of(net.release("99999999", MATRIX.id))
