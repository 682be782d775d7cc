"""``python -m bench``: everything, in turn; then the tables and the picture."""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from pathlib import Path

from bench import report, tools
from bench.contest import Pair, Run
from bench.crowd import FEED, Extent, measure
from bench.ground import GIB, MIB, BenchFailed, Film, file_system, fresh, random_film, sparse_film
from bench.jacks import JackClient, JackServer, targets
from bench.picture import draw
from bench.probe import Target
from bench.processes import interrupt_on_sigterm
from bench.report import Results
from bench.small import requests_per_second
from bench.tls import TlsJack, TlsNginx

WARM_UP = 16 * MIB
LARGE = 4 * GIB
"""Films above this size take so long that the others fetch them once."""

SERVED, SERVED_LARGE = 5, 3
"""Times that what serving costs is measured, for each repetition."""

PING_SECONDS = 3.0
FULL = Extent(uploads=200, downloads=20, rows=1000, seconds=12, size=512 * MIB)
QUICK = Extent(uploads=30, downloads=5, rows=100, seconds=2, size=128 * MIB)


def main() -> int:
    """Exit code: 0 when jack did all that was asked of it, however slowly. What was measured is shown in any case."""
    chosen = options()
    interrupt_on_sigterm()
    home, results = chosen.home.absolute(), Results(about=machine(chosen.home.absolute()))
    try:
        compete(home, chosen, results)
    except (BenchFailed, AssertionError, OSError, HTTPException, subprocess.SubprocessError) as error:
        print(f"\nThe benchmark failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(home / "work", ignore_errors=True)
        publish(home, results)
    return 0


def options() -> argparse.Namespace:
    """Of the command line; ``SIZES``, ``REPS`` and ``ONLY`` of the environment are for make."""
    parser = argparse.ArgumentParser(description="jack beside what people would use instead")
    sizes, reps, only = (os.environ.get(name, "") for name in ("SIZES", "REPS", "ONLY"))
    parser.add_argument("--sizes", default=sizes or "2 8", help="GiB, several in quotes (%(default)s)")
    parser.add_argument("--reps", type=int, default=int(reps or 3), help="of each (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="fewer at once, to see whether it works at all")
    parser.add_argument("--only", default=only, help="pairs in whose name this expression is found")
    parser.add_argument("--tools", type=Path, default=Path(".bench/tools"), help="of bench/setup (%(default)s)")
    parser.add_argument("--home", type=Path, default=Path(".bench"), help="on the file system to measure (%(default)s)")
    return parser.parse_args()


def compete(home: Path, chosen: argparse.Namespace, results: Results) -> None:
    """All measurements, into ``results`` as they come."""
    sizes = [int(float(size) * GIB) for size in chosen.sizes.split()]
    work = fresh(home / "work", sum(sizes) + 2 * max(sizes))
    say(f"{', '.join(f'{size / GIB:g}' for size in sizes)} GiB of random bytes are written")
    films = [random_film(work / "library", size) for size in (WARM_UP, *sizes)]
    invited = [p for p in contestants(work, chosen.tools.absolute()) if re.search(chosen.only, p.name)]
    with ready(invited, films, results) as pairs:
        results.latencies = {pair.name: pair.latencies for pair in pairs if pair.probes}
        for film in films[1:]:
            race(pairs, film, chosen.reps, results)
            serve(pairs, film, chosen.reps, results)
        base = [pair.server for pair in pairs if pair.name == report.BASE]
        if base and isinstance(base[0], tools.Nginx):
            results.nginx_pings = requests_per_second(base[0].port, "/ping", PING_SECONDS)
    extent = QUICK if chosen.quick else FULL
    fresh(work, (2 * extent.downloads + 1) * extent.size)
    say(f"{extent.uploads} uploads and {extent.downloads} downloads at once, then long lists")
    fetched = [random_film(work / "many", extent.size, number) for number in range(1, extent.downloads + 2)]
    listed = [sparse_film(work / "many", number, GIB) for number in range(len(fetched) + 1, FEED + 1)]
    with idle_nginx(work, fetched) as control:
        measure(work / "crowd", work / "many", [*fetched, *listed], extent, results.crowd, control)


@contextmanager
def idle_nginx(work: Path, films: Sequence[Film]) -> Iterator[list[Target]]:
    """What it answers shows how long the machine itself takes."""
    nginx = tools.Nginx(work / "idle", work / "many")
    if nginx.missing:
        yield []
        return
    nginx.start(films[:1])
    try:
        yield [nginx.control]
    finally:
        nginx.stop()


def contestants(work: Path, installed: Path) -> list[Pair]:
    """Who competes. The first is what all others are compared with."""
    library, python = work / "library", installed / "libtorrent/bin/python"
    bun = installed / "bun/node_modules/.bin/bun"
    nginx, alice = tools.Nginx(work / "nginx", library), JackServer(work, library)
    tls, curl, bob = TlsNginx(work / "tls", library), tools.curl(work / "curl"), JackClient(work)
    asked = [*targets(alice.daemon, bob.daemon), nginx.control]
    return [
        Pair(nginx, curl),
        Pair(alice, bob),
        Pair(tools.RcloneServer(work / "rclone", library), tools.rclone(work / "rclone-client"), seldom=True),
        Pair(nginx, tools.aria2(work / "aria2"), seldom=True),
        Pair(tools.BunServer(work / "bun", library, bun), tools.bun(work / "bun-client", bun), seldom=True),
        Pair(tools.Seed(work / "seed", python), tools.Leech(work / "leech", python), seldom=True),
        Pair(nginx, tools.synced_curl(work / "curl-synced"), note="synced"),
        Pair(alice, curl),
        Pair(nginx, JackClient(work, "bob-at-nginx"), note="unverified"),
        Pair(tls, curl, note="TLS"),
        Pair(TlsJack(work, library), curl, note="TLS"),
        Pair(tls, JackClient(work, "bob-at-nginx-tls"), note="TLS, unverified"),
        Pair(alice, bob, note="asked meanwhile", probes=asked),
        Pair(alice, bob, note="asked meanwhile, cold source", cold=True, probes=asked),
    ]


@contextmanager
def ready(invited: Sequence[Pair], films: Sequence[Film], results: Results) -> Iterator[list[Pair]]:
    """Those who can take part, running, each warmed up by one small film. The others are named."""
    with ExitStack() as stack:
        started: set[int] = set()
        for pair in invited:
            why = pair.missing or start(pair, films, stack, started)
            if why:
                skip(pair, why, results)
            else:
                attempt(pair, films[0], results)
        yield [pair for pair in invited if pair.name not in results.skipped]


def start(pair: Pair, films: Sequence[Film], stack: ExitStack, started: set[int]) -> str:
    """Start what does not run yet; why that was not possible, or nothing. A jack must start."""
    for part, told in ((pair.server, (films,)), (pair.client, (pair.server, films))):
        if id(part) in started:
            continue
        stack.callback(part.stop)
        try:
            part.start(*told)
        except BenchFailed as error:
            return str(error)
        started.add(id(part))
        if isinstance(part, JackServer):
            say(f"{part.daemon.name} shares {len(films)} films, {part.wait_for_manifests(films)}")
    return ""


def skip(pair: Pair, why: str, results: Results) -> None:
    """Leave ``pair`` out, but never silently."""
    results.skipped[pair.name] = why
    say(f"skipped: {pair.name}: {why}")


def race(pairs: Sequence[Pair], film: Film, reps: int, results: Results) -> None:
    """One after the other, and all again: what else the machine does hits all of them."""
    runs = results.runs[film.size] = {pair.name: [] for pair in pairs}
    for rep in range(reps):
        for pair in pairs:
            if pair.name in results.skipped or (rep and pair.seldom and film.size > LARGE):
                continue
            run = attempt(pair, film, results, check=rep == 0)
            if run:
                runs[pair.name].append(run)
                say(f"{film.size / GIB:g} GiB, {rep + 1} of {reps}: {pair.name:<42} {run.speed:6.0f} MB/s")


def serve(pairs: Sequence[Pair], film: Film, reps: int, results: Results) -> None:
    """What serving costs: the two that are compared, in turns and by themselves, for nothing scatters as much."""
    chosen = [p for p in pairs if p.name in (report.BASE, report.SERVING) and p.name not in results.skipped]
    served = results.served[film.size] = {pair.name: [] for pair in chosen}
    for _ in range((SERVED_LARGE if film.size > LARGE else SERVED) * reps):
        for pair in chosen:
            run = attempt(pair, film, results)
            if run:
                served[pair.name].append(run)
    for name, runs in served.items():
        scattered = sorted(run.server_cpu / run.size * GIB for run in runs)
        say(f"{film.size / GIB:g} GiB, serving: {name:<42} {', '.join(f'{cpu:.3f}' for cpu in scattered)} CPU s/GiB")


def attempt(pair: Pair, film: Film, results: Results, *, check: bool = False) -> Run | None:
    """A run. Only jack must not fail: another one then takes no further part, and is named."""
    try:
        return pair.run(film, check=check)
    except (BenchFailed, OSError) as error:
        if "jack" in pair.name:
            raise
        skip(pair, str(error), results)
        pair.client.discard()
        return None


def publish(home: Path, results: Results) -> None:
    """To the terminal, ``report.rst`` and ``report.svg``."""
    home.mkdir(parents=True, exist_ok=True)
    parts = [results.about]
    for size in sorted(results.runs):
        parts += [f"{size / GIB:g} GiB\n", report.contestants(results, size)]
    parts += [report.skipped(results), report.latencies(results), report.crowd(results), report.figures(results)]
    text = "\n".join(parts)
    print("\n" + text)
    bars = {
        f"{size / GIB:g} GiB": {name: report.throughput(mine) for name, mine in runs.items() if mine}
        for size, runs in sorted(results.runs.items())
    }
    (home / "report.rst").write_text(text, "utf-8")
    (home / "report.svg").write_text(draw(bars, "MB/s"), "utf-8")
    say(f"These tables are in {home / 'report.rst'}, the picture is {home / 'report.svg'}")


def machine(home: Path) -> str:
    """Where this was measured, a line."""
    told = Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} × {model}, {memory:.0f} GiB, {file_system(home)}, "
        f"Linux {platform.release()}, Python {platform.python_version()}, load {load}\n"
    )


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
