"""The app with everything around it in memory, and two clients' ways to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from attrs import define, field, frozen
from twisted.internet.task import Clock

from jackd.config.settings import LimitSettings
from jackd.model.errors import ItemGone
from jackd.model.paths import PathMap, PathMapping
from jackd.model.release import Release
from jackd.qbittorrent.app import QBittorrentApp
from jackd.storage.database import Database
from jackd.storage.kept import KeptSettings
from jackd.storage.labels import Labels
from jackd.torrent.stub import Stubs
from jackd.web.auth import Account, Keys, Mint, Scope
from jackd.web.limits import MAX_UPLOAD
from jackd.web.site import Mount
from jackd.web.speed import SpeedLimits
from jackd.web.uploads import Uploads
from tests.fakes.downloads import FakeDownloads
from tests.support import MATRIX, PILOT, Got, Web, change

KEY = "operators-key"
RADARR, SONARR = "aaaaaaaa", "bbbbbbbb"
START = 1_794_650_000.0


@frozen
class FakeServer:
    path_map: PathMap = PathMap()


class FakeNetwork:
    """Knows the releases that it is given."""

    def __init__(self) -> None:
        self.releases: dict[tuple[str, str], Release] = {}
        self.asked: list[tuple[str, str]] = []

    async def release(self, peer: str, item_id: str) -> Release:
        self.asked.append((peer, item_id))
        try:
            return self.releases[peer, item_id]
        except KeyError:
            raise ItemGone from None


def release(n: int = 1, *, episode: bool = False) -> Release:
    """One offer of Alice."""
    item = PILOT if episode else MATRIX
    library, kind, _ = item.id.split(":")
    return Release(item=change(item, id=f"{library}:{kind}:{n}"), peer="cccccccc", peer_name="Alice")


@define
class Client:
    """Speaks to the app with one session."""

    web: Web
    cookie: str = ""

    def get(self, path: str, **kwargs: Any) -> Got:
        return self.ask("GET", path, **kwargs)

    def post(self, path: str, data: dict[str, str] | None = None, **kwargs: Any) -> Got:
        return self.ask("POST", path, data=data or {}, **kwargs)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **kwargs: Any) -> Got:
        self.web._client._cookiejar.clear()  # each client has its own session, treq would share them
        sent = {**({"Cookie": self.cookie} if self.cookie else {}), **(headers or {})}
        return self.web.request(method, path if path == "/" else f"/api/v2/{path}", headers=sent, **kwargs)

    def info(self, **params: str) -> list[dict[str, Any]]:
        return self.post("torrents/info", params).json()

    def hashes(self, **params: str) -> list[str]:
        return [row["hash"] for row in self.info(**params)]

    def add(self, torrent: bytes, **fields: str) -> Got:
        return self.post("torrents/add", fields, files={"torrents": ("x.torrent", torrent)})


@define
class World:
    """One jack with two *arrs."""

    time: float = START
    downloads: FakeDownloads = field(init=False)
    network: FakeNetwork = field(factory=FakeNetwork)
    keys: Keys = field(factory=Keys)
    mint: Mint = field(factory=lambda: Mint(b"secret"))
    database: Database = field(factory=Database.in_memory)
    completed_path: str = "/downloads"
    limits: LimitSettings = LimitSettings()
    speed: SpeedLimits = field(init=False)
    uploads: Uploads = field(factory=lambda: Uploads(clock=Clock()))

    def __attrs_post_init__(self) -> None:
        self.downloads = FakeDownloads(self.completed_path, self.now)
        self.speed = SpeedLimits(
            settings=self.limits, kept=KeptSettings(self.database), clock=Clock(), now=self.now, monotonic=self.now
        )
        self.speed.load()
        everything = frozenset(Scope)
        self.keys.add(KEY, Account(name="jack", scopes=everything))
        scopes = frozenset({Scope.TORZNAB, Scope.QBITTORRENT})
        for name, server in (("radarr", RADARR), ("sonarr", SONARR)):
            self.keys.add(self.mint.credential(server), Account(name=name, scopes=scopes, server=server))
        self.keys.add("indexer-only", Account(name="reader", scopes=frozenset({Scope.TORZNAB})))

    def now(self) -> float:
        return self.time

    @property
    def stubs(self) -> Stubs:
        return Stubs(self.mint)

    def app(self) -> QBittorrentApp:
        """A new app on the same state: what a restart gives."""
        mapped = PathMap([PathMapping(theirs="/data/done", ours=self.completed_path)])
        return QBittorrentApp(
            downloads=self.downloads,
            network=self.network,  # type: ignore[arg-type]
            keys=self.keys,
            mint=self.mint,
            stubs=self.stubs,
            labels=Labels(self.database),
            completed_path=self.completed_path,
            servers={RADARR: FakeServer(), SONARR: FakeServer(mapped)},
            now=self.now,
            speed=self.speed,
            uploads=self.uploads,
        )

    def mounts(self, app: QBittorrentApp | None = None) -> list[Mount]:
        served = app or self.app()
        return [Mount(["/api/v2/torrents/add"], served, MAX_UPLOAD), Mount(["/", "/api/v2"], served)]

    def web(self) -> Web:
        return Web(*self.mounts())

    def login(self, web: Web, name: str = "jack", key: str = KEY) -> Client:
        web._client._cookiejar.clear()
        got = web.post("/api/v2/auth/login", data={"username": name, "password": key})
        assert (got.status, got.text) == (200, "Ok.")
        return Client(web, got.header("set-cookie").partition(";")[0])

    def clients(self) -> tuple[Client, Client, Client]:
        """The operator, Radarr, Sonarr."""
        web = self.web()
        radarr, sonarr = self.mint.credential(RADARR), self.mint.credential(SONARR)
        return self.login(web), self.login(web, "radarr", radarr), self.login(web, "sonarr", sonarr)

    def stub(self, n: int = 1, *, episode: bool = False) -> bytes:
        return self.stubs.make(release(n, episode=episode))

    def link(self, offer: Release, token: str | None = None) -> str:
        signed = self.mint.sign("download", offer.guid) if token is None else token
        return f"http://anywhere:1234/torznab/download/{quote(offer.guid, safe='')}.torrent?token={signed}"
