"""What holds for every call there is, walked from the app's own table."""

from __future__ import annotations

from jackd.qbittorrent.session import SESSION_SECONDS
from tests.qbittorrent.support import Client, World


def test_no_call_is_open():
    """S1: without a key, with a wrong one, one for something else, one of another install, an old session."""
    world = World()
    old = world.login(world.web()).cookie
    world.time += SESSION_SECONDS + 1
    app = world.app()
    stranger = World().login(World(mint=world.mint).web()).cookie[:-1] + "x"
    for name in [*app._actions, "auth/logout", "no/such"]:
        client = Client(world.web())  # a new one each time: a site slows wrong keys down
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Bearer indexer-only"},
            {"Cookie": old},
            {"Cookie": stranger},
        ):
            for method in ("GET", "POST"):
                got = client.ask(method, name, headers=headers)
                assert (got.status, got.text) == (403, "Forbidden"), name


def test_nothing_changes_by_get():
    """S22"""
    world = World()
    operator, _, _ = world.clients()
    operator.add(world.stub())
    before = operator.info()
    for name, action in world.app()._actions.items():
        status = operator.get(name, params={"hashes": "all", "value": "true"}).status
        assert (status == 405) == action.changing, name
    assert operator.info() == before


def test_no_call_ever_breaks():
    """F48: whatever is missing or odd, there is an answer of the dialect."""
    world = World()
    operator, radarr, _ = world.clients()
    odd = {"hash": "é\0", "hashes": "|é|\0|", "category": "\0", "tags": ",\n,", "id": "²", "priority": "1", "rid": "-1"}
    odd |= {
        "json": "[",
        "limit": "-1",
        "offset": "1e9",
        "urls": "\n\0",
        "savePath": "\0",
        "location": "\0",
        "value": "x",
    }
    odd |= {"name": "\0", "oldPath": "", "newPath": "", "indexes": "²", "ratioLimit": "-", "seedingTimeLimit": "²"}
    for client in (operator, radarr):
        for name in world.app()._actions:
            for fields in ({}, odd, dict.fromkeys(odd, "")):
                assert client.post(name, fields).status < 500, name
