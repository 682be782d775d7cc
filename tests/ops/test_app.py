"""The operators' routes."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from jackd.model.coverage import Coverage
from jackd.model.download import State
from jackd.model.grab import Grab
from jackd.model.history import Event
from jackd.model.item import Item
from jackd.model.peer import Peer, PeerStatus
from jackd.model.search import Query, matches
from jackd.model.secret import Secret
from jackd.model.server import ServerState
from jackd.ops.app import MAX_DOWNLOADS, MAX_ITEMS, MAX_LINES, OperatorApp
from jackd.ops.reload import ConfigState
from jackd.storage.database import Database
from jackd.storage.history import HistoryStore
from jackd.web.auth import Account, Keys, Scope
from jackd.web.site import Mount
from jackd.web.uploads import SAMPLE_SECONDS, Uploads
from tests.fakes.downloads import FakeDownloads
from tests.storage.test_history import fetched, share
from tests.support import MATRIX, PILOT, Web, result_of

KEY = {"X-Api-Key": "operator"}


class OwnItems:
    def __init__(self) -> None:
        self.asked: list[tuple[Query, int, int]] = []

    async def search(self, query: Query, *, limit: int, offset: int = 0) -> list[Item]:
        self.asked.append((query, limit, offset))
        return [i for i in (MATRIX, PILOT) if matches(query, i)][offset : offset + limit]


class Friends:
    def statuses(self) -> list[PeerStatus]:
        alice = Peer(name="Alice", url="http://u:pw@alice.test:5225", key=Secret("alices-key"))
        return [
            PeerStatus(peer=alice, version="0.1.0", features=frozenset({"b", "a"})),
            PeerStatus(peer=alice, error="no answer in time"),
        ]


def radarr(**changes) -> ServerState:
    known = {"id": "aaaaaaaa", "name": "Films", "type": "radarr", "url": "http://radarr:7878"}
    return ServerState(**known, source=True, destination=True, version="5.1", items=2, **changes)


def web(
    *servers: ServerState,
    shared: OwnItems | None = None,
    uploads: Uploads | None = None,
    downloads: FakeDownloads | None = None,
    history: HistoryStore | None = None,
    config: ConfigState | None = None,
) -> Web:
    keys = Keys()
    keys.add("operator", Account(name="jack", scopes=frozenset(Scope)))
    keys.add("friend", Account(name="Bob", scopes=frozenset({Scope.PEER})))
    keys.add("managed", Account(name="Films", scopes=frozenset({Scope.TORZNAB}), server="aaaaaaaa"))
    app = OperatorApp(
        keys=keys,
        servers=servers,
        shared=shared or OwnItems(),
        network=Friends(),
        uploads=uploads or Uploads(clock=Clock()),
        downloads=downloads,
        history=history or HistoryStore(Database.in_memory()),
        config=config or ConfigState(),
        version="9.9.9",
    )
    return Web(Mount([], app))


def test_ping_is_open_and_says_nothing_else():
    got = web().get("/ping")
    assert (got.status, got.json()) == (200, {"status": "OK"})
    assert web().request("HEAD", "/ping").status == 200


def test_the_root_is_one_plain_line_without_version():
    got = web().get("/")
    assert (got.status, got.text.count("\n")) == (200, 1)
    assert "9.9.9" not in got.text
    head = web().request("HEAD", "/")
    assert (head.status, head.body) == (200, b"")


CLOSED = [
    "/servers",
    "/servers/health",
    "/items",
    "/items?searchTerm=a",
    "/peers",
    "/uploads",
    "/downloads",
    "/history",
    "/history/friends",
    "/nothing",
    "/servers/x",
    "/ping/x",
]


@pytest.mark.parametrize("path", CLOSED)
def test_all_else_needs_the_operators_key(path):
    """S1, S30: not a friend's, not an *arr's."""
    assert web().get(path).status == 401
    assert web().get(path, headers={"X-Api-Key": "wrong"}).status == 401
    assert web().get(path, headers={"X-Api-Key": "managed"}).json()["code"] == "FORBIDDEN"
    assert web().get(path, headers={"X-Api-Key": "friend"}).json()["code"] == "FORBIDDEN"


def test_every_route_is_in_the_list_above():
    """S1: a new route without an entry fails here."""
    paths = {rule.rule for rule in OperatorApp.router.url_map.iter_rules()}
    assert paths == {"/", "/ping", *CLOSED[: CLOSED.index("/nothing")]} - {"/items?searchTerm=a"}


def test_the_key_may_stand_in_the_query():
    assert web().get("/servers?apikey=operator").status == 200


def test_what_nobody_has_is_not_found():
    assert web().get("/nothing", headers=KEY).json() == {"error": "Not found", "code": "NOT_FOUND"}
    assert web().post("/servers", headers=KEY).status == 405


def test_servers():
    (server,) = web(radarr()).get("/servers", headers=KEY).json()["servers"]
    assert server == {
        "id": "aaaaaaaa",
        "name": "Films",
        "type": "radarr",
        "url": "http://radarr:7878",
        "source": True,
        "destination": True,
    }


def test_health_is_degraded_when_a_server_has_an_error():
    assert web(radarr()).get("/servers/health", headers=KEY).json()["status"] == "OK"
    got = web(radarr(registration_error="refused"), radarr()).get("/servers/health", headers=KEY).json()
    assert got["status"] == "DEGRADED"
    assert [s["healthy"] for s in got["servers"]] == [False, True]
    assert got["servers"][0]["registrationError"] == "refused"


def test_health_is_degraded_while_the_file_of_the_configuration_is_no_good():
    """F43: what is wrong with it, and what of it waits for the next start."""
    config = ConfigState(pending=("jack.baseUrl",))
    site = web(radarr(), config=config)
    got = site.get("/servers/health", headers=KEY).json()
    assert (got["status"], got["configuration"]) == ("OK", {"errors": [], "pending": ["jack.baseUrl"]})
    config.errors = ("jack.yml: there is no such file",)
    got = site.get("/servers/health", headers=KEY).json()
    assert (got["status"], got["configuration"]["errors"]) == ("DEGRADED", ["jack.yml: there is no such file"])


def test_items_are_found_by_words():
    got = web().get("/items?searchTerm=the+matrix", headers=KEY).json()
    assert [i["title"] for i in got["items"]] == [MATRIX.title]
    assert got["items"][0]["tmdbId"] == 603
    assert "season" not in got["items"][0]


def test_items_are_bounded():
    shared = OwnItems()
    site = web(shared=shared)
    assert len(site.get("/items", headers=KEY).json()["items"]) == 2
    site.get("/items?limit=999999&offset=1", headers=KEY)
    assert shared.asked[1] == (Query(), MAX_ITEMS, 1)
    for bad in ("limit=-1", "offset=x", "limit=1e3", "offset=%D9%A1", "searchTerm=" + "a" * 201):
        assert site.get(f"/items?{bad}", headers=KEY).status == 400
    assert len(shared.asked) == 2


def test_peers_tell_how_they_are_and_no_key():
    got = web().get("/peers", headers=KEY)
    assert [(p["reachable"], p["error"]) for p in got.json()["peers"]] == [(True, None), (False, "no answer in time")]
    assert got.json()["peers"][0]["features"] == ["a", "b"]
    assert "alices-key" not in got.text
    assert "pw@" not in got.text


def test_what_friends_read_now():
    clock = Clock()
    uploads = Uploads(clock=clock)
    uploads.startService()
    with (
        uploads.slots.taken("jack", "x"),
        uploads.begun(who="jack", client="::1", file="a.mkv", file_size=9000, size=5000) as flow,
    ):
        for _ in range(3):
            flow.move(1000)
            clock.advance(SAMPLE_SECONDS)
            assert uploads.speed == 400, "from the first look on"
        got = web(uploads=uploads).get("/uploads", headers=KEY).json()
    stream = {"account": "jack", "client": "::1", "file": "a.mkv", "size": 5000, "sent": 3000, "speed": 400}
    assert got == {"uploads": [stream], "speed": 400, "waiting": 0}
    assert web(uploads=uploads).get("/uploads", headers=KEY).json() == {"uploads": [], "speed": 0, "waiting": 0}
    assert uploads.sent == 3000
    assert clock.getDelayedCalls()
    clock.advance(SAMPLE_SECONDS)
    assert not clock.getDelayedCalls(), "there is nothing to measure"
    with uploads.begun(who="jack", client="::1", file="a.mkv", file_size=9000, size=5000):
        uploads.stopService()
        assert not clock.getDelayedCalls()


def grab(number: int, title: str = "Heat") -> Grab:
    known = {"peer": "p", "peer_name": "Alice", "item": "i", "filename": "x.mkv", "size": 1000}
    return Grab(hash=f"{number:040x}", title=title, **known)


def queue(count: int) -> FakeDownloads:
    downloads = FakeDownloads()
    for number in range(count):
        result_of(downloads.add(grab(number), owner="aaaaaaaa", category="jack-aaaaaaaa"))
    return downloads


def test_the_queue_as_it_is_now():
    downloads = queue(2)
    first, second = downloads.list()
    first.state, first.speed, first.failures = State.DOWNLOADING, 50.5, 3
    first.files[0].settle(Coverage.of(0, 400), Coverage())
    second.state, second.completed, second.files[0].done = State.COMPLETED, 9.0, True
    second.files[0].settle(Coverage.of(0, 1000), Coverage.of(0, 1000))
    got = web(radarr(), downloads=downloads).get("/downloads", headers=KEY).json()
    assert (got["total"], got["speed"]) == (2, 50)
    assert got["downloads"][0] == {
        "hash": "0" * 40,
        "title": "Heat",
        "state": "downloading",
        "reason": "",
        "progress": 0.4,
        "size": 1000,
        "received": 400,
        "speed": 50,
        "eta": 11,
        "friends": ["Alice"],
        "verified": False,
        "forced": False,
        "failedAttempts": 3,
        "retryAt": None,
        "owner": "Films",
        "category": "jack-aaaaaaaa",
        "addedAt": 0.0,
        "completedAt": None,
    }
    shown = {name: got["downloads"][1][name] for name in ("progress", "verified", "eta", "completedAt")}
    assert shown == {"progress": 1.0, "verified": True, "eta": None, "completedAt": 9.0}


def test_the_queue_comes_in_pages():
    site = web(downloads=queue(MAX_DOWNLOADS + 2))
    assert len(site.get("/downloads?limit=99999", headers=KEY).json()["downloads"]) == MAX_DOWNLOADS
    got = site.get(f"/downloads?offset={MAX_DOWNLOADS}", headers=KEY).json()
    assert (len(got["downloads"]), got["total"]) == (2, MAX_DOWNLOADS + 2)
    assert site.get("/downloads?limit=x", headers=KEY).status == 400


def test_who_only_shares_has_an_empty_queue():
    assert web().get("/downloads", headers=KEY).json() == {"downloads": [], "total": 0, "speed": 0}


@pytest.fixture
def history():
    store = HistoryStore(Database.in_memory())
    result_of(store.add(fetched("Heat", hash="aa", owner="Films", failures=2, verified=True)))
    result_of(store.add_shared([share(50)]))
    result_of(store.add(fetched("Ran", event=Event.FAILED, friends={"Alice": 7}, reason="gone")))
    return store


def test_the_history_has_both_directions_newest_first(history):
    """S31"""
    got = web(history=history).get("/history", headers=KEY).json()["history"]
    assert [line["event"] for line in got] == ["failed", "partly", "completed"]
    assert got[1] == {
        "id": 2,
        "event": "partly",
        "direction": "shared",
        "title": "heat.mkv",
        "size": 100,
        "friends": [{"name": "Bob", "bytes": 50}],
        "bytes": 50,
        "seconds": 1.0,
        "speed": 50,
        "beganAt": 999.0,
        "endedAt": 1000.0,
        "client": "::1",
    }
    assert got[2] == {
        "id": 1,
        "event": "completed",
        "direction": "fetched",
        "title": "Heat",
        "size": 100,
        "friends": [{"name": "Alice", "bytes": 100}],
        "bytes": 100,
        "seconds": 4.0,
        "speed": 25,
        "beganAt": 1000.0,
        "endedAt": 1010.0,
        "hash": "aa",
        "owner": "Films",
        "failedAttempts": 2,
        "verified": True,
        "reason": "",
    }
    assert got[0]["reason"] == "gone"
    assert got[0]["owner"] is None


def test_pages_of_the_history(history):
    site = web(history=history)

    def ids(query: str) -> list[int]:
        return [line["id"] for line in site.get(f"/history?{query}", headers=KEY).json()["history"]]

    assert ids("limit=2") == [3, 2]
    assert ids("limit=2&before=2") == [1]
    assert ids("direction=shared") == [2]
    assert ids("direction=fetched") == [3, 1]
    assert site.get("/history?limit=99999", headers=KEY).json()["limit"] == MAX_LINES
    for bad in ("direction=up", "limit=-1", "before=x"):
        assert site.get(f"/history?{bad}", headers=KEY).status == 400


def test_totals_of_each_friend(history):
    assert web(history=history).get("/history/friends", headers=KEY).json()["friends"] == [
        {"name": "Alice", "fetched": 107, "fetchedFiles": 1, "shared": 0, "sharedFiles": 0},
        {"name": "Bob", "fetched": 0, "fetchedFiles": 0, "shared": 50, "sharedFiles": 0},
    ]
