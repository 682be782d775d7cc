"""The *arrs as readers of a Torznab feed: their URLs, their tiers of searches, their Test."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from attrs import frozen

from tests.fakes.arr_network import Caller, Reply
from tests.fakes.arr_providers import Problem, values

ACCEPT = "application/rss+xml, text/rss+xml, application/xml, text/xml"
MAX_PAGES = 30
MAX_ITEMS = 1000


class IndexerFailed(Exception):
    """What puts an indexer to sleep. ``problem`` is what its Test says of it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@frozen(kw_only=True)
class Mode:
    """``t``, the caps element that allows it, and which setting's categories it is asked with."""

    t: str
    element: str


MODES = {"radarr": Mode(t="movie", element="movie-search"), "sonarr": Mode(t="tvsearch", element="tv-search")}
_RSS_IDS = {"radarr": {"q", "tmdbid", "imdbid"}, "sonarr": {"q", "tvdbid", "rid"}}


class TorznabIndexer:
    """
    One configured indexer.

    :param app: ``radarr`` or ``sonarr``.
    :param caps_cache: shared by all of a program, by settings: caps are asked for once in 7 days.
    """

    def __init__(self, app: str, agent_name: str, caller: Caller, entry: dict[str, Any], caps_cache: dict[str, Any]):
        self._mode = MODES[app]
        self._app = app
        self._caller = caller
        self._headers = {"User-Agent": agent_name, "Accept": ACCEPT, "Accept-Encoding": "gzip, br"}
        self._caps_cache = caps_cache
        self.entry = entry
        self.settings = values(entry)

    async def test(self) -> list[Problem]:
        """The caps, then one page of the RSS query, then whether the caps allow anything."""
        try:
            caps = await self.caps()
            items = await self._page(await self._rss_url())
        except IndexerFailed as error:
            return [error.problem]
        if not items:
            return [Problem("", "Query successful, but no results in the configured categories were returned")]
        return list(self._capability_problems(caps))

    async def rss(self, pages: int = 1) -> list[Any]:
        """One RSS sync; the first one ever reads one page."""
        return await self._pages(await self._rss_url(), pages)

    async def movie(self, *, tmdb: int | None, imdb: str | None, titles: Sequence[str], year: int | None) -> list[Any]:
        """Radarr's search: all ids that the caps allow in one request; by title when that gave nothing."""
        caps = await self.caps()
        ids = {"tmdbid": str(tmdb) if tmdb else "", "imdbid": (imdb or "").removeprefix("tt")}
        found = await self._tier([self._ids(caps, ids)])
        if not found and caps.supports("search", "q") and year:
            found = await self._tier([("search", f"&q={quote(f'{title} {year}')}") for title in titles])
        return found

    async def episodes(self, *, ids: dict[str, str], titles: Sequence[str], rest: str) -> list[Any]:
        """Sonarr's search for ``&season=1&ep=2`` and the like, by ids, then by titles."""
        caps = await self.caps()
        need = {"season", "ep"} if "&ep=" in rest else {"season"}
        if not caps.supports(self._mode.element, *need):
            return []
        found = await self._tier([self._ids(caps, ids, rest)])
        if not found and caps.supports(self._mode.element, "q"):
            found = await self._tier([("tvsearch", f"&q={quote(title)}{rest}") for title in titles])
        return found

    async def anime(self, *, ids: dict[str, str], titles: Sequence[str], absolute: int) -> list[Any]:
        """Sonarr's search for an anime episode: nothing at all without anime categories."""
        number = f"{absolute:02d}"
        by_title = [("search", f"&q={quote_plus(f'{title} {number}')}") for title in titles]
        return await self._tier([self._ids(await self.caps(), ids, f"&q={number}"), *by_title], anime=True)

    async def special(self, *, titles: Iterable[str]) -> list[Any]:
        """Sonarr's first try for a special: by the series' and the episode's title, in both sets of categories."""
        return await self._tier([("search", f"&q={quote_plus(title)}") for title in titles], anime=None)

    async def caps(self) -> Any:
        """Asked for once; a failure is not remembered."""
        from tests.fakes.feed import parse_caps

        key = json.dumps(self.settings, sort_keys=True)
        if key not in self._caps_cache:
            url = f"{self._base()}?t=caps" + (f"&apikey={self.settings['apiKey']}" if self.settings["apiKey"] else "")
            self._caps_cache[key] = await self._read(url, lambda reply: parse_caps(reply.body))
        return self._caps_cache[key]

    def _ids(self, caps: Any, ids: dict[str, str], rest: str = "") -> tuple[str, str] | None:
        known = {name: v for name, v in ids.items() if v and caps.supports(self._mode.element, name)}
        if not known:
            return None
        return self._mode.t, "".join(f"&{name}={value}" for name, value in known.items()) + rest

    async def _tier(self, requests: Sequence[tuple[str, str] | None], *, anime: bool | None = False) -> list[Any]:
        found: dict[str, Any] = {}
        for request in requests:
            if request and (url := await self._url(*request, self._categories(anime))):
                found.update({item.guid: item for item in await self._pages(url, MAX_PAGES)})
        return list(found.values())

    def _categories(self, anime: bool | None) -> list[int]:
        both = (self.settings["categories"] or [], self.settings.get("animeCategories") or [])
        return [*both[0], *both[1]] if anime is None else list(both[anime])

    async def _rss_url(self) -> str:
        caps = await self.caps()
        t = self._mode.t if caps.supports(self._mode.element) else "search"
        return await self._url(t, "", self._categories(None)) or ""

    async def _url(self, t: str, query: str, categories: Sequence[int]) -> str | None:
        """In the order in which the *arrs write it; ``None``: without categories nothing is asked."""
        if not categories:
            return None
        key = f"&apikey={self.settings['apiKey']}" if self.settings["apiKey"] else ""
        size = (await self.caps()).page_size
        paging = f"&offset={{offset}}&limit={size}" if size else ""
        cat = ",".join(map(str, categories))
        extra = self.settings["additionalParameters"] or ""
        return f"{self._base()}?t={t}&cat={cat}&extended=1{extra}{key}{paging}" + query.replace("{", "%7B")

    def _base(self) -> str:
        return self.settings["baseUrl"].rstrip("/") + (self.settings["apiPath"] or "").rstrip("/")

    async def _pages(self, url: str, most: int) -> list[Any]:
        """Page after page while they are full."""
        size = (await self.caps()).page_size
        found: list[Any] = []
        for number in range(most):
            items = await self._page(url, number * size)
            found += items
            if not size or len(items) < size or len(found) >= MAX_ITEMS:
                break
        return found

    async def _page(self, url: str, offset: int = 0) -> list[Any]:
        from tests.fakes.feed import parse_feed

        address = url.replace("{offset}", str(offset))
        return await self._read(address, lambda reply: parse_feed(reply.body, address))

    async def _read(self, url: str, parse: Any) -> Any:
        from tests.fakes.feed import ApiKeyError, IndexerError, UnsupportedFeed

        reply = await self._fetch(url)
        try:
            return parse(reply)
        except ApiKeyError:
            problem = Problem("ApiKey", "Invalid API Key")
        except IndexerError as error:
            problem = Problem("", f"Unable to connect to indexer: Torznab error detected: {error}")
        except UnsupportedFeed as error:
            problem = Problem("", f"The indexer is not supported: {error}")
        except Exception as error:
            problem = Problem("", f"Unable to connect to indexer: {error}")
        raise IndexerFailed(problem)

    async def _fetch(self, url: str) -> Reply:
        try:
            reply = await self._caller.call("GET", url, self._headers)
        except Exception as error:
            raise IndexerFailed(Problem("", f"Unable to connect to indexer: {error}")) from None
        if reply.status in (401, 403):
            raise IndexerFailed(Problem("", "Unable to connect to indexer, invalid credentials"))
        if reply.status >= 500:
            raise IndexerFailed(Problem("", "Unable to connect to indexer, indexer's server is unavailable"))
        if reply.status >= 300:
            raise IndexerFailed(Problem("", f"Unable to connect to indexer: HTTP {reply.status}"))
        return reply

    def _capability_problems(self, caps: Any) -> Any:
        mode = caps.modes.get(self._mode.element)
        named = set(mode.parameters) if mode and mode.available else set()
        enough = bool(named & _RSS_IDS[self._app]) and (self._app == "radarr" or {"season", "ep"} <= named)
        if not (caps.supports("search", "q") or enough):
            yield Problem("", "Indexer does not support the search parameters that are needed")
        wanted = self._categories(None)
        if self._app == "radarr" and not set(wanted) & set(caps.categories):
            yield Problem("", "Indexer does not list any of the configured categories")
