"""Rules at the friends' routes: the real app over the real index."""

from __future__ import annotations

import gzip

import pytest
from attrs import evolve
from twisted.internet.task import Clock

from jackd.catalogue.bell import Bell
from jackd.catalogue.feed import CatalogueFeed
from jackd.catalogue.shared import SharedCatalogue
from jackd.catalogue.views import PolicyViews
from jackd.model.sharing import Facts, Policy, Rule, Rules
from jackd.peer.app import PeerApp
from jackd.peer.feed import read_feed
from jackd.ports import Batch
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.changes import ChangeStore
from jackd.storage.database import Database
from jackd.storage.sharing import permitted
from jackd.storage.threads import InlineWorkers
from jackd.web.auth import Account, Keys, Mint, Scope
from jackd.web.site import Mount
from tests.catalogue.fake_library import FakeLibrary
from tests.peer.support import Sums
from tests.support import MATRIX, Web, change, result_of

HIDDEN = change(MATRIX, id="aaaaaaaa:movie:13", title="Hidden.2001.1080p.BluRay-GRP")
WHERE = ("", "/file", "/manifest")


@pytest.fixture
def library(tmp_path):
    file = tmp_path / MATRIX.filename
    file.write_bytes(b"x" * 10)
    return FakeLibrary(groups={"1": [MATRIX], "2": [HIDDEN]}, places=[file] * 20)


@pytest.fixture
def jack(library):
    """Alice may not see what has the tag; Bob may; the key "old" is jack.apiKey."""
    database = Database.in_memory()
    store = CatalogueStore(database)
    for group, [item] in library.groups.items():
        facts = Facts(folder="/m", tags=("private",) if item is HIDDEN else ())
        result_of(store.replace(library.id, Batch(group=group, items=[item], facts={item.id: facts})))
    clock = Clock()
    shared = SharedCatalogue(libraries=[library], store=store, clock=clock, disk=InlineWorkers())
    keys, account = Keys(), Account(name="Alice", scopes=frozenset({Scope.PEER}), peer="a")
    keys.add("alice", account)
    keys.add("bob", evolve(account, name="Bob", peer="b"))
    keys.add("old", Account(name="jack", scopes=frozenset(Scope)))
    policy = Policy(friends={"a": Rules(deny=(Rule(tags=("private",)),))})
    views = PolicyViews(shared, policy)
    feed = CatalogueFeed(
        store=ChangeStore(database),
        bell=Bell(clock),
        clock=clock,
        permitted=lambda peer: permitted(views.policy.towards(peer)),
    )
    feed.startService()
    app = PeerApp(
        views=views,
        feed=feed,
        manifests=Sums(),
        keys=keys,
        mint=Mint(b"s" * 32),
        disk=InlineWorkers(),
        clock=clock,
    )
    return Web(Mount(["/handshake", "/peer"], app), clock=clock)


def ask(jack, key, path):
    got = jack.get(path, headers={"X-Api-Key": key})
    return got.status, sorted((n, v) for n, v in got.headers.getAllRawHeaders() if n != b"Date"), got.body


@pytest.mark.parametrize("key", ["alice", "old"])
def test_what_is_hidden_is_neither_listed_nor_to_be_had(jack, library, key):
    """S9, S30: in nothing can it be told from what does not exist; not even the library is asked."""
    found = jack.get("/peer/search", headers={"X-Api-Key": key}).json()["items"]
    assert [item["id"] for item in found] == [MATRIX.id]
    feed = gzip.decompress(ask(jack, key, "/peer/catalogue")[2])
    assert MATRIX.id.encode() in feed and HIDDEN.id.encode() not in feed
    for rest in WHERE:
        answer = ask(jack, key, f"/peer/items/{HIDDEN.id}{rest}")
        assert answer[0] == 404
        assert answer == ask(jack, key, f"/peer/items/aaaaaaaa:movie:404{rest}")
    assert library.calls == []
    assert ask(jack, key, f"/peer/items/{MATRIX.id}/file")[0] == 200


def test_another_friend_gets_it(jack):
    found = jack.get("/peer/search", headers={"X-Api-Key": "bob"}).json()["items"]
    assert {item["id"] for item in found} == {MATRIX.id, HIDDEN.id}
    assert HIDDEN.id.encode() in gzip.decompress(ask(jack, "bob", "/peer/catalogue")[2])
    assert [ask(jack, "bob", f"/peer/items/{HIDDEN.id}{rest}")[0] for rest in WHERE] == [200, 200, 202]


@pytest.fixture
def views(jack):
    return jack.agent._serverFactory.mount_for("/peer").app._views


def test_rules_that_are_replaced_hold_from_the_next_request_on(jack, views):
    """F43, S9: also for a friend who follows the catalogue: he is told everything anew."""
    first = jack.get("/peer/catalogue", headers={"X-Api-Key": "bob"})
    views.policy = Policy(friends={"b": Rules(deny=(Rule(tags=("private",)),))})
    assert [ask(jack, "bob", f"/peer/items/{HIDDEN.id}{rest}")[0] for rest in WHERE] == [404] * 3
    assert [ask(jack, "alice", f"/peer/items/{HIDDEN.id}{rest}")[0] for rest in WHERE] == [200, 200, 202]
    cursor = read_feed(first.body).cursor
    again = read_feed(jack.get(f"/peer/catalogue?since={cursor}", headers={"X-Api-Key": "bob"}).body)
    assert again.reset
    assert [item.id for item in again.items] == [MATRIX.id]


def test_facts_of_the_owner_are_sent_to_nobody(jack):
    """S30"""
    for path in ("/peer/search", f"/peer/items/{HIDDEN.id}"):
        _, _, body = ask(jack, "bob", path)
        assert b"private" not in body and b"/m" not in body
