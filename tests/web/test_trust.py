"""Whose certificates are taken by those who call (S29, F59): real handshakes on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.web.client import Agent
from twisted.web.resource import Resource
from twisted.web.server import Site

from jackd.web.certificate import load_certificate
from jackd.web.outgoing import CallFailed, Outgoing
from jackd.web.takeover import TakeoverAgent
from jackd.web.tls import Identity, TlsFactory
from jackd.web.trust import Trust
from tests.certificates import self_signed

OTHER = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


class Seen(Resource):
    """Counts who came as far as a request."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def render_GET(self, request: Any) -> bytes:
        self.count += 1
        return b"hello"


@asynccontextmanager
async def serving(identity: Identity) -> AsyncIterator[tuple[Seen, int]]:
    seen = Seen()
    port = reactor.listenTCP(0, TlsFactory(identity, Site(seen), reactor), interface="127.0.0.1")
    try:
        yield seen, port.getHost().port
    finally:
        await port.stopListening()


async def call(port: int, kind: str, pins: dict[str, str], host: str = "localhost") -> bytes:
    trust = Trust({(name, port): pin for name, pin in pins.items()})
    agent = Agent(reactor, trust) if kind == "pooled" else TakeoverAgent(reactor, 5, trust)
    outgoing = Outgoing(agent, reactor)
    answer = await outgoing.call("GET", f"https://{host}:{port}/", headers={"X-Api-Key": "k"}, timeout=10, limit=100)
    return answer.body


@pytest.fixture
def identity(tmp_path):
    return Identity(load_certificate(*self_signed(tmp_path)))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1"])
@pytest.mark.parametrize("kind", ["pooled", "taken over"])
async def test_the_right_pin_is_enough(identity, kind, host):
    """Nobody has signed it, and for the address there is no name in it at all."""
    async with serving(identity) as (_, port):
        assert await call(port, kind, {host.lower(): identity.certificate.pin}, host) == b"hello"


async def test_a_pinned_certificate_may_have_ended(tmp_path):
    """It is the key that counts."""
    identity = Identity(load_certificate(*self_signed(tmp_path, ends=datetime(2024, 1, 1, tzinfo=UTC))))
    async with serving(identity) as (_, port):
        assert await call(port, "pooled", {"localhost": identity.certificate.pin}) == b"hello"


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("kind", ["pooled", "taken over"])
async def test_a_wrong_pin_is_refused_and_named(tmp_path, identity, kind, trusted, monkeypatch):
    """Also when an authority vouches for the certificate; nothing was sent."""
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "fullchain.pem"))
    async with serving(identity) as (seen, port):
        with pytest.raises(CallFailed) as caught:
            await call(port, kind, {"localhost": OTHER})
        assert identity.certificate.pin in str(caught.value)
        assert OTHER in str(caught.value)
        assert seen.count == 0


@pytest.mark.parametrize("kind", ["pooled", "taken over"])
async def test_without_a_pin_it_is_the_authorities_that_count(tmp_path, identity, kind, monkeypatch):
    """A pin for one address is none for another."""
    async with serving(identity) as (seen, port):
        with pytest.raises(CallFailed, match="comes from no authority that is known here"):
            await call(port, kind, {"127.0.0.1": identity.certificate.pin})
        assert seen.count == 0
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "fullchain.pem"))
        assert await call(port, kind, {}) == b"hello"


async def test_another_name(tmp_path, monkeypatch):
    identity = Identity(load_certificate(*self_signed(tmp_path, name="elsewhere.example")))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "fullchain.pem"))
    async with serving(identity) as (seen, port):
        with pytest.raises(CallFailed, match="another name in it"):
            await call(port, "pooled", {})
        assert seen.count == 0
