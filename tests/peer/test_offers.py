"""F46: what several friends have is one release with several seeders."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.ids import MediaIds
from jackd.model.item import Item
from jackd.model.release import Release, Source
from jackd.model.search import Query
from jackd.peer.offers import alike, merged
from tests.peer.house import Street, peer
from tests.support import MATRIX, PILOT, change, result_of

ALICES = MATRIX
BOBS = change(MATRIX, id="b:movie:7", title="Other.Title", published=MATRIX.published + timedelta(days=1))
CAROLS = change(MATRIX, id="c:movie:8", ids=MediaIds(imdb="tt0133093"))
ORDER = {"alice": 0, "bob": 1, "carol": 2, "dan": 3}


def offer(name: str, item: Item) -> Release:
    return Release(item=item, peer=name, peer_name=name.title())


def test_one_file_is_one_release_of_the_first_in_the_configuration():
    """F46"""
    [release] = merged(
        [offer("carol", CAROLS), offer("bob", BOBS), offer("alice", ALICES)], order=ORDER, reachable=ORDER
    )
    assert (release.guid, release.item, release.seeders) == (f"alice:{MATRIX.id}", ALICES, 3)
    assert release.others == (
        Source(peer="bob", peer_name="Bob", item=BOBS.id),
        Source(peer="carol", peer_name="Carol", item=CAROLS.id),
    )


FRIENDS, TMDB, IMDB = (st.sampled_from(some) for some in (["alice", "bob", "carol"], [603, 604, None], ["tt1", None]))


@given(st.lists(st.tuples(FRIENDS, TMDB, IMDB, st.integers(1, 2)), max_size=12))
def test_each_file_joins_the_first_of_the_same_that_its_friend_is_not_in(drawn):
    offers = [
        offer(name, change(MATRIX, id=f"m:movie:{n}", ids=MediaIds(tmdb=tmdb, imdb=imdb), size=size))
        for n, (name, tmdb, imdb, size) in enumerate(drawn)
    ]
    groups: list[list[Release]] = []
    for release in sorted(offers, key=lambda release: ORDER[release.peer]):
        others = (g for g in groups if all(other.peer != release.peer for other in g))
        group = next((g for g in others if alike(release.item, g[0].item)), None)
        if group is None:
            groups.append([release])
        else:
            group.append(release)
    made = merged(offers, order=ORDER, reachable=ORDER)
    assert sorted([r.guid, *(f"{o.peer}:{o.item}" for o in r.others)] for r in made) == sorted(
        [release.guid for release in group] for group in groups
    )


def test_who_is_away_is_no_seeder():
    """But his offer counts: he may be back when it is fetched."""
    [release] = merged([offer("alice", ALICES), offer("bob", BOBS)], order=ORDER, reachable={"bob"})
    assert (release.peer, release.seeders, len(release.others)) == ("alice", 1, 1)


OTHERS = {
    "size": {"size": MATRIX.size + 1},
    "ids": {"ids": MediaIds(tmdb=604)},
    "no ids": {"ids": MediaIds()},
    "season": {"season": 1},
    "episodes": {"episodes": (1, 2)},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_what_is_not_the_same(other):
    assert not alike(MATRIX, change(MATRIX, **other))
    assert len(merged([offer("alice", MATRIX), offer("bob", change(MATRIX, **other))], order=ORDER, reachable=())) == 2


def test_two_of_one_friend_stay_two():
    """He has the same file twice; the second friend helps with the first of them."""
    twice = change(ALICES, id="a:movie:99")
    first, second = merged(
        [offer("alice", ALICES), offer("alice", twice), offer("bob", BOBS)], order=ORDER, reachable=ORDER
    )
    assert [(r.item.id, r.seeders) for r in (first, second)] == [(ALICES.id, 2), (twice.id, 1)]


@given(st.lists(st.tuples(st.sampled_from(sorted(ORDER)), st.integers(1, 3), st.integers(1, 3))))
def test_nothing_is_lost_and_nothing_is_there_twice(offers):
    releases = [
        offer(name, change(MATRIX, id=f"x:movie:{n}", size=size, ids=MediaIds(tmdb=tmdb)))
        for n, (name, size, tmdb) in enumerate(offers)
    ]
    found = merged(releases, order=ORDER, reachable=ORDER)
    there = [(r.peer, r.item.id) for r in found] + [(s.peer, s.item) for r in found for s in r.others]
    assert sorted(there) == sorted((r.peer, r.item.id) for r in releases)
    for release in found:
        friends = [release.peer, *(source.peer for source in release.others)]
        assert len(set(friends)) == len(friends) == release.seeders
        assert friends == sorted(friends, key=ORDER.__getitem__)


KNOWN = st.builds(MediaIds, tmdb=st.none() | st.integers(1, 2), tvdb=st.none() | st.integers(1, 2))


@given(st.lists(st.tuples(st.sampled_from(sorted(ORDER)), KNOWN), max_size=12))
def test_who_offers_something_alike_joins_the_first_who_has_not_got_him(offers):
    """However many there are: each is looked for by its ids, not among all of them."""
    releases = [offer(name, change(MATRIX, id=f"x:movie:{n}", ids=ids)) for n, (name, ids) in enumerate(offers)]
    groups: list[list[Release]] = []
    for release in sorted(releases, key=lambda one: ORDER[one.peer]):
        fitting = (g for g in groups if alike(g[0].item, release.item) and release.peer not in {r.peer for r in g})
        group = next(fitting, None)
        groups.append([release]) if group is None else group.append(release)
    found = merged(releases, order=ORDER, reachable=ORDER)
    assert [[r.item.id, *(s.item for s in r.others)] for r in found] == [[r.item.id for r in g] for g in groups]


class TestNetwork:
    @pytest.fixture
    def street(self):
        street = Street()
        street.owner("alice", ALICES, PILOT)
        street.owner("bob", BOBS)
        street.owner("carol", change(CAROLS, size=7))
        street.start()
        yield street
        street.network.stopService()

    def sources(self, street, item_id=MATRIX.id, **asked):
        known = {"size": MATRIX.size, "title": MATRIX.title, **asked}
        return [s.peer_name for s in result_of(street.network.sources(peer("alice").id, item_id, **known))]

    def test_a_search_finds_it_once(self, street):
        releases = result_of(street.network.search(Query(ids=MediaIds(tmdb=603))))
        assert [(r.peer_name, r.item.size, r.seeders) for r in releases] == [("alice", MATRIX.size, 2)]

    def test_who_else_has_it(self, street):
        assert self.sources(street) == ["bob"]
        assert self.sources(street, PILOT.id) == []

    def test_what_nobody_remembers_is_known_by_its_title(self, street):
        """The friend of the grab is gone, and jack was started anew."""
        assert self.sources(street, "gone:movie:1", title=BOBS.title) == ["bob"]
        assert self.sources(street, "gone:movie:1", title=BOBS.title, size=5) == []
        assert self.sources(street, "gone:movie:1", title="Nothing Like It") == []

    def test_a_page_is_full_although_several_have_the_same(self):
        """F40: a page that is not full is the last one."""
        street = Street()
        days = [MATRIX.published - timedelta(days=n) for n in range(10)]
        films = [change(MATRIX, id=f"m:movie:{n}", size=n + 1, published=day) for n, day in enumerate(days)]
        for name in ("alice", "bob", "carol"):
            street.owner(name, *films)
        net = street.start()
        pages = [result_of(net.search(Query(), limit=4, offset=offset)) for offset in (0, 4, 8)]
        assert [len(page) for page in pages] == [4, 4, 2]
        assert len({release.item.id for page in pages for release in page}) == 10
        net.stopService()
