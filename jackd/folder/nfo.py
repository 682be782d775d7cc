"""
The ``.nfo`` files that Kodi, Jellyfin and Emby keep beside videos: XML, XML followed by an address, or an address alone
(Kodi wiki, *NFO files*).

They may come from anywhere, so they are read with care: at most 256 KiB, and nothing that declares a document type or
an entity is parsed at all (S15).
"""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as ET

from attrs import evolve, frozen

from jackd.folder.names import About, shown
from jackd.folder.numbering import MAX_EPISODES
from jackd.model.ids import MediaIds

MAX_NFO = 256 * 1024
_MAX_TEXT = 200

_DANGEROUS = re.compile(r"<!\s*(?:DOCTYPE|ENTITY|\[)", re.IGNORECASE)
_DECLARATION = re.compile(r"<\?.*?\?>", re.DOTALL)
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_IMDB_URL = re.compile(r"imdb\.com/(?:\w\w/)?title/(tt\d{1,10})", re.IGNORECASE)
_TMDB_URL = re.compile(r"themoviedb\.org/(?:movie|tv)/(\d{1,10})", re.IGNORECASE)
_TVDB_URL = re.compile(r"thetvdb\.com/\S*?(?:[?&](?:series)?id=|dereferrer/series/)(\d{1,10})", re.IGNORECASE)
_YEAR = re.compile(r"\s*(\d{4})(?:-|\s*$)")


@frozen(kw_only=True)
class Nfo:
    """
    What an ``.nfo`` says.

    :ivar kind: ``movie``, ``tvshow``, ``episodedetails``, or ``None`` for a bare address.
    :ivar about: of an episode's: the series, as far as it says (the ids in it are those of the episode).
    """

    kind: str | None = None
    about: About = About()
    season: int | None = None
    episodes: tuple[int, ...] = ()
    aired: date | None = None


def read_nfo(data: bytes) -> Nfo:
    """What ``data`` says, as far as it is understood; an empty answer for anything suspicious or broken."""
    text = data.decode("utf-8-sig", "replace")
    if len(data) > MAX_NFO or _DANGEROUS.search(text):
        return Nfo()
    nfo = _read_xml(text)
    linked = _linked(text)
    # An address in an episode's file is that of the episode.
    if nfo.kind == "episodedetails" or not linked or nfo.about.ids:
        return nfo
    return evolve(nfo, about=evolve(nfo.about, ids=linked))


def _read_xml(text: str) -> Nfo:
    """Several roots (a file of two episodes) and text after the root are usual: all goes into a root of our own."""
    try:
        document = ET.fromstring(f"<nfo>{_AMPERSAND.sub('&amp;', _DECLARATION.sub('', text))}</nfo>")  # noqa: S314
    except (ET.ParseError, ValueError):
        return Nfo()
    roots = [element for element in document if element.tag in ("movie", "tvshow", "episodedetails")]
    if not roots:
        return Nfo()
    if roots[0].tag == "episodedetails":
        return _episode([root for root in roots if root.tag == "episodedetails"])
    about = About(ids=_ids(roots[0]), name=_text(roots[0], "title"), year=_year(roots[0]))
    return Nfo(kind=roots[0].tag, about=about)


def _episode(roots: list[ET.Element]) -> Nfo:
    season = _number(_text(roots[0], "season"))
    numbers = {_number(_text(root, "episode")) for root in roots if _number(_text(root, "season")) == season}
    return Nfo(
        kind="episodedetails",
        about=About(name=_text(roots[0], "showtitle")),
        season=season,
        episodes=tuple(sorted(number for number in numbers if number is not None)[:MAX_EPISODES]),
        aired=_date(_text(roots[0], "aired")),
    )


def _ids(root: ET.Element) -> MediaIds:
    unique = {(e.get("type") or "").lower(): (e.text or "").strip() for e in root.findall("uniqueid")}
    own = _text(root, "id") or ""
    old = "tvdb" if root.tag == "tvshow" else "tmdb"
    plain = {"imdb": own} if own.startswith("tt") else {} if unique else {old: own}
    found = {**plain, **{k: v for k in ("tmdb", "imdb", "tvdb") if (v := _named(root, k))}, **unique}
    return MediaIds(tmdb=_number(found.get("tmdb")), imdb=found.get("imdb"), tvdb=_number(found.get("tvdb")))


def _named(root: ET.Element, database: str) -> str | None:
    """``<tmdbid>``, ``<imdb_id>`` and the like."""
    return _text(root, f"{database}id") or _text(root, f"{database}_id")


def _linked(text: str) -> MediaIds:
    imdb, tmdb, tvdb = (pattern.search(text) for pattern in (_IMDB_URL, _TMDB_URL, _TVDB_URL))
    return MediaIds(
        imdb=imdb[1] if imdb else None, tmdb=int(tmdb[1]) if tmdb else None, tvdb=int(tvdb[1]) if tvdb else None
    )


def _year(root: ET.Element) -> int | None:
    for tag in ("year", "premiered", "releasedate"):
        found = _YEAR.match(_text(root, tag) or "")
        if found and int(found[1]):
            return int(found[1])
    return None


def _text(root: ET.Element, tag: str) -> str | None:
    text = " ".join(shown(root.findtext(tag) or "").split())
    return text[:_MAX_TEXT] or None


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,10}", text) else None


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
