"""Certificates of the tests' own, and clients that take them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import (
    BasicConstraints,
    CertificateBuilder,
    DNSName,
    Name,
    NameAttribute,
    SubjectAlternativeName,
    random_serial_number,
)
from cryptography.x509.oid import NameOID
from twisted.internet.ssl import CertificateOptions
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def self_signed(
    folder: Path, *, name: str = "localhost", ends: datetime | None = None, key: Any = None
) -> tuple[Path, Path]:
    """``fullchain.pem`` and ``privkey.pem`` in ``folder``; new ones when they are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = Name([NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(random_serial_number())
        .not_valid_before(LONG_AGO)
        .not_valid_after(ends or datetime.now(UTC) + timedelta(days=365))
        .add_extension(SubjectAlternativeName([DNSName(name)]), critical=False)
        .add_extension(BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    chain, private = folder / "fullchain.pem", folder / "privkey.pem"
    chain.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, private


@implementer(IPolicyForHTTPS)
class Trusting:
    """Takes any certificate."""

    def creatorForNetloc(self, hostname: bytes, port: int) -> CertificateOptions:
        return CertificateOptions()
