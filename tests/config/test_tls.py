"""Rules of ``jack.tls``."""

from __future__ import annotations

from pathlib import Path

import pytest

from jackd.config import TlsSettings
from tests.config.written import loaded, peer, problems

FILES = '"certificate": "/etc/a.pem", "key": "/etc/b.pem"'


def tls(text: str) -> str:
    return '{"jack": {"tls": {' + text + "}}}"


def test_two_files_are_enough(tmp_path):
    found = loaded(tmp_path, tls(FILES)).jack.tls
    assert found == TlsSettings(certificate=Path("/etc/a.pem"), key=Path("/etc/b.pem"), port=5226, host="")
    assert loaded(tmp_path, "{}").jack.tls is None


def test_it_has_an_address_of_its_own(tmp_path):
    found = loaded(tmp_path, tls(FILES + ', "port": 443, "host": "::1"'), environ={"HOST": "127.0.0.1"}).jack.tls
    assert found is not None
    assert (found.port, found.host) == (443, "::1")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('"certificate": "/etc/a.pem"', "jack.tls.key"),
        ('"key": "/etc/a.pem"', "jack.tls.certificate"),
        ('"certificate": "a.pem", "key": "/etc/b.pem"', "jack.tls.certificate"),
        (FILES + ', "port": 0', "jack.tls.port"),
        (FILES + ', "port": "443"', "jack.tls.port"),
        (FILES + ', "host": "jack.example"', "jack.tls.host"),
        (FILES + ', "ports": 1', "jack.tls.ports"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, path):
    assert [p for _, p, _ in problems(tmp_path, tls(text))] == [path]


@pytest.mark.parametrize(
    ("host", "own", "good"),
    [("", "", False), ("127.0.0.1", "", False), ("", "127.0.0.1", False), ("127.0.0.1", "127.0.0.2", True)],
)
def test_the_port_of_the_plain_listener_is_taken(tmp_path, host, own, good):
    """F54"""
    text = tls(f'{FILES}, "port": 700' + (f', "host": "{own}"' if own else ""))
    environ = {"PORT": "700", "HOST": host}
    if good:
        assert loaded(tmp_path, text, environ=environ).jack.tls is not None
    else:
        assert [p for _, p, _ in problems(tmp_path, text, environ=environ)] == ["jack.tls.port"]


PIN = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
HEX = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def pinned(text: str, **changes: str) -> str:
    return '{"peers": [' + peer(pin=f'"{text}"', **changes) + "]}"


@pytest.mark.parametrize(
    "text", [PIN, f"sha256/{PIN}", HEX, HEX.upper(), ":".join(HEX[n : n + 2] for n in range(0, 64, 2))]
)
def test_a_pin_in_all_its_forms(tmp_path, text):
    [found] = loaded(tmp_path, pinned(text)).peers
    assert (found.pin, found.netloc) == (PIN, ("jack.alice.example", 443))


@pytest.mark.parametrize("text", ["x", PIN[:-4], HEX[:-2], "é" * 44, HEX[:-1] + "g", f"sha1/{PIN}"])
def test_what_is_no_pin(tmp_path, text):
    [(_, path, message)] = problems(tmp_path, pinned(text))
    assert path == "peers[0].pin"
    assert "44 characters of Base64" in message


def test_a_pin_needs_a_certificate(tmp_path):
    [(_, path, _)] = problems(tmp_path, pinned(PIN, url='"http://192.168.1.2:5225"'))
    assert path == "peers[0].pin"
