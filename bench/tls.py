"""TLS: jack's listener with a certificate, and nginx's, both to curl."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.ground import Film
from bench.jacks import JackServer
from bench.processes import free_port
from bench.tools import Nginx
from jackd.web.certificate import load_certificate


def certificate(home: Path) -> tuple[Path, Path]:
    """A new one for 127.0.0.1, and its key."""
    home.mkdir(parents=True, exist_ok=True)
    chain, key = home / "cert.pem", home / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    return chain, key


class TlsNginx(Nginx):
    """nginx with OpenSSL."""

    @property
    def peer(self) -> dict[str, str]:
        pin = load_certificate(self.home / "cert.pem", self.home / "key.pem").pin
        return {**super().peer, "url": f"https://127.0.0.1:{self.port}", "pin": pin}

    def listener(self) -> str:
        chain, key = certificate(self.home)
        return f"listen 127.0.0.1:{self.port} ssl; ssl_certificate {chain}; ssl_certificate_key {key};"

    def url(self, film: Film) -> str:
        return super().url(film).replace("http:", "https:", 1)


class TlsJack(JackServer):
    """Alice, once more, with her listener for TLS."""

    def __init__(self, home: Path, library: Path) -> None:
        super().__init__(home, library, "alice-tls")
        self.port = free_port()
        self.base = f"https://127.0.0.1:{self.port}"
        chain, key = certificate(self.daemon.home)
        self.jack = {"tls": {"certificate": str(chain), "key": str(key), "port": self.port, "host": "127.0.0.1"}}
