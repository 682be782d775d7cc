"""The operators' routes: is it alive, what does it share, how are the servers and the friends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from twisted.web.resource import IResource
from twisted.web.server import Request

from jackd.model.errors import BadRequest, Forbidden, JackError, Unauthorized
from jackd.model.search import Query
from jackd.model.server import ServerState
from jackd.ops import wire
from jackd.ops.reload import ConfigState
from jackd.ports import Downloads, PeerNetwork, Shared
from jackd.storage.history import HistoryStore
from jackd.web.auth import Account, Keys, Scope
from jackd.web.request import Head, JackRequest
from jackd.web.router import Router, json_error, json_reply, reply
from jackd.web.uploads import Uploads

OPEN = frozenset({"/", "/ping"})
DEFAULT_ITEMS = 50
MAX_ITEMS = 100
MAX_OFFSET = 1_000_000
MAX_DOWNLOADS = 1000
"""In one answer; their JSON is made at once."""

DEFAULT_LINES = 50
MAX_LINES = 500
"""Of the history."""

MAX_ID = 999_999_999
MAX_WORDS = 200
"""Characters of a search."""


class OperatorApp:
    """
    ``/ping`` for everybody; ``/servers``, ``/items``, ``/peers``, ``/uploads``, ``/downloads``, ``/history`` and what
    is below them for the operator's key, in ``X-Api-Key`` or ``apikey=``. As the last mount it answers for all paths
    that nobody else has: 401 to strangers, who so can't tell what exists, and 404 to the operator (S1).
    """

    router: ClassVar[Router] = Router()

    def __init__(
        self,
        *,
        keys: Keys,
        servers: Sequence[ServerState],
        shared: Shared,
        network: PeerNetwork,
        uploads: Uploads,
        downloads: Downloads | None,
        history: HistoryStore,
        config: ConfigState,
        version: str,
    ) -> None:
        self._uploads = uploads
        self._downloads = downloads
        self._history = history
        self._config = config
        self._keys = keys
        self._servers = servers
        self._shared = shared
        self._network = network
        self._version = version

    def resource(self) -> IResource:
        """See :class:`~jackd.web.site.App`."""
        return self.router.resource()

    def admit(self, head: Head) -> Account | None:
        """The operator, or anybody on the open routes."""
        if head.path in OPEN:
            return None
        account = self._keys.account(head.headers.get("x-api-key") or head.query.get("apikey", ""))
        if account is None:
            raise Unauthorized
        if Scope.OPERATOR not in account.scopes:
            raise Forbidden
        return account

    def errors(self, request: Request, error: JackError) -> bytes:
        """``{"error": …, "code": …}``."""
        return json_error(request, error)

    @router.route("/", methods=["GET"])
    def root(self, request: JackRequest) -> bytes:
        """For who opens it in a browser."""
        return reply(request, "jack is running.\n", "text/plain; charset=utf-8")

    @router.route("/ping", methods=["GET"])
    def ping(self, request: JackRequest) -> bytes:
        """Alive; says nothing else, as anybody may ask."""
        return json_reply(request, {"status": "OK"})

    @router.route("/servers", methods=["GET"])
    def servers(self, request: JackRequest) -> bytes:
        """The configured servers."""
        return json_reply(request, {"version": self._version, "servers": [wire.server(s) for s in self._servers]})

    @router.route("/servers/health", methods=["GET"])
    def health(self, request: JackRequest) -> bytes:
        """How they are doing, and the configuration; ``status`` is ``OK`` when nothing has an error."""
        status = "DEGRADED" if self._config.errors or any(s.error for s in self._servers) else "OK"
        servers = [wire.health(s) for s in self._servers]
        return json_reply(request, {"status": status, "servers": servers, "configuration": wire.config(self._config)})

    @router.route("/items", methods=["GET"])
    async def items(self, request: JackRequest) -> bytes:
        """What this jack shares: ``searchTerm``, ``offset``, ``limit``; newest first."""
        query = request.head.query
        limit = _number(query, "limit", DEFAULT_ITEMS, MAX_ITEMS)
        offset = _number(query, "offset", 0, MAX_OFFSET)
        term = query.get("searchTerm", "")
        if len(term) > MAX_WORDS:
            raise BadRequest(f"searchTerm may have {MAX_WORDS} characters")
        found = await self._shared.search(Query(text=term), limit=limit, offset=offset)
        return json_reply(request, {"items": [wire.item(i) for i in found], "offset": offset, "limit": limit})

    @router.route("/peers", methods=["GET"])
    def peers(self, request: JackRequest) -> bytes:
        """How each friend is doing."""
        return json_reply(request, {"peers": [wire.peer(status) for status in self._network.statuses()]})

    @router.route("/uploads", methods=["GET"])
    def uploads(self, request: JackRequest) -> bytes:
        """What friends read now; speeds in bytes/s."""
        found = self._uploads
        uploads = [wire.upload(upload) for upload in found.current()]
        return json_reply(request, {"uploads": uploads, "speed": int(found.speed), "waiting": found.slots.waiting})

    @router.route("/downloads", methods=["GET"])
    def downloads(self, request: JackRequest) -> bytes:
        """The queue in its order: ``offset``, ``limit``; speeds in bytes/s."""
        query = request.head.query
        limit = _number(query, "limit", MAX_DOWNLOADS, MAX_DOWNLOADS)
        offset = _number(query, "offset", 0, MAX_OFFSET)
        found = self._downloads.list() if self._downloads else []
        owners = {server.id: server.name for server in self._servers}
        page = [wire.download(d, owners) for d in found[offset : offset + limit]]
        speed = int(sum(d.speed for d in found))
        return json_reply(request, {"downloads": page, "total": len(found), "speed": speed})

    @router.route("/history", methods=["GET"])
    async def history(self, request: JackRequest) -> bytes:
        """
        What became of downloads, and what friends fetched, newest first: ``direction`` (``fetched``, ``shared``),
        ``limit``, and ``before``, the ``id`` of the last line of the page before.
        """
        query = request.head.query
        limit = _number(query, "limit", DEFAULT_LINES, MAX_LINES)
        before = _number(query, "before", 0, MAX_ID) or None
        records = await self._history.page(limit=limit, before=before, shared=_shared(query.get("direction", "")))
        return json_reply(request, {"history": [wire.record(r) for r in records], "limit": limit})

    @router.route("/history/friends", methods=["GET"])
    async def totals(self, request: JackRequest) -> bytes:
        """What each friend gave and took, as far as the history goes back."""
        return json_reply(request, {"friends": [wire.total(t) for t in await self._history.totals()]})


def _shared(direction: str) -> bool | None:
    if direction not in ("", "fetched", "shared"):
        raise BadRequest("direction must be fetched or shared")
    return direction == "shared" if direction else None


def _number(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(f"{name} must be a number from 0 to {most}")
    return min(int(text), most)
