"""
S1: every route of the assembled daemon and who may call it. A route that is not in the table fails here: write it down,
with the keys that open it.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode

import pytest
from twisted.internet.testing import MemoryReactorClock

from jackd.arr.webhook import webhook_url
from jackd.assembly import assemble
from jackd.config import DownloadSettings, JackSettings, ServerSettings, Settings
from jackd.model.peer import Peer
from jackd.model.secret import Secret
from jackd.qbittorrent.session import SESSION_SECONDS, Sessions
from jackd.web.auth import Account, Keys, Mint, Scope
from jackd.web.request import Head
from jackd.web.site import Mount, Site
from tests.support import Web

KEY = "operators-key-0123456789"
OPEN, LINK, WEBHOOK, PEER, TORZNAB, QBITTORRENT, OPERATOR = "open", "link", "webhook", *Scope

ROUTES = {
    "/": OPEN,
    "/ping": OPEN,
    "/handshake": PEER,
    "/peer/catalogue": PEER,
    "/peer/search": PEER,
    "/peer/items/<item_id>": PEER,
    "/peer/items/<item_id>/file": PEER,
    "/peer/items/<item_id>/manifest": PEER,
    "/webhook/<server>": WEBHOOK,
    "/torznab": TORZNAB,
    "/torznab/": TORZNAB,
    "/torznab/api": TORZNAB,
    "/torznab/api/": TORZNAB,
    "/torznab/download/<path:name>": LINK,
    "/api/v2/auth/login": OPEN,
    "/api/v2/auth/logout": QBITTORRENT,
    "/api/v2/<area>/<action>": QBITTORRENT,
    "/servers": OPERATOR,
    "/servers/health": OPERATOR,
    "/items": OPERATOR,
    "/peers": OPERATOR,
    "/uploads": OPERATOR,
    "/downloads": OPERATOR,
    "/history": OPERATOR,
    "/history/friends": OPERATOR,
}
ELSEWHERE = {
    "/nothing": OPERATOR,
    "/peer": PEER,
    "/peer/nothing": PEER,
    "/api/v2": QBITTORRENT,
    "/api/v2/x": QBITTORRENT,
}
"""What leads nowhere is closed like its surroundings: strangers can't tell what there is."""


class Daemon:
    """:ivar sites: what it listens with; :ivar arrs: the keys of its *arrs; :ivar bob: a friend's own key."""

    def __init__(self, state):
        servers = tuple(
            ServerSettings(name=name, type="radarr", url=f"http://{name}.test", api_key=Secret("f" * 32))
            for name in ("Films", "Documentaries")
        )
        settings = Settings(
            jack=JackSettings(base_url="http://jack.test", api_key=Secret(KEY), state_dir=state),
            downloads=DownloadSettings(completed_path=state / "completed"),
            servers=servers,
            peers=(Peer(name="Bob", url="http://bob.test", key=Secret("what Bob gave")),),
            path=state / "jack.yml",
        )
        services = assemble(MemoryReactorClock(), settings)
        self.sites = [service.factory for service in services if isinstance(getattr(service, "factory", None), Site)]
        self.mint = Mint.load(state / "secret")
        self.arrs = [self.mint.credential(server.id) for server in servers]
        self.servers = servers
        self.bob = self.mint.peer_key("Bob", 1).reveal()
        self.database = next(service for service in services if hasattr(service, "read_now"))

    @property
    def mounts(self) -> list[Mount]:
        return [mount for site in self.sites for mount in site._mounts]

    def cookie(self, *, age: float = 0.0, mint: Mint | None = None) -> str:
        """A session of the first *arr, opened ``age`` seconds ago with the secret of ``mint``."""
        keys, account = Keys(), Account(name="Films", scopes=frozenset({Scope.TORZNAB, Scope.QBITTORRENT}), server="x")
        keys.add(self.arrs[0], account)
        return Sessions(keys, mint or self.mint, lambda: time.time() - age).open(account)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    daemon = Daemon(tmp_path_factory.mktemp("state"))
    yield daemon
    daemon.database.close()


def rules(mounts):
    """Every rule that the apps have, with its methods."""
    apps = {id(mount.app): mount.app for mount in mounts}.values()
    return {rule.rule: set(rule.methods or {"GET", "POST"}) for app in apps for rule in app.router.url_map.iter_rules()}


def ways(key):
    """All places where a key can be, each with its words for a request."""
    basic = b64encode(f"jack:{key}".encode()).decode()
    yield {"headers": {"X-Api-Key": key}}
    yield {"headers": {"Authorization": f"Bearer {key}"}}
    yield {"headers": {"Authorization": f"Basic {basic}"}}
    yield {"params": {"apikey": key}}


def ask(daemon, method, path, **words):
    web = Web(*daemon.mounts)  # a new site each time, for wrong keys are slowed down
    return web.request(method, re.sub("<[^>]*>", "x", path), **words)


def is_refused(got, who, *, known=False):
    """In the dialect of the route. ``known``: by a key that is right, but for something else."""
    if who is QBITTORRENT:
        return (got.status, got.text) == (403, "Forbidden")
    if who is TORZNAB:
        return got.status in (200, 404) and 'code="100"' in got.text
    if who is LINK:
        return got.status == 404
    return got.status == (403 if known else 401) and set(got.json()) == {"error", "code"}


def test_the_table_has_every_route(daemon):
    assert set(ROUTES) == set(rules(daemon.mounts))


CLOSED = {path: who for path, who in {**ROUTES, **ELSEWHERE}.items() if who is not OPEN}


@pytest.mark.parametrize("path", CLOSED)
def test_no_key_and_wrong_keys_open_nothing(daemon, path):
    who = CLOSED[path]
    for method in rules(daemon.mounts).get(path, {"GET", "POST"}) - {"HEAD"}:
        for words in ({}, *ways("wrong"), *ways(""), *ways(KEY[:-1])):
            assert is_refused(ask(daemon, method, path, **words), who), (method, words)


@pytest.mark.parametrize("path", [path for path, who in CLOSED.items() if who in (PEER, OPERATOR)])
def test_the_key_of_an_arr_opens_neither_peers_nor_operators_routes(daemon, path):
    """S4"""
    for key in daemon.arrs:
        for words in ({"headers": {"X-Api-Key": key}}, {"params": {"apikey": key}}):
            assert is_refused(ask(daemon, "GET", path, **words), CLOSED[path], known=True)


@pytest.mark.parametrize("path", [path for path, who in CLOSED.items() if who is not PEER])
def test_a_friends_own_key_opens_the_peers_routes_only(daemon, path):
    """S3, S4, S30"""
    for words in ways(daemon.bob):
        got = ask(daemon, "GET", path, **words)
        assert is_refused(got, CLOSED[path], known=True) or is_refused(got, CLOSED[path]), words


@pytest.mark.parametrize("path", CLOSED)
def test_sessions_that_are_over_or_made_up_open_nothing(daemon, path):
    good = daemon.cookie()
    stranger = Mint(b"another install's secret")
    made_up = [daemon.cookie(age=SESSION_SECONDS + 1), daemon.cookie(mint=stranger), good[:-1] + "~", "", "a.b.c.d"]
    for token in made_up if CLOSED[path] is QBITTORRENT else [*made_up, good]:
        assert is_refused(ask(daemon, "GET", path, headers={"Cookie": f"SID={token}"}), CLOSED[path]), token


def test_every_action_of_the_qbittorrent_api_is_closed(daemon):
    app = next(mount.app for mount in daemon.mounts if "/api/v2" in mount.paths)
    for name in app._actions:
        for method in ("GET", "POST"):
            got = ask(daemon, method, f"/api/v2/{name}", headers={"X-Api-Key": daemon.arrs[0] + "0"})
            assert is_refused(got, QBITTORRENT), name


def test_a_link_opens_its_own_release_only(daemon):
    token = daemon.mint.sign("download", "aaaaaaaa:b:movie:1")
    for text in ("", token[:-1], daemon.mint.sign("session", "x"), token):
        assert ask(daemon, "GET", f"/torznab/download/other.torrent?token={text}").status == 404


def test_an_arr_tells_of_changes_with_its_own_token_only(daemon):
    """S4, S5: and that opens nothing else."""
    one, other = (server.id for server in daemon.servers)
    url = webhook_url("", one, daemon.mint)
    assert ask(daemon, "POST", url, data=b"{}").status == 200
    token = url.partition("=")[2]
    strangers = Mint(b"another install's secret").sign("webhook", one)
    others = webhook_url("", other, daemon.mint).partition("=")[2]
    for wrong in (others, strangers, token[:-1], "", KEY, daemon.arrs[0]):
        assert ask(daemon, "POST", f"/webhook/{one}?token={wrong}", data=b"{}").status == 401
    for path in ("/webhook", "/webhook/", "/webhook/ffffffff", f"/webhook/{one}/", f"/webhook/{one}/x"):
        assert ask(daemon, "POST", f"{path}?token={token}", data=b"{}").status == 401
    for path, who in CLOSED.items():
        if who is not WEBHOOK:
            assert is_refused(ask(daemon, "GET", path, params={"token": token, "apikey": token}), who), path


def test_the_right_keys_are_let_in(daemon):
    """The table is no table of walls: each key opens what it is for."""
    for path, who in CLOSED.items():
        if who in (LINK, WEBHOOK):
            continue
        others = daemon.arrs if who in (TORZNAB, QBITTORRENT) else [daemon.bob] if who is PEER else []
        for key in [KEY, *others]:
            sent = {"authorization": f"Bearer {key}"} if who is QBITTORRENT else {"x-api-key": key}
            head = Head(method="GET", path=path, query={}, headers=sent, client="")
            account = daemon.sites[0].mount_for(path).app.admit(head)
            assert who in account.scopes
            assert (account.server is None) == (key not in daemon.arrs)
            assert (account.peer is None) == (key != daemon.bob)
