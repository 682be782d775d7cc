"""The file as a whole, and its blocks ``jack``, ``downloads``, ``search`` and ``peers``."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from jackd.config.checks import absolute_path, boolean, integer, list_of, name, once, same_url, url
from jackd.config.headers import headers
from jackd.config.limits import limits, rate
from jackd.config.reading import Check, Cursor, Section
from jackd.config.secrets import key, own_key
from jackd.config.servers import server
from jackd.config.settings import (
    DownloadSettings,
    Environment,
    ExtraSettings,
    JackSettings,
    LimitSettings,
    SearchSettings,
    ServerSettings,
    Settings,
)
from jackd.config.sharing import sharing
from jackd.config.tls import pin, tls
from jackd.model.peer import Peer
from jackd.model.sharing import Rules

MAX_CONCURRENT = 64
MAX_ATTEMPTS = 1000
MAX_REFRESH_MINUTES = 1440
MAX_KEEP_DAYS = 365
MIN_IDLE_MS = 1000
MAX_KEY_VERSION = 1_000_000
MAX_MS = 7 * 86_400_000
"""A week: no delay or time-out is longer."""

_IMPORTS = "the *arr imports by itself and tells jack when it is done"
_IGNORED = {"version": "this jack needs no version of its file"}
_IGNORED_IN_JACK = {
    "tmdbApiKey": "titles and ids come from the *arr servers, TMDB is not asked",
    "external": "there are no quick links here; give a friend your address and key",
}
_IGNORED_IN_DOWNLOADS = {
    "importPollIntervalMs": _IMPORTS,
    "maxManualImportAttempts": _IMPORTS,
    "manualImportBackoffBaseMs": _IMPORTS,
    "manualImportBackoffMaxMs": _IMPORTS,
    "unlinkImportedFiles": "the *arr removes what it has imported through the download client",
    "watchPath": "there is no blackhole folder, jack is a download client itself",
}

_LOCAL_NAME = re.compile(r"[^.]+|.*\.(local|localhost|lan|internal|home\.arpa|test|ts\.net)", re.IGNORECASE)
_SHARED_ADDRESSES = ip_network("100.64.0.0/10")  # RFC 6598; also what Tailscale hands out


def settings(cursor: Cursor, environment: Environment, file: Path) -> Settings:
    """The file's outermost block."""
    with Section(cursor) as block:
        block.ignore(_IGNORED)
        unset = JackSettings(
            base_url=f"http://localhost:{environment.port}", api_key=None, state_dir=_state_dir(cursor, file)
        )
        servers: tuple[ServerSettings, ...] = block.take("servers", list_of(server), ())
        rules = sharing(servers)
        return Settings(
            jack=block.take("jack", lambda cursor: jack(cursor, unset, environment), unset),
            downloads=block.take("downloads", downloads, None),
            servers=servers,
            peers=block.take("peers", list_of(lambda cursor: peer(cursor, rules)), ()),
            sharing=block.take("sharing", rules, Rules()),
            search=block.take("search", search, SearchSettings()),
            limits=block.take("limits", limits, LimitSettings()),
            environment=environment,
            path=file,
        )


def _state_dir(cursor: Cursor, file: Path) -> Path:
    """The unit's ``StateDirectory=``, else a folder beside the file."""
    given = cursor.reading.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given.startswith("/") else file.parent / "state"


def jack(cursor: Cursor, unset: JackSettings, environment: Environment) -> JackSettings:
    """``jack``: every key may be missing."""
    with Section(cursor) as block:
        block.ignore(_IGNORED_IN_JACK)
        older, newer = block.get("baseUrl"), block.get("internalUrl")
        if older and newer:
            newer.wrong('is the newer name of "baseUrl"; keep one of them')
        return JackSettings(
            base_url=block.take("internalUrl" if newer else "baseUrl", url, unset.base_url),
            api_key=block.take("apiKey", own_key, None),
            state_dir=block.take("stateDir", absolute_path, unset.state_dir),
            tls=block.take("tls", lambda cursor: tls(cursor, environment), None),
        )


def downloads(cursor: Cursor) -> DownloadSettings:
    """``downloads``: only ``completedPath`` must be there."""
    milliseconds = integer(1, MAX_MS)
    with Section(cursor) as block:
        block.ignore(_IGNORED_IN_DOWNLOADS)
        path = block.need("completedPath", absolute_path, "the folder that finished files go to")
        unset = DownloadSettings(completed_path=path)
        found = DownloadSettings(
            completed_path=path,
            max_concurrent_downloads=block.take(
                "maxConcurrentDownloads", integer(1, MAX_CONCURRENT), unset.max_concurrent_downloads
            ),
            max_download_attempts=block.take(
                "maxDownloadAttempts", integer(1, MAX_ATTEMPTS), unset.max_download_attempts
            ),
            retry_base_delay_ms=block.take("retryBaseDelayMs", milliseconds, unset.retry_base_delay_ms),
            retry_max_delay_ms=block.take("retryMaxDelayMs", milliseconds, unset.retry_max_delay_ms),
            idle_timeout_ms=block.take("idleTimeoutMs", integer(MIN_IDLE_MS, MAX_MS), unset.idle_timeout_ms),
            extras=block.take("extras", extras, unset.extras),
        )
        longest = block.get("retryMaxDelayMs") or block.get("retryBaseDelayMs")
        if longest and found.retry_max_delay_ms < found.retry_base_delay_ms:
            longest.wrong("retryMaxDelayMs must not be less than retryBaseDelayMs")
        return found


def search(cursor: Cursor) -> SearchSettings:
    """``search``: every key may be missing."""
    unset = SearchSettings()
    with Section(cursor) as block:
        return SearchSettings(
            refresh_minutes=block.take("refreshMinutes", integer(1, MAX_REFRESH_MINUTES), unset.refresh_minutes),
            keep_offline_days=block.take("keepOfflineDays", integer(0, MAX_KEEP_DAYS), unset.keep_offline_days),
        )


def extras(cursor: Cursor) -> ExtraSettings:
    """``downloads.extras``: every key may be missing."""
    unset = ExtraSettings()
    with Section(cursor) as block:
        return ExtraSettings(
            subtitles=block.take("subtitles", boolean, unset.subtitles),
            nfo=block.take("nfo", boolean, unset.nfo),
            artwork=block.take("artwork", boolean, unset.artwork),
        )


def peer(cursor: Cursor, rules: Check[Rules]) -> Peer:
    """One friend; ``rules`` reads his ``sharing``."""
    with Section(cursor) as block:
        found = Peer(
            name=block.need("name", once("peer name", name, str.casefold), "what you call this friend"),
            url=block.need("url", once("peer url", url, same_url), "the address of this friend's jack"),
            key=block.need("apiKey", key, "the key that this friend gave you"),
            headers=block.take("headers", headers, {}),
            pin=block.take("pin", pin, ""),
            key_version=block.take("keyVersion", integer(1, MAX_KEY_VERSION), 1),
            sharing=block.take("sharing", rules, Rules()),
            upload_rate=block.take("uploadKiBs", rate, 0),
            download_rate=block.take("downloadKiBs", rate, 0),
        )
        pinned = block.get("pin")
        if pinned and found.url and urlsplit(found.url).scheme != "https":
            pinned.wrong("is of a certificate, so the url must begin with https://")
        if found.sharing != Rules():
            note = block.get("sharing")
            assert note is not None
            note.note("holds for the key that `jack key NAME` prints; with jack.apiKey one gets what all friends get")
        where = block.get("url")
        if where and found.url and _in_the_clear(found.url):
            where.note("is plain http over the internet: the key and the files can be read on the way; use https")
        return found


def _in_the_clear(address: str) -> bool:
    """Whether requests to that URL leave the house unencrypted, as far as can be told without asking DNS."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return False
    host = parts.hostname or ""
    try:
        ip = ip_address(host)
    except ValueError:
        return not _LOCAL_NAME.fullmatch(host)
    return not (ip.is_private or ip.is_link_local or ip in _SHARED_ADDRESSES)
