"""Speaks to one friend's jack."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as StillWaiting
from twisted.internet.interfaces import IReactorTime
from twisted.web.iweb import IResponse

from jackd.model.errors import AnotherFile, PeerError
from jackd.model.feed import Changes
from jackd.model.item import Item
from jackd.model.manifest import Manifest
from jackd.model.peer import Peer
from jackd.model.search import Query
from jackd.peer import feed
from jackd.peer.answers import header, refuse, require_json, retry_after
from jackd.peer.manifest import BadManifest, max_body, read_manifest
from jackd.peer.page import MAX_BODY, MAX_ORIGINAL_BODY, MAX_ORIGINAL_ITEMS, BadPage, Page, read_json, read_page
from jackd.peer.query import PAGE, parameters
from jackd.peer.remote import OpenedFile, StartAgain, judged
from jackd.peer.wire import BadItem, Handshake, handshake_from_json, item_from_json
from jackd.storage.threads import Workers
from jackd.web.outgoing import Answer, CallFailed, Outgoing, discard

SHORT_SECONDS = 10.0
"""For the handshake and for one item."""

SEARCH_SECONDS = 30.0
"""An original jack asks its *arr for everything while we wait."""

HEAD_SECONDS = 30.0
"""From the request for a file to the head of the answer (F16)."""

CATALOGUE_SECONDS = 60.0
"""For a page of the catalogue, beside what the server was asked to wait."""

MANIFEST_SECONDS = 60.0
"""It comes beside the file, over the same line."""

MAX_SMALL_BODY = 262_144

_RESERVED = frozenset(
    ("x-api-key", "host", "content-length", "connection", "transfer-encoding", "accept-encoding", "range", "if-range")
)
"""Headers that the configuration can't set."""


class PeerClient:
    """
    One friend's routes.

    :param workers: parse what he answers.
    :param streams: makes the calls for files, when not ``outgoing`` does.
    :param now: Unix seconds, for dates in ``Retry-After``.
    """

    def __init__(
        self,
        *,
        outgoing: Outgoing,
        peer: Peer,
        workers: Workers,
        clock: IReactorTime,
        streams: Outgoing | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.peer = peer
        self._outgoing = outgoing
        self._streams = streams or outgoing
        self._workers = workers
        self._clock = clock
        self._now = now

    async def handshake(self) -> Handshake:
        """Raises ``PeerError``, also for what is no jack or one too old."""
        answer = await self._get("/handshake", timeout=SHORT_SECONDS, limit=MAX_SMALL_BODY)
        if answer.status == 404:
            raise PeerError("incompatible: no jack answers at this address, or one before version 0.1.0")
        found = handshake_from_json(self._json(answer))
        if found is None:
            raise PeerError("incompatible: what answers is no jack of version 0.1.0 or later")
        return found

    async def search(self, query: Query, *, extended: bool) -> Page:
        """
        The items that the peer gives for ``query``, whatever they are: the caller checks that they fit.

        :param extended: whether the peer has the feature ``query``.
        """
        limit = MAX_BODY if extended else MAX_ORIGINAL_BODY
        sent = parameters(query, extended=extended)
        answer = await self._get("/peer/search", sent, timeout=SEARCH_SECONDS, limit=limit)
        self._check(answer, item=False)
        try:
            return await self._workers.run(read_page, answer.body, PAGE if extended else MAX_ORIGINAL_ITEMS)
        except BadPage as error:
            raise PeerError(f"the peer's answer can't be read: {error}") from None

    async def catalogue(self, since: str, *, wait: int = 0) -> bytes:
        """
        What changed after the cursor ``since``, for :meth:`changes`; see docs/peer-protocol.rst. Raises ``PeerError``.

        :param wait: seconds that the peer may take until there is something to tell.
        """
        sent = {name: value for name, value in (("since", since), ("wait", str(wait or ""))) if value}
        answer = await self._get("/peer/catalogue", sent, timeout=CATALOGUE_SECONDS + wait, limit=feed.MAX_BODY)
        if answer.status != 200:
            refuse(answer.status, answer.headers, now=self._now(), item=False)
        return answer.body

    async def changes(self, catalogue: bytes) -> Changes:
        """What is in an answer of :meth:`catalogue`: much larger. Raises ``PeerError``."""
        try:
            return await self._workers.run(feed.read_feed, catalogue)
        except feed.BadFeed as error:
            raise PeerError(f"the peer's catalogue can't be read: {error}") from None

    async def item(self, item_id: str) -> Item:
        """Raises ``ItemGone`` and other ``PeerError``."""
        answer = await self._get(f"/peer/items/{quote(item_id, safe='')}", timeout=SHORT_SECONDS, limit=MAX_SMALL_BODY)
        try:
            item = item_from_json(self._json(answer, item=True))
        except BadItem:
            raise PeerError("the peer's item can't be read", temporary=False) from None
        if item.id != item_id:
            raise PeerError("the peer answered with another item", temporary=False)
        return item

    async def manifest(self, item_id: str, size: int) -> Manifest | None:
        """
        ``None`` for 404. Raises ``PeerError``; with ``retry_after`` when it is still being computed.

        :param size: of the file, as it was offered.
        """
        path = f"/peer/items/{quote(item_id, safe='')}/manifest"
        answer = await self._get(path, timeout=MANIFEST_SECONDS, limit=max_body(size))
        if answer.status == 404:
            return None
        if answer.status == 202:
            wait = retry_after(header(answer.headers, "retry-after"), self._now())
            raise PeerError("the peer still computes the manifest", retry_after=wait)
        self._check(answer, item=True)
        try:
            return await self._workers.run(read_manifest, answer.body)
        except BadManifest as error:
            raise PeerError(f"the peer's manifest can't be used: {error}", temporary=False) from None

    async def open(
        self,
        item_id: str,
        *,
        start: int = 0,
        stop: int | None = None,
        etag: str | None = None,
        announced: int | None = None,
    ) -> OpenedFile:
        """
        The file from ``start`` on if it is still the one with ``etag``, else from the beginning.

        :param stop: only the bytes before this offset; then nothing else will do.
        :param announced: the item's size, in case the answer has none.
        """
        try:
            return await self._open(item_id, start, stop, etag, announced)
        except StartAgain:
            if stop is not None:
                raise AnotherFile from None
            return await self._open(item_id, 0, None, None, announced)

    async def _open(
        self, item_id: str, start: int, stop: int | None, etag: str | None, announced: int | None
    ) -> OpenedFile:
        headers = self._headers()
        if start or stop:
            headers["Range"] = f"bytes={start}-{stop - 1 if stop else ''}"
            if etag is not None:
                headers["If-Range"] = etag
        response = await self._head(f"{self.peer.url}/peer/items/{quote(item_id, safe='')}/file", headers)
        try:
            return judged(response, start=start, stop=stop, etag=etag, announced=announced, now=self._now())
        except BaseException:
            discard(response)
            raise

    async def _head(self, url: str, headers: Mapping[str, str]) -> IResponse:
        opening: Deferred[IResponse] = Deferred.fromCoroutine(self._streams.open("GET", url, headers=headers))
        try:
            return await opening.addTimeout(HEAD_SECONDS, self._clock)
        except CallFailed as error:
            raise PeerError(str(error)) from None
        except StillWaiting:
            raise PeerError("no answer in time") from None
        except CancelledError:
            raise
        except Exception as error:
            raise PeerError(f"no answer: {type(error).__name__}") from None

    async def _get(self, path: str, params: Mapping[str, str] | None = None, *, timeout: float, limit: int) -> Answer:
        url = self.peer.url + path
        try:
            return await self._outgoing.call(
                "GET", url, headers=self._headers(), params=params, timeout=timeout, limit=limit
            )
        except CallFailed as error:
            raise PeerError(str(error)) from None

    def _headers(self) -> dict[str, str]:
        extra = {k: v.reveal() for k, v in self.peer.headers.items() if k.lower() not in _RESERVED}
        return {**extra, "X-Api-Key": self.peer.key.reveal()}

    def _json(self, answer: Answer, *, item: bool = False) -> Any:
        self._check(answer, item=item)
        try:
            return read_json(answer.body)
        except BadPage as error:
            raise PeerError(f"the peer's answer can't be read: {error}") from None

    def _check(self, answer: Answer, *, item: bool) -> None:
        if answer.status != 200:
            refuse(answer.status, answer.headers, now=self._now(), item=item)
        require_json(answer.headers)
