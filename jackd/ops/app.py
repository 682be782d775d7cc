"""The operators' routes: is it alive, what does it share, how are the servers and the friends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from twisted.web.resource import IResource
from twisted.web.server import Request

from jackd.model.errors import BadRequest, Forbidden, JackError, Unauthorized
from jackd.model.item import Item, Kind
from jackd.model.peer import PeerStatus
from jackd.model.search import Query
from jackd.model.server import ServerState
from jackd.ops.redact import masked
from jackd.ports import PeerNetwork, Shared
from jackd.web.auth import Account, Keys, Scope
from jackd.web.request import Head, JackRequest
from jackd.web.router import Router, json_error, json_reply, reply
from jackd.web.uploads import Upload, Uploads

OPEN = frozenset({"/", "/ping"})
DEFAULT_ITEMS = 50
MAX_ITEMS = 100
MAX_OFFSET = 1_000_000
MAX_WORDS = 200
"""Characters of a search."""

_CATEGORIES = {Kind.MOVIE: 2000, Kind.EPISODE: 5000}


class OperatorApp:
    """
    ``/ping`` for everybody; ``/servers``, ``/servers/health``, ``/items``, ``/peers`` and ``/uploads`` for the
    operator's key, in ``X-Api-Key`` or ``apikey=``. As the last mount it also answers for all paths that nobody else
    has: 401 to strangers, who so can't tell what exists, and 404 to the operator (S1).
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
        version: str,
    ) -> None:
        self._uploads = uploads
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
        return json_reply(request, {"version": self._version, "servers": [_server(s) for s in self._servers]})

    @router.route("/servers/health", methods=["GET"])
    def health(self, request: JackRequest) -> bytes:
        """How they are doing; ``status`` is ``OK`` when none has an error."""
        status = "DEGRADED" if any(s.error for s in self._servers) else "OK"
        return json_reply(request, {"status": status, "servers": [_health(s) for s in self._servers]})

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
        return json_reply(request, {"items": [_item(i) for i in found], "offset": offset, "limit": limit})

    @router.route("/peers", methods=["GET"])
    def peers(self, request: JackRequest) -> bytes:
        """How each friend is doing."""
        return json_reply(request, {"peers": [_peer(status) for status in self._network.statuses()]})

    @router.route("/uploads", methods=["GET"])
    def uploads(self, request: JackRequest) -> bytes:
        """What friends read now; speeds in bytes/s."""
        found = self._uploads
        uploads = [_upload(upload) for upload in found.current()]
        return json_reply(request, {"uploads": uploads, "speed": int(found.speed), "waiting": found.slots.waiting})


def _number(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(f"{name} must be a number from 0 to {most}")
    return min(int(text), most)


def _server(state: ServerState) -> dict[str, Any]:
    return {
        "id": state.id,
        "name": state.name,
        "type": state.type,
        "url": masked(state.url),
        "source": state.source,
        "destination": state.destination,
    }


def _health(state: ServerState) -> dict[str, Any]:
    return {
        "id": state.id,
        "name": state.name,
        "type": state.type,
        "healthy": state.error is None,
        "version": state.version,
        "libraryError": state.library_error,
        "registrationError": state.registration_error,
        "items": state.items,
        "readAt": state.read_at,
    }


def _peer(status: PeerStatus) -> dict[str, Any]:
    return {
        "id": status.peer.id,
        "name": status.peer.name,
        "url": masked(status.peer.url),
        "reachable": status.reachable,
        "version": status.version,
        "features": sorted(status.features),
        "error": status.error,
    }


def _upload(upload: Upload) -> dict[str, Any]:
    return {
        "account": upload.who,
        "client": upload.client,
        "file": upload.file,
        "size": upload.size,
        "sent": upload.flow.moved,
        "speed": int(upload.speed),
    }


def _item(item: Item) -> dict[str, Any]:
    """The names that friends' jacks use too; what is not known is left out."""
    known = {
        "id": item.id,
        "title": item.title,
        "filename": item.filename,
        "category": _CATEGORIES[item.kind],
        "size": item.size,
        "imdbId": item.ids.imdb,
        "tmdbId": item.ids.tmdb,
        "tvdbId": item.ids.tvdb,
        "quality": item.quality.name if item.quality else None,
        "name": item.name,
        "year": item.year,
        "season": item.season,
        "episodes": list(item.episodes) or None,
        "publishDate": item.published.isoformat(),
    }
    return {name: value for name, value in known.items() if value is not None}
