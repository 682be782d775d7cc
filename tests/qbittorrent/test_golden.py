"""
Request by request as a real qBittorrent 4.5.2 answered: status, content type, text, or the JSON's keys and types.

``golden.json`` holds what was measured in an order that can be replayed. Left out is what only BitTorrent can do
(magnets, foreign torrents, moving, renaming) and what jack does otherwise on purpose; that has tests of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jackd.model.release import Release
from tests.qbittorrent.support import Client, World
from tests.support import MATRIX, PILOT, change

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text())


def offer(item: Any) -> Release:
    return Release(item=item, peer="cccccccc", peer_name="Alice")


class Replay:
    """``{A}``, ``{B}``, ``{C}`` in the file are the hashes of three stubs, ``{a}`` the first in capitals."""

    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        items = {"A": PILOT, "B": MATRIX, "C": change(MATRIX, id="aaaaaaaa:movie:2")}
        self.torrents = {name: world.stubs.make(offer(item)) for name, item in items.items()}
        self.names = {f"{{{n}}}": world.stubs.read(t).hash for n, t in self.torrents.items()}
        self.names["{a}"] = self.names["{A}"].upper()
        self.torrents |= {"junk": b"this is no torrent!", "empty": b""}

    def named(self, value: Any) -> Any:
        if isinstance(value, str):
            for name, hash in self.names.items():
                value = value.replace(name, hash)
            return value
        if isinstance(value, dict):
            return {key: self.named(v) for key, v in value.items()}
        return [self.named(v) for v in value]

    def check(self, case: dict[str, Any]) -> None:
        method, path = case["ask"].split()
        kwargs: dict[str, Any] = {"params": self.named(case.get("query", {}))}
        if method == "POST":
            kwargs["data"] = self.named(case.get("form", {}))
        if "torrent" in case:
            kwargs["files"] = {case["field"]: (f"{case['torrent']}.torrent", self.torrents[case["torrent"]])}
        got = self.client.ask(method, path, **kwargs)
        assert got.status == case["status"], (case, got.text)
        if case["type"]:
            assert got.header("content-type") == case["type"], case
            self.compare(case, got)

    def compare(self, case: dict[str, Any], got: Any) -> None:
        if "body" in case:
            assert got.text == self.named(case["body"]), case
        if case.get("shape") == "info":
            self.rows(case, got.json())
        elif "shape" in case:
            shape = case["shape"]
            fits(GOLDEN["shapes"][shape] if isinstance(shape, str) else shape, got.json(), case["ask"])

    def rows(self, case: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        expected, hashes = self.named(case["hashes"]), [row["hash"] for row in rows]
        if {"sort", "limit", "offset"} & set(case.get("query", ())):
            assert hashes == expected, case
        assert sorted(hashes) == sorted(expected), case
        for row in rows:
            fits(GOLDEN["shapes"]["info"], row, "torrents/info")


def fits(shape: Any, value: Any, where: str) -> None:
    """Whether ``value`` has the keys and types of ``shape``; a list's elements are all like its first."""
    if isinstance(shape, list):
        assert isinstance(value, list), where
        for element in value if shape else ():
            fits(shape[0], element, f"{where}[]")
    elif isinstance(shape, dict):
        assert isinstance(value, dict), where
        if "*" in shape:
            for key, v in value.items():
                fits(shape["*"], v, f"{where}.{key}")
            return
        assert set(value) == set(shape), where
        for key, inner in shape.items():
            fits(inner, value[key], f"{where}.{key}")
    elif shape in GOLDEN["shapes"]:
        fits(GOLDEN["shapes"][shape], value, where)
    else:
        kind = {"bool": bool, "number": (int, float), "text": str}[shape]
        assert isinstance(value, kind), (where, value)
        assert isinstance(value, bool) == (shape == "bool"), (where, value)


def test_everything_is_closed_without_a_session():
    """S1: also what does not exist."""
    world = World()
    replay = Replay(Client(world.web()), world)
    for case in GOLDEN["closed"]:
        replay.check(case)


def test_everything_answers_as_measured():
    """F48: one session through all of it, in the order of the measurement."""
    world = World()
    operator, _, _ = world.clients()
    replay = Replay(operator, world)
    for case in GOLDEN["open"]:
        replay.check(case)


@pytest.mark.parametrize(
    "path", ["app/preferences", "app/buildInfo", "torrents/info", "transfer/info", "torrents/tags"]
)
def test_reading_by_post_is_the_same(path):
    """qbittorrent-api and cross-seed read with POST."""
    operator, _, _ = World().clients()
    assert operator.post(path).json() == operator.get(path).json()


def test_the_arrs_find_nothing_to_complain_about():
    """F64"""
    operator, radarr, sonarr = World().clients()
    preferences = operator.get("app/preferences").json()
    wanted = {"dht": True, "queueing_enabled": True, "max_ratio_enabled": False, "max_seeding_time_enabled": False}
    assert {key: preferences[key] for key in wanted} == wanted
    assert preferences["max_ratio_act"] == 0
    assert [c.get("app/preferences").json()["save_path"] for c in (operator, radarr, sonarr)] == [
        "/downloads",
        "/downloads",
        "/data/done",
    ]
    assert operator.get("app/webapiVersion").text == "2.9.3"


def test_jack_is_not_stopped_from_outside():
    operator, _, _ = World().clients()
    assert operator.post("app/shutdown").status == 403
    assert operator.get("app/version").status == 200
