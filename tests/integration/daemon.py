"""Real daemons: ``twistd -n jack`` in processes of their own, on loopback, stopped by their own pid."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

READY_SECONDS = 30
STOP_SECONDS = 15


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Daemon:
    """
    One jack with its own folder.

    :ivar home: configuration, state, completed folder and log lie here.
    :ivar key: its ``jack.apiKey``.
    :ivar twistd: the program, with what comes before its own arguments.
    """

    def __init__(self, home: Path, name: str, **blocks: Any) -> None:
        self.home = home / name
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key = f"canary-key-of-{name}-0123456789"
        self.completed = self.home / "completed"
        self.blocks = blocks
        self.twistd = [str(Path(sys.executable).with_name("twistd"))]
        self.process: subprocess.Popen[bytes] | None = None
        self.home.mkdir(parents=True)
        self.completed.mkdir()

    @property
    def log(self) -> str:
        """All that it has written."""
        return (self.home / "log").read_text("utf-8", "replace")

    def configure(self, **blocks: Any) -> None:
        """Write its configuration: JSON, as the original's."""
        self.blocks |= blocks
        jack = {"baseUrl": self.url, "apiKey": self.key, **self.blocks.get("jack", {})}
        config = {**self.blocks, "jack": jack}
        (self.home / "config.jsonc").write_text("// test\n" + json.dumps(config, indent=1))

    def start(self, **environ: str) -> Daemon:
        """Start it and wait until it answers."""
        if not (self.home / "config.jsonc").exists():
            self.configure()
        command = [*self.twistd, "-n", "--pidfile=", "jack"]
        env = {**os.environ, "HOST": "127.0.0.1", "PORT": str(self.port), "LOG_LEVEL": "trace", **environ}
        with (self.home / "log").open("ab") as out:
            self.process = subprocess.Popen(
                [*command, "--config", str(self.home / "config.jsonc")], stdout=out, stderr=out, env=env, cwd=self.home
            )
        self.wait(lambda: self.get("/ping"), READY_SECONDS)
        return self

    def wait(self, ready: Any, seconds: float) -> Any:
        """Ask ``ready`` again and again until it gives something true; fails with the log's end when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log[-3000:]}")
            try:
                found = ready()
                if found:
                    return found
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{self.name}: not in {seconds} s:\n{self.log[-3000:]}")

    def get(self, path: str, key: bool = False) -> bytes:
        """The body of a GET; raises for anything but 2xx."""
        headers = {"X-Api-Key": self.key} if key else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            body: bytes = answer.read()
            return body

    def json(self, path: str) -> Any:
        """The JSON of an operators' or peers' route."""
        return json.loads(self.get(path, key=True))

    @property
    def rss(self) -> int:
        """Resident memory, bytes."""
        assert self.process is not None
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def kill(self) -> None:
        """kill −9, as the power cut does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self.process = None

    def stop(self) -> int | None:
        """SIGTERM; its exit status. Fine when it does not run."""
        if self.process is None:
            return None
        process, self.process = self.process, None
        if process.poll() is None:
            process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
