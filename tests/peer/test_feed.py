"""Pages of the feed: what one jack writes another one reads, and what is no page does no harm (S19)."""

from __future__ import annotations

import gzip
import json

import pytest
from twisted.internet.task import Clock

from jackd.model.errors import PeerError
from jackd.model.feed import Changes
from jackd.peer import feed as feed_module
from jackd.peer.feed import CONTENT_TYPE, MAX_CHANGES, MAX_LINE, BadFeed, read_feed, write_feed
from jackd.web.site import Mount
from tests.peer.support import Liar, Shelf, app, client, plain
from tests.support import MATRIX, PILOT, Web, change, result_of

PAGE = Changes(items=[MATRIX, PILOT], gone=["aaaaaaaa:movie:7"], cursor="a-1-0", more=True, reset=True)
HEAD = {"cursor": "c", "more": False, "reset": False}
KEY = {"X-Api-Key": "k"}


def packed(*lines: object) -> bytes:
    return gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def test_what_is_written_is_read():
    assert read_feed(write_feed(PAGE)) == PAGE


def test_media_info_stays_at_home():
    written = write_feed(Changes(items=[change(MATRIX, media_info={"videoCodec": "x264"})], cursor="c"))
    assert b"mediaInfo" not in gzip.decompress(written)


def test_nothing_new_is_nearly_nothing():
    assert len(write_feed(Changes(cursor="0123456789ab-12345678-0"))) < 150


def test_half_a_surrogate_pair_spoils_nothing():
    page = read_feed(write_feed(Changes(items=[change(MATRIX, title="x\ud800y"), PILOT], cursor="c")))
    assert [item.title for item in page.items] == ["xy", PILOT.title]


def test_a_monstrous_item_is_written_as_gone():
    monster = change(MATRIX, languages=tuple(f"{n:04000d}" for n in range(20)))
    assert read_feed(write_feed(Changes(items=[monster, PILOT], cursor="c"))) == Changes(
        items=[PILOT], gone=[MATRIX.id], cursor="c"
    )


def test_a_bad_item_is_gone_and_the_others_stay():
    good = json.loads(gzip.decompress(write_feed(Changes(items=[MATRIX], cursor="c"))).splitlines()[1])
    page = read_feed(packed(HEAD, good, {**good, "id": "b", "size": -1}, {**good, "id": "../x"}, {"gone": 7}, {}))
    assert ([i.id for i in page.items], page.gone) == ([MATRIX.id], ["b"])


def test_of_an_id_that_comes_twice_the_last_holds():
    good = json.loads(gzip.decompress(write_feed(Changes(items=[MATRIX], cursor="c"))).splitlines()[1])
    assert read_feed(packed(HEAD, good, {"gone": MATRIX.id})).items == []
    page = read_feed(packed(HEAD, good, {"gone": MATRIX.id}, {**good, "size": 5}))
    assert ([i.size for i in page.items], page.gone) == ([5], [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        gzip.compress(b""),
        gzip.compress(b"[]\n"),
        gzip.compress(b'{"cursor":"c"}'),
        gzip.compress(b'{"cursor":"c"}\n7\n'),
        gzip.compress(b'{"cursor":"c"}\n' + b"[" * 50_000 + b"\n"),
        gzip.compress(b'{"cursor":"c"}\n{"a":' + b"9" * 5_000 + b"x}\n"),
        packed({"cursor": 7}),
        packed({"cursor": ""}),
        packed({"cursor": "a" * 201}),
        packed({"cursor": "a b"}),
        packed(HEAD)[:-9],
        packed(HEAD, *[{"gone": str(n)} for n in range(MAX_CHANGES + 1)]),
        gzip.compress(b'{"cursor":"c"}\n' + b" " * (MAX_LINE + 1)),
    ],
    ids=range(15),
)
def test_what_is_no_page(body):
    with pytest.raises(BadFeed):
        read_feed(body)


def test_a_bomb_is_not_inflated(monkeypatch):
    """S19"""
    monkeypatch.setattr(feed_module, "MAX_TEXT", 2**20)
    line = json.dumps({"gone": "a"}).encode() + b" " * 60_000 + b"\n"
    with pytest.raises(BadFeed, match="inflates"):
        read_feed(gzip.compress(b'{"cursor":"c"}\n' + line * 1000))


class Told:
    """:class:`jackd.ports.Feed` that gives :data:`PAGE`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    async def changes(self, since: str, *, viewer: str | None, limit: int, wait: float) -> Changes:
        self.asked.append((since, viewer, limit, wait))
        return PAGE


def site(feed: Told) -> Web:
    return Web(Mount(["/handshake", "/peer"], app(Shelf([]), feed=feed)))


def test_the_route_asks_for_the_account_and_answers_with_a_page():
    feed = Told()
    got = site(feed).get("/peer/catalogue?since=a-1-0&limit=5&wait=30", headers=KEY)
    assert (got.status, got.header("content-type")) == (200, CONTENT_TYPE)
    assert read_feed(got.body) == PAGE
    assert feed.asked == [("a-1-0", "bob", 5, 30)]


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("", ("", "bob", 2000, 0)),
        ("?limit=0&wait=99999", ("", "bob", 1, 60)),
        ("?limit=999999", ("", "bob", 2000, 0)),
        ("?since=" + "a" * 4000, ("a" * 201, "bob", 2000, 0)),
    ],
)
def test_what_is_asked_for_has_bounds(given, asked):
    feed = Told()
    assert site(feed).get(f"/peer/catalogue{given}", headers=KEY).status == 200
    assert feed.asked == [asked]


def test_a_number_that_is_none_is_refused():
    assert site(Told()).get("/peer/catalogue?wait=soon", headers=KEY).status == 400


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "wrong"}, {"X-Api-Key": "other"}])
def test_the_catalogue_needs_a_friends_key(headers):
    assert site(Told()).get("/peer/catalogue", headers=headers).status in (401, 403)


def test_the_client_reads_what_the_server_gives():
    feed = Told()
    him = client(site(feed).outgoing())
    assert result_of(him.changes(result_of(him.catalogue("a-0-0", wait=45)))) == PAGE
    assert feed.asked == [("a-0-0", "bob", 2000, 45)]


@pytest.mark.parametrize("answer", [(200, {}, b"rubbish"), (404, {}, b""), (302, {}, b""), (401, {}, b"")])
def test_the_client_takes_nothing_else(answer):
    him = client(plain(Liar(lambda _: answer), Clock()))
    with pytest.raises(PeerError):
        result_of(him.changes(result_of(him.catalogue(""))))
