"""
Whose certificates jack takes when it calls others: those of the authorities that the system knows, with the right name
in them; of a friend with a pin those with that key, and no others, whoever has signed them (S29).
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from twisted.web.client import BrowserLikePolicyForHTTPS
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from jackd.model.errors import JackError
from jackd.web.certificate import CIPHERS, OPTIONS, pin_of

Netloc = tuple[str, int]
"""A host and a port, as they stand in a URL."""


class WrongPin(JackError):
    """The certificate is not the pinned one."""


@implementer(IPolicyForHTTPS)
class Trust:
    """
    What has to be true of whom jack calls.

    :param pins: by hosts in lower case; see :func:`~jackd.web.certificate.pin_of`.
    """

    def __init__(self, pins: Mapping[Netloc, str] | None = None) -> None:
        self._pins = dict(pins or {})
        self._others = BrowserLikePolicyForHTTPS()

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:
        """See the interface."""
        host = hostname.decode("ascii", "replace")
        pin = self._pins.get((host.lower(), port))
        return PinnedCreator(host, pin) if pin else self._others.creatorForNetloc(hostname, port)


@implementer(IOpenSSLClientConnectionCreator)
class PinnedCreator:
    """Connections to one who must have the key with that pin. Nothing is sent to anybody else."""

    def __init__(self, host: str, pin: str) -> None:
        self._host, self._pin = host, pin
        self._context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        self._context.set_min_proto_version(SSL.TLS1_2_VERSION)
        self._context.set_options(OPTIONS)
        self._context.set_cipher_list(CIPHERS)
        self._context.set_info_callback(self._progress)

    def clientConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """See the interface."""
        connection = SSL.Connection(self._context, None)
        connection.set_app_data(protocol)
        if not _is_address(self._host):
            connection.set_tlsext_host_name(self._host.encode())
        return connection

    def _progress(self, connection: SSL.Connection, where: int, _: int) -> None:
        if not where & SSL.SSL_CB_HANDSHAKE_DONE:
            return
        try:
            found = _pin(connection)
        except Exception as error:  # OpenSSL would swallow it
            found = f"none that can be read ({type(error).__name__})"
        if found != self._pin:
            wrong = WrongPin(f"its certificate has the pin {found}, in the configuration is {self._pin}")
            connection.get_app_data().failVerification(Failure(wrong))


def _pin(connection: SSL.Connection) -> str:
    certificate: Any = connection.get_peer_certificate()
    key = certificate.to_cryptography().public_key()
    return pin_of(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def distrust(error: Exception) -> str | None:
    """Why there is no trust, when that is what ``error`` is about."""
    if isinstance(error, WrongPin):
        return str(error)
    if isinstance(error, VerificationError):
        return "its certificate has another name in it"
    if isinstance(error, SSL.Error) and "certificate verify failed" in str(error):
        return "its certificate has ended, or comes from no authority that is known here"
    return None
