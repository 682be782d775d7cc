"""
A Radarr and a Sonarr for tests: real Klein applications with the parts of API v3 that jack uses, which also act as the
real ones do: they search a Torznab feed, fetch the torrent, hand it to a qBittorrent, poll that, import what is done
and delete it. They refuse what the real ones refuse. A round goes::

    radarr.add_movie("The Matrix", 1999, tmdb=603, imdb="tt0133093")
    [item] = await radarr.search_movie(tmdb=603)
    hash = await radarr.grab(item)
    await radarr.poll()                    # until it is there
    [file] = await radarr.import_completed()

Where they differ on purpose: priorities are checked in Sonarr too, redirects are never followed, an entry without
``tags`` is a 500 at once (in the real ones it is a crash later), and only a small part of all titles can be parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.fakes import titles
from tests.fakes.arr_base import FakeArr, GrabFailed, ReleaseGone, Tracked
from tests.fakes.arr_http import of_series, query_of, record_of, reply_json
from tests.fakes.arr_import import NotImported
from tests.fakes.arr_torznab import TorznabIndexer

__all__ = ["FakeArr", "FakeRadarr", "FakeSonarr", "GrabFailed", "ReleaseGone", "media_file"]


class FakeRadarr(FakeArr):
    """:ivar movies: as ``/movie`` lists them, by id."""

    type = "radarr"
    version = "6.0.3.10276"
    torrents = 3

    def __init__(self, agent: Any, **options: Any) -> None:
        self.movies: dict[int, dict[str, Any]] = {}
        super().__init__(agent, **options)

    def add_movie(self, title: str, year: int, *, tmdb: int = 0, imdb: str | None = None, file: Any = None) -> int:
        """A movie of the library; ``file`` from :func:`movie_file`, or without one. Its id."""
        movie_id = len(self.movies) + 1
        movie = {"id": movie_id, "title": title, "year": year, "tmdbId": tmdb, "monitored": True, "hasFile": bool(file)}
        movie |= {"path": f"{self.root_folders[0]}/{title} ({year})", "rootFolderPath": self.root_folders[0]}
        self.movies[movie_id] = {**movie, **({"imdbId": imdb} if imdb else {})}
        if file:
            self.movies[movie_id] |= {"movieFile": {**file, "movieId": movie_id}, "movieFileId": file["id"]}
        return movie_id

    async def tell(self, flag: str, event: str, movie: int) -> None:
        """Send an event about a movie to the webhooks that want it."""
        record = self.movies.get(movie, {"id": movie})
        about = {name: record[name] for name in ("id", "title", "year", "tmdbId", "imdbId", "tags") if name in record}
        await self.webhooks.tell(self.notifications, flag, {"eventType": event, "movie": about})

    async def search_movie(self, tmdb: int | None = None, imdb: str | None = None) -> list[Any]:
        """The releases that it would grab for a movie of its library."""
        movie = next(m for m in self.movies.values() if tmdb == m["tmdbId"] or (imdb and imdb == m.get("imdbId")))
        ids = {"tmdb": movie["tmdbId"], "imdb": movie.get("imdbId")}

        def search(indexer: TorznabIndexer) -> Any:
            return indexer.movie(**ids, titles=[movie["title"].removeprefix("The ")], year=movie["year"])

        return await self._ask("enableAutomaticSearch", search, lambda parsed: self._why_not(parsed, movie))

    def _why_not(self, parsed: titles.Read, movie: dict[str, Any]) -> str:
        same = titles.clean(parsed.title) == titles.clean(movie["title"]) and parsed.year == movie["year"]
        return "" if same else "Wrong movie"

    def _match(self, title: str) -> tuple[int, Sequence[int]] | None:
        parsed = titles.parse(self.type, title)
        found = (m["id"] for m in self.movies.values() if parsed and not self._why_not(parsed, m))
        movie = next(found, None)
        return None if movie is None else (movie, ())

    def _queue_entity(self, tracked: Tracked, number: int) -> dict[str, Any]:
        return {"movieId": tracked.entity}

    def _routes(self) -> None:
        super()._routes()
        self._route("GET", "/movie", lambda r: reply_json(r, self._listed(query_of(r))))
        self._route("GET", "/movie/<int:entry>", lambda r, entry: reply_json(r, record_of(self.movies, entry)))

    def _tagged(self) -> dict[int, dict[str, Any]]:
        return self.movies

    def _listed(self, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = query.get("tmdbId")
        return [m for m in self.movies.values() if wanted is None or int(wanted) == m["tmdbId"]]


class FakeSonarr(FakeArr):
    """:ivar series, episodes, files: as ``/series``, ``/episode`` and ``/episodefile`` list them, by id."""

    type = "sonarr"
    version = "4.0.19.2979"
    torrents = 2

    def __init__(self, agent: Any, **options: Any) -> None:
        self.series: dict[int, dict[str, Any]] = {}
        self.episodes: dict[int, dict[str, Any]] = {}
        self.files: dict[int, dict[str, Any]] = {}
        super().__init__(agent, **options)

    def add_series(
        self, title: str, *, tvdb: int, year: int = 0, imdb: str | None = None, kind: str = "standard"
    ) -> int:
        """A series of the library; its id."""
        series_id = len(self.series) + 1
        series = {"id": series_id, "title": title, "tvdbId": tvdb, "year": year, "seriesType": kind, "monitored": True}
        series |= {"path": f"{self.root_folders[0]}/{title}", "rootFolderPath": self.root_folders[0]}
        series["statistics"] = {"episodeFileCount": 0}
        self.series[series_id] = {**series, **({"imdbId": imdb} if imdb else {})}
        return series_id

    def add_episode(
        self,
        series: int,
        season: int,
        number: int,
        *,
        file: int = 0,
        title: str = "",
        aired: str = "",
        absolute: int = 0,
    ) -> int:
        """An episode of a series, in the file with that id; its id."""
        episode_id = len(self.episodes) + 1
        numbers = {"seriesId": series, "seasonNumber": season, "episodeNumber": number, "episodeFileId": file}
        more = {**({"airDate": aired} if aired else {}), **({"absoluteEpisodeNumber": absolute} if absolute else {})}
        self.episodes[episode_id] = {"id": episode_id, **numbers, "title": title, "hasFile": bool(file), **more}
        return episode_id

    def add_file(self, series: int, season: int, file: dict[str, Any]) -> int:
        """A file of :func:`media_file`; its id. Sonarr has words of its own for sources."""
        source = file["quality"]["quality"]["source"]
        file["quality"]["quality"]["source"] = {"webdl": "web", "tv": "television"}.get(source, source)
        self.files[file["id"]] = {**file, "seriesId": series, "seasonNumber": season}
        self.series[series]["statistics"]["episodeFileCount"] += 1
        return int(file["id"])

    async def tell(self, flag: str, event: str, series: int) -> None:
        """Send an event about a series to the webhooks that want it."""
        record = self.series.get(series, {"id": series})
        about = {name: record[name] for name in ("id", "title", "path", "tvdbId", "imdbId") if name in record}
        await self.webhooks.tell(self.notifications, flag, {"eventType": event, "series": about})

    async def search_episode(self, tvdb: int, season: int, episode: int) -> list[Any]:
        """The releases that it would grab for one episode; specials and anime by their own ways, too."""
        series = self._series(tvdb)
        record = self._episode(series, season, episode)
        if series["seriesType"] == "daily":
            return await self._search_daily(series, record["airDate"])
        if series["seriesType"] == "anime":
            return await self._search_anime(series, record)
        if season == 0:
            names = [f"{series['title']} {record['title']}"]
            found = await self._ask(
                "enableAutomaticSearch", lambda i: i.special(titles=names), self._only(season, episode)
            )
            if found:
                return found
        return await self._search(series, f"&season={_season(season)}&ep={episode}", self._only(season, episode))

    async def search_season(self, tvdb: int, season: int) -> list[Any]:
        """The releases for a season of which two or more episodes are wanted: packs and single episodes."""

        def why_not(parsed: titles.Read) -> str:
            return "" if parsed.season == season else "Wrong season"

        return await self._search(self._series(tvdb), f"&season={_season(season)}", why_not)

    async def _search_daily(self, series: dict[str, Any], aired: str) -> list[Any]:
        year, month, day = aired.split("-")

        def why_not(parsed: titles.Read) -> str:
            if str(parsed.aired) == aired or self._match_parsed(parsed):
                return ""
            return "Episode wasn't requested"

        return await self._search(series, f"&season={year}&ep={month}/{day}", why_not)

    async def _search_anime(self, series: dict[str, Any], record: dict[str, Any]) -> list[Any]:
        absolute = record["absoluteEpisodeNumber"]
        numbers = (record["seasonNumber"], record["episodeNumber"])

        def why_not(parsed: titles.Read) -> str:
            return "" if parsed.absolute == absolute else self._only(*numbers)(parsed)

        def search(indexer: TorznabIndexer) -> Any:
            return indexer.anime(ids=_series_ids(series), titles=[series["title"]], absolute=absolute)

        return await self._ask("enableAutomaticSearch", search, why_not)

    async def _search(self, series: dict[str, Any], rest: str, why_not: Any) -> list[Any]:
        def search(indexer: TorznabIndexer) -> Any:
            return indexer.episodes(ids=_series_ids(series), titles=[series["title"]], rest=rest)

        def reason(parsed: titles.Read) -> str:
            return why_not(parsed) if _is_series(parsed, series) else "Wrong series"

        return await self._ask("enableAutomaticSearch", search, reason)

    def _only(self, season: int, episode: int) -> Any:
        def why_not(parsed: titles.Read) -> str:
            if parsed.season != season:
                return "Wrong season"
            return "" if episode in parsed.episodes else "Full season pack" if not parsed.episodes else "Wrong episode"

        return why_not

    def _series(self, tvdb: int) -> dict[str, Any]:
        return next(s for s in self.series.values() if s["tvdbId"] == tvdb)

    def _episode(self, series: dict[str, Any], season: int, number: int) -> dict[str, Any]:
        key = (series["id"], season, number)
        return next(e for e in self.episodes.values() if (e["seriesId"], e["seasonNumber"], e["episodeNumber"]) == key)

    def _match(self, title: str) -> tuple[int, Sequence[int]] | None:
        parsed = titles.parse(self.type, title)
        return self._match_parsed(parsed) if parsed else None

    def _check_files(self, tracked: Tracked, files: Sequence[Path]) -> None:
        """Every file must be told by its own name, and be of the release; all its episodes must be there."""
        found: list[int] = []
        for file in files:
            entity, episodes = self._match(file.stem) or (0, ())
            if entity != tracked.entity or not set(episodes) <= set(tracked.episodes):
                raise NotImported(f"{file.name} was not found in the grabbed release")
            if len(episodes) > 1 and not titles.parse(self.type, file.stem).episodes:  # type: ignore[union-attr]
                raise NotImported(f"{file.name}: a single file is named as a full season")
            found += episodes
        if set(found) != set(tracked.episodes):
            raise NotImported("One or more episodes expected in this release were not imported or missing")

    def _match_parsed(self, parsed: titles.Read) -> tuple[int, Sequence[int]] | None:
        series = next((s for s in self.series.values() if _is_series(parsed, s)), None)
        if series is None:
            return None
        episodes = [e["id"] for e in self.episodes.values() if e["seriesId"] == series["id"] and _is_episode(parsed, e)]
        return (series["id"], episodes) if episodes else None

    def _queue_entity(self, tracked: Tracked, number: int) -> dict[str, Any]:
        return {"seriesId": tracked.entity, **({"episodeId": tracked.episodes[number]} if tracked.episodes else {})}

    def _tagged(self) -> dict[int, dict[str, Any]]:
        return self.series

    def _more_of_indexers(self) -> dict[str, Any]:
        return {"seasonSearchMaximumSingleEpisodeAge": 0}

    def _routes(self) -> None:
        super()._routes()
        for path, records in (("/series", self.series), ("/episode", self.episodes), ("/episodefile", self.files)):
            self._route(
                "GET", f"{path}/<int:entry>", lambda r, entry, records=records: reply_json(r, record_of(records, entry))
            )
        self._route("GET", "/series", lambda r: reply_json(r, list(self.series.values())))
        self._route("GET", "/episode", lambda r: reply_json(r, of_series(r, self.episodes)))
        self._route("GET", "/episodefile", lambda r: reply_json(r, of_series(r, self.files)))


def media_file(
    path: str, *, id: int = 1, size: int = 1000, quality: str = "WEBDL-1080p", **more: Any
) -> dict[str, Any]:
    """A movie's or episode's file as the *arrs show it."""
    resolution = int("".join(c for c in quality.partition("-")[2] if c.isdigit()) or 0)
    source = {"bluray": "bluray", "webdl": "webdl", "hdtv": "tv"}.get(quality.partition("-")[0].lower(), "unknown")
    model = {"quality": {"id": 3, "name": quality, "source": source, "resolution": resolution}}
    base = {"id": id, "path": path, "relativePath": path.rpartition("/")[2], "size": size}
    languages = [{"id": 1, "name": "English"}]
    return {**base, "dateAdded": "2026-11-14T10:00:00Z", "quality": model, "languages": languages, **more}


def _season(number: int) -> str:
    return f"{number:02d}" if number == 0 else str(number)


def _series_ids(series: dict[str, Any]) -> dict[str, str]:
    tmdb = str(series.get("tmdbId") or "")
    return {"tvdbid": str(series["tvdbId"]), "imdbid": series.get("imdbId") or "", "tmdbid": tmdb}


def _is_series(parsed: titles.Read, series: dict[str, Any]) -> bool:
    names = {titles.clean(series["title"]), titles.clean(f"{series['title']} {series['year']}")}
    return titles.clean(parsed.title) in names


def _is_episode(parsed: titles.Read, episode: dict[str, Any]) -> bool:
    if parsed.aired:
        return bool(episode.get("airDate") == parsed.aired.isoformat())
    if parsed.absolute:
        return bool(episode.get("absoluteEpisodeNumber") == parsed.absolute)
    return parsed.season == episode["seasonNumber"] and (
        not parsed.episodes or episode["episodeNumber"] in parsed.episodes
    )
