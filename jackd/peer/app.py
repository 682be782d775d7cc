"""Serves friends: docs/peer-protocol.rst, the server's side."""

from __future__ import annotations

from typing import ClassVar

from attrs import evolve
from twisted.internet.interfaces import IReactorTime
from twisted.web.resource import IResource
from twisted.web.server import Request

from jackd import __version__
from jackd.model.errors import Forbidden, JackError, NotFound, Unauthorized
from jackd.peer.feed import CONTENT_TYPE, read_wanted, write_feed
from jackd.peer.manifest import write_manifest
from jackd.peer.page import write_page
from jackd.peer.query import read_parameters
from jackd.peer.wire import handshake_to_json, is_item_id, item_to_json
from jackd.ports import Feed, Manifests, Mints, Shared, Views
from jackd.storage.threads import Workers
from jackd.web.auth import Account, Keys, Scope
from jackd.web.files import Files
from jackd.web.request import Head, JackRequest
from jackd.web.router import Router, json_error, json_reply, reply
from jackd.web.sending import Sender
from jackd.web.uploads import Uploads

COMPUTING_SECONDS = 2
"""What somebody is told to wait who asks for a manifest that is not ready."""


class PeerApp:
    """
    ``/handshake`` and ``/peer/*``.

    :param views: what each friend may know of.
    :param disk: reads the files, and writes the JSON of long answers.
    :param sender: how a file's bytes are sent, where not by the way that works everywhere.
    :param uploads: counts and limits all reading of files.
    """

    router: ClassVar[Router] = Router()

    def __init__(
        self,
        *,
        views: Views,
        feed: Feed,
        manifests: Manifests,
        keys: Keys,
        mint: Mints,
        disk: Workers,
        clock: IReactorTime,
        sender: Sender | None = None,
        uploads: Uploads | None = None,
        version: str = __version__,
    ) -> None:
        self._views = views
        self._feed = feed
        self._manifests = manifests
        self._keys = keys
        self._workers = disk
        self._version = version
        self.files = Files(workers=disk, mint=mint, clock=clock, sender=sender, uploads=uploads)

    def resource(self) -> IResource:
        return self.router.resource()

    def admit(self, head: Head) -> Account:
        """The key is looked for where the original looks: ``?apikey=`` first, then ``X-Api-Key``."""
        account = self._keys.account(head.query.get("apikey") or head.headers.get("x-api-key", ""))
        if account is None:
            raise Unauthorized
        if Scope.PEER not in account.scopes:
            raise Forbidden
        return account

    def errors(self, request: Request, error: JackError) -> bytes:
        return json_error(request, error)

    @router.route("/handshake", methods=["GET"])
    def handshake(self, request: JackRequest) -> bytes:
        """Who we are and what we can."""
        return json_reply(request, handshake_to_json(self._version))

    @router.route("/peer/search", methods=["GET"])
    async def search(self, request: JackRequest) -> bytes:
        """What we share that answers the question."""
        asked = read_parameters(request.head.query)
        items = await self._shared(request).search(asked.query, limit=asked.limit, offset=asked.offset)
        return reply(request, await self._workers.run(write_page, items), "application/json")

    @router.route("/peer/catalogue", methods=["GET"])
    async def catalogue(self, request: JackRequest) -> bytes:
        """What has changed since the client asked last, perhaps after a wait."""
        assert request.account is not None
        wanted = read_wanted(request.head.query)
        page = await self._feed.changes(wanted.since, viewer=request.account.peer, limit=wanted.limit, wait=wanted.wait)
        return reply(request, await self._workers.run(write_feed, page), CONTENT_TYPE)

    @router.route("/peer/items/<item_id>", methods=["GET"])
    async def item(self, request: JackRequest, item_id: str) -> bytes:
        """One item, and what lies beside its file now."""
        shared = self._shared(request)
        item = await shared.item(_checked(item_id))
        return json_reply(request, item_to_json(evolve(item, extras=await shared.extras(item_id))))

    @router.route("/peer/items/<item_id>/file", methods=["GET"])
    async def file(self, request: JackRequest, item_id: str) -> bytes:
        """Its bytes, or those of an extra; Klein answers HEAD with the same handler."""
        return await self.files.serve(request, await self._shared(request).locate(_checked(item_id)))

    @router.route("/peer/items/<item_id>/manifest", methods=["GET"])
    async def manifest(self, request: JackRequest, item_id: str) -> bytes:
        """What its bytes must be; 202 as long as that is not known."""
        location = await self._shared(request).locate(_checked(item_id))
        manifest = await self._manifests.of(location, who=request.account.name if request.account else "")
        if manifest is None:
            request.setHeader("retry-after", str(COMPUTING_SECONDS))
            return json_reply(request, {"status": "computing"}, 202)
        request.setHeader("etag", manifest.etag)
        return reply(request, await self._workers.run(write_manifest, manifest), "application/json")

    def _shared(self, request: JackRequest) -> Shared:
        """What the caller may know of."""
        return self._views.of(request.account.peer if request.account else None)


def _checked(item_id: str) -> str:
    """What has not even the form of an id is not asked for; the answer is the same as to an unknown one (S9)."""
    if not is_item_id(item_id):
        raise NotFound
    return item_id
