"""One file that a library shares, and what is known about it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from attrs import field, frozen

from jackd.model.ids import MediaIds
from jackd.model.revision import Revision

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MARK = "+"
"""In the id of an extra; no library makes an item's id with it."""


def _numbers(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(values)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


class Kind(enum.Enum):
    """What an item is; the value stands in item ids (``<library>:movie:12``)."""

    MOVIE = "movie"
    EPISODE = "episode"


@frozen(kw_only=True)
class Quality:
    """The *arr's quality: ``name`` ("Bluray-1080p"), ``source`` ("bluray"), ``resolution`` in lines, 0 unknown."""

    name: str
    source: str | None = None
    resolution: int = 0


@frozen(kw_only=True)
class Extra:
    """
    A small file beside an item's: subtitles, a description, a picture.

    :ivar suffix: what its name has behind the item's name without extension: ``.en.forced.srt``; see
        :func:`jackd.model.filenames.extra_extension`.
    :ivar size: bytes.
    """

    suffix: str
    size: int


def extra_id(item_id: str, suffix: str) -> str:
    """The id under which the extra with that suffix is read, beside the item with that id."""
    return f"{item_id}{_MARK}{suffix}"


def split_extra_id(item_id: str) -> tuple[str, str | None]:
    """The item's own id, and the suffix, which is ``None`` when the id is not an extra's."""
    item, mark, suffix = item_id.partition(_MARK)
    return item, suffix if mark else None


def _extras(values: Iterable[Extra]) -> tuple[Extra, ...]:
    return tuple(values)


@frozen(kw_only=True)
class Item:
    """
    A movie's file, or the file of one or more episodes.

    :ivar id: ``<library>:<movie|episode>:<entity>``; opaque to everybody but the library that made it.
    :ivar title: the release title to offer, without extension (:func:`jackd.model.naming.release_title`).
    :ivar filename: the file's own base name; never a path.
    :ivar size: bytes.
    :ivar ids: of the movie or of the **series**.
    :ivar name: the library's title of the movie or series; ``year`` its year.
    :ivar season: ``None`` for movies; 0 holds the specials.
    :ivar episodes: the episode numbers in the file, ascending; empty for movies and for a whole season.
    :ivar season_episodes: how many episodes the season has, on the air or not, when the library knows.
    :ivar absolute: the absolute number of the first episode (anime).
    :ivar aired: the air date of the first episode.
    :ivar published: when the file came into the library; aware, UTC.
    :ivar revision: how often the release was mended, ``None`` when nobody says.
    :ivar extras: what lies beside its file; only when it was asked for by itself.
    :ivar media_info: the *arr's ``mediaInfo`` object as it came.
    """

    id: str
    kind: Kind
    title: str
    filename: str
    size: int
    ids: MediaIds = MediaIds()
    name: str | None = None
    year: int | None = None
    season: int | None = None
    episodes: tuple[int, ...] = field(default=(), converter=_numbers)
    season_episodes: int | None = None
    absolute: int | None = None
    aired: date | None = None
    anime: bool = False
    quality: Quality | None = None
    revision: Revision | None = None
    languages: tuple[str, ...] = field(default=(), converter=_texts)
    release_group: str | None = None
    edition: str | None = None
    media_info: Mapping[str, Any] | None = field(default=None, eq=False)
    published: datetime = EPOCH
    extras: tuple[Extra, ...] = field(default=(), converter=_extras)

    @property
    def resolution(self) -> int:
        """Lines of the picture, 0 when unknown."""
        return self.quality.resolution if self.quality else 0
