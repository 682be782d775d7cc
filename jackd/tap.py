"""What ``twistd jack`` runs: read the configuration, say what is wrong with it, else assemble the daemon."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from twisted.application.service import MultiService
from twisted.logger import Logger
from twisted.python import usage

from jackd import config
from jackd.assembly import assemble
from jackd.config import Settings
from jackd.model.errors import JackError
from jackd.model.secret import Secret
from jackd.ops.descriptors import allow_descriptors
from jackd.ops.garbage import settle
from jackd.ops.log import LoggedService, observer_for, stream_for

log = Logger(namespace="jackd")

SWITCH_SECONDS = 0.0005
"""
So long may a thread that computes (a library's list, an index) keep the interpreter while the reactor waits for it. By
default it is 5 ms, and the reactor waits again after every call to the system.
"""


class Options(usage.Options):
    """Everything else is in the configuration file."""

    optParameters = [  # noqa: RUF012 - Twisted's interface
        [
            "config",
            "c",
            None,
            "the configuration file [$APP_CONFIG_PATH, /etc/jack/jack.yml or ~/.config/jack/jack.yml]",
        ],
    ]


def makeService(options: Options, reactor: Any = None) -> MultiService:
    """
    The whole daemon. Exits with status 1, one line for every error, when the configuration is not usable or another
    jack runs on the same state: nothing was touched then.
    """
    if reactor is None:
        from twisted.internet import reactor  # noqa: PLC0415 - here alone, and only when it is really wanted
    # The wall clock jumps (NTP, suspend, 1970 at boot); timers must not.
    reactor.seconds = time.monotonic
    sys.setswitchinterval(SWITCH_SECONDS)
    allow_descriptors()
    try:
        path = config.find_config(options["config"], os.environ)
        fresh = config.write_default(path)
        settings = config.load(path, os.environ)
        jack = assemble(reactor, settings)
    except (JackError, OSError) as error:
        sys.stderr.write(f"{_unusable(error) if isinstance(error, OSError) else error}\n")
        raise SystemExit(1) from None
    service = LoggedService(observer_for(settings.environment, stream_for(options.parent or {}), secrets(settings)))
    jack.setServiceParent(service)
    reactor.callWhenRunning(settle)
    reactor.callWhenRunning(greet, settings, fresh)
    return service


def _unusable(error: OSError) -> str:
    """The state directory is all that is touched before jack runs."""
    where = error.filename or "the state directory"
    return f"jack can't start: {where}: {error.strerror}. Let it write there, or name another folder as jack.stateDir"


def secrets(settings: Settings) -> list[Secret]:
    """All that must not come into a log, whatever happens."""
    found = [settings.jack.api_key, *(server.api_key for server in settings.servers)]
    found += [peer.key for peer in settings.peers]
    found += [value for server in settings.servers for value in server.headers.values()]
    found += [value for peer in settings.peers for value in peer.headers.values()]
    return [secret for secret in found if secret]


def greet(settings: Settings, fresh: bool) -> None:
    """The first lines of the log: what this jack can do, and what it lacks."""
    if fresh:
        log.warn("there was no configuration: a commented default was written to {path}", path=str(settings.path))
    log.info(
        "jack listens on port {port}, with {servers} servers and {peers} friends from {path}",
        port=settings.environment.port,
        servers=len(settings.servers),
        peers=len(settings.peers),
        path=str(settings.path),
    )
    for note in settings.notes:
        log.info("{note}", note=note)
    if settings.jack.api_key is None:
        log.info("no jack.apiKey is set, so one was made: `jack key` shows it")
    if settings.downloads is None:
        log.warn("no downloads.completedPath is set: nothing can be grabbed, only shared")
