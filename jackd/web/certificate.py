"""A certificate and its key, as they lie on the disk: read, checked, and made into what TLS connections are made of."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

from attrs import frozen
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates
from OpenSSL import SSL

from jackd.model.errors import ConfigError

MAX_PEM = 256 * 1024
"""Bytes of a file with a key or a chain."""

CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else."""

OPTIONS = SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET

Stamps = tuple[object, object]
"""Tell one content of the two files from another."""


class BadCertificate(ConfigError):
    """The files are not usable. Names the setting, and says what to do."""

    def __init__(self, setting: Literal["certificate", "key"], message: str) -> None:
        super().__init__(f"jack.tls.{setting}: {message}")


@frozen(kw_only=True, eq=False)
class Certificate:
    """
    A chain and its key, which fit.

    :ivar context: for connections.
    :ivar expires: the first certificate of the chain, ours.
    :ivar pin: by which friends may know its key, see :func:`pin_of`.
    :ivar stamps: of the files, before they were read.
    """

    context: SSL.Context
    expires: datetime
    pin: str
    stamps: Stamps


def pin_of(public_key: bytes) -> str:
    """
    The name of a key: Base64 of SHA-256 of its SubjectPublicKeyInfo in DER, as RFC 7469 has it. It stays the same for
    all certificates that are made for that key.
    """
    return base64.b64encode(hashlib.sha256(public_key).digest()).decode()


def stamps(chain: Path, key: Path) -> Stamps:
    """What the files are now; ``None`` for one that can't be looked at. Blocks."""
    return _stamp(chain), _stamp(key)


def _stamp(file: Path) -> object:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def load_certificate(chain: Path, key: Path) -> Certificate:
    """
    What lies in those files, in PEM. Blocks.

    :param chain: our certificate first, then those between it and the authority's.
    :raises BadCertificate: when they can't be read, are something else, or do not belong together.
    """
    found = stamps(chain, key)
    try:
        first = load_pem_x509_certificates(_read("certificate", chain))[0]
    except ValueError:
        raise BadCertificate("certificate", "is no certificate in PEM; name the file fullchain.pem here") from None
    public = first.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if _public_part(key) != public:
        raise BadCertificate("key", "is not the key of jack.tls.certificate; name the two files of one certificate")
    context = _context(chain, key)
    return Certificate(context=context, expires=first.not_valid_after_utc, pin=pin_of(public), stamps=found)


def _public_part(key: Path) -> bytes:
    try:
        private = load_pem_private_key(_read("key", key), None)
    except TypeError:
        raise BadCertificate("key", "has a passphrase; name a copy without one (openssl pkey -in … -out …)") from None
    except ValueError:
        raise BadCertificate("key", "is no private key in PEM; name the file privkey.pem here") from None
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _read(setting: Literal["certificate", "key"], file: Path) -> bytes:
    try:
        if not file.is_file():  # also: never wait for a pipe
            raise BadCertificate(setting, f"there is no file {file}; name the one that your ACME client writes")
        with file.open("rb") as opened:
            return opened.read(MAX_PEM)
    except OSError as error:
        raise BadCertificate(setting, f"{file} can't be read ({error.strerror}); let jack's user read it") from None


def _context(chain: Path, key: Path) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(OPTIONS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_cipher_list(CIPHERS)
    try:
        context.use_certificate_chain_file(str(chain))
        context.use_privatekey_file(str(key))
    except SSL.Error as error:
        reason = error.args[0][-1][-1] if error.args and error.args[0] else "no reason given"
        raise BadCertificate("certificate", f"is not taken by OpenSSL ({reason}); make a new one") from None
    return context
