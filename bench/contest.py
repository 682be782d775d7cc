"""Who serves, who fetches, and one run of the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.ground import MIB, BenchFailed, Film, settle
from bench.probe import Prober, Target
from bench.processes import cpu_seconds, forget_peak, memory

SLOWEST = 10 * MIB
"""Bytes per second; who is slower has failed."""


def bound(film: Film) -> float:
    """The seconds in which ``film`` must have been fetched."""
    return 60 + film.size / SLOWEST


class Server(Protocol):
    """Serves films. :ivar pid: of its process, once it runs. :ivar missing: why it can't, or nothing."""

    name: str
    missing: str
    pid: int

    def start(self, films: Sequence[Film]) -> None: ...
    def url(self, film: Film) -> str: ...
    def stop(self) -> None: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """What a client must send."""


@dataclass(frozen=True)
class Fetched:
    """A film that has come. ``seconds`` wall clock; ``cpu`` seconds of the client."""

    path: Path
    seconds: float
    cpu: float


class Client(Protocol):
    """Fetches films from ``server``. :ivar pid: 0 unless it is a process that stays."""

    name: str
    missing: str
    pid: int

    def start(self, server: Any, films: Sequence[Film]) -> None: ...
    def fetch(self, server: Any, film: Film) -> Fetched: ...
    def discard(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class Run:
    """One transfer. CPU in seconds; memory in bytes above what was resident before, ``None`` for who does not stay."""

    seconds: float
    size: int
    server_cpu: float
    client_cpu: float
    server_growth: int
    client_growth: int | None

    @property
    def speed(self) -> float:
        """MB/s."""
        return self.size / self.seconds / 1e6


@dataclass
class Pair:
    """
    A server and a client.

    :ivar cold: the source is not in the page cache.
    :ivar seldom: takes part in the first repetition only when films are large.
    :ivar probes: what is asked meanwhile.
    :ivar latencies: the milliseconds of each answer, by the target's name.
    """

    server: Server
    client: Client
    note: str = ""
    cold: bool = False
    seldom: bool = False
    probes: Sequence[Target] = ()
    latencies: dict[str, list[float]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For the table."""
        return f"{self.server.name} → {self.client.name}" + (f", {self.note}" if self.note else "")

    @property
    def missing(self) -> str:
        """Why it can't take part; empty when it can."""
        return self.server.missing or self.client.missing

    def run(self, film: Film, *, check: bool = False) -> Run:
        """
        Fetch ``film``; the disk has nothing else to do when it begins. Raises ``BenchFailed``.

        :param check: compare the bytes that a jack got, not only their number.
        """
        film.cool() if self.cold else film.warm()
        settle()
        pids = [pid for pid in (self.server.pid, self.client.pid) if pid]
        before = [memory(pid) for pid in pids]
        for pid in pids:
            forget_peak(pid)
        prober = Prober(self.probes) if self.probes else None
        try:
            served = cpu_seconds(self.server.pid)
            fetched = self.client.fetch(self.server, film)
            served = cpu_seconds(self.server.pid) - served
        finally:
            if prober:
                self._remember(prober.stop())
        growth = [max(0, memory(pid, "VmHWM") - resident) for pid, resident in zip(pids, before, strict=True)]
        self._compare(film, fetched.path, check)
        self.client.discard()
        return Run(fetched.seconds, film.size, served, fetched.cpu, growth[0], growth[1] if growth[1:] else None)

    def _compare(self, film: Film, got: Path, check: bool) -> None:
        if got.stat().st_size != film.size:
            raise BenchFailed(f"{self.name}: {got.stat().st_size} bytes came of {film.size}")
        if check and self.client.pid and not film.is_same_as(got):
            raise BenchFailed(f"{self.name}: other bytes came")

    def _remember(self, measured: Mapping[str, Sequence[float]]) -> None:
        for name, milliseconds in measured.items():
            self.latencies.setdefault(name, []).extend(milliseconds)
