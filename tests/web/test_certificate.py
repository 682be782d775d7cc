"""Certificates on the disk: what is taken, what is not and why, and how they are renewed (F59)."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from twisted.internet.task import Clock

from jackd.storage.threads import InlineWorkers
from jackd.web.certificate import BadCertificate, load_certificate
from jackd.web.renewal import LOOK_SECONDS, Renewal
from jackd.web.tls import Identity
from tests.certificates import self_signed

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("key", [None, rsa.generate_private_key(65537, 2048)])
def test_a_good_pair(tmp_path, key):
    """The pin is what openssl computes."""
    chain, private = self_signed(tmp_path, key=key, ends=NOW)
    found = load_certificate(chain, private)
    assert found.expires == NOW
    command = (
        f"openssl x509 -in {chain} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary"
    )
    told = subprocess.run(f"{command} | base64", shell=True, capture_output=True, text=True, check=True)
    assert found.pin == told.stdout.strip()


def test_the_pin_stays_when_only_the_certificate_is_new(tmp_path):
    key = rsa.generate_private_key(65537, 2048)
    pins = {load_certificate(*self_signed(tmp_path, key=key, ends=NOW + timedelta(days=n))).pin for n in range(2)}
    assert len(pins) == 1


def certificate_missing(chain, key):
    chain.unlink()


def key_missing(chain, key):
    key.unlink()


def certificate_is_a_folder(chain, key):
    chain.unlink()
    chain.mkdir()


def certificate_is_none(chain, key):
    chain.write_text("hello")


def key_is_none(chain, key):
    key.write_bytes(chain.read_bytes())


def key_of_another(chain, key):
    key.write_bytes(self_signed(chain.parent / "other")[1].read_bytes())


def key_with_passphrase(chain, key):
    found = load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(found.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))


def key_too_small(chain, key):
    self_signed(chain.parent, key=rsa.generate_private_key(65537, 1024))


@pytest.mark.parametrize(
    ("breakage", "said"),
    [
        (certificate_missing, "jack.tls.certificate: there is no file /"),
        (key_missing, "jack.tls.key: there is no file /"),
        (certificate_is_a_folder, "jack.tls.certificate: there is no file /"),
        (certificate_is_none, "jack.tls.certificate: is no certificate in PEM"),
        (key_is_none, "jack.tls.key: is no private key in PEM"),
        (key_of_another, "jack.tls.key: is not the key of jack.tls.certificate"),
        (key_with_passphrase, "jack.tls.key: has a passphrase"),
        (key_too_small, "jack.tls.certificate: is not taken by OpenSSL (ee key too small)"),
    ],
)
def test_a_bad_pair_is_named_with_what_to_do(tmp_path, breakage, said):
    """F42"""
    chain, key = self_signed(tmp_path)
    breakage(chain, key)
    with pytest.raises(BadCertificate) as caught:
        load_certificate(chain, key)
    assert str(caught.value).startswith(said)
    assert "; " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_may_not_be_read(tmp_path, monkeypatch):
    chain, key = self_signed(tmp_path)
    real = type(key).open

    def refused(self, *args, **kwargs):
        if self == key:
            raise PermissionError(13, os.strerror(13), str(self))
        return real(self, *args, **kwargs)

    monkeypatch.setattr(type(key), "open", refused)
    with pytest.raises(BadCertificate, match=r"jack\.tls\.key: .*Permission denied.*let jack's user read it"):
        load_certificate(chain, key)


class Renewing:
    """A running :class:`Renewal`, in memory."""

    def __init__(self, folder, ends=NOW + timedelta(days=90)):
        self.folder, self.now, self.clock = folder, NOW, Clock()
        self.chain, self.key = self_signed(folder, ends=ends)
        self.identity = Identity(load_certificate(self.chain, self.key))
        self.service = Renewal(
            self.identity,
            self.chain,
            self.key,
            workers=InlineWorkers(),
            clock=self.clock,
            now=self.seconds,
        )
        self.service.startService()

    def seconds(self) -> float:
        return self.now.timestamp()

    def look(self, days: float = 0) -> None:
        self.now += timedelta(days=days)
        self.clock.advance(LOOK_SECONDS)


def test_a_new_pair_is_taken_up(tmp_path, said):
    """F59: without a restart."""
    world = Renewing(tmp_path)
    assert world.identity.certificate.pin in said.pop()
    old = world.identity.certificate
    world.look()
    assert world.identity.certificate is old
    self_signed(tmp_path, ends=NOW + timedelta(days=180))
    world.look()
    assert world.identity.certificate.expires == NOW + timedelta(days=180)
    assert world.identity.certificate.pin != old.pin
    [line] = said
    assert line.startswith("info: the certificate that is taken up ends on 2027-04-30; its pin is")


def test_it_is_looked_at_when_the_operator_says_so(tmp_path):
    """F59: at once, and as often as before."""
    world = Renewing(tmp_path)
    for day in (100, 200):
        self_signed(tmp_path, ends=NOW + timedelta(days=day))
        world.service.look()
        assert world.identity.certificate.expires == NOW + timedelta(days=day)
    assert len(world.clock.getDelayedCalls()) == 1
    world.service.stopService()
    world.service.look()
    assert world.clock.getDelayedCalls() == []


@pytest.mark.parametrize("breakage", [certificate_missing, key_missing, certificate_is_none, key_of_another])
def test_a_bad_new_pair_keeps_the_old_one(tmp_path, said, breakage):
    """F59: one line, and what is repaired is taken up."""
    world = Renewing(tmp_path)
    old = world.identity.certificate
    said.clear()
    breakage(world.chain, world.key)
    for _ in range(3):
        world.look()
    assert world.identity.certificate is old
    [line] = said
    assert line.startswith("error: the new certificate is not taken, the old one stays in force: jack.tls.")
    if world.chain.is_dir():
        world.chain.rmdir()
    self_signed(tmp_path)
    world.look()
    assert world.identity.certificate is not old


def test_the_end_is_told_before(tmp_path, said):
    """F59: 21, 7 and 1 days before, once each, and when it has come; a renewed one begins anew."""
    world = Renewing(tmp_path)
    said.clear()
    told = []
    for day in range(1, 93):
        world.look(days=1)
        world.look()
        if said:
            told.append((90 - day, *said))
            said.clear()
    warning = "warn: the certificate ends on 2027-01-30, and was not renewed yet"
    ended = "error: the certificate has ended on 2027-01-30: friends can't connect by https"
    assert told == [(21, warning), (7, warning), (1, warning), (0, ended)]
    self_signed(tmp_path, ends=world.now + timedelta(days=5))
    world.look()
    assert [line.partition(":")[0] for line in said] == ["info", "warn"]


def test_one_that_ends_soon_is_told_at_the_start(tmp_path, said):
    Renewing(tmp_path, ends=NOW + timedelta(days=3))
    assert [line.partition(":")[0] for line in said] == ["info", "warn"]


def test_it_stops(tmp_path):
    world = Renewing(tmp_path)
    world.service.stopService()
    assert world.clock.getDelayedCalls() == []
