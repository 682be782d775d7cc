"""The indexer: ``/torznab/api`` and the links to stub torrents."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import quote, unquote

from attrs import frozen
from twisted.logger import Logger
from twisted.web.resource import IResource
from twisted.web.server import Request

from jackd.model.errors import (
    Forbidden,
    JackError,
    NotFound,
    PeerError,
    TooManyTries,
    Unauthorized,
    UnsupportedMedia,
)
from jackd.model.item import Item
from jackd.model.release import Release, split_guid
from jackd.ports import Mints, PeerNetwork
from jackd.storage.threads import InlineWorkers, Workers, workers_for
from jackd.torrent.stub import MAX_SIZE, Stubs
from jackd.torznab import documents
from jackd.torznab.categories import is_wanted
from jackd.torznab.wire import FUNCTIONS, OTHER_MEDIA, Search, TorznabError, read_search
from jackd.web.auth import Account, Keys, Scope
from jackd.web.request import Head, JackRequest
from jackd.web.router import Router, reply

log = Logger(namespace="jackd.torznab")

PREFIX = "/torznab"
MAX_ID = 500
"""Characters; even if each is quoted as several, the link stays within the limit of a URL."""

MAX_WRITTEN = 20
"""The last answers, kept as they were written: a network in which nothing is new gives the very same releases again."""

_DOWNLOAD = f"{PREFIX}/download/"
_SUFFIX = ".torrent"
_PURPOSE = "download"
_BAD_KEY, _TOO_OFTEN, _BUG = 100, 500, 900
_OPEN = Account(name="link", scopes=frozenset())


@frozen
class Wanted:
    """Picks the items of some categories (none: of all) for which a stub can be made: they are friends' text (S15)."""

    categories: frozenset[int]

    def __call__(self, item: Item) -> bool:
        can_be_offered = 0 < item.size <= MAX_SIZE and len(item.id) <= MAX_ID and documents.is_clean(item.id)
        return can_be_offered and is_wanted(item, self.categories)


class TorznabApp:
    """
    Speaks Torznab to the owner's *arrs and other tools.

    Searches need a key and are always answered with HTTP 200: clients put an indexer to sleep for any other status
    and don't read its body. Links need none: each carries a signature of its own guid, and no key (S5).

    :param workers: write the feeds, a page of which takes milliseconds.
    """

    router: ClassVar[Router] = Router()

    def __init__(
        self,
        *,
        network: PeerNetwork,
        keys: Keys,
        mint: Mints,
        stubs: Stubs,
        base_url: str,
        workers: Workers | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._network = network
        self._keys = keys
        self._mint = mint
        self._stubs = stubs
        self._base_url = base_url.rstrip("/")
        self._workers = workers or InlineWorkers()
        self._now = now
        self._written: OrderedDict[Search, tuple[Sequence[Release], str]] = OrderedDict()
        self._resource: IResource = self.router.resource()

    def resource(self) -> IResource:
        return self._resource

    def admit(self, head: Head) -> Account | None:
        if head.path.startswith(_DOWNLOAD):
            return self._admit_link(head)
        account = self._keys.account(head.query.get("apikey") or head.headers.get("x-api-key", ""))
        if account is None:
            raise Unauthorized("Incorrect user credentials")
        if Scope.TORZNAB not in account.scopes:
            raise Forbidden("The key is not for the indexer")
        return account

    def _admit_link(self, head: Head) -> Account:
        if not self._mint.verify(_PURPOSE, _guid(head.path), head.query.get("token", "")):
            raise NotFound
        return _OPEN

    def errors(self, request: Request, error: JackError) -> bytes:
        if request.path.startswith(_DOWNLOAD.encode()):
            return reply(request, f"{error}\n", "text/plain; charset=utf-8", error.status)
        return reply(request, documents.error(_number(error), str(error)), documents.CONTENT_TYPE, _status(error))

    @router.route(PREFIX, methods=["GET"])
    @router.route(f"{PREFIX}/", methods=["GET"])
    @router.route(f"{PREFIX}/api", methods=["GET"])
    @router.route(f"{PREFIX}/api/", methods=["GET"])
    async def api(self, request: JackRequest) -> bytes:
        """``t=caps`` and the searches."""
        function = request.head.query.get("t", "").strip().lower()
        if not function:
            raise TorznabError(200, "Missing parameter (t)")
        if function == "caps":
            return reply(request, documents.capabilities(), documents.CONTENT_TYPE)
        if function not in FUNCTIONS and function not in OTHER_MEDIA:
            raise TorznabError(202, f"No such function ({function[:32]})")
        return reply(request, await self._answer(read_search(request.head.query)), documents.CONTENT_TYPE)

    async def _answer(self, search: Search) -> str:
        found = await self._find(search)
        known = self._written.get(search)
        if known is None or known[0] is not found:
            workers = workers_for(len(found), self._workers)
            known = (found, await workers.run(self._write, search, found))
        self._written[search] = known
        self._written.move_to_end(search)
        if len(self._written) > MAX_WRITTEN:
            self._written.popitem(last=False)
        return known[1]

    def _write(self, search: Search, found: Sequence[Release]) -> str:
        page = found[: search.limit]
        log.debug("{query}: {page} shown from {offset} on", query=search.query, page=len(page), offset=search.offset)
        return documents.feed(
            page,
            offset=search.offset,
            total=search.offset + len(found),
            base_url=self._base_url,
            now=datetime.fromtimestamp(self._now(), UTC),
            link=self._link,
        )

    async def _find(self, search: Search) -> Sequence[Release]:
        """Newest first: the page, and one more if there is one, for clients ask on until a page is not full (F40)."""
        if search.query is None:
            return []
        return await self._network.search(
            search.query, limit=search.limit + 1, offset=search.offset, wanted=Wanted(search.categories)
        )

    def _link(self, release: Release) -> str:
        """The same for an offer as long as the install's secret is: the *arrs know by it what they saw before."""
        token = self._mint.sign(_PURPOSE, release.guid)
        return f"{self._base_url}{_DOWNLOAD}{quote(release.guid, safe='')}{_SUFFIX}?token={token}"

    @router.route(f"{_DOWNLOAD}<path:name>", methods=["GET"])
    async def download(self, request: JackRequest, name: str) -> bytes:
        """
        A new stub for the offer. Whatever stands in the way is 404 (F65): an *arr then drops this release and takes
        the next, where any other status would put the whole indexer to sleep for one friend who is away.
        """
        release = await self._offered(_guid(request.head.path))
        try:
            stub = self._stubs.make(release)
        except UnsupportedMedia as error:
            raise NotFound(str(error)) from None
        title = release.title
        log.info("{title} of {peer} is wanted", title=title, peer=release.peer_name)
        request.setHeader("content-disposition", attachment(f"{title}{_SUFFIX}"))
        request.setHeader("cache-control", "no-store")
        request.setHeader("referrer-policy", "no-referrer")
        return reply(request, stub, documents.TORRENT_TYPE)

    async def _offered(self, guid: str) -> Release:
        parts = split_guid(guid)
        if parts is None:
            raise NotFound
        try:
            return await self._network.release(*parts)
        except PeerError as error:
            log.info("{guid} can't be had now: {reason}", guid=guid, reason=str(error))
            raise NotFound(f"not available now: {error}") from None


def attachment(name: str) -> str:
    """``Content-Disposition`` for a file called ``name`` (RFC 6266): plain ASCII, and the whole name beside it."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-()[]+,!") else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"


def _guid(path: str) -> str:
    """The guid that a link's path names: quoted whole, so that no character of an id is taken for a separator."""
    return unquote(path.removeprefix(_DOWNLOAD).removesuffix(_SUFFIX))


def _number(error: JackError) -> int:
    if isinstance(error, TorznabError):
        return error.number
    if isinstance(error, Unauthorized | Forbidden):
        return _BAD_KEY
    if isinstance(error, TooManyTries):
        return _TOO_OFTEN
    return 201 if error.status < 500 else _BUG


def _status(error: JackError) -> int:
    """404 and 405 tell that it was no request for an answer in XML, 429 to slow down; all else is told in the body."""
    return error.status if error.status in (404, 405, 429) else 200
