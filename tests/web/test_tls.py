"""The listener's TLS on real sockets; that files come whole through it, :mod:`tests.web.test_sendfile` sees."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL
from twisted.internet.threads import deferToThread

from jackd.web.certificate import load_certificate, pin_of
from jackd.web.limits import MAX_CONNECTIONS
from jackd.web.tls import SharedConnection, Unsealed
from tests.certificates import self_signed
from tests.web.test_files import Raw, serving, until
from tests.web.test_sendfile import Keeper


@pytest.fixture
def root(tmp_path):
    with (tmp_path / "b.mkv").open("wb") as made:
        made.truncate(64 * 2**20)
    (tmp_path / "a.mkv").write_bytes(b"data")
    return tmp_path


def shaken(port: int, **limits: Any) -> tuple[str, str, str]:
    """The version, the cipher and the server's pin that a handshake comes to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in limits.items():
        setattr(context, name, value) if name != "ciphers" else context.set_ciphers(value)
    with ssl.create_connection(("127.0.0.1", port), timeout=10) as plain, context.wrap_socket(plain) as sealed:
        key = x509.load_der_x509_certificate(sealed.getpeercert(True)).public_key()
        pin = pin_of(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        return sealed.version(), sealed.cipher()[0], pin


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_modern_versions_and_ciphers_only(root):
    """S29"""
    async with serving(root, tls=True) as served:
        port = served.port.getHost().port
        newest = await deferToThread(shaken, port)
        assert newest[0] == "TLSv1.3"
        older = await deferToThread(shaken, port, maximum_version=ssl.TLSVersion.TLSv1_2)
        assert older[0] == "TLSv1.2"
        assert older[1].startswith("ECDHE")
        for limits in (
            {
                "maximum_version": ssl.TLSVersion.TLSv1_1,
                "minimum_version": ssl.TLSVersion.TLSv1,
                "ciphers": "ALL:@SECLEVEL=0",
            },
            {"maximum_version": ssl.TLSVersion.TLSv1_2, "ciphers": "AES256-GCM-SHA384"},
            {"maximum_version": ssl.TLSVersion.TLSv1_2, "ciphers": "ECDHE-ECDSA-AES256-SHA384"},
        ):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await deferToThread(shaken, port, **limits)


def test_while_a_thread_sends_nothing_overtakes_it(tmp_path):
    """What the reactor brings about is sent by the thread, in its place among the records."""
    ours = SharedConnection(load_certificate(*self_signed(tmp_path)).context)
    theirs = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
    ours.set_accept_state()
    theirs.set_connect_state()
    for here, there in [(theirs, ours), (ours, theirs), (theirs, ours)]:
        with suppress(SSL.WantReadError):
            here.do_handshake()
        there.bio_write(here.bio_read(65536))
    ours.do_handshake()
    ours.hold(True)
    ours.send(b"from the reactor, ")
    with pytest.raises(SSL.WantReadError):
        ours.bio_read(65536)
    theirs.bio_write(ours.seal(memoryview(b"from the thread")))
    ours.hold(False)
    assert theirs.recv(100) + theirs.recv(100) == b"from the reactor, from the thread"
    ours.shutdown()
    theirs.bio_write(ours.bio_read(65536))
    with pytest.raises(SSL.ZeroReturnError):
        theirs.recv(100)
    with pytest.raises(Unsealed):
        ours.seal(memoryview(b"too late"))


async def test_a_transfer_outlives_its_certificate(root):
    """F59: who connects later gets the new one."""
    async with serving(root, fast=True, tls=True) as served:
        client = await served.raw("b.mkv")
        await client.first
        served.identity.certificate = load_certificate(*self_signed(root / "new"))
        assert (await deferToThread(shaken, served.port.getHost().port))[2] == served.identity.certificate.pin
        client.transport.resumeProducing()
        await until(lambda: client.count > 64 * 2**20)
        client.transport.loseConnection()
        await client.lost


async def test_stopping_breaks_transfers_off(root):
    """F5: from the reactor, while a thread encrypts."""
    async with serving(root, fast=True, tls=True) as served:
        client = await served.raw("b.mkv")
        await client.first
        served.port.factory.wrappedFactory.stopFactory()
        client.transport.resumeProducing()
        await client.lost
        assert client.count < 64 * 2**20
        await until(lambda: not served.files.uploads.slots.running)


async def test_one_who_says_goodbye_in_mid_transfer_gets_no_more(root):
    """A reader's close_notify comes while a thread encrypts; afterwards nothing is left behind."""
    async with serving(root, fast=True, tls=True) as served:
        for _ in range(20):
            client = await served.raw("b.mkv")
            await client.first
            client.transport.loseConnection()
            client.transport.resumeProducing()
            await client.lost
            await until(lambda: not served.files.uploads.slots.running)


async def test_one_too_many_is_closed_at_once(root):
    """F19"""
    async with serving(root, tls=True) as served:
        site = served.port.factory.wrappedFactory
        site._open.update(object() for _ in range(MAX_CONNECTIONS))
        client = await served.connect(Raw())
        await client.lost
        assert client.count == 0
        site._open.clear()


async def test_garbage_and_plain_http_are_closed(root):
    async with serving(root, tls=True) as served:
        for hello in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(100)):
            served.identity, identity = None, served.identity
            client = await served.connect(Keeper())
            served.identity = identity
            client.transport.write(hello)
            await client.lost
        assert (await served.call("a.mkv")).body == b"data"
