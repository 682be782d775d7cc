"""The title and the year that the name of a file or folder says."""

from __future__ import annotations

import re
import unicodedata

from attrs import frozen

from jackd.folder.quality import before_quality, before_resolution
from jackd.folder.tags import ids_in, without_tags
from jackd.model.ids import MediaIds

_YEAR = re.compile(r"(?<![^\W_])(18[89]\d|19\d\d|20\d\d)(?![^\W_])")
_LEADING_GROUP = re.compile(r"^\s*\[[^\]]*\]")
_MAX_NAME = 200


@frozen(kw_only=True)
class About:
    """What one source (a name, an ``.nfo``) says a movie or series is."""

    ids: MediaIds = MediaIds()
    name: str | None = None
    year: int | None = None


def shown(name: str) -> str:
    """
    A file's name as text: bytes that are no UTF-8, control characters and the like become U+FFFD, since it will be
    sent to others, logged and shown.
    """
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cs", "Cf") else c for c in name)


def about_name(text: str, *, latest: int) -> About:
    """
    What ``text`` says: ``The.Matrix.1999.1080p``, ``The Matrix (1999) {tmdb-603}``.

    :param latest: years after it belong to the title (``Blade Runner 2049``).
    """
    plain = _LEADING_GROUP.sub("", without_tags(text)) or text
    year = _year(before_resolution(plain), latest)
    title = _title(plain[: year.start()] if year else before_quality(plain))
    return About(ids=ids_in(text), name=title, year=int(year[1]) if year else None)


def about_series(text: str, *, latest: int) -> About:
    """What the part before ``SxxEyy`` says; there is no quality in it (``Charlotte's Web``)."""
    plain = without_tags(text)
    year = _year(plain, latest)
    title = _title(plain[: year.start()] if year else plain)
    return About(ids=ids_in(text), name=title, year=int(year[1]) if year else None)


def _year(text: str, latest: int) -> re.Match[str] | None:
    """The last one that a title stands before; one in brackets wins."""
    found = [m for m in _YEAR.finditer(text) if int(m[1]) <= latest and _title(text[: m.start()])]
    bracketed = [m for m in found if text[m.start() - 1] in "(["]
    best = bracketed or found
    return best[-1] if best else None


def _title(text: str) -> str | None:
    """``Some.Show.`` -> ``Some Show``; dots stay in names that are written with spaces (``Mr. Robot``)."""
    spaced = re.sub(r"_" if " " in text.strip() else r"[._]", " ", text)
    title = " ".join(spaced.split()).strip(" -([{")
    return title[:_MAX_NAME] if re.search(r"[^\W_]", title) else None
