"""``jack check-config`` and ``jack key``, and how every other command finds the configuration and the daemon."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jackd.config import Settings, find_config, load
from jackd.config.load import SYSTEM_CONFIG
from jackd.model.errors import ConfigError
from jackd.model.secret import Secret
from jackd.ops.client import Client
from jackd.web.auth import Mint
from jackd.web.certificate import load_certificate

if TYPE_CHECKING:
    from argparse import _SubParsersAction

PACKAGED_STATE = Path("/var/lib/jack")
"""``StateDirectory=`` of debian/jack.service."""

_NO_KEY = "no key was made yet: start the daemon once"
_ANY = {"", "0.0.0.0", "::", "[::]", "*"}  # noqa: S104 - these are what we must not connect to


def add_to(commands: _SubParsersAction[ArgumentParser], config: ArgumentParser) -> None:
    """Adds the command."""
    check = commands.add_parser("check-config", parents=[config], help="say whether the daemon would take it")
    check.set_defaults(command=check_config)
    key = commands.add_parser("key", parents=[config], help="print the key that a friend, or you, present to this jack")
    key.add_argument("friend", nargs="?", metavar="FRIEND", help="his own key; without a name jack.apiKey")
    key.set_defaults(command=print_key)


def check_config(options: Namespace) -> int:
    """The daemon's own verdict: 0 when it is good; 1 and every problem when not. Writes nothing."""
    path = find_config(options.config, os.environ)
    if not path.exists():
        print(f"{path} does not exist; the daemon would write a commented default there", file=sys.stderr)
        return 1
    try:
        settings = load(path, os.environ)
        if tls := settings.jack.tls:
            load_certificate(tls.certificate, tls.key)
    except ConfigError as errors:
        print(errors, file=sys.stderr)
        return 1
    downloads = settings.downloads.completed_path if settings.downloads else "none, so nothing can be grabbed"
    for note in settings.notes:
        print(note)
    print(f"{path} is good. Servers: {len(settings.servers)}; friends: {len(settings.peers)}; downloads: {downloads}")
    return 0


def print_key(options: Namespace) -> int:
    """A friend's own key, or the operator's, configured or made; the one command that shows a secret."""
    settings = settings_for(options)
    key = peer_key(settings, options.friend) if options.friend else _key(settings)
    if key is None:
        raise ConfigError(_NO_KEY)
    print(key.reveal())
    return 0


def peer_key(settings: Settings, name: str) -> Secret:
    """
    The key of the friend of that name. He need not be configured yet: two can so exchange keys before either knows the
    other's. Raises ``ConfigError`` when there is no install to have made it.
    """
    mint = _mint(settings)
    if mint is None:
        raise ConfigError(_NO_KEY)
    peer = next((p for p in settings.peers if p.name.casefold() == name.casefold()), None)
    if peer is None:
        known = ", ".join(p.name for p in settings.peers) or "none"
        print(f"jack: this opens nothing until a friend is called {name!r} in peers; now: {known}", file=sys.stderr)
    return mint.peer_key(name, peer.key_version if peer else 1)


def settings_for(options: Namespace) -> Settings:
    """The daemon's settings. Raises ``ConfigError`` for a missing file, ``ConfigErrors`` for a bad one."""
    path = find_config(options.config, os.environ)
    if not path.exists():
        raise ConfigError(f"{path} does not exist; name the configuration by --config FILE or APP_CONFIG_PATH")
    # What systemd tells the packaged daemon, nobody tells a command typed beside it.
    packaged = {"STATE_DIRECTORY": str(PACKAGED_STATE)} if path == SYSTEM_CONFIG else {}
    return load(path, {**packaged, **os.environ})


def own_daemon(options: Namespace) -> Client:
    """The running daemon of that configuration; ``JACK_URL`` and ``JACK_API_KEY`` name another."""
    environ: Mapping[str, str] = os.environ
    url, key = environ.get("JACK_URL", ""), environ.get("JACK_API_KEY", "")
    if url and key:
        return Client(url=url, key=Secret(key), hint="Is JACK_URL right?")
    settings = settings_for(options)
    host = settings.environment.host
    host = "127.0.0.1" if host in _ANY else host
    here = f"http://{f'[{host}]' if ':' in host else host}:{settings.environment.port}"
    hint = "Is the daemon running (jack run)? With another PORT, set it here too, or set JACK_URL."
    return Client(url=url or here, key=Secret(key) if key else _key(settings), hint=hint)


def _key(settings: Settings) -> Secret | None:
    """The configured key, else the one that the install made for itself."""
    if settings.jack.api_key:
        return settings.jack.api_key
    mint = _mint(settings)
    return mint.api_key() if mint else None


def _mint(settings: Settings) -> Mint | None:
    """The install's, once there is one."""
    path = settings.jack.state_dir / "secret"
    try:
        return Mint.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}): run this as the daemon's user") from None
