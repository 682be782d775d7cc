"""
The release title under which an item is offered.

The *arrs know an offer by its title alone: it has to parse back to the movie or episode that it is, with its quality,
else the grab ends in manual import. The same title is the name in the download client's list and of the folder that is
imported. A library's own scene name is kept when it does that; else a title is built from the library's data.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from attrs import frozen

from jackd.model.item import Item, Kind
from jackd.model.quality import quality_words, tells

MAX_TITLE = 200
"""UTF-8 bytes of a title, so that a file name made of it fits every file system."""

MAX_NAME = 100
_MAX_GROUP = 20
_UNKNOWN = "Unknown"

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
_BRACKETED = re.compile(r"\{[^}]*\}|^(?:\[[^\]]*\])+")

_YEAR = re.compile(r"(?<![^\W_])(?:18|19|20)\d{2}(?![^\W_]|\]|\W(?:18|19|20)\d{2})")
"""A year that no other year follows: in ``1917.2019`` Radarr reads 2019."""

_EPISODE = re.compile(
    r"(?<![^\W_])s(?P<season>\d{1,4})[ ._]?(?P<episodes>(?:[ ._-]?e\d{1,4})+(?:-\d{1,3})?)(?:v\d)?(?![^\W_])",
    re.IGNORECASE,
)
_SEASON = re.compile(r"(?<![^\W_])s(?P<season>\d{1,4})(?![^\W_])", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d{2})[ ._-](\d{2})[ ._-](\d{2})(?!\d)")
_GROUP = re.compile(r"-(?!DL$)([A-Za-z0-9]+)$")
_ABSOLUTE = re.compile(r"(?<=[ _.])-[ _.](?P<absolute>\d{2,4})(?:v\d)?(?=[ _.]|$)")

_MAX_LISTED = 4
"""Episodes of one file that are all named; of more only the first and the last."""

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
    title = _EXTENSION.sub("", item.title.strip())
    return title if _parses_back(title, item) else _built(item, title)


# -- is the title that came good enough? ---------------------------------------------------------------------------


def _parses_back(title: str, item: Item) -> bool:
    return (
        len(title.encode("utf-8", "replace")) <= MAX_TITLE
        and _readable(title, item.anime)
        and tells(title, item.quality)
        and any(_is_it(mark, item) for mark in _marks(title, item.kind))
    )


def _readable(title: str, anime: bool) -> bool:
    shape = _SCENE.fullmatch(title) or (anime and _FANSUB.fullmatch(title))
    return bool(shape) and not _HASHED.match(title) and not _blocked(title)


def _blocked(title: str) -> bool:
    return "password" in title.lower() and "yenc" in title.lower()


@frozen
class _Mark:
    """What tells name from the rest in a title: a year, ``SxxEyy``, a date or an absolute number."""

    name: str
    rest: str
    year: int | None = None
    season: int | None = None
    episodes: tuple[int, ...] = ()
    aired: date | None = None
    absolute: int | None = None


def _marks(title: str, kind: Kind) -> list[_Mark]:
    """All marks that a title has, the most telling first."""
    if kind is Kind.MOVIE:
        found = [_Mark(title[: m.start()], title[m.end() :], year=int(m[0])) for m in _YEAR.finditer(title)]
        return [mark for mark in found if _key(mark.name)][:1]
    found = [*_episode_marks(title), *_date_marks(title), *_absolute_marks(title)]
    return [mark for mark in found if _key(_BRACKETED.sub("", mark.name))]


def _episode_marks(title: str) -> list[_Mark]:
    marks = []
    for m in [*_EPISODE.finditer(title), *_SEASON.finditer(title)]:
        numbers = [int(n) for n in re.findall(r"\d+", m.groupdict().get("episodes") or "")]
        # the *arrs take several numbers for the first and last of a range
        episodes = tuple(range(numbers[0], numbers[-1] + 1)) if numbers else ()
        marks.append(_Mark(title[: m.start()], title[m.end() :], season=int(m["season"]), episodes=episodes))
    return marks


def _date_marks(title: str) -> list[_Mark]:
    marks = []
    for m in _DATE.finditer(title):
        try:
            aired = date(int(m[1]), int(m[2]), int(m[3]))
        except ValueError:
            continue
        marks.append(_Mark(title[: m.start()], title[m.end() :], aired=aired))
    return marks


def _absolute_marks(title: str) -> list[_Mark]:
    if not title.startswith("["):
        return []
    found = _ABSOLUTE.finditer(title)
    return [_Mark(title[: m.start()], title[m.end() :], absolute=int(m["absolute"])) for m in found]


def _is_it(mark: _Mark, item: Item) -> bool:
    return _same_name(mark, item) and (mark.year in (None, item.year or mark.year)) and _same_episode(mark, item)


def _same_name(mark: _Mark, item: Item) -> bool:
    if not item.name:
        return True
    name = item.name if item.kind is Kind.EPISODE else _without_year(item.name, item.year)
    accepted = {_key(name), _key(f"{name} {item.year}")} if item.kind is Kind.EPISODE else {_key(name)}
    return _key(_BRACKETED.sub("", mark.name)) in accepted


def _same_episode(mark: _Mark, item: Item) -> bool:
    if item.kind is Kind.MOVIE:
        return True
    if mark.season is not None:
        return (mark.season, mark.episodes) == (item.season, item.episodes)
    if mark.aired is not None:
        return mark.aired == item.aired
    return item.anime and mark.absolute == item.absolute


def _key(text: str) -> str:
    """What two spellings of one name have in common, as strict as the *arrs: punctuation, accents and case are not."""
    return re.sub(r"and|[\W_]+", "", _folded(text).replace("&", "and").casefold())


# -- make one ------------------------------------------------------------------------------------------------------


def _built(item: Item, title: str) -> str:
    mark = _any_mark(item, title)
    name = _cut(_dotted(_name(item, title, mark)), MAX_NAME) or _UNKNOWN
    tail, group = _tail(item, mark)
    parts = [name, _number(item, mark), _dotted(item.edition or ""), tail, *_picture(item)]
    return _with_group(_cut(".".join(filter(None, parts)), MAX_TITLE - _MAX_GROUP - 1), group, item)


def _tail(item: Item, mark: _Mark | None) -> tuple[str, str]:
    """What says the quality, and the group: from the library, else whatever the title had."""
    group = item.release_group or ""
    if item.quality is not None or mark is None:
        return quality_words(item.quality), group
    found = _GROUP.search(mark.rest)
    rest = mark.rest[: found.start()] if found else mark.rest
    return _dotted(rest), group or (found[1] if found else "")


def _any_mark(item: Item, title: str) -> _Mark | None:
    for text in (title, _EXTENSION.sub("", item.filename)):
        marks = _marks(text, item.kind)
        if marks:
            return marks[0]
    return None


def _name(item: Item, title: str, mark: _Mark | None) -> str:
    if item.name and _dotted(item.name):
        return _without_year(item.name, item.year) if item.kind is Kind.MOVIE else item.name
    return _BRACKETED.sub("", mark.name if mark else title or _EXTENSION.sub("", item.filename))


def _number(item: Item, mark: _Mark | None) -> str:
    if item.kind is Kind.MOVIE:
        return str(item.year or (mark.year if mark else None) or "")
    if item.season is not None:
        return f"S{item.season:02d}" + _episode_numbers(item.episodes)
    if item.aired is not None:
        return item.aired.strftime("%Y.%m.%d")
    return _absolute_number(item) or (_mark_number(mark) if mark else "")


def _episode_numbers(episodes: tuple[int, ...]) -> str:
    if len(episodes) > _MAX_LISTED:
        return f"E{episodes[0]:02d}-E{episodes[-1]:02d}"
    return "".join(f"E{number:02d}" for number in episodes)


def _absolute_number(item: Item) -> str:
    return f"- {item.absolute:02d}" if item.anime and item.absolute is not None else ""


def _mark_number(mark: _Mark) -> str:
    if mark.season is not None:
        return f"S{mark.season:02d}" + _episode_numbers(mark.episodes)
    return mark.aired.strftime("%Y.%m.%d") if mark.aired else ""


def _picture(item: Item) -> list[str]:
    """Dynamic range and codec, as far as the library says and the title of a built release may carry them."""
    info = item.media_info or {}
    ranges, codec = info.get("videoDynamicRangeType"), info.get("videoCodec")
    words = _RANGES.findall(ranges) if isinstance(ranges, str) else []
    return [*words, _CODECS.get(codec.lower(), "") if isinstance(codec, str) else ""]


def _with_group(title: str, group: str, item: Item) -> str:
    """``title-GROUP``, unless the group's name would be read as another quality."""
    named = f"{title}-{re.sub(r'[^A-Za-z0-9]', '', group)[:_MAX_GROUP]}".rstrip("-")
    return named if item.quality is None or tells(named, item.quality) else title


def _without_year(name: str, year: int | None) -> str:
    return re.sub(rf"\s*[(\[]{year}[)\]]\s*$", "", name) if year else name


def _folded(text: str) -> str:
    """Accents dropped as the *arrs drop them; letters that are no accented ones stay."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", plain)


def _dotted(text: str) -> str:
    """``text`` as words joined by dots: ``Fast & Furious`` -> ``Fast.and.Furious``."""
    plain = _APOSTROPHE.sub("", _folded(text).replace("&", " and "))
    return _LONG_WORD.sub(r"\1.", _SEPARATOR.sub(".", plain).strip("."))


def _cut(title: str, limit: int) -> str:
    """At most ``limit`` bytes, cut at a dot where there is one."""
    data = title.encode("utf-8", "replace")
    if len(data) <= limit:
        return title
    short = data[: limit + 1].decode("utf-8", "ignore")
    return (short.rpartition(".")[0] or short[:-1]).strip(".")
