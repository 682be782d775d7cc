"""What our client makes of a friend's answers: ours, an original's, and a liar's."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.web.client import ResponseDone
from twisted.web.server import NOT_DONE_YET

from jackd.model.errors import ItemGone, PeerBusy, PeerError, PeerRefused
from jackd.model.ids import MediaIds
from jackd.model.search import Query
from jackd.model.secret import Secret
from jackd.peer.answers import retry_after
from jackd.peer.wire import item_from_json
from tests.fakes.original import MATRIX_RELEASE, OriginalJack
from tests.peer.support import ALICE, JSON, NOW, Liar, Shelf, client, liar, plain, web
from tests.support import MATRIX, PILOT, result_of

ID = MATRIX_RELEASE["id"]
DATA = bytes(range(256)) * 8


class Received(Protocol):
    """A body and how it ended."""

    def __init__(self) -> None:
        self.data = b""
        self.reason: Any = None

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Any = None) -> None:
        self.reason = reason


def received(remote: Any) -> bytes:
    receiver = Received()
    remote.deliver(receiver)
    assert receiver.reason.check(ResponseDone)
    return receiver.data


def original() -> OriginalJack:
    return OriginalJack([MATRIX_RELEASE], files={ID: DATA})


def says(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Liar:
    return Liar(lambda _: (status, headers or {}, body))


class TestHandshake:
    def test_with_ours(self):
        found = result_of(client(web(Shelf([])).outgoing()).handshake())
        assert (found.version, found.features) == ("0.1.0", {"query", "validators", "manifest", "catalogue", "extras"})

    def test_with_an_original(self):
        found = result_of(client(plain(original().resource())).handshake())
        assert (found.version, found.features) == ("0.1.0", frozenset())

    @pytest.mark.parametrize(
        "answer",
        [
            (404, JSON, b"{}"),
            (200, JSON, b"{}"),
            (200, JSON, b'{"name":"jack","version":"0.0.1"}'),
            (200, JSON, b"[[["),
            (200, JSON, b"[" * 200_000),
            (200, JSON, b'{"name":"jack","version":"' + b"1" * 300_000 + b'"}'),
        ],
    )
    def test_with_what_is_no_jack(self, answer):
        with pytest.raises(PeerError, match=r"incompatible|can't be read|too large"):
            result_of(client(plain(Liar(lambda _: answer))).handshake())

    def test_one_that_says_nothing_fails_after_ten_seconds(self):
        """F16"""
        clock = Clock()
        silent = Liar(lambda _: None)
        asked = Deferred.fromCoroutine(client(plain(silent, clock), clock).handshake())
        clock.advance(9.9)
        assert not asked.called
        clock.advance(0.1)
        with pytest.raises(PeerError):
            result_of(asked)


class TestHeaders:
    def test_the_key_cannot_be_replaced_by_configured_headers(self):
        alice = original()
        peer = evolve(ALICE, headers={"x-api-KEY": Secret("evil"), "CF-Access": Secret("yes"), "Host": Secret("x")})
        result_of(client(plain(alice.resource()), peer=peer).handshake())
        sent = alice.seen_headers[0]
        assert (sent["x-api-key"], sent["cf-access"], sent["host"]) == ("k", "yes", "alice.test:5225")

    def test_the_key_is_not_in_the_url(self):
        """S5, S28"""
        alice = liar(b'{"items":[]}')
        result_of(client(plain(alice)).search(Query(), extended=True))
        assert not any("apikey" in path for path in alice.asked)


class TestErrors:
    """F27 to F30"""

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, status):
        """F28: the second request would carry the key"""
        evil = says(status, {"location": "http://evil.test/"})
        peer = client(plain(evil))
        for call in (peer.handshake(), peer.search(Query(), extended=False), peer.item(ID), peer.open(ID)):
            with pytest.raises(PeerError, match="redirected"):
                result_of(call)
        assert len(evil.asked) == 4

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_refused_key(self, status):
        peer = client(plain(says(status)))
        for call in (peer.handshake(), peer.search(Query(), extended=False), peer.item(ID), peer.open(ID)):
            with pytest.raises(PeerRefused) as caught:
                result_of(call)
            assert caught.value.temporary

    @pytest.mark.parametrize("status", [404, 410])
    def test_an_item_that_is_gone(self, status):
        peer = client(plain(says(status)))
        for call in (peer.item(ID), peer.open(ID), peer.open(ID, start=5)):
            with pytest.raises(ItemGone) as caught:
                result_of(call)
            assert not caught.value.temporary

    @pytest.mark.parametrize(
        ("status", "temporary"), [(500, True), (502, True), (503, True), (429, True), (400, False)]
    )
    def test_what_may_be_tried_again(self, status, temporary):
        with pytest.raises(PeerError) as caught:
            result_of(client(plain(says(status, {"retry-after": "99999"}))).open(ID))
        assert caught.value.temporary is temporary
        assert caught.value.retry_after == (3600.0 if status in (429, 503) else None)

    @pytest.mark.parametrize(("place", "kind"), [("3", PeerBusy), ("x", PeerError), ("²", PeerError), ("", PeerError)])
    def test_a_place_in_the_queue(self, place, kind):
        """F30"""
        with pytest.raises(PeerError) as caught:
            result_of(client(plain(says(503, {"retry-after": "10", "x-queue-position": place}))).open(ID))
        assert (type(caught.value), caught.value.retry_after) == (kind, 10)

    def test_an_html_page_is_a_login_page(self):
        """F29"""
        page = says(200, {"content-type": "text/html; charset=utf-8"}, b"<html>")
        peer = client(plain(page))
        for call in (peer.handshake(), peer.search(Query(), extended=False), peer.item(ID), peer.open(ID)):
            with pytest.raises(PeerError, match="auth layer"):
                result_of(call)

    @pytest.mark.parametrize("kind", ["gzip", "br", "x-evil"])
    def test_a_content_encoding_is_refused(self, kind):
        """F27"""
        coded = says(200, {"content-type": "application/json", "content-encoding": kind}, b"{}")
        peer = client(plain(coded))
        for call in (peer.handshake(), peer.open(ID)):
            with pytest.raises(PeerError):
                result_of(call)
        assert {sent["accept-encoding"] for sent in coded.headers} == {"identity"}

    def test_retry_after_is_a_number_or_a_date_and_bounded(self):
        assert retry_after("7", NOW) == 7
        assert retry_after("Fri, 15 Jan 2027 08:00:30 GMT", NOW) == 30
        assert retry_after("Fri, 15 Jan 2010 08:00:30 GMT", NOW) == 0
        assert retry_after("9" * 400, NOW) == 3600
        for bad in (None, "", "soon", "-5", "Fri, 99 Foo", "٣"):
            assert retry_after(bad, NOW) is None


class TestSearch:
    def test_of_ours(self):
        shelf = Shelf([MATRIX, PILOT])
        page = result_of(client(web(shelf).outgoing()).search(Query(text="matrix"), extended=True))
        assert page.items == [MATRIX]

    def test_of_an_original(self):
        alice = OriginalJack([MATRIX_RELEASE])
        page = result_of(client(plain(alice.resource())).search(Query(ids=MediaIds(tmdb=603)), extended=False))
        assert page.items == [item_from_json(MATRIX_RELEASE)]
        assert alice.asked == [("/peer/search", {"tmdbId": "603"})]

    def test_a_million_items_are_refused(self):
        """S19"""
        body = b'{"items":[' + b",".join([b"{}"] * 1_500_000) + b"]}"
        with pytest.raises(PeerError, match="too large"):
            result_of(client(plain(liar(body))).search(Query(), extended=True))

    def test_no_more_than_a_page_is_read(self):
        body = b'{"items":[' + b",".join([b"{}"] * 5000) + b"]}"
        page = result_of(client(plain(liar(body))).search(Query(), extended=True))
        assert (page.count, page.items) == (1000, [])

    def test_what_is_no_page_is_an_error(self):
        for body in (b"", b"null", b"[" * 1_000_000):
            with pytest.raises(PeerError, match="can't be read"):
                result_of(client(plain(liar(body))).search(Query(), extended=True))


class TestItem:
    def test_of_ours_and_of_an_original(self):
        assert result_of(client(web(Shelf([MATRIX])).outgoing()).item(MATRIX.id)) == MATRIX
        assert result_of(client(plain(original().resource())).item(ID)).id == ID

    def test_another_item_than_asked_for_is_refused(self):
        other = says(200, JSON, b'{"id":"x:movie:9","title":"t","filename":"f","category":2000,"size":1}')
        assert result_of(client(plain(other)).item("x:movie:9")).size == 1
        with pytest.raises(PeerError, match="another"):
            result_of(client(plain(other)).item("x:movie:2"))


class TestOpen:
    def test_ours_from_the_beginning_and_in_the_middle(self, tmp_path):
        (tmp_path / MATRIX.filename).write_bytes(DATA)
        peer = client(web(Shelf([MATRIX], tmp_path)).outgoing())
        whole = result_of(peer.open(MATRIX.id))
        assert (whole.size, whole.start, whole.etag[0], received(whole)) == (len(DATA), 0, '"', DATA)
        rest = result_of(peer.open(MATRIX.id, start=100, etag=whole.etag))
        assert (rest.size, rest.start, rest.etag, received(rest)) == (len(DATA), 100, whole.etag, DATA[100:])

    def test_ours_after_the_file_was_replaced(self, tmp_path):
        """F31: the same size, so only the validator can tell"""
        (tmp_path / MATRIX.filename).write_bytes(DATA)
        peer = client(web(Shelf([MATRIX], tmp_path)).outgoing())
        etag = result_of(peer.open(MATRIX.id)).etag
        (tmp_path / "new").write_bytes(DATA[::-1])
        (tmp_path / "new").replace(tmp_path / MATRIX.filename)
        again = result_of(peer.open(MATRIX.id, start=100, etag=etag))
        assert (again.start, received(again)) == (0, DATA[::-1])
        assert again.etag not in (None, etag)

    def test_an_original_from_the_beginning_and_in_the_middle(self):
        peer = client(plain(original().resource()))
        whole = result_of(peer.open(ID))
        assert (whole.size, whole.start, whole.etag, received(whole)) == (len(DATA), 0, None, DATA)
        rest = result_of(peer.open(ID, start=100))
        assert (rest.size, rest.start, received(rest)) == (len(DATA), 100, DATA[100:])

    def test_an_original_cannot_prove_that_a_validated_file_is_the_same(self):
        """A friend who went back to the original: begin again rather than splice."""
        again = result_of(client(plain(original().resource())).open(ID, start=100, etag='"ours"'))
        assert (again.start, received(again)) == (0, DATA)

    def test_the_range_is_asked_for_with_its_validator(self):
        alice = Liar(lambda _: (200, {"content-type": "application/octet-stream"}, b"abc"))
        result_of(client(plain(alice)).open(ID, start=7, etag='"e"'))
        result_of(client(plain(alice)).open(ID))
        assert (alice.headers[0]["range"], alice.headers[0]["if-range"]) == ("bytes=7-", '"e"')
        assert not {"range", "if-range"} & set(alice.headers[1])
        assert alice.asked[0] == "/peer/items/1f0c3a52%3Amovie%3A12/file"

    def test_200_to_a_range_is_the_beginning(self):
        """F26"""
        remote = result_of(client(plain(says(200, {}, b"abcdef"))).open(ID, start=3))
        assert (remote.start, received(remote)) == (0, b"abcdef")

    @pytest.mark.parametrize(
        "content_range",
        ["bytes 2-5/6", "bytes 4-5/6", "bytes 3-4/6", "bytes 3-5/*", "bytes 3-5/7", "bytes */6", "", "bytes 3-9/10"],
    )
    def test_only_the_part_that_was_asked_for_is_a_continuation(self, content_range):
        """F26"""
        with pytest.raises(PeerError) as caught:
            result_of(client(plain(says(206, {"content-range": content_range}, b"def"))).open(ID, start=3))
        assert caught.value.temporary

    def test_a_part_that_nobody_asked_for_is_refused(self):
        """F26"""
        with pytest.raises(PeerError, match="not asked for"):
            result_of(client(plain(says(206, {"content-range": "bytes 0-2/3"}, b"abc"))).open(ID))

    def test_several_parts_at_once_are_refused(self):
        with pytest.raises(PeerError):
            result_of(client(plain(says(206, {"content-type": "multipart/byteranges"}, b"abc"))).open(ID, start=3))

    def test_a_206_of_another_file_is_asked_for_again_from_the_beginning(self):
        def answer(_: str) -> Any:
            if "range" in alice.headers[-1]:
                return 206, {"content-range": "bytes 3-5/6", "etag": '"new"'}, b"def"
            return 200, {"etag": '"new"'}, b"ABCDEF"

        alice = Liar(answer)
        remote = result_of(client(plain(alice)).open(ID, start=3, etag='"old"'))
        assert (remote.start, remote.etag, received(remote)) == (0, '"new"', b"ABCDEF")

    def test_416_when_everything_is_there_already(self):
        remote = result_of(client(plain(original().resource())).open(ID, start=len(DATA)))
        assert (remote.size, remote.start, received(remote)) == (len(DATA), len(DATA), b"")

    def test_416_because_the_file_is_shorter_now(self):
        remote = result_of(client(plain(original().resource())).open(ID, start=len(DATA) + 1))
        assert (remote.start, received(remote)) == (0, DATA)

    def test_a_file_that_is_larger_than_any_is_refused(self):
        """F24"""
        rest = {"content-range": f"bytes 3-{2**41 - 1}/{2**41}"}
        with pytest.raises(PeerError, match="size") as caught:
            result_of(client(plain(says(206, rest))).open(ID, start=3))
        assert not caught.value.temporary

    def test_a_weak_validator_is_none(self):
        assert result_of(client(plain(says(200, {"etag": 'W/"x"'}, b"abc"))).open(ID)).etag is None

    def test_one_that_says_nothing_fails_after_half_a_minute(self):
        """F16"""
        clock = Clock()
        opening = Deferred.fromCoroutine(client(plain(Liar(lambda _: None), clock), clock).open(ID))
        clock.advance(29.9)
        assert not opening.called
        clock.advance(0.1)
        with pytest.raises(PeerError) as caught:
            result_of(opening)
        assert caught.value.temporary

    def test_abort_is_fine_at_any_time(self):
        peer = client(plain(original().resource()))
        unread = result_of(peer.open(ID))
        unread.abort()
        unread.abort()
        read = result_of(peer.open(ID))
        received(read)
        read.abort()


class Chunked(Liar):
    """Announces no length: Twisted sends in chunks when nobody set one."""

    def render(self, request: Any) -> Any:
        request.setHeader("content-type", "application/octet-stream")
        request.write(b"abc")
        request.finish()
        return NOT_DONE_YET


def test_a_body_without_length_needs_a_size_from_elsewhere():
    """F22"""
    with pytest.raises(PeerError, match="size") as caught:
        result_of(client(plain(Chunked(lambda _: None))).open(ID))
    assert not caught.value.temporary
    remote = result_of(client(plain(Chunked(lambda _: None))).open(ID, announced=3))
    assert (remote.size, received(remote)) == (3, b"abc")
