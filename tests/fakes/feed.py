"""
Torznab answers read as strictly as the strictest of the *arrs read them.

What they only log (an item that can't be read) drops the item here too; what makes them refuse a whole answer raises.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from attrs import frozen

TORZNAB = "{http://torznab.com/schemas/2015/feed}"
TORRENT = ("application/x-bittorrent", "application/x-bittorrent;x-scheme-handler/magnet")
_DATE = re.compile(r"(\w{3}), (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) \+0000")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
INT64 = 2**63


class IndexerError(Exception):
    """``<error>``: the indexer is put to sleep for a while."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


class ApiKeyError(IndexerError):
    """``<error>`` with a code from 100 to 199."""


class UnsupportedFeed(Exception):
    """XML that is no answer of an indexer."""


@frozen(kw_only=True)
class Mode:
    """One way to search."""

    available: bool
    parameters: Sequence[str]


@frozen(kw_only=True)
class Caps:
    """``modes`` by element name; ``categories`` by number, sub-categories too."""

    default: int
    max: int
    modes: Mapping[str, Mode]
    categories: Mapping[int, str]

    @property
    def page_size(self) -> int:
        return min(100, max(self.default, self.max))

    def supports(self, mode: str, *parameters: str) -> bool:
        found = self.modes.get(mode)
        return found is not None and found.available and set(parameters) <= set(found.parameters)


@frozen(kw_only=True)
class FeedItem:
    """``attributes``: every ``torznab:attr``, by lower-case name."""

    title: str
    guid: str
    published: datetime
    url: str
    size: int
    seeders: int | None
    peers: int | None
    tmdb: int
    imdb: int
    tvdb: int
    languages: tuple[str, ...]
    categories: tuple[int, ...]
    attributes: Mapping[str, Sequence[str]]


def parse_caps(data: bytes) -> Caps:
    """``t=caps``: any slip makes an *arr fall back to its defaults for a week, so any slip raises."""
    root = _document(data)
    if root.tag != "caps":
        raise UnsupportedFeed(f"the root is {root.tag}")
    limits = root.find("limits")
    default, maximum = (100, 100) if limits is None else (int(limits.attrib["default"]), int(limits.attrib["max"]))
    searching = root.find("searching")
    modes = {mode.tag: _mode(mode) for mode in (searching if searching is not None else ())}
    categories: dict[int, str] = {}
    for category in root.iterfind("categories/category"):
        for element in (category, *category.iterfind("subcat")):
            categories[int(element.attrib["id"])] = element.attrib["name"]
    return Caps(default=default, max=maximum, modes=modes, categories=categories)


def parse_feed(data: bytes, base_url: str) -> list[FeedItem]:
    """A search's answer."""
    root = _document(data)
    channel = root.find("channel")
    if root.tag != "rss" or channel is None:
        raise UnsupportedFeed("no rss/channel")
    elements = channel.findall("item")
    if any(not _text(element, "pubDate") for element in elements):
        raise UnsupportedFeed("an item has no pubDate")
    if any(guid.attrib for guid in channel.iterfind("item/guid")):
        raise UnsupportedFeed("cross-seed can't take a guid with attributes")
    items = []
    for element in elements:
        try:
            items.append(_item(element, base_url))
        except (ValueError, KeyError, LookupError):
            continue
    return items


def parse_date(text: str) -> datetime:
    """RFC 1123 with ``+0000``; a wrong weekday is an error, as it is in .NET."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"no date: {text}")
    month = _MONTHS.index(found[3]) + 1
    when = datetime(int(found[4]), month, int(found[2]), int(found[5]), int(found[6]), int(found[7]), tzinfo=UTC)
    if _DAYS[when.weekday()] != found[1]:
        raise ValueError(f"wrong weekday: {text}")
    return when


def _document(data: bytes) -> ET.Element:
    if data.startswith(b"\xef\xbb\xbf"):
        raise UnsupportedFeed("a byte order mark")
    root = ET.fromstring(data.decode("utf-8"))
    for error in root.iter("error"):
        code = int(error.attrib["code"])
        raise (ApiKeyError if 100 <= code <= 199 else IndexerError)(code, error.attrib["description"])
    return root


def _mode(element: ET.Element) -> Mode:
    parameters = element.get("supportedParams", "q").split(",")
    if any(p != p.strip() for p in parameters):
        raise UnsupportedFeed("supportedParams is not trimmed by its readers")
    return Mode(available=element.get("available") == "yes", parameters=parameters)


def _item(element: ET.Element, base_url: str) -> FeedItem:
    attributes: dict[str, list[str]] = {}
    for attr in element.iterfind(f"{TORZNAB}attr"):
        attributes.setdefault(attr.attrib["name"].lower(), []).append(attr.attrib["value"])

    def number(name: str) -> int | None:
        found = attributes.get(name)
        return int(found[0]) if found else None

    title = _text(element, "title")
    if not title or not title.strip():
        raise ValueError("no title")
    enclosure = _enclosure(element)
    size = number("size")
    size = int(enclosure.get("length", "0")) if size is None else size
    if not -INT64 <= size < INT64:
        raise ValueError("size")
    return FeedItem(
        title=title,
        guid=_text(element, "guid") or str(uuid.uuid4()),
        published=parse_date(_text(element, "pubDate") or ""),
        url=urljoin(base_url, enclosure.attrib["url"]),
        size=size,
        seeders=number("seeders"),
        peers=number("peers"),
        tmdb=number("tmdbid") or 0,
        imdb=number("imdb") or 0,
        tvdb=number("tvdbid") or 0,
        languages=tuple(attributes.get("language", ())),
        categories=tuple(map(int, attributes.get("category", ()))),
        attributes=attributes,
    )


def _enclosure(element: ET.Element) -> ET.Element:
    enclosures = element.findall("enclosure")
    if enclosures and all(e.get("type") == "application/x-nzb" for e in enclosures):
        raise UnsupportedFeed("a Usenet feed")
    for kind in TORRENT:
        for enclosure in enclosures:
            if enclosure.get("type") == kind:
                return enclosure
    raise LookupError("no enclosure that is a torrent")


def _text(element: ET.Element, name: str) -> str | None:
    return element.findtext(name)
