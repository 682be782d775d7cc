"""
The wiring diagram: who is made of what, and in which order it starts. Read it from top to bottom and you know the
daemon. Nothing else knows who stands behind a port of :mod:`jackd.ports`.
"""

from __future__ import annotations

from typing import Any

from twisted.application import strports
from twisted.application.service import MultiService
from twisted.internet.endpoints import quoteStringArgument

from jackd import __version__
from jackd.arr.failures import FailureReporter
from jackd.arr.radarr import RadarrLibrary
from jackd.arr.registration import Registrar
from jackd.arr.sonarr import SonarrLibrary
from jackd.arr.webhook import MAX_EVENT, WebhookApp, webhook_url
from jackd.arr.webhook import PATH as WEBHOOKS
from jackd.catalogue.bell import Bell
from jackd.catalogue.feed import CatalogueFeed
from jackd.catalogue.manifests import ManifestMaker
from jackd.catalogue.reader import LibraryReader
from jackd.catalogue.shared import SharedCatalogue
from jackd.catalogue.views import PolicyViews
from jackd.config import ServerSettings, Settings, TlsSettings
from jackd.folder.library import FolderLibrary
from jackd.foundation import CONNECT_SECONDS, Jack
from jackd.live import Live
from jackd.model.download import Download
from jackd.model.history import Event
from jackd.model.secret import Secret
from jackd.ops.app import OperatorApp
from jackd.ops.reload import ConfigState
from jackd.ops.systemd import SystemdNotifier
from jackd.peer.app import PeerApp
from jackd.peer.bundles import Bundles
from jackd.peer.mirror import Freshness
from jackd.peer.network import Network
from jackd.ports import Library, PeerNetwork
from jackd.qbittorrent.app import QBittorrentApp
from jackd.qbittorrent.categories import own_category
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.changes import ChangeStore
from jackd.storage.downloads import DownloadStore
from jackd.storage.history import HistoryStore
from jackd.storage.labels import Labels
from jackd.storage.manifests import ManifestStore
from jackd.storage.mirror import MirrorStore, open_mirror
from jackd.storage.pumps import MAX_THREADS, Pumps
from jackd.storage.sharing import permitted
from jackd.storage.threads import ThreadWorkers
from jackd.torrent.stub import Stubs
from jackd.torznab.app import TorznabApp
from jackd.transfer.disk import Disk
from jackd.transfer.folders import CategoryFolders
from jackd.transfer.queue import DownloadQueue
from jackd.transfer.sink import BufferedSink, Sink
from jackd.transfer.splice import SpliceSink
from jackd.web.auth import Account, Scope
from jackd.web.certificate import load_certificate
from jackd.web.limits import MAX_UPLOAD
from jackd.web.outgoing import Outgoing
from jackd.web.rate import Flow
from jackd.web.renewal import Renewal
from jackd.web.sendfile import SendfileSender
from jackd.web.sending import BlockSender
from jackd.web.site import Mount, Site
from jackd.web.takeover import TakeoverAgent
from jackd.web.tls import Identity, TlsFactory

OPERATOR = "jack"
"""The name that goes with ``jack.apiKey`` in the qBittorrent dialect."""

OPERATED = ["/ping", "/servers", "/items", "/peers", "/uploads", "/downloads", "/history"]
"""What the operator's app answers for, and all that nobody else does."""

BACKGROUND = 10
"""How nice the threads are that compute digests of what is shared, and write what friends share."""

BEHIND = 5
"""How nice the threads are that move files' bytes: where all wait for a processor, requests are answered first."""

FOLLOWERS = 2
"""Threads that compare what came with the friends' manifests."""


def assemble(reactor: Any, settings: Settings) -> MultiService:
    """The daemon that ``settings`` describe; nothing listens or calls until it is started."""
    tls = settings.jack.tls
    identity = Identity(load_certificate(tls.certificate, tls.key)) if tls else None
    jack = Jack(reactor, settings)
    let_in(jack)
    bell = Bell(reactor)
    shared, webhooks = share(jack, bell)
    views = PolicyViews(shared, settings.policy)
    feed = jack.start(
        CatalogueFeed(
            store=ChangeStore(jack.database),
            bell=bell,
            clock=reactor,
            permitted=lambda peer: permitted(views.policy.towards(peer)),
        )
    )
    streams = Outgoing(TakeoverAgent(reactor, CONNECT_SECONDS, jack.trust), reactor)
    network = jack.start(
        Network(
            peers=settings.peers,
            outgoing=jack.outgoing,
            workers=jack.parsers,
            mirror=mirror(jack),
            freshness=Freshness(
                refresh=settings.search.refresh_minutes * 60.0, keep=settings.search.keep_offline_days * 86_400.0
            ),
            streams=streams,
            clock=reactor,
        )
    )
    extras = settings.downloads.extras.extensions if settings.downloads else ()
    bundles = Bundles(network, workers=jack.parsers, clock=reactor, extras=extras)
    stubs = Stubs(jack.mint)
    pumps = Pumps(jack.start(ThreadWorkers(reactor, "sendfile", MAX_THREADS, nice=BEHIND)), reactor)
    sender = SendfileSender(pumps, BlockSender(workers=jack.disk, clock=reactor))
    peers = PeerApp(
        views=views,
        feed=feed,
        manifests=digest(jack),
        keys=jack.keys,
        mint=jack.mint,
        disk=jack.disk,
        clock=reactor,
        sender=sender,
        uploads=jack.uploads,
    )
    torznab = TorznabApp(
        network=bundles,
        keys=jack.keys,
        mint=jack.mint,
        stubs=stubs,
        base_url=settings.jack.base_url,
        workers=jack.parsers,
    )
    mounts = [Mount(["/handshake", "/peer"], peers), Mount(["/torznab"], torznab), webhooks]
    queue = download(jack, network) if settings.downloads is not None else None
    if queue is not None:
        mounts += drive(jack, queue, bundles, stubs)
    state = ConfigState()
    operator = OperatorApp(
        keys=jack.keys,
        servers=list(jack.states.values()),
        shared=shared,
        network=network,
        uploads=jack.uploads,
        downloads=queue,
        history=HistoryStore(jack.database),
        config=state,
        version=__version__,
    )
    site = Site([*mounts, Mount(OPERATED, operator)], reactor)
    listen(jack, site)
    certificate = listen_with_tls(jack, site, tls, identity) if tls and identity else None
    register(jack)
    live = Live(jack=jack, views=views, bell=bell, site=site, queue=queue, certificate=certificate)
    jack.start(live.reload(state))
    jack.start(SystemdNotifier(clock=reactor))
    return jack.services


def let_in(jack: Jack) -> None:
    """The keys that open something: the operator's, which friends may have too, and one for each friend and *arr."""
    key = jack.settings.jack.api_key or jack.mint.api_key()
    jack.keys.add(key.reveal(), Account(name=OPERATOR, scopes=frozenset(Scope)))
    jack.friends.configure(jack.settings.peers)
    for server in jack.clients:
        account = Account(
            name=jack.states[server].name, scopes=frozenset({Scope.TORZNAB, Scope.QBITTORRENT}), server=server
        )
        jack.keys.add(jack.mint.credential(server), account)


def share(jack: Jack, bell: Bell) -> tuple[SharedCatalogue, Mount]:
    """
    My libraries, read into the index and answered from there; ``bell`` rings when it changes. And where the *arrs tell
    that it has to.
    """
    store = CatalogueStore(jack.database, changed=bell.ring)
    libraries = [_library(jack, server) for server in jack.settings.servers if server.source]
    shared = jack.start(SharedCatalogue(libraries=libraries, store=store, clock=jack.reactor, disk=jack.disk))
    listeners = {}
    for library in libraries:
        state = jack.states[library.id]
        reader = jack.start(LibraryReader(library=library, store=store, state=state, clock=jack.reactor))
        if library.id in jack.clients:
            listeners[library.id] = reader.tell
    return shared, Mount([WEBHOOKS], WebhookApp(listeners=listeners, mint=jack.mint), MAX_EVENT)


def mirror(jack: Jack) -> MirrorStore:
    """Where friends' catalogues are kept; with threads of its own, so that no grab waits for a large reading."""
    writer = jack.start(ThreadWorkers(jack.reactor, "mirror-writer", 1, nice=BACKGROUND))
    readers = jack.start(ThreadWorkers(jack.reactor, "mirror-reader", 2))
    return MirrorStore(jack.start(open_mirror(jack.settings.jack.state_dir / "mirror.db", writer, readers)))


def digest(jack: Jack) -> ManifestMaker:
    """What the bytes of my files are, for friends who check them."""
    hashing = jack.start(ThreadWorkers(jack.reactor, "manifest", 1, nice=BACKGROUND))
    store = ManifestStore(jack.database)
    maker = ManifestMaker(store=store, mint=jack.mint, disk=jack.disk, hashing=hashing, clock=jack.reactor)
    return jack.start(maker)


def _library(jack: Jack, server: ServerSettings) -> Library:
    if server.type == "folder":
        return FolderLibrary(settings=server, mint=jack.mint, disk=jack.disk)
    kind = RadarrLibrary if server.type == "radarr" else SonarrLibrary
    state = jack.states[server.id]
    return kind(client=jack.clients[server.id], workers=jack.parsers, disk=jack.disk, state=state)


def download(jack: Jack, network: Network) -> DownloadQueue:
    """The queue, and what belongs to it."""
    settings = jack.settings.downloads
    assert settings is not None
    disk = jack.start(ThreadWorkers(jack.reactor, "completed-folder", 8))
    pumps = Pumps(jack.start(ThreadWorkers(jack.reactor, "splice", MAX_THREADS, nice=BEHIND)), jack.reactor)
    idle = settings.idle_timeout_ms / 1000

    def sink(flow: Flow) -> Sink:
        portable = BufferedSink(disk=Disk(disk), clock=jack.reactor, idle_timeout=idle, flow=flow)
        return SpliceSink(pumps=pumps, portable=portable, idle_timeout=idle, flow=flow)

    def over(download: Download, event: Event) -> None:
        jack.history.over(download, event)
        failures.over(download, event)

    store = DownloadStore(jack.database)
    queue = DownloadQueue(
        store=store,
        manifests=ManifestStore(jack.database),
        files=network,
        disk=disk,
        digests=jack.start(ThreadWorkers(jack.reactor, "digest", FOLLOWERS)),
        settings=settings,
        clock=jack.reactor,
        sink=sink,
        speed=jack.speed.down,
        over=over,
    )
    queue.load()
    jack.start(queue)
    categories = ["", *(own_category(server.id) for server in jack.settings.servers if server.destination)]
    jack.start(CategoryFolders(make=queue.make_folder, categories=categories, clock=jack.reactor))
    failures = jack.start(FailureReporter(downloads=queue, clients=jack.clients, clock=jack.reactor))
    return queue


def drive(jack: Jack, queue: DownloadQueue, network: PeerNetwork, stubs: Stubs) -> list[Mount]:
    """The dialect in which the *arrs drive the queue."""
    settings = jack.settings.downloads
    assert settings is not None
    app = QBittorrentApp(
        downloads=queue,
        network=network,
        keys=jack.keys,
        mint=jack.mint,
        stubs=stubs,
        labels=Labels(jack.database),
        completed_path=str(settings.completed_path),
        servers={server.id: server for server in jack.settings.servers if server.id in jack.clients},
        disk=jack.disk,
        speed=jack.speed,
        uploads=jack.uploads,
    )
    return [Mount(["/api/v2"], app), Mount(["/api/v2/torrents/add"], app, MAX_UPLOAD)]


def listen(jack: Jack, site: Site) -> None:
    """The plain listener. A port that is taken ends the daemon with one line, it does not leave it deaf."""
    environment = jack.settings.environment
    jack.start(strports.service(_where(environment.port, environment.host), site, reactor=jack.reactor))


def listen_with_tls(jack: Jack, site: Site, tls: TlsSettings, identity: Identity) -> Renewal:
    """The same behind a certificate, which is renewed while jack runs."""
    encrypted = TlsFactory(identity, site, jack.reactor)
    jack.start(strports.service(_where(tls.port, tls.host), encrypted, reactor=jack.reactor))
    return jack.start(Renewal(identity, tls.certificate, tls.key, workers=jack.disk, clock=jack.reactor))


def _where(port: int, host: str) -> str:
    return f"tcp:{port}" + (f":interface={quoteStringArgument(host)}" if host else "")


def register(jack: Jack) -> None:
    """Write jack into every *arr that may grab, once there is something to download with, or whose files are shared."""
    for server in jack.settings.servers:
        if server.id not in jack.clients:
            continue
        grabs = jack.settings.downloads is not None and server.destination
        registrar = Registrar(
            client=jack.clients[server.id],
            state=jack.states[server.id],
            base_url=jack.settings.jack.base_url,
            credential=Secret(jack.mint.credential(server.id)) if grabs else None,
            webhook=webhook_url(jack.settings.jack.base_url, server.id, jack.mint),
            clock=jack.reactor,
        )
        jack.start(registrar)
