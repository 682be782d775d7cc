"""The benchmark runs, compares bytes, and shows what was measured and what was not. No time decides anything here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import __main__ as bench
from bench import report
from bench.contest import Fetched, Pair, Run
from bench.crowd import Crowd
from bench.ground import GIB, MIB, BenchFailed, Film, film, fresh, random_film
from bench.picture import draw
from bench.probe import percentile
from bench.processes import cpu_seconds
from bench.report import Results

ROOT = Path(__file__).parents[2]
SMOKE_SECONDS = 300
"""A bound for a machine that does much else; it takes some 15."""


class FakeServer:
    name, missing = "jack", ""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.headers: Mapping[str, str] = {}

    def start(self, films: Sequence[Film]) -> None: ...
    def stop(self) -> None: ...
    def url(self, film: Film) -> str:
        return ""


class FakeClient(FakeServer):
    """Hands over ``got``."""

    def __init__(self, got: Path, name: str = "jack") -> None:
        super().__init__()
        self.got, self.name = got, name
        self.discarded = 0

    def start(self, server: object, films: Sequence[Film]) -> None: ...

    def fetch(self, server: object, film: Film) -> Fetched:
        return Fetched(self.got, 1.0, 0.5)

    def discard(self) -> None:
        self.discarded += 1


@pytest.fixture
def wanted(tmp_path: Path) -> Film:
    return random_film(tmp_path / "library", 1 * MIB)


def pair(got: Path, name: str = "jack") -> Pair:
    return Pair(FakeServer(), FakeClient(got, name))


@pytest.mark.slow
def test_the_whole_of_it_with_jack_and_whatever_is_installed(tmp_path):
    """Real daemons. Who is not installed is named; jack's rows and every figure are there."""
    told = ["--quick", "--sizes", "0.03", "--reps", "1", "--only", "jack → jack|nginx → curl$|bun"]
    command = [sys.executable, "-m", "bench", *told, "--home", str(tmp_path), "--tools", str(tmp_path / "no-tools")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=SMOKE_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "report.rst").read_text("utf-8")
    assert text in done.stdout
    for name in (report.JACK, report.PROBED, report.COLD):
        assert re.search(rf"^{re.escape(name)} +[0-9]+ ", text, re.MULTILINE), text
    assert "skipped: bun → bun: bun is not installed" in done.stdout
    both = shutil.which("nginx", path="/usr/sbin:/usr/bin:/bin:/usr/local/bin") and shutil.which("curl")
    base = r"[0-9]+ " if both else r"\w+ is not installed"
    assert re.search(rf"^{report.BASE} +{base}", text, re.MULTILINE), text
    for figure in report.demanded(Results()):
        assert figure.name in text
    for measured in ("torrents/info, 100 rows", "Torznab feed, 100 offers", "30 uploads", "5 downloads", "bob /ping"):
        assert measured in text
    assert ElementTree.parse(tmp_path / "report.svg").getroot().tag.endswith("svg")
    assert not (tmp_path / "work").exists()


def test_a_jack_that_gives_other_bytes_ends_the_benchmark(wanted, tmp_path):
    other = random_film(tmp_path / "other", 1 * MIB)
    with pytest.raises(BenchFailed, match="other bytes"):
        bench.attempt(pair(other.path), wanted, Results(), check=True)


def test_bytes_are_compared_to_the_last(wanted, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(wanted.path.read_bytes()[:-1] + b"?")
    assert wanted.is_same_as(wanted.path)
    assert not wanted.is_same_as(other)
    other.write_bytes(wanted.path.read_bytes() + b"?")
    assert not wanted.is_same_as(other)


def test_large_films_are_fetched_once_by_the_others(wanted, monkeypatch):
    monkeypatch.setattr(bench, "LARGE", wanted.size - 1)
    often, seldom = pair(wanted.path), pair(wanted.path, "bun")
    seldom.seldom = True
    bench.race([often, seldom], wanted, 3, results := Results())
    assert {name: len(runs) for name, runs in results.runs[wanted.size].items()} == {often.name: 3, seldom.name: 1}


def test_the_cpu_time_of_a_process_is_exact():
    """It goes on between two ticks of the clock that /proc shows."""
    before, seen = cpu_seconds(os.getpid()), set[float]()
    while cpu_seconds(os.getpid()) < before + 0.005:
        seen.add(cpu_seconds(os.getpid()))
    assert len(seen) > 2


def test_a_jack_that_gives_too_little_ends_the_benchmark(wanted, tmp_path):
    short = tmp_path / "short"
    short.write_bytes(wanted.path.read_bytes()[:-1])
    with pytest.raises(BenchFailed, match="1048575 bytes came of 1048576"):
        bench.attempt(pair(short), wanted, Results())


def test_another_one_that_fails_is_named_and_left_out(wanted, tmp_path, capsys):
    short = tmp_path / "short"
    short.write_bytes(b"x")
    failing = pair(short, "curl")
    failing.server.name = "nginx"
    results = Results()
    assert bench.attempt(failing, wanted, results) is None
    assert "skipped: nginx → curl: " in capsys.readouterr().out
    assert failing.client.discarded == 1
    bench.race([failing], wanted, 2, results)
    assert results.runs == {wanted.size: {"nginx → curl": []}}


def test_the_right_bytes_are_a_run(wanted):
    run = bench.attempt(pair(wanted.path), wanted, Results(), check=True)
    assert run is not None
    assert (run.seconds, run.size, run.client_cpu) == (1.0, MIB, 0.5)


def test_a_failure_of_jack_is_the_exit_code_and_what_was_measured_is_shown(monkeypatch, tmp_path, capsys):
    def fail(home: Path, chosen: object, found: Results) -> None:
        found.runs[GIB] = {report.BASE: [run(2.0)]}
        raise BenchFailed("jack did not finish")

    monkeypatch.setattr(bench, "compete", fail)
    monkeypatch.setattr(bench, "interrupt_on_sigterm", lambda: None)
    monkeypatch.setattr(sys, "argv", ["bench", "--home", str(tmp_path)])
    assert bench.main() == 1
    out, err = capsys.readouterr()
    assert "The benchmark failed: jack did not finish" in err
    assert re.search("^nginx → curl +537 ", out, re.MULTILINE)


def test_without_room_nothing_begins(tmp_path):
    with pytest.raises(BenchFailed, match="GiB of room"):
        fresh(tmp_path / "work", 1 << 60)


def run(seconds: float, *, server: float = 1.0, client: float = 1.0, grown: int = 0) -> Run:
    return Run(seconds, GIB, server, client, grown, grown)


def results() -> Results:
    runs = {
        report.BASE: [run(2.0), run(2.0, server=0.5), run(9.0, server=0.5)],
        report.JACK: [run(1.0, grown=2 * MIB)],
        "bun → bun": [run(4.0)],
        "rclone → rclone": [run(1.25)],
        "jack → curl": [run(1.5, server=0.75)],
        "nginx → jack, unverified": [run(1.0, client=0.7)],
    }
    crowd = Crowd(uploads=[100, 110, 130, -1], downloads=[5, 5, 0], latencies={"a /ping": [1.0, 30.0]})
    served = {
        report.BASE: [run(2.0), run(2.0, server=0.5), run(9.0, server=0.5)],
        report.SERVING: [run(1.5, server=0.75)],
    }
    return Results(
        runs={GIB: runs}, served={GIB: served}, crowd=crowd, skipped={"nginx → aria2c -x4": "aria2c is not installed"}
    )


def figure(found: Results, name: str) -> list[str]:
    [row] = [figure.row() for figure in report.demanded(found) if figure.name.startswith(name)]
    return row[1:]


def test_ratios_are_of_medians_and_of_the_best():
    found = results()
    assert figure(found, "jack → jack ÷ nginx") == ["≥ 1.2", "1 GiB 2.00", "met"]
    assert figure(found, "jack → jack ÷ the best") == ["≥ 1.2", "1 GiB 1.25", "met"]
    assert figure(found, "serving CPU") == ["≤ 1.2", "1 GiB 1.50", "missed"]
    assert figure(found, "receiving CPU") == ["≤ 0.8", "1 GiB 0.70", "met"]
    assert figure(found, "RSS") == ["≤ 1", "1 GiB 2.0", "missed"]
    assert figure(found, "TLS: jack") == ["≥ 0.45", "1 GiB -", "not measured"]
    assert figure(found, "TLS: nginx") == ["≥ 1", "1 GiB -", "not measured"]


def test_refused_and_starved_ones_are_seen():
    found = results()
    assert figure(found, "many at once") == ["≤ 0", "2", "missed"]
    assert figure(found, "uploads")[1:] == ["0.15", "met"]
    assert figure(found, "downloads")[1:] == ["1.00", "missed"]
    assert figure(found, "/ping p99 with many")[1:] == ["30.0", "missed"]


def test_who_was_skipped_stands_in_the_table():
    found = results()
    assert re.search(r"^nginx → aria2c -x4 +aria2c is not installed$", report.skipped(found), re.MULTILINE)
    assert report.skipped(Results()) == ""


def test_the_table_has_a_row_for_each_pair():
    lines = report.contestants(results(), GIB).splitlines()
    assert [line.split("  ")[0] for line in lines[3:-1]] == [*results().runs[GIB]]


def test_percentiles():
    assert percentile(range(1, 101), 0.5) == 51
    assert percentile([7.0], 0.99) == percentile([3.0, 7.0], 1.0) == 7
    assert percentile([], 0.5) == 0


def test_bars_are_as_long_as_their_values():
    root = ElementTree.fromstring(draw({"2 GiB": {"jack → jack": 200.0, "a & b": 100.0}}, "MB/s"))
    bars = [float(rect.get("width", "")) for rect in root.iter("{http://www.w3.org/2000/svg}rect") if rect.get("x")]
    assert bars[0] == 2 * bars[1]


def test_a_film_is_found_again_by_its_number(tmp_path):
    made = random_film(tmp_path, 3 * MIB)
    assert (made, made.size) == (film(tmp_path, 3), 3 * MIB)
