"""
The wiring diagram: who is made of what, and in which order it starts. Read it from top to bottom, then
:mod:`jackd.giving` and :mod:`jackd.taking`, and you know the daemon. Nothing else knows who stands behind a port of
:mod:`jackd.ports`.
"""

from __future__ import annotations

from typing import Any

from twisted.application import strports
from twisted.application.service import MultiService
from twisted.internet.endpoints import quoteStringArgument

from jackd import __version__
from jackd.arr.registration import Registrar
from jackd.arr.webhook import webhook_url
from jackd.config import Settings, TlsSettings
from jackd.foundation import Jack
from jackd.giving import Given, give
from jackd.live import Live
from jackd.model.secret import Secret
from jackd.ops.app import OperatorApp
from jackd.ops.garbage import QuietCollector
from jackd.ops.reload import ConfigState
from jackd.ops.systemd import SystemdNotifier
from jackd.storage.history import HistoryStore
from jackd.taking import Taken, take
from jackd.web.auth import Account, Scope
from jackd.web.certificate import load_certificate
from jackd.web.renewal import Renewal
from jackd.web.site import Mount, Site
from jackd.web.tls import Identity, TlsFactory

OPERATOR = "jack"
"""The name that goes with ``jack.apiKey`` in the qBittorrent dialect."""

OPERATED = ["/ping", "/servers", "/items", "/peers", "/uploads", "/downloads", "/history"]
"""What the operator's app answers for, and all that nobody else does."""


def assemble(reactor: Any, settings: Settings) -> MultiService:
    """The daemon that ``settings`` describe; nothing listens or calls until it is started."""
    tls = settings.jack.tls
    identity = Identity(load_certificate(tls.certificate, tls.key)) if tls else None
    jack = Jack(reactor, settings)
    let_in(jack)
    given = give(jack)
    taken = take(jack)
    state = ConfigState()
    site = Site([*given.mounts, *taken.mounts, operate(jack, given, taken, state)], reactor)
    listen(jack, site)
    certificate = listen_with_tls(jack, site, tls, identity) if tls and identity else None
    register(jack)
    live = Live(jack=jack, views=given.views, bell=given.bell, site=site, queue=taken.queue, certificate=certificate)
    jack.start(live.reload(state))
    jack.start(QuietCollector(clock=reactor))
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


def operate(jack: Jack, given: Given, taken: Taken, state: ConfigState) -> Mount:
    """What the operator asks, and the command ``jack`` for him."""
    app = OperatorApp(
        keys=jack.keys,
        servers=list(jack.states.values()),
        shared=given.shared,
        network=taken.network,
        uploads=jack.uploads,
        downloads=taken.queue,
        history=HistoryStore(jack.database),
        config=state,
        version=__version__,
    )
    return Mount(OPERATED, app)


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
