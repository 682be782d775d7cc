"""The WebUI API on jack's listener: logging in and out, and the table of all other calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import ClassVar

from twisted.logger import Logger
from twisted.web import server
from twisted.web.resource import IResource

from jackd.model.errors import BadRequest, JackError, MethodNotAllowed, NotFound
from jackd.model.paths import PathMap
from jackd.ports import Downloads, Mints, PeerNetwork
from jackd.qbittorrent.absent import Absent
from jackd.qbittorrent.adding import Adding
from jackd.qbittorrent.admission import Admission, permitted, refuse_foreign
from jackd.qbittorrent.calls import Action, Answer, Call
from jackd.qbittorrent.categories import Categories, Server
from jackd.qbittorrent.free_space import FreeSpace
from jackd.qbittorrent.preferences import Program
from jackd.qbittorrent.queue import Queue
from jackd.qbittorrent.session import Bans, Sessions, tokens
from jackd.qbittorrent.sync import Sync
from jackd.qbittorrent.tags import Tags
from jackd.qbittorrent.torrents import Changing, Limits, Reading, Unsupported
from jackd.qbittorrent.transfer import Transfer
from jackd.qbittorrent.wire import View
from jackd.storage.labels import Labels
from jackd.storage.threads import InlineWorkers, Workers
from jackd.torrent.stub import Stubs
from jackd.web.auth import Account, Keys
from jackd.web.forms import read_form
from jackd.web.request import Head, JackRequest
from jackd.web.router import Router, json_reply, reply
from jackd.web.speed import SpeedLimits
from jackd.web.uploads import Uploads

log = Logger(namespace="jackd.qbittorrent")

TEXT = "text/plain; charset=UTF-8"
LOGIN, LOGOUT = "/api/v2/auth/login", "/api/v2/auth/logout"
MAX_LOGGED_NAME = 100


class QBittorrentApp:
    """
    An :class:`~jackd.web.site.App` for ``/api/v2`` and, for clients that look whether anybody is there, ``/``.

    :param servers: the *arrs by id; each has its own category and its own names for jack's folders.
    :param completed_path: where finished grabs go.
    :param speed: the limits of all transfers together.
    :param uploads: what friends read now.
    :param disk: where the file system is asked how much room there is.
    """

    router: ClassVar[Router] = Router()
    router.url_map.merge_slashes = False  # qBittorrent answers 404 where Werkzeug would redirect

    def __init__(
        self,
        *,
        downloads: Downloads,
        network: PeerNetwork,
        keys: Keys,
        mint: Mints,
        stubs: Stubs,
        labels: Labels,
        completed_path: str,
        servers: Mapping[str, Server],
        now: Callable[[], float] = time.time,
        disk: Workers | None = None,
        speed: SpeedLimits,
        uploads: Uploads,
    ) -> None:
        self._keys = keys
        self._servers = servers
        self._now = now
        self._sessions = Sessions(keys, mint, now)
        self._bans = Bans(now)
        self._admission = Admission(keys, self._sessions)
        queue = Queue(downloads)
        tags = Tags(labels, downloads, queue)
        categories = Categories(labels, downloads, queue, servers, completed_path)
        free = FreeSpace(completed_path, disk or InlineWorkers(), now)
        transfer = Transfer(queue, speed, uploads)
        areas = (
            Program(completed_path),
            Reading(queue),
            Changing(downloads, queue),
            Unsupported(queue),
            Adding(downloads, network, mint, stubs, categories, tags),
            categories,
            tags,
            Sync(queue, categories, tags, free, transfer),
            transfer,
            Limits(downloads, queue),
            Absent(),
        )
        self._actions: dict[str, Action] = {}
        for area in areas:
            self._actions.update(area.actions.of(area))

    def resource(self) -> IResource:
        """See :class:`~jackd.web.site.App`."""
        return self.router.resource()

    def admit(self, head: Head) -> Account | None:
        """Everything but logging in needs a session or a key; unknown paths too."""
        if head.path == "/":
            return None
        if head.path == LOGIN:
            refuse_foreign(head)
            return None
        return self._admission.admit(head)

    def errors(self, request: server.Request, error: JackError) -> bytes:
        """The error's own text, else the status in words."""
        text = str(error.args[0]) if error.args and error.args[0] else HTTPStatus(error.status).phrase
        return reply(request, text, TEXT, error.status)

    @router.route("/")
    def root(self, request: JackRequest) -> bytes:
        """For ``HEAD /``, with which qbittorrent-api begins."""
        return reply(request, "", "text/html; charset=UTF-8")

    @router.route(LOGIN)
    def login(self, request: JackRequest) -> bytes:
        """
        ``Ok.`` and a cookie; ``Ok.`` alone for who is logged in as the same already; ``Fails.``; after five of those
        403 for an hour.
        """
        _only(request, b"POST")
        form, client = read_form(request).fields, request.head.client
        name = form.get("username", "")[:MAX_LOGGED_NAME]
        self._bans.check(client, name)
        account = permitted(self._keys.login(form.get("username", ""), form.get("password", "")))
        if account is None:
            failures = self._bans.failed(client, name)
            log.warn("login of {name!r} from {client} failed ({n} times)", name=name, client=client, n=failures)
            return reply(request, "Fails.", TEXT)
        self._bans.succeeded(client, name)
        if self._admission.by_session(request.head) != account:
            secure = "; Secure" if request.isSecure() else ""
            cookie = f"SID={self._sessions.open(account)}; HttpOnly; path=/; SameSite=Strict{secure}"
            request.setHeader("set-cookie", cookie)
        return reply(request, "Ok.", TEXT)

    @router.route(LOGOUT)
    def logout(self, request: JackRequest) -> bytes:
        """End the session; a key stays good."""
        _only(request, b"POST")
        for token in tokens(request.head.headers.get("cookie", "")):
            if self._sessions.account(token) is not None:
                self._sessions.close(token)
        request.setHeader("set-cookie", "SID=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/")
        return reply(request, "", TEXT)

    @router.route("/api/v2/<area>/<action>")
    async def call(self, request: JackRequest, area: str, action: str) -> bytes:
        """Everything else."""
        found = self._actions.get(f"{area}/{action}")
        if found is None:
            raise NotFound
        _only(request, *((b"POST",) if found.changing else (b"GET", b"POST")))
        return _written(request, await found.run(self._understood(request, f"{area}/{action}")))

    def _understood(self, request: JackRequest, name: str) -> Call:
        account = request.account
        assert account is not None
        server = self._servers.get(account.server or "")
        form = read_form(request)
        return Call(
            name=name,
            params={**request.head.query, **form.fields},
            files=form.files,
            view=View(server=account.server, paths=server.path_map if server else PathMap(), now=self._now()),
            client=f"{account.server}:{account.name}",
        )


def _only(request: JackRequest, *methods: bytes) -> None:
    if request.method in methods:
        return
    raise MethodNotAllowed if request.method in (b"GET", b"HEAD", b"POST") else BadRequest


def _written(request: JackRequest, answer: Answer) -> bytes:
    return reply(request, answer, TEXT) if isinstance(answer, str) else json_reply(request, answer)
