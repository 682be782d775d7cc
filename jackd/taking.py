"""What this jack takes: friends' catalogues to search, and their files, for *arrs that search and grab."""

from __future__ import annotations

import os

from attrs import frozen

from jackd.arr.failures import FailureReporter
from jackd.foundation import BACKGROUND, BEHIND, CONNECT_SECONDS, Jack
from jackd.model.download import Download
from jackd.model.history import Event
from jackd.peer.bundles import Bundles
from jackd.peer.mirror import Freshness
from jackd.peer.network import Network
from jackd.ports import PeerNetwork
from jackd.qbittorrent.app import QBittorrentApp
from jackd.qbittorrent.categories import own_category
from jackd.storage.downloads import DownloadStore
from jackd.storage.labels import Labels
from jackd.storage.manifests import ManifestStore
from jackd.storage.mirror import MirrorStore, open_mirror
from jackd.storage.pumps import MAX_THREADS, Pumps
from jackd.storage.reading import LANES
from jackd.storage.threads import ThreadWorkers
from jackd.torrent.stub import Stubs
from jackd.torznab.app import TorznabApp
from jackd.transfer.direct import Memory
from jackd.transfer.disk import Disk
from jackd.transfer.folders import CategoryFolders
from jackd.transfer.queue import DownloadQueue
from jackd.transfer.sink import BufferedSink, Sink
from jackd.transfer.splice import SpliceSink
from jackd.web.limits import MAX_UPLOAD
from jackd.web.outgoing import Outgoing
from jackd.web.rate import Flow
from jackd.web.site import Mount
from jackd.web.takeover import TakeoverAgent

FOLLOWERS = max(1, min(4, (os.cpu_count() or 1) // 2))
"""Threads that compare what came with the friends' manifests."""


@frozen(kw_only=True)
class Taken:
    """
    :ivar network: all friends.
    :ivar queue: ``None`` without a folder to download into.
    :ivar mounts: where the *arrs come in.
    """

    network: Network
    queue: DownloadQueue | None
    mounts: list[Mount]


def take(jack: Jack) -> Taken:
    """All of it."""
    settings = jack.settings
    network = meet(jack)
    extras = settings.downloads.extras.extensions if settings.downloads else ()
    bundles = Bundles(network, workers=jack.parsers, clock=jack.reactor, extras=extras)
    stubs = Stubs(jack.mint)
    indexer = TorznabApp(
        network=bundles,
        keys=jack.keys,
        mint=jack.mint,
        stubs=stubs,
        base_url=settings.jack.base_url,
        workers=jack.parsers,
    )
    mounts = [Mount(["/torznab"], indexer)]
    queue = download(jack, network) if settings.downloads is not None else None
    if queue is not None:
        mounts += drive(jack, queue, bundles, stubs)
    return Taken(network=network, queue=queue, mounts=mounts)


def meet(jack: Jack) -> Network:
    """Friends, and the copies of their catalogues."""
    search = jack.settings.search
    network = Network(
        peers=jack.settings.peers,
        outgoing=jack.outgoing,
        workers=jack.parsers,
        mirror=mirror(jack),
        freshness=Freshness(refresh=search.refresh_minutes * 60.0, keep=search.keep_offline_days * 86_400.0),
        streams=Outgoing(TakeoverAgent(jack.reactor, CONNECT_SECONDS, jack.trust), jack.reactor),
        clock=jack.reactor,
    )
    return jack.start(network)


def mirror(jack: Jack) -> MirrorStore:
    """Where friends' catalogues are kept; with threads of its own, so that no grab waits for a large reading."""
    writer = jack.start(ThreadWorkers(jack.reactor, "mirror-writer", 1, nice=BACKGROUND))
    readers = jack.start(ThreadWorkers(jack.reactor, "mirror-reader", LANES))
    return MirrorStore(jack.start(open_mirror(jack.settings.jack.state_dir / "mirror.db", writer, readers)))


def download(jack: Jack, network: Network) -> DownloadQueue:
    """The queue, and what belongs to it."""
    settings = jack.settings.downloads
    assert settings is not None
    disk = jack.start(ThreadWorkers(jack.reactor, "completed-folder", 8))
    pumps = Pumps(jack.start(ThreadWorkers(jack.reactor, "splice", MAX_THREADS, nice=BEHIND)), jack.reactor)
    idle, memory = settings.idle_timeout_ms / 1000, Memory()

    def sink(flow: Flow) -> Sink:
        portable = BufferedSink(disk=Disk(disk), clock=jack.reactor, idle_timeout=idle, flow=flow)
        return SpliceSink(pumps=pumps, disk=Disk(disk), memory=memory, portable=portable, idle_timeout=idle, flow=flow)

    def over(download: Download, event: Event) -> None:
        jack.history.over(download, event)
        failures.over(download, event)

    store = DownloadStore(jack.database)
    queue = DownloadQueue(
        store=store,
        manifests=ManifestStore(jack.database),
        files=network,
        disk=disk,
        digests=jack.start(ThreadWorkers(jack.reactor, "digest", FOLLOWERS, nice=BEHIND)),
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
