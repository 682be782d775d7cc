"""From a video, its name, its folders and the ``.nfo`` files around it to an item. Blocking: it reads those files."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from jackd.folder.names import About, about_name, about_series, shown
from jackd.folder.nfo import MAX_NFO, Nfo, read_nfo
from jackd.folder.numbering import Numbering, numbering, season_folder
from jackd.folder.quality import group_in, quality_in
from jackd.folder.tags import tagged_edition, without_tags
from jackd.folder.walk import Entry, Listing, ancestors
from jackd.model.edition import edition_in
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind
from jackd.model.languages import languages_in
from jackd.model.naming import release_title
from jackd.model.revision import revision_in
from jackd.model.search import words

_MORE_LANGUAGES = re.compile(r"(?<!web[-_. ])\b(?:DL|ML|multi|dual)\b", re.IGNORECASE)


@frozen(kw_only=True)
class Surroundings:
    """
    What the folder of a video says about it.

    :ivar folder: from the folder's own name; ``nfo`` from its ``movie.nfo``.
    :ivar series: from ``tvshow.nfo`` of the folder or one above, then from the name of the series's folder.
    :ivar season: when it is the folder of a season.
    """

    folder: About
    nfo: Nfo
    series: Sequence[About]
    season: int | None


def describe(root: Path, listing: Listing, now: float) -> list[tuple[Entry, Item]]:
    """The items of one folder, without their ids: those are the library's own matter."""
    latest = datetime.fromtimestamp(now, UTC).year + 1
    around = _surroundings(root, listing, latest)
    nfos = {entry.name for entry in listing.nfos}
    described = []
    for video in listing.videos:
        beside = f"{video.name.rpartition('.')[0]}.nfo"
        nfo = _read(root / listing.relative / beside) if beside in nfos else Nfo()
        item = _item(video, nfo, around, latest)
        if item is not None:
            described.append((video, _finished(item, video, now)))
    return described


def _surroundings(root: Path, listing: Listing, latest: int) -> Surroundings:
    names = [folder.rpartition("/")[2] for folder in ancestors(listing.relative)]
    season = season_folder(names[0])
    series_name = names[1 if season is not None and len(names) > 1 else 0]
    shows = (_read(root / folder / "tvshow.nfo") for folder in ancestors(listing.relative))
    return Surroundings(
        folder=about_name(shown(names[0]), latest=latest),
        nfo=_read(root / listing.relative / "movie.nfo"),
        series=[*(nfo.about for nfo in shows if nfo.kind == "tvshow"), about_series(shown(series_name), latest=latest)],
        season=season,
    )


def _item(video: Entry, nfo: Nfo, around: Surroundings, latest: int) -> Item | None:
    stem = shown(video.name.rpartition(".")[0])
    number = None if nfo.kind == "movie" else _corrected(numbering(stem, season=around.season), stem, nfo)
    if number is not None:
        return _episode(number, nfo, around, latest)
    return _movie(stem, nfo if nfo != Nfo() else around.nfo, around.folder, latest)


def _corrected(number: Numbering | None, stem: str, nfo: Nfo) -> Numbering | None:
    """The ``.nfo`` knows better than the name."""
    if nfo.season is None or not nfo.episodes:
        return number
    number = number or Numbering(before="", after=stem)
    return evolve(number, season=nfo.season, episodes=nfo.episodes, aired=nfo.aired or number.aired)


def _episode(number: Numbering, nfo: Nfo, around: Surroundings, latest: int) -> Item | None:
    own = about_series(number.before, latest=latest)
    sources = [own, nfo.about, *around.series]
    series = _first(sources)
    if series.name is None:
        return None
    return Item(
        id="",
        kind=Kind.EPISODE,
        title="",
        filename="",
        size=0,
        ids=series.ids,
        name=series.name,
        year=series.year,
        season=number.season,
        episodes=number.episodes,
        absolute=number.absolute,
        aired=number.aired,
        anime=number.absolute is not None,
        quality=quality_in(number.after),
        revision=revision_in(number.after),
        languages=_languages(number.after),
        release_group=number.group or group_in(without_tags(number.after)),
    )


def _movie(stem: str, nfo: Nfo, folder: About, latest: int) -> Item | None:
    own = about_name(stem, latest=latest)
    inherited = [folder] if _same_movie(own, folder) else []
    beside = [nfo.about] if nfo.about.year is None or own.year in (None, nfo.about.year) else []
    movie = _first([own, *beside, *inherited] if own.year else [*beside, *inherited, own])
    if movie.name is None or not (movie.year or movie.ids):
        return None
    rest = stem[len(own.name or "") :]
    return Item(
        id="",
        kind=Kind.MOVIE,
        title="",
        filename="",
        size=0,
        ids=movie.ids,
        name=movie.name,
        year=movie.year,
        quality=quality_in(rest),
        revision=revision_in(rest),
        languages=_languages(rest),
        release_group=group_in(without_tags(rest)),
        edition=tagged_edition(stem) or edition_in(rest),
    )


def _languages(rest: str) -> Any:
    """What the name says, unless it says that there are more of them."""
    return () if _MORE_LANGUAGES.search(rest) else sorted(languages_in(rest))


def _same_movie(own: About, folder: About) -> bool:
    """Whether the folder is that of the movie, not of a collection; one without year or id is neither."""
    if own.year is None or not (folder.year or folder.ids):
        return bool(folder.year or folder.ids)
    if folder.year is not None:
        return folder.year == own.year
    return words(folder.name or "") == words(own.name or "")


def _first(sources: Iterable[About]) -> About:
    """Each fact from the first source that knows it."""
    sources = list(sources)
    ids = MediaIds(
        tmdb=next((s.ids.tmdb for s in sources if s.ids.tmdb), None),
        imdb=next((s.ids.imdb for s in sources if s.ids.imdb), None),
        tvdb=next((s.ids.tvdb for s in sources if s.ids.tvdb), None),
    )
    name = next((s.name for s in sources if s.name), None)
    return About(ids=ids, name=name, year=next((s.year for s in sources if s.year), None))


def _finished(item: Item, video: Entry, now: float) -> Item:
    filename = shown(video.name)
    seconds = min(max(video.changed / 1e9, 0.0), now)
    item = evolve(
        item,
        title=" ".join(without_tags(filename.rpartition(".")[0]).split()),
        filename=filename,
        size=video.size,
        published=datetime.fromtimestamp(int(seconds), UTC),
    )
    return evolve(item, title=release_title(item))


def _read(path: Path) -> Nfo:
    """An ``.nfo``; empty for one that is not there, no regular file, or can't be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Nfo()
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Nfo()
        try:
            return read_nfo(file.read(MAX_NFO + 1))
        except OSError:
            return Nfo()
