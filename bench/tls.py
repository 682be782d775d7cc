"""
TLS: jack's listener behind a certificate, and nginx's, both to curl.

``python -m bench.tls CONFIG PORT CERTIFICATE KEY`` is a whole jack with one more, encrypted listener.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.ground import Film
from bench.jacks import JackServer
from bench.processes import Program, free_port
from bench.tools import Nginx


def certificate(home: Path) -> tuple[Path, Path]:
    """A new one for 127.0.0.1, and its key."""
    home.mkdir(parents=True, exist_ok=True)
    chain, key = home / "cert.pem", home / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    return chain, key


class TlsNginx(Nginx):
    """nginx with OpenSSL."""

    def listener(self) -> str:
        chain, key = certificate(self.home)
        return f"listen 127.0.0.1:{self.port} ssl; ssl_certificate {chain}; ssl_certificate_key {key};"

    def url(self, film: Film) -> str:
        return super().url(film).replace("http:", "https:", 1)


class TlsJack(JackServer):
    """Alice, once more, with an encrypted listener beside her own."""

    def __init__(self, home: Path, library: Path) -> None:
        super().__init__(home, library, "alice-tls")
        self.port = free_port()
        self._program: Program | None = None

    def run(self) -> int:
        config = self.daemon.home / "config.jsonc"
        told = [str(config), str(self.port), *map(str, certificate(self.daemon.home))]
        environ = {"HOST": "127.0.0.1", "PORT": str(self.daemon.port), "LOG_LEVEL": "info"}
        log = self.daemon.home / "log"
        self._program = Program([sys.executable, "-m", "bench.tls", *told], log, {**os.environ, **environ})
        self._program.wait_for_port(self.port)
        return self._program.pid

    def url(self, film: Film) -> str:
        return super().url(film).replace(self.daemon.url, f"https://127.0.0.1:{self.port}")

    def wait_for_manifests(self, films: Sequence[Film]) -> str:
        return "by TLS"

    def stop(self) -> None:
        if self._program:
            self._program.stop()


def _main(config: str, port: str, chain: str, key: str) -> None:
    from twisted.application.internet import StreamServerEndpointService  # noqa: PLC0415
    from twisted.application.service import MultiService  # noqa: PLC0415
    from twisted.internet import reactor  # noqa: PLC0415 - only in the process that is the daemon
    from twisted.internet.endpoints import serverFromString  # noqa: PLC0415

    from jackd.tap import Options, makeService  # noqa: PLC0415

    def listeners(service: MultiService) -> Iterator[StreamServerEndpointService]:
        for child in service:
            if isinstance(child, StreamServerEndpointService):
                yield child
            elif isinstance(child, MultiService):
                yield from listeners(child)

    options = Options()
    options["config"] = config
    jack = makeService(options)
    [plain] = listeners(jack)
    encrypted = serverFromString(reactor, f"ssl:{port}:privateKey={key}:certKey={chain}:interface=127.0.0.1")
    jack.startService()
    encrypted.listen(plain.factory)
    reactor.addSystemEventTrigger("before", "shutdown", jack.stopService)
    reactor.run()


if __name__ == "__main__":
    _main(*sys.argv[1:])
