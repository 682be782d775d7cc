"""The block ``jack.tls``, the listener with a certificate; and ``pin``, by which a friend's certificate is known."""

from __future__ import annotations

import base64
import binascii
from ipaddress import ip_address

from jackd.config.checks import absolute_path, integer, text
from jackd.config.reading import Cursor, Section, Wrong
from jackd.config.settings import TLS_PORT, Environment, TlsSettings

PIN_BYTES = 32
PIN_HEX = 2 * PIN_BYTES


def tls(cursor: Cursor, environment: Environment) -> TlsSettings:
    """``jack.tls``. What is in the two files, :func:`jackd.web.certificate.load_certificate` judges."""
    with Section(cursor) as block:
        found = TlsSettings(
            certificate=block.need("certificate", absolute_path, "the file fullchain.pem that your ACME client writes"),
            key=block.need("key", absolute_path, "the file privkey.pem that your ACME client writes"),
            port=block.take("port", integer(1, 65535), TLS_PORT),
            host=block.take("host", _address, ""),
        )
        if found.port == environment.port and (found.host == environment.host or not (found.host and environment.host)):
            (block.get("port") or cursor).wrong("is the port of plain HTTP as well (PORT); give another one here")
        return found


def _address(cursor: Cursor) -> str:
    try:
        return str(ip_address(text(cursor)))
    except ValueError:
        raise Wrong("must be the IP address to listen on; without it jack listens on all") from None


def pin(cursor: Cursor) -> str:
    """SHA-256 of a public key, in hex or Base64, as Base64; ``sha256/`` before it is fine."""
    told = text(cursor).removeprefix("sha256/").replace(":", "")
    try:
        digest = bytes.fromhex(told) if len(told) == PIN_HEX else base64.b64decode(told, validate=True)
    except (ValueError, binascii.Error):
        digest = b""
    if len(digest) != PIN_BYTES:
        raise Wrong("must be a pin as the friend's log shows it when his jack starts: 44 characters of Base64")
    return base64.b64encode(digest).decode()
