"""The settings tree, as the rest of jack uses it. The file's keys are the same names in camelCase."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from jackd.model.filenames import ARTWORK_EXTENSIONS, NFO_EXTENSIONS, SUBTITLE_EXTENSIONS
from jackd.model.paths import PathMap
from jackd.model.peer import Peer, url_id
from jackd.model.schedule import Window
from jackd.model.secret import Secret
from jackd.model.sharing import Policy, Rules

ServerType = Literal["radarr", "sonarr", "folder"]
EnvironmentName = Literal["development", "production"]
LogLevel = Literal["trace", "debug", "info", "warn", "error", "fatal", "silent"]


TLS_PORT = 5226


@frozen(kw_only=True)
class TlsSettings:
    """
    The listener with a certificate.

    :ivar certificate, key: files in PEM, absolute.
    :ivar host: the address to listen on, empty for all.
    """

    certificate: Path
    key: Path
    port: int = TLS_PORT
    host: str = ""


@frozen(kw_only=True)
class JackSettings:
    """
    This jack itself.

    :ivar base_url: how the *arr servers reach it, without trailing slash.
    :ivar api_key: what friends and the operator present; ``None`` has one made.
    :ivar state_dir: absolute; where the database and the install's secret live.
    :ivar tls: ``None`` has it listen without TLS only.
    """

    base_url: str
    api_key: Secret | None
    state_dir: Path
    tls: TlsSettings | None = None


@frozen(kw_only=True)
class ExtraSettings:
    """What comes along with a video when it lies beside it at the friend's."""

    subtitles: bool = True
    nfo: bool = True
    artwork: bool = False

    @property
    def extensions(self) -> frozenset[str]:
        """Of all files that may come."""
        return (
            (SUBTITLE_EXTENSIONS if self.subtitles else frozenset())
            | (NFO_EXTENSIONS if self.nfo else frozenset())
            | (ARTWORK_EXTENSIONS if self.artwork else frozenset())
        )


@frozen(kw_only=True)
class DownloadSettings:
    """Where grabs go and how stubbornly they are fetched. Times are milliseconds."""

    completed_path: Path
    max_concurrent_downloads: int = 3
    max_download_attempts: int = 13
    retry_base_delay_ms: int = 1000
    retry_max_delay_ms: int = 1_800_000
    idle_timeout_ms: int = 60_000
    extras: ExtraSettings = ExtraSettings()


@frozen(kw_only=True)
class SearchSettings:
    """
    How fresh the copies of friends' catalogues are.

    :ivar refresh_minutes: between two questions to a friend who does not tell by himself what changed.
    :ivar keep_offline_days: so long what a friend has is listed, and grabs wait, while he can't be reached.
    """

    refresh_minutes: int = 15
    keep_offline_days: int = 7


@frozen(kw_only=True)
class LimitSettings:
    """
    How much jack may do at once. Rates are bytes/s, 0 for no limit.

    :ivar alternative_upload_rate, alternative_download_rate: hold while a client has switched to them.
    :ivar schedule: the first window that covers an hour holds then.
    """

    upload_rate: int = 0
    download_rate: int = 0
    alternative_upload_rate: int = 0
    alternative_download_rate: int = 0
    max_uploads: int = 200
    max_uploads_per_peer: int = 32
    schedule: tuple[Window, ...] = ()


@frozen(kw_only=True)
class AutoRegister:
    """Whether jack writes itself into a server, and the priority of its indexer there (1 is asked first, 50 last)."""

    enable: bool = True
    priority: int = 1


@frozen(kw_only=True)
class ServerSettings:
    """
    A Radarr, a Sonarr, or a plain folder.

    :ivar url: base URL without trailing slash; ``file://<path>`` for a folder.
    :ivar source: whether its files are shared.
    :ivar destination: whether it may search and grab; never for a folder.
    :ivar path: of a folder; ``None`` for the others.
    """

    name: str
    type: ServerType
    url: str
    api_key: Secret = Secret("")
    headers: Mapping[str, Secret] = field(factory=dict)
    source: bool = True
    destination: bool = True
    autoregister: AutoRegister = AutoRegister()
    path: Path | None = None
    path_map: PathMap = PathMap()

    @property
    def id(self) -> str:
        """Derived from the URL, so that it survives a change of name or key."""
        return url_id(self.url)


@frozen(kw_only=True)
class Environment:
    """What comes from environment variables. ``host`` is the address to listen on, empty for all."""

    port: int = 5225
    host: str = ""
    log_level: LogLevel = "info"
    environment: EnvironmentName = "development"
    http_timeout_ms: int = 30_000
    enable_logs: bool = True


@frozen(kw_only=True)
class Settings:
    """
    Everything.

    :ivar path: the file that they came from, absolute.
    :ivar notes: what the operator should read once, a line each: keys that have no effect, keys sent in the clear.
    """

    jack: JackSettings
    downloads: DownloadSettings | None = None
    servers: tuple[ServerSettings, ...] = ()
    peers: tuple[Peer, ...] = ()
    sharing: Rules = Rules()
    search: SearchSettings = SearchSettings()
    limits: LimitSettings = LimitSettings()
    environment: Environment = Environment()
    path: Path
    notes: tuple[str, ...] = ()

    @property
    def policy(self) -> Policy:
        """What is shared with whom."""
        return Policy(everybody=self.sharing, friends={peer.id: peer.sharing for peer in self.peers})
