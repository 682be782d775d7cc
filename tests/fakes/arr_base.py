"""What the fake Radarr and the fake Sonarr have in common: see :mod:`tests.fakes.arr`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import define
from klein import Klein
from twisted.web import server
from twisted.web.resource import IResource

from tests.fakes import arr_import, arr_schema, titles
from tests.fakes.arr_http import Gate, is_forced, json_of, query_of, refuse, reply_json
from tests.fakes.arr_import import NotImported
from tests.fakes.arr_network import Caller
from tests.fakes.arr_providers import Problem, Providers, Refused
from tests.fakes.arr_qbittorrent import ClientFailed, QBittorrentClient, Seen
from tests.fakes.arr_torznab import IndexerFailed, TorznabIndexer
from tests.fakes.arr_webhook import Webhooks

INDEXER_FLAGS = ("enableRss", "enableAutomaticSearch", "enableInteractiveSearch")


class ReleaseGone(Exception):
    """404 for a torrent: the release is rejected, nobody is blamed."""


class GrabFailed(Exception):
    """The release was not grabbed."""


@define(kw_only=True)
class Tracked:
    """
    A grab in the queue.

    :ivar entity: the movie's or series' id; ``episodes`` those of its episodes.
    :ivar ids: one queue entry for each episode.
    :ivar state: ``downloading``, ``importPending``, ``importBlocked`` or ``imported``.
    """

    hash: str
    title: str
    entity: int
    episodes: Sequence[int]
    ids: list[int]
    state: str = "downloading"
    message: str = ""
    seen: Seen | None = None


class FakeArr:
    """
    What both have in common.

    :param agent: how it reaches jack: a real ``Agent`` or :class:`~tests.fakes.arr_network.Network`.
    :param root: its library's root folder; imports go there.
    :ivar overrides: answers to give instead, by path below ``/api/v3``: ``(status, content type, body)``.
    :ivar failures: every time an indexer or download client failed it, as it would count against them.
    :ivar rejections: releases that it would not grab: ``(title, why)``.
    :ivar tags: labels by number.
    :ivar blocklist: titles that failed for good.
    :ivar extra_files: extensions of what is imported along with a video; none, as long as nobody says otherwise.
    """

    type: ClassVar[str]
    version: ClassVar[str]
    torrents: ClassVar[int]
    """Generation of MonoTorrent."""

    def __init__(
        self, agent: Any, *, key: str = "arr-key", root: Path = Path("/library"), url_base: str = "", app_name: str = ""
    ) -> None:
        self.caller = Caller(agent)
        self.key = key
        self.root = root
        self.url_base = url_base
        self.app_name = app_name or self.type.capitalize()
        self.agent_name = f"{self.app_name}/{self.version} (ubuntu 22.04)"
        self.starting = False
        self.overrides: dict[str, tuple[int, str, bytes]] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self.failures: list[str] = []
        self.rejections: list[tuple[str, str]] = []
        self.blocklist: list[str] = []
        self.extra_files: frozenset[str] = frozenset()
        self.searched_again: list[str] = []
        self.imported: list[Path] = []
        self.history: list[dict[str, Any]] = []
        self.root_folders = [str(root)]
        self.tags: dict[int, str] = {}
        self.tracked: dict[str, Tracked] = {}
        self._next_queue_id = 1000
        self._caps: dict[str, Any] = {}
        self._sessions: dict[str, str] = {}
        self.clients = self._providers(
            arr_schema.clients(self.type),
            ("enable",),
            {"removeCompletedDownloads": False, "removeFailedDownloads": False},
            self._test_client,
        )
        self.indexers = self._providers(
            arr_schema.indexers(self.type),
            INDEXER_FLAGS,
            {"downloadClientId": 0, **self._more_of_indexers()},
            self._test_indexer,
        )
        about = {"instanceName": self.app_name, "applicationUrl": ""}
        self.webhooks = Webhooks(self.caller, self.agent_name, about)
        self.notifications = self._providers(
            arr_schema.notifications(), arr_schema.EVENTS[self.type], {}, self.webhooks.test, ranked=False
        )
        self.app = Klein()
        self.app.handle_errors(Refused)(refuse)
        self._routes()

    # -- being asked --------------------------------------------------------------------------------------------------

    def resource(self) -> IResource:
        """The whole program, for a site or for memory."""
        return Gate(self)

    def site(self) -> server.Site:
        """The same, for a real listener."""
        return server.Site(self.resource())

    def override(self, path: str, body: bytes, status: int = 200, content_type: str = "application/json") -> None:
        """
        Answer ``path`` (``/movie``, ``/episode?seriesId=2``) with that from now on; :attr:`overrides` can be cleared.
        """
        self.overrides[path] = (status, content_type, body)

    def changes(self) -> list[tuple[str, str, Any]]:
        """The requests that were no ``GET``: method, path below ``/api/v3``, JSON."""
        return [r for r in self.requests if r[0] != "GET"]

    def _routes(self) -> None:
        self._route("GET", "/system/status", lambda r: reply_json(r, self._status()))
        self._route("GET", "/rootfolder", lambda r: reply_json(r, self._rootfolders()))
        self._route("GET", "/tag", lambda r: reply_json(r, [{"id": n, "label": t} for n, t in self.tags.items()]))
        self._route("GET", "/tag/detail", lambda r: reply_json(r, self._tag_details()))
        self._route("GET", "/history/since", lambda r: reply_json(r, self._history_since(query_of(r)["date"])))
        self._route("GET", "/queue", lambda r: reply_json(r, self._queue(query_of(r))))
        self._route("DELETE", "/queue/<int:entry>", self._remove)
        sorts = {"/downloadclient": self.clients, "/indexer": self.indexers, "/notification": self.notifications}
        for path, providers in sorts.items():
            self._provider_routes(path, providers)

    def _provider_routes(self, path: str, providers: Providers) -> None:
        async def create(request: server.Request) -> bytes:
            return reply_json(request, await providers.create(json_of(request), force=is_forced(request)), 201)

        async def update(request: server.Request, entry: int) -> bytes:
            return reply_json(request, await providers.update(entry, json_of(request), force=is_forced(request)), 202)

        async def test(request: server.Request) -> bytes:
            await providers.test(json_of(request))
            return reply_json(request, {})

        def delete(request: server.Request, entry: int) -> bytes:
            del providers.entries[providers.one(entry)["id"]]
            return reply_json(request, {})

        self._route("GET", path, lambda r: reply_json(r, providers.list()))
        self._route("GET", f"{path}/schema", lambda r: reply_json(r, providers.schema()))
        self._route("GET", f"{path}/<int:entry>", lambda r, entry: reply_json(r, providers.shown(providers.one(entry))))
        self._route("POST", path, create)
        self._route("POST", f"{path}/test", test)
        self._route("PUT", f"{path}/<int:entry>", update)
        self._route("DELETE", f"{path}/<int:entry>", delete)

    def _route(self, method: str, path: str, handler: Any) -> None:
        self.app.route(f"/api/v3{path}", methods=[method], endpoint=f"{method} {path}")(handler)

    def _providers(
        self, templates: Any, flags: Any, more: dict[str, Any], test: Any, *, ranked: bool = True
    ) -> Providers:
        defaults = {**dict.fromkeys(flags, False), **({"priority": 0} if ranked else {}), "tags": None, **more}
        return Providers(templates, flags, defaults, test, lambda: set(self.clients.entries))

    def _more_of_indexers(self) -> dict[str, Any]:
        return {}

    def _status(self) -> dict[str, Any]:
        names = {"appName": self.app_name, "instanceName": self.app_name}
        return {**names, "version": self.version, "urlBase": self.url_base, "isDocker": True, "branch": "main"}

    def _rootfolders(self) -> list[dict[str, Any]]:
        return [{"id": n, "path": path, "accessible": True} for n, path in enumerate(self.root_folders, 1)]

    def _tag_details(self) -> list[dict[str, Any]]:
        """A tag that nothing bears is listed, too."""
        bearing = {n: [r["id"] for r in self._tagged().values() if n in r.get("tags", ())] for n in self.tags}
        empty: dict[str, Any] = {f"{of}Ids": [] for of in ("delayProfile", "notification", "indexer", "autoTag")}
        key = {"radarr": "movieIds", "sonarr": "seriesIds"}[self.type]
        return [{"id": n, "label": label, **empty, key: bearing[n]} for n, label in self.tags.items()]

    def _tagged(self) -> dict[int, dict[str, Any]]:
        """What can have tags: movies, or series."""
        raise NotImplementedError

    def _history_since(self, date: str) -> list[dict[str, Any]]:
        return [event for event in self.history if event["date"] >= date]

    def _queue(self, query: dict[str, str]) -> dict[str, Any]:
        size, page = int(query.get("pageSize", 10)), int(query.get("page", 1))
        records = [
            self._queue_record(t, n) for t in self.tracked.values() for n in range(len(t.ids)) if t.state != "imported"
        ]
        paging = {"page": page, "pageSize": size, "sortKey": "timeleft", "sortDirection": "ascending"}
        return {**paging, "totalRecords": len(records), "records": records[(page - 1) * size : page * size]}

    def _queue_record(self, tracked: Tracked, number: int) -> dict[str, Any]:
        seen = tracked.seen
        return {
            "id": tracked.ids[number],
            "downloadId": tracked.hash,
            "title": tracked.title,
            "status": seen.status if seen else "queued",
            "trackedDownloadState": tracked.state,
            "trackedDownloadStatus": "warning" if tracked.message else "ok",
            "errorMessage": tracked.message,
            "size": seen.size if seen else 0,
            "sizeleft": seen.left if seen else 0,
            "protocol": "torrent",
            "downloadClient": "Jack",
            **self._queue_entity(tracked, number),
        }

    async def _remove(self, request: server.Request, entry: int) -> bytes:
        """Blocklists, searches again, and has the download client delete it."""
        query = query_of(request)
        tracked = next((t for t in self.tracked.values() if entry in t.ids), None)
        if tracked is None:
            raise Refused(404, {"message": "NotFound"})
        if query.get("blocklist") == "true":
            self.blocklist.append(tracked.title)
            if query.get("skipRedownload", "false") == "false":
                self.searched_again.append(tracked.title)
        if query.get("removeFromClient", "true") == "true":
            await self._client().delete(tracked.hash)
        del self.tracked[tracked.hash]
        return reply_json(request, {})

    # -- searching ----------------------------------------------------------------------------------------------------

    async def rss(self, pages: int = 1) -> list[Any]:
        """An RSS sync over all indexers with RSS: the items that could be grabbed."""
        return await self._ask("enableRss", lambda indexer: indexer.rss(pages))

    async def _ask(self, flag: str, search: Any, why_not: Any = None) -> list[Any]:
        """All enabled indexers; what is acceptable of what they offer. ``why_not(parsed)`` gives a reason, or none."""
        found: dict[str, Any] = {}
        for entry in self.indexers.enabled(flag):
            indexer = TorznabIndexer(self.type, self.agent_name, self.caller, entry, self._caps)
            try:
                offered = await search(indexer)
            except IndexerFailed as error:
                self.failures.append(f"{entry['name']}: {error}")
                continue
            found.update({item.guid: (item, indexer) for item in offered})
        return [item for item, indexer in found.values() if self._acceptable(item, indexer, why_not)]

    def _acceptable(self, item: Any, indexer: TorznabIndexer, why_not: Any) -> bool:
        parsed = titles.parse(self.type, item.title)
        wanted = int(indexer.settings["minimumSeeders"] or 0)
        if parsed is None:
            reason = "Unable to parse release"
        elif not parsed.quality:
            reason = "Unknown quality"
        elif item.seeders is not None and item.seeders < wanted:
            reason = f"Not enough seeders: {item.seeders}. Minimum seeders: {wanted}"
        elif item.title in self.blocklist:
            reason = "Release is blocklisted"
        else:
            reason = why_not(parsed) if why_not else ""
        if reason:
            self.rejections.append((item.title, reason))
        return not reason

    async def _test_indexer(self, entry: dict[str, Any]) -> list[Problem]:
        return await TorznabIndexer(self.type, self.agent_name, self.caller, entry, self._caps).test()

    # -- grabbing -----------------------------------------------------------------------------------------------------

    async def grab(self, item: Any) -> str:
        """
        Fetch an item's torrent and hand it to the download client: the upper-case hash. Raises :class:`ReleaseGone`,
        :class:`GrabFailed`.
        """
        from tests.fakes.metainfo import load

        torrent = await self._fetch_torrent(item.url)
        hash = load(torrent, self.torrents)
        if hash in self.tracked:
            raise GrabFailed("that hash was grabbed before")
        try:
            await self._client(self._bound_client(item)).add(item.title, torrent)
        except ClientFailed as error:
            raise GrabFailed(str(error)) from None
        entity, episodes = self._match(item.title) or (0, ())
        ids = [self._new_queue_id() for _ in episodes or (0,)]
        self.tracked[hash] = Tracked(hash=hash, title=item.title, entity=entity, episodes=episodes, ids=ids)
        return hash

    async def _fetch_torrent(self, url: str) -> bytes:
        """No key and no cookie: the link must carry its own credential."""
        reply = await self.caller.call(
            "GET", url, {"User-Agent": self.agent_name, "Accept": "application/x-bittorrent"}
        )
        if reply.status == 404:
            raise ReleaseGone(url)
        if reply.status != 200:
            self.failures.append(f"torrent: HTTP {reply.status}")
            raise GrabFailed(f"HTTP {reply.status}")
        return reply.body

    def _bound_client(self, item: Any) -> int:
        """The download client that the item's indexer is bound to; 0 when it is bound to none."""
        for entry in self.indexers.entries.values():
            base = next(f["value"] for f in entry["fields"] if f["name"] == "baseUrl")
            if item.url.startswith(base.rstrip("/")):
                return int(entry["downloadClientId"])
        return 0

    def _client(self, client_id: int = 0) -> QBittorrentClient:
        """Only untagged, enabled ones; the bound one if there is one, else the one with the lowest priority number."""
        usable = [e for e in self.clients.enabled("enable") if not e["tags"] and e["implementation"] == "QBittorrent"]
        if client_id:
            usable = [e for e in usable if e["id"] == client_id]
        if not usable:
            raise GrabFailed("no download client")
        entry = min(usable, key=lambda e: e["priority"])
        return QBittorrentClient(self.type, self.agent_name, self.caller, entry, self._sessions)

    async def _test_client(self, entry: dict[str, Any]) -> list[Problem]:
        if entry["implementation"] != "QBittorrent":
            return []
        return await QBittorrentClient(self.type, self.agent_name, self.caller, entry, self._sessions).test()

    def _new_queue_id(self) -> int:
        self._next_queue_id += 1
        return self._next_queue_id

    # -- polling and importing ----------------------------------------------------------------------------------------

    async def poll(self) -> list[Seen]:
        """Look at the download client once, as every minute. What is listed but was never grabbed here is ignored."""
        try:
            seen = await self._client().poll()
        except ClientFailed as error:
            self.failures.append(f"client: {error}")
            raise
        listed = {s.hash: s for s in seen}
        for hash in [h for h, t in self.tracked.items() if h not in listed and t.state != "imported"]:
            del self.tracked[hash]
        for hash, tracked in self.tracked.items():
            self._update(tracked, listed.get(hash))
        return seen

    def _update(self, tracked: Tracked, seen: Seen | None) -> None:
        tracked.seen = seen
        if seen is not None and tracked.state != "imported":
            tracked.message = seen.message
            tracked.state = "importPending" if seen.status == "completed" else "downloading"

    async def import_completed(self) -> list[Path]:
        """
        Import what the last poll found finished: the new places of the files. What was imported and may go is deleted
        from the client, files and all. A hash that was imported once is never looked at again.
        """
        done: list[Path] = []
        for tracked in self.tracked.values():
            if tracked.state == "importPending" and tracked.seen is not None:
                done += self._import(tracked, tracked.seen)
        for tracked in self.tracked.values():
            if tracked.state == "imported" and tracked.seen is not None and tracked.seen.removable:
                await self._client().delete(tracked.hash)
                tracked.seen = None
        self.imported += done
        return done

    def _import(self, tracked: Tracked, seen: Seen) -> list[Path]:
        try:
            if self._match(seen.title) is None:
                raise NotImported("the name does not match anything in the library")
            files = arr_import.files_to_import(seen.output or "", self.root)
            self._check_files(tracked, files)
            folder = self.root / titles.parse(self.type, seen.title).title  # type: ignore[union-attr]
            targets = [folder / file.name for file in files]
            extras = [extra for file in files for extra in arr_import.extras_of(file, self.extra_files)]
            for file in (*files, *extras):
                arr_import.move(file, folder / file.name, hardlink=not seen.removable)
        except NotImported as error:
            tracked.state, tracked.message = "importBlocked", str(error)
            return []
        tracked.state = "imported"
        return targets

    def _match(self, title: str) -> tuple[int, Sequence[int]] | None:
        """The movie, or the series and its episodes, that a title is: by title and year or number, never by id."""
        raise NotImplementedError

    def _check_files(self, tracked: Tracked, files: Sequence[Path]) -> None:
        """Whether the files are those of the release. Raises ``NotImported``."""

    def _queue_entity(self, tracked: Tracked, number: int) -> dict[str, Any]:
        raise NotImplementedError
