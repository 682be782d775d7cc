"""
The release title under which an item is offered.

The *arrs know an offer by its title alone: it has to parse back to the movie or episode that it is, with its quality,
else the grab ends in manual import. The same title is the name in the download client's list and of the folder that is
imported. A library's own scene name is kept when it does that; else a title is built from the library's data.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import chain

from jackd.model.item import Item, Kind
from jackd.model.marks import Mark, folded, marks, same
from jackd.model.quality import quality_words, tells

MAX_TITLE = 200
"""UTF-8 bytes of a title, so that a file name made of it fits every file system."""

MAX_NAME = 140
_MAX_GROUP = 20
_MAX_READ = 500
"""Characters of a friend's text that are looked at."""

_MAX_LISTED = 4
"""Episodes of one file that are all named; of more only the first and the last."""

_UNKNOWN = "Unknown"
_NO_GROUP = "jack"

_EXTENSION = re.compile(
    r"(?:\.(?:mkv|mk3d|mp4|m4v|avi|mov|wmv|mpe?g|m2ts|ts|webm|ogm|flv|vob|iso|img|divx|wtv|3gp|strm))+$", re.IGNORECASE
)
_SCENE = re.compile(r"[^\W_](?:[\w.+'()\[\],!-]*[\w)\]!])?")
_FANSUB = re.compile(r"\[[^\W_][\w .-]*\][\w .+'()\[\],!-]*[\w)\]!]")
_HASHED = re.compile(r"[0-9a-zA-Z]{32}|(?:[a-z0-9]{24}|[A-Z]{11}\d{3}|[a-z]{12}\d{3}|\d{6}_\d{2}|abc|123)$")
"""What the *arrs take for an obfuscated name and refuse; looked for at the beginning."""

_APOSTROPHE = re.compile(r"['’ʼ`´]")
_SEPARATOR = re.compile(r"[\W_]+")
_LONG_WORD = re.compile(r"([^\W_]{24})(?=[^\W_])")
_YENC = re.compile(r"(y)(enc)", re.IGNORECASE)
_GROUP = re.compile(r"-(?!DL$)([A-Za-z0-9]+)$")
_RANGES = re.compile(r"HDR10Plus|HDR10|HDR|HLG|PQ|DV")
_CODECS = {
    "x264": "x264",
    "h264": "H264",
    "avc": "H264",
    "x265": "x265",
    "h265": "H265",
    "hevc": "H265",
    "av1": "AV1",
    "vp9": "VP9",
}


def release_title(item: Item) -> str:
    """``item.title`` if the *arrs parse it back to ``item``, else a title made from what is known of it."""
    title = _stem(unicodedata.normalize("NFC", item.title[:_MAX_READ]).strip())
    return title if _parses_back(title, item) else _built(title, item)


# -- is the title that came good enough? ---------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _parses_back(title: str, item: Item) -> bool:
    return (
        len(title.encode("utf-8", "replace")) <= MAX_TITLE
        and _readable(title, item.anime)
        and tells(title, item.quality)
        and any(_is_it(mark, item) for mark in marks(title, item.kind))
    )


def _readable(title: str, anime: bool) -> bool:
    shape = _SCENE.fullmatch(title) or (anime and _FANSUB.fullmatch(title))
    return bool(shape) and not _HASHED.match(title) and not _blocked(title)


def _blocked(title: str) -> bool:
    return "password" in title.lower() and "yenc" in title.lower()


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
    name = _own_name(item)
    return not name or same(mark.name) in (
        {same(name)} if item.kind is Kind.MOVIE else {same(name), same(f"{name} {item.year}")}
    )


# -- make one ------------------------------------------------------------------------------------------------------


def _built(title: str, item: Item) -> str:
    """With all that is known, if that can be read back; else without what may be in the way: group, edition, codec."""
    mark = _first_mark(title, item)
    name = _cut(_dotted(_name(title, mark, item)), MAX_NAME) or _UNKNOWN
    number = _number(mark if mark and _has_name(mark, item) else None, item)
    if not number and not _own_name(item):
        return name  # nothing is known; what else a title may have is in the name already
    tail, group = _tail(mark, item)
    made = ""
    for rest, team in ((tail, group), (tail, ""), (quality_words(item.quality), "")):
        made = _joined(name, number, rest, team, item)
        if _parses_back(made, item):
            break
    return made


def _joined(name: str, number: str, rest: str, group: str, item: Item) -> str:
    if _is_absolute(item):
        return _fansub(name, number, rest, group)
    title = _cut(".".join(filter(None, (name, number, rest))), MAX_TITLE - _MAX_GROUP - 1)
    named = f"{title}-{_plain(group)}".rstrip("-")
    return _YENC.sub(r"\1.\2", named) if _blocked(named) else named


def _first_mark(title: str, item: Item) -> Mark | None:
    """What the title itself says, else what the file's name says."""
    return next(chain(marks(title, item.kind), marks(_stem(item.filename), item.kind)), None)


def _name(title: str, mark: Mark | None, item: Item) -> str:
    return _own_name(item) or (mark.name if mark else title or _stem(item.filename))


def _own_name(item: Item) -> str:
    """As the library has it, empty if it is of no use; a movie's without the year in parentheses."""
    name = (item.name or "")[:_MAX_READ]
    if item.year and item.kind is Kind.MOVIE:
        name = re.sub(rf"\s*[(\[]{item.year}[)\]]\s*$", "", name) or name
    return name if _dotted(name) else ""


def _number(mark: Mark | None, item: Item) -> str:
    """The year; or season and episodes, absolute number, air date; what the library does not know, the mark may."""
    if item.kind is Kind.MOVIE:
        return str(item.year or (mark.year if mark else None) or "")
    if item.season is not None:
        return f"S{item.season:02d}" + _listed(item.episodes)
    if _is_absolute(item):
        return f"{item.absolute:02d}"
    aired = item.aired or (mark.aired if mark else None)
    if aired is not None:
        return aired.isoformat().replace("-", ".")
    return f"S{mark.season:02d}" + _listed(mark.episodes) if mark and mark.season is not None else ""


def _listed(episodes: tuple[int, ...]) -> str:
    if len(episodes) > _MAX_LISTED:
        return f"E{episodes[0]:02d}-E{episodes[-1]:02d}"
    return "".join(f"E{number:02d}" for number in episodes)


def _is_absolute(item: Item) -> bool:
    """Whether its absolute number is what tells the episode from others."""
    return item.kind is Kind.EPISODE and item.season is None and item.anime and item.absolute is not None


def _tail(mark: Mark | None, item: Item) -> tuple[str, str]:
    """What follows, and the group: from the library; if that has no quality, whatever the title had."""
    group = (item.release_group or "")[:_MAX_READ]
    if item.quality is not None or mark is None:
        parts = [_dotted((item.edition or "")[:_MAX_READ]), quality_words(item.quality), *_picture(item)]
        return ".".join(filter(None, parts)), group
    found = _GROUP.search(mark.rest)
    rest = mark.rest[: found.start()] if found else mark.rest
    return _dotted(rest), group or (found[1] if found else "")


def _picture(item: Item) -> list[str]:
    """Dynamic range and codec, as far as the library says."""
    info = item.media_info or {}
    ranges, codec = info.get("videoDynamicRangeType"), info.get("videoCodec")
    words = _RANGES.findall(ranges[:_MAX_READ]) if isinstance(ranges, str) else []
    return [*words, _CODECS.get(codec.lower(), "") if isinstance(codec, str) else ""]


def _fansub(name: str, number: str, tail: str, group: str) -> str:
    """``[Group] Name - 07 [1080p][BluRay]``: absolute numbers are only read in this form."""
    brackets = "".join(f"[{word}]" for word in tail.split(".") if word)
    return f"[{_plain(group) or _NO_GROUP}] {name.replace('.', ' ')} - {number} {brackets}".strip()


def _stem(filename: str) -> str:
    return _EXTENSION.sub("", filename[:_MAX_READ])


def _plain(group: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", group)[:_MAX_GROUP]


def _dotted(text: str) -> str:
    """``text`` as words joined by dots: ``Fast & Furious`` -> ``Fast.and.Furious``."""
    plain = _APOSTROPHE.sub("", folded(text).replace("&", " and "))
    return _LONG_WORD.sub(r"\1.", _SEPARATOR.sub(".", plain).strip("."))


def _cut(title: str, limit: int) -> str:
    """At most ``limit`` bytes, cut at a dot where there is one."""
    data = title.encode("utf-8", "replace")
    if len(data) <= limit:
        return title
    short = data[: limit + 1].decode("utf-8", "ignore")
    return (short.rpartition(".")[0] or short[:-1]).strip(".")
