from __future__ import annotations

import base64

import pytest

from jackd.qbittorrent.session import (
    BAN_SECONDS,
    BANNED,
    MAX_ENDED,
    MAX_SUSPECTS,
    SESSION_SECONDS,
    Bans,
    Sessions,
    tokens,
)
from jackd.web.auth import Account, Keys, Mint, Scope
from tests.qbittorrent.support import KEY, RADARR, Client, World

OPERATOR = Account(name="jack", scopes=frozenset(Scope))


def basic(name: str, key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()}


def login(client: Client, name: str = "jack", key: str = KEY, **kwargs):
    return client.post("auth/login", {"username": name, "password": key}, **kwargs)


def test_a_login_gives_one_cookie_that_ends_with_the_browser():
    got = login(Client(World().web()))
    assert (got.status, got.text, got.header("content-type")) == (200, "Ok.", "text/plain; charset=UTF-8")
    (cookie,) = got.headers.getRawHeaders("set-cookie")
    token, attributes = cookie.split("; ", 1)
    assert token.startswith("SID=")
    assert attributes == "HttpOnly; path=/; SameSite=Strict"
    assert "," not in cookie


def test_a_cookie_that_came_through_tls_is_never_sent_without_it():
    web = World().web()
    web.base = "https://jack.test:5225"
    assert login(Client(web)).header("set-cookie").endswith("; Secure")


def test_the_login_s_form_may_be_multipart():
    got = Client(World().web()).ask("POST", "auth/login", data={"username": "jack", "password": KEY}, files={})
    assert got.text == "Ok."


@pytest.mark.parametrize(("name", "key"), [("jack", "wrong"), ("bob", KEY), ("", ""), ("jack", ""), ("", KEY)])
def test_a_wrong_login_fails_without_a_cookie(name, key):
    got = login(Client(World().web()), name, key)
    assert (got.status, got.text, got.header("set-cookie")) == (200, "Fails.", None)


def test_a_key_for_something_else_does_not_open_this():
    """S1: other scope."""
    client = Client(World().web())
    assert login(client, "reader", "indexer-only").text == "Fails."
    assert client.get("app/version", headers={"Authorization": "Bearer indexer-only"}).status == 403
    assert client.get("app/version", headers=basic("reader", "indexer-only")).status == 403


def test_who_is_logged_in_gets_no_second_cookie():
    operator, _, _ = World().clients()
    got = login(operator)
    assert (got.text, got.header("set-cookie")) == ("Ok.", None)


def test_logging_in_as_another_one_is_a_login():
    world = World()
    operator, _, _ = world.clients()
    got = login(operator, "radarr", world.mint.credential(RADARR))
    assert got.header("set-cookie")
    assert login(operator, "radarr", "wrong").text == "Fails."


def test_a_session_survives_a_restart():
    """F63"""
    world = World()
    operator, _, _ = world.clients()
    assert Client(world.web(), operator.cookie).get("app/version").text == "v4.6.7"


def test_a_session_ends_after_its_time():
    """S1: expired cookie."""
    world = World()
    operator, _, _ = world.clients()
    world.time += SESSION_SECONDS - 1
    assert operator.get("app/version").status == 200
    world.time += 2
    assert operator.get("app/version").status == 403


def test_a_session_ends_with_its_key():
    """S1: revoked key."""
    world = World()
    operator, radarr, _ = world.clients()
    fresh = World(mint=world.mint)
    fresh.keys = Keys()
    fresh.keys.add("a-new-key", OPERATOR)
    web = fresh.web()
    assert Client(web, operator.cookie).get("app/version").status == 403
    assert Client(web, radarr.cookie).get("app/version").status == 403


def test_another_install_s_session_is_none():
    operator, _, _ = World(mint=Mint(b"another")).clients()
    assert Client(World().web(), operator.cookie).get("app/version").status == 403


@pytest.mark.parametrize(
    "token", ["", ".", "...", "a.b.c.d", "amFjaw.ffffffffff.x.", "amFjaw.ffffffffff.x.AAAA", "é.1.2.3"]
)
def test_made_up_sessions_are_none(token):
    assert Client(World().web(), f"SID={token}").get("app/version").status == 403


def test_a_changed_session_is_none():
    operator, _, _ = World().clients()
    name, until, nonce, signature = operator.cookie.removeprefix("SID=").split(".")
    for changed in (f"{name}.{until}0.{nonce}.{signature}", f"{name}.{until}.x{nonce}.{signature}"):
        assert Client(operator.web, f"SID={changed}").get("app/version").status == 403


def test_logging_out_ends_that_session_only():
    world = World()
    operator, _, _ = world.clients()
    other = world.login(operator.web)
    assert operator.get("auth/logout").status == 405
    got = operator.post("auth/logout")
    assert (got.status, got.text) == (200, "")
    assert got.header("set-cookie").startswith("SID=; expires=")
    assert operator.get("app/version").status == 403
    assert other.get("app/version").status == 200


def test_the_memory_of_ended_sessions_is_bounded():
    world = World()
    sessions = Sessions(world.keys, world.mint, world.now)
    for n in range(MAX_ENDED + 10):
        sessions.close(f"t{n}")
    assert len(sessions._ended) == MAX_ENDED


def test_cookies_of_others_are_tolerated():
    """The *arrs keep one cookie jar per host, not port: another qBittorrent's SID comes along."""
    operator, _, _ = World().clients()
    for cookies in (
        f"SID=AAAA; {operator.cookie}",
        f"a=b; SID=;{operator.cookie}; QBT_SID_8080=x",
        f"xSID=1;{operator.cookie}",
    ):
        assert Client(operator.web, cookies).get("app/version").status == 200


def test_cookie_headers_are_read_within_bounds():
    assert list(tokens('SID=a; SID=b;SID="c"; NSID=d')) == ["a", "b", "c"]
    assert list(tokens("SID=a;" * 100)) == ["a"] * 8
    assert list(tokens("SID=a; x=" + "y" * 5000)) == []


def test_a_key_can_take_the_place_of_a_session():
    """F63: ``Basic`` of Radarr, ``Bearer`` of newer Sonarrs."""
    client = Client(World().web())
    assert client.get("app/version", headers=basic("jack", KEY)).status == 200
    assert client.get("app/version", headers={"Authorization": f"Bearer {KEY}"}).status == 200


@pytest.mark.parametrize(
    "header", ["Basic Og==", "Basic ?", "Basic", "Basic /w==", "Bearer", "Bearer x", "Digest x", "Basic amFjazpubw=="]
)
def test_a_wrong_authorization_is_as_none(header):
    """Radarr sends ``Basic`` on every call, blank when nothing is configured: with a session it must not hurt."""
    operator, _, _ = World().clients()
    assert operator.get("app/version", headers={"Authorization": header}).status == 200
    assert Client(operator.web).get("app/version", headers={"Authorization": header}).status == 403


def test_five_failures_ban_address_and_name():
    """S6"""
    world = World()
    client = Client(world.web())
    assert [login(client, key="wrong").text for _ in range(5)] == ["Fails."] * 5
    for key in ("wrong", KEY):
        got = login(client, key=key)
        assert (got.status, got.text) == (403, BANNED)
    assert login(client, "radarr", world.mint.credential(RADARR)).text == "Ok."
    world.time += BAN_SECONDS + 1
    assert login(client).text == "Ok."


def test_a_good_login_forgets_the_failures():
    client = Client(World().web())
    for _ in range(3):
        for _ in range(4):
            login(client, key="wrong")
        assert login(client).text == "Ok."


def test_the_memory_of_failures_is_bounded():
    bans = Bans(lambda: 0.0)
    for n in range(MAX_SUSPECTS + 10):
        bans.failed("192.0.2.1", f"n{n}")
    assert len(bans._suspects) == MAX_SUSPECTS


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Referer": "http://evil.example/x"},
    {"Origin": "null"},
    {"Origin": "http://jack.test:9999"},
    {"Referer": "http://jack.test:5225.evil.example/"},
    {"Referer": "http://evil.example/?http://jack.test:5225"},
    {"Origin": "http://[bad"},
    {"Origin": "http://evil.example", "Referer": "http://jack.test:5225/"},
    {"Sec-Fetch-Site": "cross-site"},
]
OWN = [
    {},
    {"Origin": "http://jack.test:5225"},
    {"Referer": "http://jack.test:5225/torrents"},
    {"Referer": "http://JACK.test:5225"},
    {"X-Forwarded-Host": "jack.example", "Referer": "https://jack.example/"},
    {"X-Forwarded-Host": "jack.example:443", "Origin": "https://jack.example"},
    {"Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_can_not_use_the_session(headers):
    """S22"""
    operator, _, _ = World().clients()
    got = operator.get("app/version", headers=headers)
    assert (got.status, got.text) == (401, "Unauthorized")
    assert login(Client(operator.web), headers=headers).status == 401


@pytest.mark.parametrize("headers", OWN)
def test_the_own_page_can(headers):
    operator, _, _ = World().clients()
    assert operator.get("app/version", headers=headers).status == 200
    assert login(Client(operator.web), headers=headers).text == "Ok."


def test_calls_with_a_key_may_come_from_anywhere():
    """A page can't know the key."""
    got = Client(World().web()).get("app/version", headers={"Origin": "http://evil.example", **basic("jack", KEY)})
    assert got.status == 200


def test_methods():
    operator, _, _ = World().clients()
    assert Client(operator.web).ask("HEAD", "/").status == 200
    assert operator.ask("HEAD", "app/version").status == 405
    assert operator.get("auth/login").status == 405
    assert operator.ask("OPTIONS", "app/version").status == 400
    assert operator.ask("PUT", "torrents/delete").status == 400


@pytest.mark.parametrize(
    "path", ["", "app", "app/", "app/version/", "/app/version", "app//version", "app/version/x", "../v1"]
)
def test_no_path_is_ever_redirected(path):
    operator, _, _ = World().clients()
    assert operator.get(path).status in (403, 404)
