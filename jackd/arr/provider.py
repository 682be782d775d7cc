"""
What jack wants to stand in an *arr: a download client and an indexer bound to it, and a webhook; and which of the
entries there are jack's own. Pure: no I/O here.

Sources: Radarr's and Sonarr's ``TorznabSettings``, ``QBittorrentSettings`` and ``WebhookSettings`` (field names),
``NotificationResource`` (flags), ``ProviderControllerBase``
(what an omitted member means: not the documented default, so everything that matters is always sent).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen

from jackd.model.errors import ConfigError, LibraryUnavailable
from jackd.model.secret import Secret

Resource = Mapping[str, Any]

NAME: Final = "Jack"
MASKED: Final = "********"
"""How the *arrs show a stored password or key; sent back it keeps what is stored."""

CLIENT_PRIORITY: Final = 50
"""The last of all: torrents of other indexers must not come to us."""

_CATEGORY_PREFIX: Final = "jack-"
_OUR_NAMES: Final = re.compile(rf"{NAME}(?: \(\d+\))?", re.IGNORECASE)
_BLACKHOLE: Final = "TorrentBlackhole"
"""What the original jack registered before it spoke qBittorrent."""

_CATEGORIES: Final[Mapping[str, Mapping[str, list[int]]]] = {
    "radarr": {"categories": [2000, 2030, 2040, 2045]},
    "sonarr": {"categories": [5000, 5030, 5040, 5045], "animeCategories": [5000, 5070]},
}
_EVENTS: Final[Mapping[str, Sequence[str]]] = {
    "radarr": ("onMovieDelete", "onMovieFileDelete", "onMovieFileDeleteForUpgrade"),
    "sonarr": ("onImportComplete", "onSeriesDelete", "onEpisodeFileDelete", "onEpisodeFileDeleteForUpgrade"),
}
_POST: Final = 1
_MEDIA: Final = {"radarr": "Movie", "sonarr": "Tv"}


@frozen(kw_only=True)
class Wanted:
    """
    How an entry has to look. What is not named here is the *arr's owner's to choose: its defaults at first, then
    whatever he sets.

    :ivar path: ``/downloadclient``, ``/indexer`` or ``/notification``.
    :ivar flags: the members that switch it on; an *arr may not know all of them.
    :ivar tested: whether the *arr shall try it before it saves a change.
    :ivar members: top-level members.
    :ivar fields: by name, those of the settings.
    """

    path: str
    implementation: str
    contract: str
    flags: Collection[str]
    tested: bool
    members: Resource
    fields: Resource = field(repr=False)

    def applied_to(self, base: Resource, **more: Any) -> dict[str, Any]:
        """The body to send: ``base`` (an entry or the template) with everything wanted set."""
        fields = {f["name"]: dict(f) for f in _fields(base)}
        for name, value in self.fields.items():
            fields[name] = {**fields.get(name, {"name": name}), "value": value}
        on = {flag: True for flag in self.flags if flag in base}
        said = {"implementation": self.implementation, "configContract": self.contract}
        return {**base, **self.members, **on, **said, "fields": list(fields.values()), **more}

    def differs_from(self, entry: Resource, *, trust_masked: bool) -> bool:
        """
        Whether ``entry`` has to be changed.

        :param trust_masked: whether a value that is not shown counts as the right one.
        """
        off = any(entry.get(flag, True) is not True for flag in self.flags)
        if off or entry.get("implementation") != self.implementation:
            return True
        stored = values(entry)
        return any(not _same(entry.get(n), v) for n, v in self.members.items()) or any(
            not (trust_masked if stored.get(n) == MASKED else _same(stored.get(n), v)) for n, v in self.fields.items()
        )


@frozen(kw_only=True)
class Address:
    """jack as the *arr reaches it: the parts of ``jack.baseUrl``."""

    url: str
    host: str
    port: int
    tls: bool
    path: str

    @classmethod
    def of(cls, base_url: str) -> Address:
        """Raises ``ConfigError`` for what is no HTTP URL."""
        try:
            parts = urlsplit(base_url.rstrip("/"))
            tls = parts.scheme == "https"
            port = parts.port or (443 if tls else 80)
        except ValueError:
            raise ConfigError("jack.baseUrl is not a URL") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("jack.baseUrl must be an http or https URL, else no *arr can find jack")
        return cls(url=base_url.rstrip("/"), host=parts.hostname, port=port, tls=tls, path=parts.path)


def wanted_client(kind: str, server_id: str, user: str, password: Secret, at: Address) -> Wanted:
    """The download client: qBittorrent at our address, untagged, used last."""
    media = _MEDIA[kind]
    low = media.lower()
    fields = {
        "host": at.host,
        "port": at.port,
        "useSsl": at.tls,
        "urlBase": at.path,
        "username": user,
        "password": password.reveal(),
        f"{low}Category": f"{_CATEGORY_PREFIX}{server_id}",
        f"{low}ImportedCategory": "",
        f"recent{media}Priority": 0,
        f"older{media}Priority": 0,
        "initialState": 0,
        "sequentialOrder": False,
        "firstAndLast": False,
        "contentLayout": 0,
    }
    members = {
        "protocol": "torrent",
        "priority": CLIENT_PRIORITY,
        "removeCompletedDownloads": True,
        "removeFailedDownloads": True,
        "tags": [],
    }
    return Wanted(
        path="/downloadclient",
        implementation="QBittorrent",
        contract="QBittorrentSettings",
        flags=("enable",),
        tested=True,
        members=members,
        fields=fields,
    )


def wanted_indexer(kind: str, priority: int, key: Secret, at: Address, client_id: int) -> Wanted:
    """The indexer: our Torznab feed, whose grabs go to our download client and no other."""
    fields = {
        "baseUrl": f"{at.url}/torznab",
        "apiPath": "/api",
        "apiKey": key.reveal(),
        "minimumSeeders": 1,
        **_CATEGORIES[kind],
    }
    return Wanted(
        path="/indexer",
        implementation="Torznab",
        contract="TorznabSettings",
        flags=("enableRss", "enableAutomaticSearch", "enableInteractiveSearch"),
        tested=False,
        members={"protocol": "torrent", "priority": priority, "downloadClientId": client_id},
        fields=fields,
    )


def wanted_webhook(kind: str, url: str) -> Wanted:
    """The webhook: every event after which other files are there, or none; for all movies or series, so untagged."""
    return Wanted(
        path="/notification",
        implementation="Webhook",
        contract="WebhookSettings",
        flags=("onDownload", "onUpgrade", "onRename", *_EVENTS[kind]),
        tested=True,
        members={"tags": []},
        fields={"url": url, "method": _POST},
    )


def our_client(entries: Iterable[Resource], wanted: Wanted) -> Resource | None:
    """
    The download client that is jack's: a qBittorrent at our host, port and URL base, whatever its owner calls it; else
    one that is called "Jack" and has a category of ours (jack has moved), or is the blackhole that the original jack
    made. Anything else of that name is somebody else's and stays untouched.
    """
    address = ("host", "port", "urlBase")
    same = [e for e in entries if _is(e, wanted) and all(_same(values(e).get(n), wanted.fields[n]) for n in address)]
    return _first(same) or _first(e for e in entries if _named_as_ours(e) and _was_client(e))


def our_indexer(entries: Iterable[Resource], wanted: Wanted) -> Resource | None:
    """The indexer that is jack's: a Torznab with our base URL; else one called "Jack" bound to our client."""
    url = wanted.fields["baseUrl"]
    same = [e for e in entries if _is(e, wanted) and str(values(e).get("baseUrl") or "").rstrip("/") == url]
    bound = (e for e in entries if _is(e, wanted) and _named_as_ours(e) and _bound_alike(e, wanted))
    return _first(same) or _first(bound)


def our_webhook(entries: Iterable[Resource], wanted: Wanted) -> Resource | None:
    """
    The webhook that is jack's: it posts to our address for this server, whatever the token; else one that is called
    "Jack" and posts to the like of it elsewhere (jack has moved).
    """
    ours = urlsplit(wanted.fields["url"])
    hooks = [(e, urlsplit(str(values(e).get("url") or ""))) for e in entries if _is(e, wanted)]
    same = (e for e, url in hooks if (url.netloc, url.path) == (ours.netloc, ours.path))
    moved = (e for e, url in hooks if _named_as_ours(e) and url.path.split("/")[-2:] == ours.path.split("/")[-2:])
    return _first(same) or _first(moved)


def free_name(entries: Iterable[Resource]) -> str:
    """The name "Jack", or "Jack (2)" and so on when others have it: names are unique, whatever their case."""
    taken = {str(e.get("name")).casefold() for e in entries}
    names = [NAME, *(f"{NAME} ({n})" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name.casefold() not in taken)


def template(schema: object, wanted: Wanted) -> Resource:
    """The *arr's own defaults for a new entry, without its presets. Raises ``LibraryUnavailable``."""
    for entry in resources(schema):
        if entry.get("implementation") == wanted.implementation:
            return {name: value for name, value in entry.items() if name not in ("presets", "id")}
    raise LibraryUnavailable(f"it knows no {wanted.implementation}")


def resources(found: object) -> list[Resource]:
    """The entries of a list. Raises ``LibraryUnavailable`` when it is none."""
    if not isinstance(found, list):
        raise LibraryUnavailable("the answer is not a list")
    return [entry for entry in found if isinstance(entry, dict)]


def values(entry: Resource) -> dict[str, Any]:
    """The fields' values by name."""
    return {f["name"]: f.get("value") for f in _fields(entry)}


def _fields(entry: Resource) -> list[Any]:
    listed = entry.get("fields")
    return [f for f in listed if isinstance(f, dict) and "name" in f] if isinstance(listed, list) else []


def _first(entries: Iterable[Resource]) -> Resource | None:
    return next(iter(entries), None)


def _is(entry: Resource, wanted: Wanted) -> bool:
    return bool(entry.get("implementation") == wanted.implementation)


def _named_as_ours(entry: Resource) -> bool:
    return _OUR_NAMES.fullmatch(str(entry.get("name"))) is not None


def _was_client(entry: Resource) -> bool:
    found = values(entry)
    categories = (str(found.get(f"{media.lower()}Category") or "") for media in _MEDIA.values())
    return entry.get("implementation") == _BLACKHOLE or any(c.startswith(_CATEGORY_PREFIX) for c in categories)


def _bound_alike(entry: Resource, wanted: Wanted) -> bool:
    return bool(entry.get("downloadClientId") == wanted.members["downloadClientId"])


def _same(stored: Any, wanted: Any) -> bool:
    """The *arrs leave out what is empty, and keep lists in an order of their own."""
    if isinstance(wanted, list):
        return sorted(map(str, stored or ())) == sorted(map(str, wanted))
    if isinstance(wanted, str) and isinstance(stored, str):
        return stored == wanted
    return bool(stored == wanted or (stored is None and not wanted))
