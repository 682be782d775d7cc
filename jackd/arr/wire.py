"""
What Radarr and Sonarr say, as items: strict about types, tolerant of what is missing or unknown. No I/O here.

Field names are those of the published API documents (``MovieResource``, ``SeriesResource``, ``EpisodeResource``,
``EpisodeFileResource`` …). Nothing in an answer is trusted to be there or to have the type it should.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

from attrs import evolve, frozen
from twisted.logger import Logger

from jackd.model.ids import MediaIds
from jackd.model.item import EPOCH, Item, Kind, Quality
from jackd.model.naming import release_title
from jackd.model.revision import Revision, revision

log = Logger(namespace="jackd.arr")

Record = Mapping[str, Any]


@frozen(kw_only=True)
class Held:
    """
    An item, and what its owner alone may know.

    :ivar path: of the file, as the *arr calls it.
    :ivar tags: numbers.
    """

    item: Item
    path: str | None
    tags: tuple[int, ...] = ()

    @property
    def folder(self) -> str | None:
        """That the file lies in, with slashes."""
        return self.path and self.path.replace("\\", "/").rpartition("/")[0]


class BadRecord(ValueError):
    """A record lacks what an item can't be without."""


def movie_item(library: str, movie: object) -> Held | None:
    """The item of a movie; ``None`` when it has no file. Raises ``BadRecord``."""
    record = _record(movie)
    file = record.get("movieFile")
    if not isinstance(file, dict):
        return None
    draft = _of_file(
        file,
        id=f"{library}:{Kind.MOVIE.value}:{_positive(record, 'id')}",
        kind=Kind.MOVIE,
        ids=MediaIds(tmdb=_number(record, "tmdbId"), imdb=_text(record, "imdbId")),
        name=_text(record, "title"),
        year=_number(record, "year"),
        edition=_text(file, "edition"),
    )
    return Held(item=_titled(draft, file), path=_text(file, "path"), tags=_tags(record))


def movie_items(library: str, movies: Iterable[object]) -> Iterator[tuple[str, Held | None]]:
    """The group (movie id) and item of every movie; what can't be understood is skipped."""
    for movie in movies:
        try:
            held = movie_item(library, movie)
            yield str(_positive(_record(movie), "id")), held
        except BadRecord as error:
            log.debug("{library}: a movie is skipped: {error}", library=library, error=error)


def series_items(library: str, series: object, episodes: Iterable[object], files: Iterable[object]) -> list[Held]:
    """One item for every file of a series that has an episode; what can't be understood is skipped."""
    episodes = list(episodes)
    by_file, lengths = _by_file(library, episodes), _lengths(episodes)
    items = []
    for file in files:
        try:
            held = by_file.get(_positive(_record(file), "id"))
            if held:
                length = lengths[held[0]["seasonNumber"]]
                items.append(_episode_item(library, _record(series), held, _record(file), length))
        except BadRecord as error:
            log.debug("{library}: a file of a series is skipped: {error}", library=library, error=error)
    return items


def _episode_item(library: str, series: Record, held: Sequence[Record], file: Record, length: int) -> Held:
    first = held[0]
    anime = series.get("seriesType") == "anime"
    draft = _of_file(
        file,
        id=f"{library}:{Kind.EPISODE.value}:{_positive(first, 'id')}",
        kind=Kind.EPISODE,
        ids=MediaIds(tmdb=_number(series, "tmdbId"), imdb=_text(series, "imdbId"), tvdb=_number(series, "tvdbId")),
        name=_text(series, "title"),
        year=_number(series, "year"),
        season=first["seasonNumber"],
        season_episodes=length,
        episodes=tuple(e["episodeNumber"] for e in held if e["seasonNumber"] == first["seasonNumber"]),
        absolute=_number(first, "absoluteEpisodeNumber") if anime else None,
        aired=_day(_text(first, "airDate")),
        anime=anime,
    )
    return Held(item=_titled(draft, file), path=_text(file, "path"), tags=_tags(series))


def _by_file(library: str, episodes: Iterable[object]) -> dict[int, list[Record]]:
    """The episodes that each file holds, first one first."""
    found: dict[int, list[Record]] = defaultdict(list)
    for episode in episodes:
        try:
            record = _record(episode)
            file = _number(record, "episodeFileId")
            if file:
                _check_episode(record)
                found[file].append(record)
        except BadRecord as error:
            log.debug("{library}: an episode is skipped: {error}", library=library, error=error)
    for held in found.values():
        held.sort(key=lambda e: (e["seasonNumber"], e["episodeNumber"]))
    return found


def _lengths(episodes: Iterable[object]) -> Counter[int]:
    """How many episodes each season has, whether they have a file, were on the air, or not."""
    seasons = (episode.get("seasonNumber") for episode in episodes if isinstance(episode, dict))
    return Counter(number for number in seasons if isinstance(number, int))


def _check_episode(record: Record) -> None:
    _positive(record, "id")
    for name in ("seasonNumber", "episodeNumber"):
        number = record.get(name)
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise BadRecord(f"{name} is no number")


def _of_file(file: Record, **known: Any) -> Item:
    name = file_name(file)
    languages: Any = _names(file.get("languages"))
    return Item(
        title=name,
        filename=name,
        size=_positive(file, "size"),
        quality=_quality(file.get("quality")),
        revision=_revision(file.get("quality")),
        languages=languages,
        release_group=_text(file, "releaseGroup"),
        media_info=info if isinstance(info := file.get("mediaInfo"), dict) else None,
        published=moment(_text(file, "dateAdded")),
        **known,
    )


def _titled(draft: Item, file: Record) -> Item:
    """The title on offer: the scene name or the file's name, whichever first says what it is, else a built one."""
    offered = draft.title
    for title in (_text(file, "sceneName"), PurePosixPath(draft.filename).stem):
        if title:
            offered = release_title(evolve(draft, title=title))
            if offered == title:
                break
    return evolve(draft, title=offered)


def file_name(file: Record) -> str:
    """The base name of a file, whatever the *arr's system separates folders with. Raises ``BadRecord``."""
    path = _text(file, "path") or _text(file, "relativePath") or ""
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if not name:
        raise BadRecord("a file has no path")
    return name


def file_path(file: object) -> str | None:
    """The absolute path that the *arr knows a file under, if there is one."""
    return _text(file, "path") if isinstance(file, dict) else None


def file_of_episode(episode: object) -> int | None:
    """The id of the file that holds an episode."""
    return _number(episode, "episodeFileId") if isinstance(episode, dict) else None


def root_paths(folders: object) -> list[str]:
    """The paths of the root folders."""
    listed = folders if isinstance(folders, list) else []
    return [path for f in listed if isinstance(f, dict) and (path := _text(f, "path"))]


def has_files(series: object) -> bool:
    """Whether a series may have files: only a plain 0 in its statistics says no."""
    statistics = series.get("statistics") if isinstance(series, dict) else None
    return not (isinstance(statistics, dict) and statistics.get("episodeFileCount") == 0)


_OF_SERIES = ("id", "title", "year", "tvdbId", "tmdbId", "imdbId", "seriesType", "tags")


def slim_series(series: Record) -> dict[str, Any]:
    """What is needed of a series: there may be thousands at once, and most of each is prose."""
    return {name: series[name] for name in _OF_SERIES if name in series}


def record_id(record: object) -> int | None:
    """The id of a movie or series."""
    return _number(record, "id") if isinstance(record, dict) else None


def moment(text: str | None) -> datetime:
    """A date and time of the *arr, which is UTC; the epoch for nothing, nonsense and anything before it."""
    try:
        found = datetime.fromisoformat(text or "")
        return max(EPOCH, found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC))
    except (ValueError, OverflowError):
        return EPOCH


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _quality(model: object) -> Quality | None:
    quality = model.get("quality") if isinstance(model, dict) else None
    if not isinstance(quality, dict):
        return None
    name = _text(quality, "name")
    if name is None:
        return None
    return Quality(name=name, source=_text(quality, "source"), resolution=_number(quality, "resolution") or 0)


def _revision(model: object) -> Revision | None:
    record = model.get("revision") if isinstance(model, dict) else None
    if not isinstance(record, dict):
        return None
    repack = record.get("isRepack") is True
    return revision(_number(record, "version") or 1, _number(record, "real") or 0, repack)


def _names(languages: object) -> list[str]:
    listed = languages if isinstance(languages, list) else []
    return [name for each in listed if isinstance(each, dict) and (name := _text(each, "name"))]


def _tags(record: Record) -> tuple[int, ...]:
    listed = record.get("tags")
    return tuple(n for n in listed if isinstance(n, int)) if isinstance(listed, list) else ()


def _record(found: object) -> Record:
    if not isinstance(found, dict):
        raise BadRecord("not an object")
    return found


def _number(record: Record, name: str) -> int | None:
    """A number above 0; the *arrs say 0 for what they do not know."""
    value = record.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 63 else None


def _positive(record: Record, name: str) -> int:
    value = _number(record, name)
    if value is None:
        raise BadRecord(f"{name} is no number above 0")
    return value


def _text(record: Record, name: str) -> str | None:
    value = record.get(name)
    return value.strip() or None if isinstance(value, str) else None
