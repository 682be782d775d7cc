"""
The release title under which an item is offered.

The *arrs know an offer by its title alone: it has to parse back to the movie or episode that it is, with its quality,
revision, edition, group and languages, else the grab ends in manual import or the offer scores wrong. The same title is
the name in the download client's list and of the folder that is imported. A library's own scene name is kept when it
does that; else a title is built from the library's data (:mod:`jackd.model.draft`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain

from attrs import evolve

from jackd.model.draft import MAX_NAME, MAX_READ, Draft, cut, dotted, draft, harmless
from jackd.model.edition import edition_in
from jackd.model.group import MAX_GROUP, group_in, plain_group
from jackd.model.item import Item, Kind
from jackd.model.languages import languages_in, spoken
from jackd.model.marks import Mark, marks, same
from jackd.model.media import media_words
from jackd.model.quality import is_remux, tells
from jackd.model.revision import revision_in

MAX_TITLE = 200
"""UTF-8 bytes of a title, so that a file name made of it fits every file system."""

_UNKNOWN = "Unknown"

_EXTENSION = re.compile(
    r"(?:\.(?:mkv|mk3d|mp4|m4v|avi|mov|wmv|mpe?g|m2ts|ts|webm|ogm|flv|vob|iso|img|divx|wtv|3gp|strm))+$", re.IGNORECASE
)
_SCENE = re.compile(r"[^\W_](?:[\w.+'()\[\],!-]*[\w)\]!])?")
_FANSUB = re.compile(r"\[[^\W_][\w .-]*\][\w .+'()\[\],!-]*[\w)\]!]")
_HASHED = re.compile(r"[0-9a-zA-Z]{32}|(?:[a-z0-9]{24}|[A-Z]{11}\d{3}|[a-z]{12}\d{3}|\d{6}_\d{2}|abc|123)$")
"""What the *arrs take for an obfuscated name and refuse; looked for at the beginning."""

_YENC = re.compile(r"(y)(enc)", re.IGNORECASE)


def release_title(item: Item) -> str:
    """``item.title`` if the *arrs parse it back to ``item``, else a title made from what is known of it."""
    title = _stem(unicodedata.normalize("NFC", item.title[:MAX_READ]).strip())
    if _parses_back(title, item):
        return title
    return _built(title, item, media_words(item.media_info, remux=is_remux(item.quality)))


# -- is the title good enough? -------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _parses_back(title: str, item: Item) -> bool:
    return (
        len(title.encode("utf-8", "replace")) <= MAX_TITLE
        and _readable(title, item.anime)
        and tells(title, item.quality)
        and (item.revision is None or item.revision == revision_in(title))
        and _has_group(title, item)
        and any(_is_it(mark, item) and _says_the_same(mark, item) for mark in marks(title, item.kind))
    )


def _readable(title: str, anime: bool) -> bool:
    shape = _SCENE.fullmatch(title) or (anime and _FANSUB.fullmatch(title))
    return bool(shape) and not _HASHED.match(title) and not _blocked(title)


def _blocked(title: str) -> bool:
    return "password" in title.lower() and "yenc" in title.lower()


def _has_group(title: str, item: Item) -> bool:
    """The library's group, if it is one that can be told."""
    group = plain_group((item.release_group or "")[:MAX_READ])
    return not group or group.lower() == (group_in(title) or "").lower()


def _says_the_same(mark: Mark, item: Item) -> bool:
    return _speaks(mark, item) and _has_edition(mark, item)


def _speaks(mark: Mark, item: Item) -> bool:
    """No language that the library does not know of; a title that names none leaves it to the feed's attributes."""
    known = spoken(item.languages)
    return not known or languages_in(mark.rest.rpartition("-")[0] or mark.rest) <= set(known)


def _has_edition(mark: Mark, item: Item) -> bool:
    """The library's, if it is one that is read from titles."""
    edition = edition_in((item.edition or "")[:MAX_READ])
    return edition is None or edition.lower() == (edition_in(mark.rest) or "").lower()


def _is_it(mark: Mark, item: Item) -> bool:
    if not _has_name(mark, item):
        return False
    if item.kind is Kind.MOVIE:
        return item.year in (None, mark.year)
    if (item.season, item.aired, item.absolute) == (None, None, None):
        return True
    if mark.season is not None:
        return (mark.season, mark.episodes) == (item.season, item.episodes)
    if mark.aired is not None:
        return mark.aired == item.aired
    return item.anime and mark.absolute == item.absolute


def _has_name(mark: Mark, item: Item) -> bool:
    """A series may be told from another of its name by its year."""
    name, found = _own_name(item), same(mark.name)
    if not name or found == same(name):
        return True
    return item.kind is Kind.EPISODE and found == same(f"{name} {item.year}")


# -- make one ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _built(title: str, item: Item, media: tuple[str, ...]) -> str:
    mark = _first_mark(title, item)
    name = cut(dotted(_name(title, mark, item)), MAX_NAME) or _UNKNOWN
    own = mark if mark and _has_name(mark, item) else None
    full = draft(item, name, own, mark.rest if mark else "", media)
    if not full.number and not _own_name(item):
        return name  # nothing is known; what else a title may have is in the name already
    readable = (_fullest(attempt, item) for attempt in (full, evolve(full, name=harmless(name))))
    return next(filter(None, readable), _finished(evolve(full, extras=(), media=())))


def _fullest(full: Draft, item: Item) -> str:
    """With all that is known, if that can be read back; else without what is in the way; empty if all of it is."""
    made = _finished(full)
    if _parses_back(made, item):
        return made
    item = evolve(item, release_group=None, edition=None)
    made = _finished(kept := evolve(full, extras=(), media=(), group=""))
    if not _parses_back(made, item):
        return ""
    for name, word in full.optional():
        more = kept.with_more(name, word)
        if _parses_back(_finished(more), item) and group_in(_finished(more)) in (None, more.group):
            kept = more
    return _finished(kept)


def _finished(known: Draft) -> str:
    group = f"-{known.group}" if known.group and not known.fansub else ""
    made = cut(known.title().removesuffix(group), MAX_TITLE - MAX_GROUP - 1) + group
    return _YENC.sub(r"\1.\2", made) if _blocked(made) else made


def _first_mark(title: str, item: Item) -> Mark | None:
    """What the title itself says, else what the file's name says."""
    return next(chain(marks(title, item.kind), marks(_stem(item.filename), item.kind)), None)


def _name(title: str, mark: Mark | None, item: Item) -> str:
    return _own_name(item) or (mark.name if mark else title or _stem(item.filename))


def _own_name(item: Item) -> str:
    """As the library has it, empty if it is of no use; a movie's without the year in parentheses."""
    name = (item.name or "")[:MAX_READ]
    if item.year and item.kind is Kind.MOVIE:
        name = re.sub(rf"\s*[(\[]{item.year}[)\]]\s*$", "", name) or name
    return name if dotted(name) else ""


def _stem(filename: str) -> str:
    return _EXTENSION.sub("", filename[:MAX_READ])
