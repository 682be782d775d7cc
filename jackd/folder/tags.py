"""What people write in brackets into names of files and folders: ids and editions."""

from __future__ import annotations

import re

from jackd.model.ids import MediaIds

_ID = re.compile(r"[\[{(]\s*(tmdb|imdb|tvdb)(?:id)?\s*[-=: ]\s*((?:tt)?\d{1,10})\s*[\]})]", re.IGNORECASE)
_EDITION = re.compile(r"\{edition-([^{}]{1,60})\}", re.IGNORECASE)


def ids_in(name: str) -> MediaIds:
    """``{tmdb-603}`` (Radarr, Plex), ``[tmdbid-603]`` (Jellyfin), ``[tvdbid=81189]`` (Emby) and their mixtures."""
    found: dict[str, str] = {}
    for database, number in _ID.findall(name):
        found.setdefault(database.lower(), number)
    return MediaIds(tmdb=_number(found.get("tmdb")), imdb=found.get("imdb"), tvdb=_number(found.get("tvdb")))


def tagged_edition(name: str) -> str | None:
    """``{edition-Director's Cut}`` (Plex)."""
    found = _EDITION.search(name)
    return found[1].strip() if found else None


def without_tags(name: str) -> str:
    """``name`` without ids and editions."""
    return _EDITION.sub(" ", _ID.sub(" ", name))


def _number(text: str | None) -> int | None:
    return int(text) or None if text and text.isdecimal() else None
