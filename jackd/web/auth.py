"""Who is calling: keys, accounts and the credentials that jack makes itself."""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from jackd.model.errors import ConfigError
from jackd.model.secret import Secret

SECRET_BYTES = 32
SIGNATURE_BYTES = 16


class Scope(enum.Enum):
    """What a key opens."""

    PEER = "peer"  # /handshake, /peer/*
    TORZNAB = "torznab"  # /torznab/*
    QBITTORRENT = "qbittorrent"  # /api/v2/*
    OPERATOR = "operator"  # /servers, /items


@frozen(kw_only=True)
class Account:
    """
    Who is behind a key.

    :ivar server: the id of the *arr whose generated credential it is; ``None`` for the operator and for friends.
    :ivar peer: the id of the friend whose own key it is; ``None`` for everybody else, also for a friend who comes with
        ``jack.apiKey``.
    """

    name: str
    scopes: frozenset[Scope]
    server: str | None = None
    peer: str | None = None


class Keys:
    """
    All keys that are let in. Only their SHA-256 is kept, and looking that up takes the same time whether the key is
    nearly right or not at all (S2).
    """

    def __init__(self) -> None:
        self._accounts: dict[bytes, Account] = {}

    def add(self, key: str, account: Account) -> None:
        """Let ``key`` in as ``account``; an empty key never is."""
        if key:
            self._accounts[_digest(key)] = account

    def remove(self, key: str) -> None:
        """Let nobody in with ``key`` any more."""
        self._accounts.pop(_digest(key), None)

    def account(self, key: str) -> Account | None:
        """Who that is, or ``None``."""
        return self._accounts.get(_digest(key)) if key else None

    def named(self, name: str) -> Sequence[tuple[str, Account]]:
        """All accounts of that name, each with the SHA-256 of its key in hex: what a session is bound to."""
        return [(digest.hex(), account) for digest, account in self._accounts.items() if account.name == name]

    def login(self, name: str, key: str) -> Account | None:
        """The account whose name and key both fit."""
        account = self.account(key)
        if account is None or not hmac.compare_digest(account.name.encode(), name.encode()):
            return None
        return account


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


class Mint:
    """
    Makes all of jack's own credentials out of one secret of this install, so that none has to be stored and each is
    the same after a restart (:class:`jackd.ports.Mints`). A new secret revokes them all.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def load(cls, path: Path) -> Mint:
        """
        The secret in ``path``; made there, readable for the owner only, when the file is missing. Raises what
        :meth:`read` raises, and ``OSError``.
        """
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
                file.write(os.urandom(SECRET_BYTES))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Mint:
        """The secret in ``path``. Raises ``ConfigError`` when it is cut off: everybody could guess what it signs."""
        secret = path.read_bytes()
        if len(secret) != SECRET_BYTES:
            raise ConfigError(
                f"{path} is damaged: put a backup in its place, or remove it; jack then makes new keys for everybody"
            )
        return cls(secret)

    def credential(self, server: str) -> str:
        """The key of the *arr with that server id: ``jack_managed_`` and 64 hex digits, as the original's look."""
        return "jack_managed_" + self._mac("credential", server).hex()

    def peer_key(self, name: str, version: int) -> Secret:
        """
        The key that the friend of that name presents to us, whatever the case it is written in; ``version`` is one of
        many. It depends on nothing that changes when the friend moves.
        """
        return Secret("jack_peer_" + self._mac("peer-key", f"{version}\0{name.casefold()}").hex())

    def api_key(self) -> Secret:
        """The operator's key of an install whose configuration names none."""
        return Secret("jack_" + self._mac("api-key", "").hex())

    def sign(self, purpose: str, text: str) -> str:
        """22 URL-safe characters that only this install can make for that purpose and text."""
        mac = self._mac(purpose, text)[:SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def verify(self, purpose: str, text: str, signature: str) -> bool:
        """Whether ``signature`` is ours, in constant time."""
        return hmac.compare_digest(self.sign(purpose, text).encode(), signature.encode("utf-8", "replace"))

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._secret, f"{purpose}\0{text}".encode("utf-8", "surrogateescape"), "sha256").digest()
