"""A friend's jack."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from attrs import field, frozen

from jackd.model.secret import Secret
from jackd.model.sharing import Rules

MAX_KNOWN = 1000
"""URLs whose ids need not be computed again."""


@lru_cache(MAX_KNOWN)
def url_id(url: str) -> str:
    """The id of a peer or server: the first 8 hex digits of SHA-256(its URL without trailing slash)."""
    return hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:8]


@frozen(kw_only=True)
class Peer:
    """
    How to reach a friend.

    :ivar url: base URL, without trailing slash.
    :ivar key: what he gave us; sent as ``X-Api-Key``.
    :ivar headers: sent along (for a proxy in front of him); can't replace the key.
    :ivar pin: Base64 of SHA-256 of the public key that his certificate must have, whoever signed it; empty when an
        authority must vouch for him.
    :ivar key_version: which of the keys for his name opens our jack to him; another one revokes those before.
    :ivar sharing: what he may see of ours, besides the rules for all.
    :ivar upload_rate, download_rate: bytes/s to and from him, 0 for no limit.
    """

    name: str
    url: str
    key: Secret
    headers: Mapping[str, Secret] = field(factory=dict)
    pin: str = ""
    key_version: int = 1
    sharing: Rules = Rules()
    upload_rate: int = 0
    download_rate: int = 0

    @property
    def id(self) -> str:
        """Derived from the URL, so that it survives a change of name or key."""
        return url_id(self.url)

    @property
    def netloc(self) -> tuple[str, int]:
        """The host and the port that his URL leads to."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


@frozen(kw_only=True)
class PeerStatus:
    """How a friend is doing. ``error`` is the sentence that the operator reads, ``None`` when all is well."""

    peer: Peer
    version: str | None = None
    features: frozenset[str] = frozenset()
    error: str | None = None

    @property
    def reachable(self) -> bool:
        """Whether the last handshake succeeded."""
        return self.version is not None and self.error is None
