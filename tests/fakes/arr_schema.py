"""The settings of the kinds of indexer and download client that matter here, as the *arrs' schemas list them."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen


@frozen
class Setting:
    """
    One field.

    :ivar kind: ``string``, ``int``, ``float``, ``bool`` or ``ints``.
    :ivar secret: whether it is shown as ``********``.
    """

    name: str
    kind: str
    default: Any = None
    secret: bool = False

    def accepts(self, value: Any) -> bool:
        """Whether the *arr can read ``value`` into its settings class; it is strict about JSON types."""
        if value is None:
            return True
        return {
            "string": isinstance(value, str),
            "bool": isinstance(value, bool),
            "int": _whole(value) or (isinstance(value, str) and value.lstrip("-").isdigit()),
            "float": _whole(value) or isinstance(value, float),
            "ints": isinstance(value, list) and all(map(_whole, value)),
        }[self.kind]


@frozen(kw_only=True)
class Template:
    """An implementation."""

    implementation: str
    name: str
    contract: str
    settings: tuple[Setting, ...] = field(repr=False)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_SEEDING = (
    Setting("minimumSeeders", "int", 1),
    Setting("seedCriteria.seedRatio", "float"),
    Setting("seedCriteria.seedTime", "int"),
    Setting("rejectBlocklistedTorrentHashesWhileGrabbing", "bool", False),
)
_TORZNAB = (
    Setting("baseUrl", "string", ""),
    Setting("apiPath", "string", "/api"),
    Setting("apiKey", "string", "", secret=True),
    Setting("additionalParameters", "string", ""),
    Setting("multiLanguages", "ints", []),
    Setting("failDownloads", "ints", []),
    *_SEEDING,
)
_RADARR_CATEGORIES = [2000, 2010, 2020, 2030, 2040, 2045, 2050, 2060]
TORZNAB = {
    "radarr": (
        *_TORZNAB,
        Setting("categories", "ints", _RADARR_CATEGORIES),
        Setting("removeYear", "bool", False),
        Setting("requiredFlags", "ints", []),
    ),
    "sonarr": (
        *_TORZNAB,
        Setting("categories", "ints", [5030, 5040]),
        Setting("animeCategories", "ints", []),
        Setting("animeStandardFormatSearch", "bool", False),
        Setting("seedCriteria.seasonPackSeedTime", "int"),
    ),
}


def _qbittorrent(media: str, category: str) -> tuple[Setting, ...]:
    low = media.lower()
    return (
        Setting("host", "string", "localhost"),
        Setting("port", "int", 8080),
        Setting("useSsl", "bool", False),
        Setting("urlBase", "string", ""),
        Setting("username", "string", ""),
        Setting("password", "string", "", secret=True),
        Setting(f"{low}Category", "string", category),
        Setting(f"{low}ImportedCategory", "string", ""),
        Setting(f"recent{media}Priority", "int", 0),
        Setting(f"older{media}Priority", "int", 0),
        Setting("initialState", "int", 0),
        Setting("sequentialOrder", "bool", False),
        Setting("firstAndLast", "bool", False),
        Setting("contentLayout", "int", 0),
    )


QBITTORRENT = {
    "radarr": _qbittorrent("Movie", "radarr"),
    "sonarr": (*_qbittorrent("Tv", "tv-sonarr"), Setting("apiKey", "string", "", secret=True)),
}
_BLACKHOLE = (
    Setting("torrentFolder", "string", ""),
    Setting("watchFolder", "string", ""),
    Setting("saveMagnetFiles", "bool", False),
    Setting("magnetFileExtension", "string", ".magnet"),
    Setting("readOnly", "bool", True),
)


WEBHOOK = (
    Setting("url", "string", ""),
    Setting("method", "int", 1),
    Setting("username", "string", ""),
    Setting("password", "string", "", secret=True),
)
EVENTS = {
    "radarr": (
        *("onGrab", "onDownload", "onUpgrade", "onRename", "onMovieAdded", "onMovieDelete", "onMovieFileDelete"),
        *("onMovieFileDeleteForUpgrade", "onHealthIssue", "onApplicationUpdate", "onManualInteractionRequired"),
    ),
    "sonarr": (
        *("onGrab", "onDownload", "onUpgrade", "onImportComplete", "onRename", "onSeriesAdd", "onSeriesDelete"),
        *("onEpisodeFileDelete", "onEpisodeFileDeleteForUpgrade", "onHealthIssue", "onManualInteractionRequired"),
    ),
}
"""The flags of a notification."""


def notifications() -> list[Template]:
    """What ``/notification/schema`` lists (some of it)."""
    email = (Setting("server", "string", ""), Setting("password", "string", "", secret=True))
    return [
        Template(implementation="Email", name="Email", contract="EmailSettings", settings=email),
        Template(implementation="Webhook", name="Webhook", contract="WebhookSettings", settings=WEBHOOK),
    ]


def indexers(app: str) -> list[Template]:
    """What ``/indexer/schema`` lists (some of it)."""
    newznab = (*_TORZNAB[:4], Setting("categories", "ints", []))
    return [
        Template(implementation="Newznab", name="Newznab", contract="NewznabSettings", settings=newznab),
        Template(implementation="Torznab", name="Torznab", contract="TorznabSettings", settings=TORZNAB[app]),
    ]


def clients(app: str) -> list[Template]:
    """What ``/downloadclient/schema`` lists (some of it)."""
    return [
        Template(
            implementation="TorrentBlackhole",
            name="Torrent Blackhole",
            contract="TorrentBlackholeSettings",
            settings=_BLACKHOLE,
        ),
        Template(
            implementation="QBittorrent", name="qBittorrent", contract="QBittorrentSettings", settings=QBITTORRENT[app]
        ),
    ]
