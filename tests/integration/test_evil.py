"""
Bob's friend does everything wrong that one can do with a file. Either the file arrives whole, or the grab fails where
Bob's Radarr sees it; a wrong file is never found under a final name, and what passes is never told to Radarr.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread
from twisted.web.resource import Resource
from twisted.web.server import Site

from tests.fakes.arr import FakeRadarr
from tests.integration.bad_peer import (
    ETAG,
    HOLD,
    Asked,
    BadPeer,
    Behaviour,
    Offer,
    Said,
    chunk,
    cut,
    good,
    head,
    page,
    part,
    whole,
)
from tests.integration.conftest import World, content, finished, soon
from tests.integration.operator import Operator

pytestmark = pytest.mark.slow

KIB = 1024
SIZE = 600 * KIB
SOME = 200 * KIB
OTHER = '"second"'


def second(asked: Asked) -> bytes:
    """What the file holds after it was changed; as long as before."""
    return bytes(reversed(asked.content))


def once(bad: Behaviour, times: int = 1) -> Behaviour:
    """``bad`` at first, then good."""
    return lambda asked: bad(asked) if asked.turn < times else good(asked)


def after_a_cut(then: Behaviour) -> Behaviour:
    """Breaks off; to the request for the rest it says something odd; then it is good."""

    def behave(asked: Asked) -> Said:
        return cut(asked, SOME) if asked.turn == 0 else then(asked) if asked.turn == 1 else good(asked)

    return behave


def changed(then: Behaviour) -> Behaviour:
    """Breaks off, and the file is another one from then on; ``then`` answers the requests for the rest of the old."""

    def behave(asked: Asked) -> Said:
        if asked.turn == 0:
            return cut(asked, SOME)
        if asked.start is not None and asked.if_range == OTHER:
            return part(asked, etag=OTHER, content=second(asked))
        return then(asked) if asked.start is not None else whole(asked, etag=OTHER, content=second(asked))

    return behave


def said_of(asked: Asked, length: object = None, body: bytes | None = None) -> Said:
    data = asked.content if body is None else body
    return [head(200, Content_Length=length, ETag=ETAG), data]


def chunked(*data: bytes, end: bytes = b"0\r\n\r\n") -> Said:
    return [head(200, Transfer_Encoding="chunked", ETag=ETAG), *map(chunk, data), end]


PASSES: dict[str, tuple[str, Behaviour]] = {
    "F15": ("Drops Again And Again", once(lambda a: cut(a, SOME // 2), 4)),
    "F15, before the first byte": ("Drops Before The First Byte", once(lambda a: [b""])),
    "F15, within the head": ("Drops Within The Head", once(lambda a: [b"HTTP/1.1 200 OK\r\nContent-Len"])),
    "F17": ("Stalls In The Middle", once(lambda a: [*cut(a, SOME), HOLD], 2)),
    "F16": ("Stalls Before The Head", once(lambda a: [HOLD])),
    "F17, at once": ("Stalls After The Head", once(lambda a: [*cut(a, 0), HOLD])),
    "F26, later": ("Begins Somewhere Else", after_a_cut(lambda a: part(a, shift=KIB))),
    "F26, earlier": ("Begins Before It Was Asked", after_a_cut(lambda a: part(a, shift=-KIB))),
    "F26, unasked": ("Gives A Part Unasked", once(lambda a: part(a, shift=KIB))),
    "F26, without its place": (
        "Forgets To Say Which Part",
        once(lambda a: [head(206, Content_Length=SIZE, ETag=ETAG), a.content]),
    ),
    "F26, all": ("Ignores The Range", after_a_cut(whole)),
    "F26, 416": (
        "Is Not Satisfied",
        after_a_cut(lambda a: [head(416, Content_Range=f"bytes */{SOME}", Content_Length=0)]),
    ),
    "F22, chunks": ("Ends The Chunks Too Early", once(lambda a: chunked(a.content[:SOME]))),
    "F22": ("Has No Length And Ends Early", once(lambda a: said_of(a, body=a.content[:SOME]))),
    "F21": ("Adds Something Behind The End", once(lambda a: said_of(a, SIZE, a.content + b"more" * KIB))),
    "F30, 500": ("Fails Inside", once(lambda a: [head(500, Content_Length=0)], 2)),
    "F30, 503": ("Is Busy", once(lambda a: [head(503, Content_Length=0, Retry_After=1)])),
    "F30, 429": ("Is Asked Too Often", once(lambda a: [head(429, Content_Length=0, Retry_After=1)])),
    "F27": (
        "Squeezes The Body",
        once(lambda a: [head(200, Content_Length=SIZE, Content_Encoding="gzip", ETag=ETAG), a.content]),
    ),
    "F28": ("Sends Me Elsewhere", once(lambda a: [head(307, Location=a.elsewhere, Content_Length=0)])),
    "F28, 301": ("Sends Me Elsewhere For Good", once(lambda a: [head(301, Location=a.elsewhere, Content_Length=0)])),
    "F29": ("Shows A Login Page", once(lambda a: page())),
    "F26, parts": ("Shows Several Parts", once(lambda a: [head(206, Content_Type="multipart/byteranges"), a.content])),
    "F31": ("Is Changed", changed(lambda a: whole(a, etag=OTHER, content=second(a)))),
    "F32": ("Is Changed And Goes On", changed(lambda a: part(a, etag=OTHER, content=second(a)))),
    "F32, without validator": ("Is Changed And Says Nothing", changed(lambda a: part(a, etag=None, content=second(a)))),
    "F33, weak": ("Is Changed And Is Weak", changed(lambda a: part(a, etag=f"W/{ETAG}", content=second(a)))),
}
"""What passes, by the fault: the movie's title, and what the friend does. The file arrives whole."""

FAILS: dict[str, tuple[str, Behaviour]] = {
    "F30, 404": ("Is Gone", lambda a: [head(404, Content_Length=0)]),
    "F30, 410": ("Is Gone For Good", lambda a: [head(410, Content_Length=0)]),
    "F34": ("Is Gone Later", lambda a: cut(a, SOME) if a.turn == 0 else [head(404, Content_Length=0)]),
    "F23, shorter": ("Is Shorter Than Offered", lambda a: said_of(a, SOME, a.content[:SOME])),
    "F23, longer": ("Is Longer Than Offered", lambda a: said_of(a, SIZE + 4, a.content + b"more")),
    "F23, empty": ("Is Empty", lambda a: said_of(a, 0, b"")),
    "F24, chunks": ("Sends Chunks Without End", lambda a: chunked(a.content, b"more" * KIB)),
    "F24": ("Sends More Without A Length", lambda a: said_of(a, body=a.content + b"more")),
    "F26, total": (
        "Is Longer In Its Range",
        lambda a: cut(a, SOME) if a.turn == 0 else part(a, content=a.content + b"more"),
    ),
    "F30, 400": ("Is Refused", lambda a: [head(400, Content_Length=0)]),
    "F15": ("Never Sends A Byte", lambda a: cut(a, 0)),
}
"""What does not pass; the last one only after as many attempts as are configured."""

WAITS: dict[str, tuple[str, Behaviour]] = {
    "F30, later": ("Is Asked To Come Back Later", lambda a: [head(503, Content_Length=0, Retry_After=3600)]),
    "F30, 401": ("Does Not Know My Key", lambda a: [head(401, Content_Length=0)]),
    "F30, 403": ("Lets Me Not In", lambda a: page(403)),
}
"""What may pass, but not soon. It waits, which Radarr is not told."""


class Trap(Resource):
    """Where redirects lead."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.caught: list[bytes] = []

    def render(self, request: Any) -> bytes:
        self.caught.append(request.uri)
        return b"x"


class Evil:
    """
    Bob, his Radarr, which wants everything, and the friend.

    :ivar grabs: hashes by title.
    """

    def __init__(self, world: World, kinds: dict[str, tuple[str, Behaviour]]) -> None:
        self.world = world
        self.trap = Trap()
        self.offers = [
            Offer(tmdb=n, title=title, content=content(n, SIZE), behave=behave)
            for n, (title, behave) in enumerate(kinds.values(), 1000)
        ]
        self.peer = BadPeer(self.offers, f"{world.serve(Site(self.trap))}/stolen")
        self.radarr: FakeRadarr = world.arr(FakeRadarr, "radarr")
        for offer in self.offers:
            self.radarr.add_movie(offer.title, 2001, tmdb=offer.tmdb)
        self.bob = world.jack("bob")
        self.operator = Operator(self.bob)
        self.grabs: dict[str, str] = {}

    async def grab_all(self) -> None:
        """Everything, by way of Radarr, all at once."""
        timing = {"idleTimeoutMs": 1000, "retryBaseDelayMs": 20, "retryMaxDelayMs": 100, "maxDownloadAttempts": 6}
        self.bob.configure(
            servers=[{**self.radarr.server, "source": False}],
            downloads={"completedPath": str(self.bob.completed), "maxConcurrentDownloads": 30, **timing},
            peers=[{"name": "Alice", "url": self.world.serve(self.peer), "apiKey": "key-of-alice"}],
        )
        await self.world.start(self.bob)
        await soon(lambda: self.radarr.indexers.enabled("enableRss"))
        for offer in self.offers:
            [found] = await self.radarr.search_movie(tmdb=offer.tmdb)
            self.grabs[offer.title] = (await self.radarr.grab(found)).lower()

    async def states(self) -> dict[str, str]:
        """By title. Looks meanwhile at every finished file: it must be right at any time."""
        rows = {row["hash"]: row["state"] for row in await deferToThread(self.operator.rows)}
        for file in finished(self.bob):
            self.check(file)
        return {title: rows.get(hash, "deleted") for title, hash in self.grabs.items()}

    def check(self, file: Path) -> str:
        """The title of a file that is exactly one version of what was offered."""
        [offer] = [o for o in self.offers if file.name.startswith(o.title.replace(" ", ".") + ".2001")]
        asked = Asked(turn=0, start=None, if_range=None, content=offer.content, elsewhere="")
        expected = second(asked) if offer.title.startswith("Is Changed") else offer.content
        assert file.read_bytes() == expected, offer.title
        return offer.title

    def told(self) -> list[Any]:
        """What Radarr was told of its queue."""
        return [call for call in self.radarr.changes() if call[1].startswith("/queue")]


async def all_are(evil: Evil, state: str) -> None:
    """Every grab, in the end."""
    seen: dict[str, str] = {}

    async def look() -> bool:
        seen.update(await evil.states())
        return set(seen.values()) == {state}

    try:
        await soon(look)
    except AssertionError:
        raise AssertionError({title: is_ for title, is_ in seen.items() if is_ != state}) from None


async def test_what_passes_is_survived_and_never_told(world: World):
    """F15 to F17, F20 to F22, F26 to F33: each file arrives, byte for byte; Radarr imports it and hears of nothing."""
    evil = Evil(world, PASSES)
    await evil.grab_all()
    await all_are(evil, "pausedUP")
    assert sorted(evil.check(file) for file in finished(evil.bob)) == sorted(evil.grabs)
    assert evil.trap.caught == []
    assert evil.peer.keys == {"key-of-alice"}
    assert {offer.title for offer in evil.offers if offer.turns < 2} <= {"Adds Something Behind The End"}
    await evil.radarr.poll()
    for file in await evil.radarr.import_completed():
        evil.check(file)
    assert len(evil.radarr.imported) == len(PASSES)
    assert evil.told() == evil.radarr.blocklist == evil.radarr.failures == []


async def test_what_does_not_pass_is_told(world: World):
    """
    F15, F23, F24, F30, F34: the grab shows as failed; then Radarr's queue is told, which blocklists the release and
    looks for another.
    """
    evil = Evil(world, FAILS)
    await evil.grab_all()
    await all_are(evil, "error")
    assert finished(evil.bob) == []
    await soon(lambda: len(evil.radarr.blocklist) >= len(FAILS))
    titles = sorted(offer.release["title"] for offer in evil.offers)
    assert sorted(evil.radarr.blocklist) == sorted(evil.radarr.searched_again) == titles
    assert len(evil.told()) == len(FAILS)
    await all_are(evil, "deleted")
    assert await evil.radarr.search_movie(tmdb=evil.offers[0].tmdb) == []
    assert evil.radarr.rejections[-1][1] == "Release is blocklisted"
    assert [p for p in evil.bob.completed.rglob("*") if p.is_file() and p.name != "marker"] == []
    assert evil.radarr.failures == []


async def test_what_may_pass_later_waits_untold(world: World):
    """F30: it is not asked again before its time, shows as waiting, and Radarr's queue keeps it."""
    evil = Evil(world, WAITS)
    await evil.grab_all()
    await soon(lambda: all(offer.turns for offer in evil.offers))
    await all_are(evil, "stalledDL")
    assert evil.told() == evil.radarr.blocklist == []
    assert [offer.turns for offer in evil.offers] == [1] * len(WAITS)
    assert len(await evil.radarr.poll()) == len(WAITS)
    assert {tracked.state for tracked in evil.radarr.tracked.values()} == {"downloading"}
