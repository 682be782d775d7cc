"""What this jack gives: my libraries, read into an index, and friends who search and read them."""

from __future__ import annotations

from attrs import frozen

from jackd.arr.radarr import RadarrLibrary
from jackd.arr.sonarr import SonarrLibrary
from jackd.arr.webhook import MAX_EVENT, WebhookApp
from jackd.arr.webhook import PATH as WEBHOOKS
from jackd.catalogue.bell import Bell
from jackd.catalogue.feed import CatalogueFeed
from jackd.catalogue.manifests import ManifestMaker
from jackd.catalogue.reader import LibraryReader
from jackd.catalogue.shared import SharedCatalogue
from jackd.catalogue.views import PolicyViews
from jackd.config import ServerSettings
from jackd.folder.library import FolderLibrary
from jackd.foundation import BACKGROUND, BEHIND, Jack
from jackd.peer.app import PeerApp
from jackd.ports import Library
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.changes import ChangeStore
from jackd.storage.manifests import ManifestStore
from jackd.storage.pumps import MAX_THREADS, Pumps
from jackd.storage.sharing import permitted
from jackd.storage.threads import ThreadWorkers
from jackd.web.sendfile import SendfileSender
from jackd.web.sending import BlockSender
from jackd.web.site import Mount


@frozen(kw_only=True)
class Given:
    """
    :ivar shared: the index of all libraries.
    :ivar views: of it, what each friend may see.
    :ivar bell: rings when it changes.
    :ivar mounts: where friends come in, and where the *arrs tell what has changed.
    """

    shared: SharedCatalogue
    views: PolicyViews
    bell: Bell
    mounts: list[Mount]


def give(jack: Jack) -> Given:
    """All of it."""
    bell = Bell(jack.reactor)
    shared, webhooks = share(jack, bell)
    views = PolicyViews(shared, jack.settings.policy)
    friends = PeerApp(
        views=views,
        feed=follow(jack, views, bell),
        manifests=digest(jack),
        keys=jack.keys,
        mint=jack.mint,
        disk=jack.disk,
        clock=jack.reactor,
        sender=send(jack),
        uploads=jack.uploads,
    )
    return Given(shared=shared, views=views, bell=bell, mounts=[Mount(["/handshake", "/peer"], friends), webhooks])


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


def _library(jack: Jack, server: ServerSettings) -> Library:
    if server.type == "folder":
        return FolderLibrary(settings=server, mint=jack.mint, disk=jack.disk)
    kind = RadarrLibrary if server.type == "radarr" else SonarrLibrary
    state = jack.states[server.id]
    return kind(client=jack.clients[server.id], workers=jack.parsers, disk=jack.disk, state=state)


def follow(jack: Jack, views: PolicyViews, bell: Bell) -> CatalogueFeed:
    """What has changed, for friends who keep a copy."""
    feed = CatalogueFeed(
        store=ChangeStore(jack.database),
        bell=bell,
        clock=jack.reactor,
        permitted=lambda peer: permitted(views.policy.towards(peer)),
    )
    return jack.start(feed)


def digest(jack: Jack) -> ManifestMaker:
    """What the bytes of my files are, for friends who check them."""
    hashing = jack.start(ThreadWorkers(jack.reactor, "manifest", 1, nice=BACKGROUND))
    store = ManifestStore(jack.database)
    maker = ManifestMaker(store=store, mint=jack.mint, disk=jack.disk, hashing=hashing, clock=jack.reactor)
    return jack.start(maker)


def send(jack: Jack) -> SendfileSender:
    """The fast way for files' bytes, with the one that works everywhere behind it."""
    pumps = Pumps(jack.start(ThreadWorkers(jack.reactor, "sendfile", MAX_THREADS, nice=BEHIND)), jack.reactor)
    jack.speed.up.watchers.append(pumps.hurry)
    return SendfileSender(pumps, BlockSender(workers=jack.disk, clock=jack.reactor))
