"""The others: nginx, curl, rclone, aria2, bun, libtorrent. Each a small class."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from bench.contest import Fetched, bound
from bench.ground import Film
from bench.probe import Target
from bench.processes import Program, free_port, run

os.environ["PATH"] += ":/usr/sbin:/sbin"
SCRIPTS = Path(__file__).parent / "scripts"
KEY = "key-of-nginx-0123456789"


def _found(command: str | Path) -> str:
    return "" if shutil.which(command) else f"{Path(command).name} is not installed"


class _Web:
    """A server that shares a folder by HTTP."""

    name = ""
    pid = 0
    headers: Mapping[str, str] = {}

    def __init__(self, home: Path, library: Path, command: str | Path) -> None:
        self.home, self.library, self.command = home, library, str(command)
        self.missing = _found(command)
        self.port = free_port()
        self._program: Program | None = None

    def prepare(self, films: Sequence[Film]) -> list[str]:
        """Its command line."""
        raise NotImplementedError

    def start(self, films: Sequence[Film]) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self._program = Program(self.prepare(films), self.home / "log")
        self.pid = self._program.pid
        self._program.wait_for_port(self.port)

    def url(self, film: Film) -> str:
        return f"http://127.0.0.1:{self.port}/{quote(str(film.path.relative_to(self.library)))}"

    def stop(self) -> None:
        if self._program:
            self._program.stop()


class Nginx(_Web):
    """With sendfile, one process; also in the part of an original jack, which has no manifests."""

    name = "nginx"

    def __init__(self, home: Path, library: Path) -> None:
        super().__init__(home, library, "nginx")

    @property
    def control(self) -> Target:
        """Asked while others work: whoever has nothing to do can't answer sooner on this machine."""
        return Target("an idle nginx", self.port, "/ping")

    @property
    def peer(self) -> dict[str, str]:
        """As a jack's configuration has it."""
        return {"name": "Nginx", "url": f"http://127.0.0.1:{self.port}", "apiKey": KEY}

    def prepare(self, films: Sequence[Film]) -> list[str]:
        items = [_item(film) for film in films]
        (self.home / "items").mkdir(exist_ok=True)
        self._json("search", {"items": items})
        self._json("handshake", {"name": "jack", "version": "0.1.0"})
        served = [_at("/handshake", self.home / "handshake"), _at("/peer/search", self.home / "search")]
        for item, film in zip(items, films, strict=True):
            self._json(f"items/{film.number}", item)
            served.append(_at(f"/peer/items/{item['id']}", self.home / f"items/{film.number}"))
            served.append(_at(f"/peer/items/{item['id']}/file", film.path))
        config = self.home / "nginx.conf"
        config.write_text(self._config("\n".join(served)))
        return [self.command, "-p", str(self.home), "-e", str(self.home / "error.log"), "-c", str(config)]

    def listener(self) -> str:
        """The line of the configuration."""
        return f"listen 127.0.0.1:{self.port};"

    def _json(self, name: str, value: object) -> None:
        (self.home / name).write_text(json.dumps(value))

    def _config(self, locations: str) -> str:
        # One process instead of a master and its worker: nobody is left when it is killed.
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        temporary = "".join(
            f"{n}_temp_path {self.home}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
            daemon off; master_process off; pid {self.home}/pid; {user}
            events {{ worker_connections 1024; }}
            http {{
                access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; {temporary}
                server {{
                    {self.listener()}
                    default_type application/json;
                    location = /ping {{ return 200 '{{"status":"OK"}}'; }}
                    {locations}
                    location / {{ root "{self.library}"; }}
                }}
            }}"""


def _at(path: str, file: Path) -> str:
    return f'location = {path} {{ alias "{file}"; }}'


def _item(film: Film) -> dict[str, object]:
    title = film.path.stem
    told = {"title": title, "filename": film.path.name, "category": 2000, "tmdbId": film.number, "size": film.size}
    quality = {"name": "Bluray-1080p", "source": "bluray", "resolution": 1080}
    return {"id": f"0badcafe:movie:{film.number}", "quality": quality, "publishDate": "2026-11-14T10:00:00Z", **told}


class RcloneServer(_Web):
    """``rclone serve http``."""

    name = "rclone"

    def __init__(self, home: Path, library: Path) -> None:
        super().__init__(home, library, "rclone")

    def prepare(self, films: Sequence[Film]) -> list[str]:
        return [self.command, "serve", "http", str(self.library), "--addr", f"127.0.0.1:{self.port}", "--read-only"]


class BunServer(_Web):
    """What the original jack runs on."""

    name = "bun"

    def prepare(self, films: Sequence[Film]) -> list[str]:
        return [self.command, str(SCRIPTS / "bun_serve.js"), str(self.port), str(self.library)]


class Tool:
    """A client that is a command: it runs once for each film."""

    pid = 0

    def __init__(self, name: str, home: Path, command: Sequence[str], needs: str | Path = "") -> None:
        """
        :param command: in it ``{url}`` is the film's, also as ``{base}/{name}``; ``{port}`` the server's; ``{file}``
            where the film goes, ``{folder}`` the folder of that.
        """
        self.name, self.home, self.command = name, home, command
        self.missing = _found(needs or command[0])

    def start(self, server: object, films: Sequence[Film]) -> None:
        self.home.mkdir(parents=True, exist_ok=True)

    def fetch(self, server: _Web, film: Film) -> Fetched:
        folder = self.home / "received"
        folder.mkdir()
        file = folder / film.path.name
        headers = [part for name, value in server.headers.items() for part in ("-H", f"{name}: {value}")]
        url = server.url(film)
        base, _, name = url.rpartition("/")
        known = {"url": url, "base": base, "name": name, "port": server.port, "file": file, "folder": folder}
        command = [part.format(**known) for part in self.command]
        seconds, cpu = run([*command, *headers], self.home / "client.log", bound(film))
        return Fetched(file, seconds, cpu)

    def discard(self) -> None:
        shutil.rmtree(self.home / "received", ignore_errors=True)

    def stop(self) -> None:
        self.discard()


CURL = ["curl", "--insecure", "--silent", "--show-error", "--fail", "-o"]


def curl(home: Path) -> Tool:
    """One stream."""
    return Tool("curl", home, [*CURL, "{file}", "{url}"])


def synced_curl(home: Path) -> Tool:
    """The same, and then what it wrote is put on the disk: who promises that can't be much faster."""
    script = f'{shlex.join(CURL)} "$1" "$2" && sync --data "$1"'
    return Tool("curl", home, ["sh", "-c", script, "curl", "{file}", "{url}"], "curl")


def rclone(home: Path) -> Tool:
    """By its own choice several streams."""
    copy = ["rclone", "copyto", "--http-url", "{base}/", ":http:{name}", "{file}", "--config", "/dev/null"]
    return Tool("rclone", home, copy)


def aria2(home: Path) -> Tool:
    """Four streams."""
    quiet = ["--quiet", "--no-conf", "--allow-overwrite", "--file-allocation=falloc"]
    return Tool("aria2c -x4", home, ["aria2c", *quiet, "-x4", "-s4", "-d", "{folder}", "{url}"])


def bun(home: Path, command: Path) -> Tool:
    """``fetch`` into a ``Bun.file().writer()``."""
    return Tool("bun", home, [str(command), str(SCRIPTS / "bun_fetch.js"), "{url}", "{file}"])


class Seed:
    """libtorrent, one session for all films; the URL of a film is the file of its torrent."""

    name = "libtorrent"
    pid = 0
    headers: Mapping[str, str] = {}

    def __init__(self, home: Path, python: Path) -> None:
        self.home, self.command = home, [str(python), str(SCRIPTS / "swarm.py")]
        self.missing = "" if python.exists() else "libtorrent is not installed"
        self.port = free_port()
        self._program: Program | None = None

    def start(self, films: Sequence[Film]) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        known = []
        for film in films:
            run([*self.command, "make", str(film.path), self.url(film)], self.home / "make.log", bound(film))
            known += [self.url(film), str(film.path.parent)]
        self._program = Program([*self.command, "seed", str(self.port), *known], self.home / "log")
        self.pid = self._program.pid
        self._program.wait_for_port(self.port)

    def url(self, film: Film) -> str:
        return str(self.home / f"{film.number}.torrent")

    def stop(self) -> None:
        if self._program:
            self._program.stop()


class Leech(Tool):
    """libtorrent from one :class:`Seed`."""

    def __init__(self, home: Path, python: Path) -> None:
        script = str(SCRIPTS / "swarm.py")
        super().__init__("libtorrent", home, [str(python), script, "fetch", "{url}", "{folder}", "{port}"], python)
