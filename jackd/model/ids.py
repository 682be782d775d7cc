"""The public ids of a title: TMDB, IMDb, TVDB."""

from __future__ import annotations

import re

from attrs import field, frozen

_IMDB = re.compile(r"\s*(?:tt)?(\d{1,10})\s*", re.IGNORECASE)


def canonical_imdb(text: str | None) -> str | None:
    """
    The form ``tt0133093`` of an IMDb id, from any form that clients send: with or without ``tt``, with or
    without leading zeros. ``None`` for nothing, for zero and for what is no id at all.
    """
    found = _IMDB.fullmatch(text or "")
    if found is None or int(found[1]) == 0:
        return None
    return f"tt{int(found[1]):07d}"


@frozen(kw_only=True)
class MediaIds:
    """What a movie, or the series of an episode, is called by the public databases. Unknown ids are ``None``."""

    tmdb: int | None = None
    imdb: str | None = field(default=None, converter=canonical_imdb)
    tvdb: int | None = None

    def __bool__(self) -> bool:
        return bool(self.tmdb or self.imdb or self.tvdb)

    @property
    def known(self) -> list[tuple[str, int | str]]:
        """Each that is known, with its name before it."""
        named = (("tmdb", self.tmdb), ("imdb", self.imdb), ("tvdb", self.tvdb))
        return [(name, value) for name, value in named if value]

    def any_in(self, other: MediaIds) -> bool:
        """Whether at least one id is known to both and equal: several ids in one query mean *any of them*."""
        return bool(
            (self.tmdb and self.tmdb == other.tmdb)
            or (self.imdb and self.imdb == other.imdb)
            or (self.tvdb and self.tvdb == other.tvdb)
        )
