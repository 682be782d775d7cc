"""What was measured, as tables of reST, and beside what is demanded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median

from bench.contest import Run
from bench.crowd import Crowd
from bench.ground import GIB, MIB
from bench.probe import percentile

BASE = "nginx → curl"
JACK = "jack → jack"
PROBED = "jack → jack, asked meanwhile"
COLD = "jack → jack, asked meanwhile, cold source"
SERVING = "jack → curl"
RECEIVING = "nginx → jack, unverified"
TLS_BASE, TLS = "nginx → curl, TLS", "jack → curl, TLS"
TLS_RECEIVING = "nginx → jack, TLS, unverified"
OTHERS = ("rclone → rclone", "nginx → aria2c -x4", "bun → bun", "libtorrent → libtorrent")

Runs = Mapping[str, Sequence[Run]]


@dataclass
class Results:
    """
    :ivar runs: by size in bytes, then by pair.
    :ivar served: the same of the runs in which nothing but the cost of serving was looked at.
    :ivar latencies: milliseconds by the pair's name and the target's.
    """

    about: str = ""
    runs: dict[int, dict[str, list[Run]]] = field(default_factory=dict)
    served: dict[int, dict[str, list[Run]]] = field(default_factory=dict)
    latencies: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    crowd: Crowd = field(default_factory=Crowd)
    nginx_pings: float = 0.0
    skipped: dict[str, str] = field(default_factory=dict)


def throughput(runs: Sequence[Run]) -> float:
    """MB/s, the median."""
    return median(run.speed for run in runs)


def serving_cpu(runs: Sequence[Run]) -> float:
    """Seconds per GiB."""
    return median(run.server_cpu / run.size * GIB for run in runs)


def receiving_cpu(runs: Sequence[Run]) -> float:
    """Seconds per GiB."""
    return median(run.client_cpu / run.size * GIB for run in runs)


def growth(runs: Sequence[Run]) -> float:
    """MiB, of the side that grew more."""
    return median(max(run.server_growth, run.client_growth or 0) for run in runs) / MIB


def contestants(results: Results, size: int) -> str:
    """The table of one size."""
    runs = results.runs[size]
    head = ["", "MB/s", "least", "most", "÷ nginx → curl", "CPU s/GiB, server", "client", "RSS +MiB, server", "client"]
    rows = [[name, *_columns(mine, _ratio(runs, throughput, name, [BASE]))] for name, mine in runs.items() if mine]
    return table(head, rows)


def skipped(results: Results) -> str:
    """The table of who took no part; empty when all did."""
    rows = [[name, why.strip().partition("\n")[0]] for name, why in results.skipped.items()]
    return table(["skipped", "why"], rows) if rows else ""


def _columns(mine: Sequence[Run], ratio: float | None) -> Iterator[str]:
    speeds = [run.speed for run in mine]
    yield from (f"{median(speeds):.0f}", f"{min(speeds):.0f}", f"{max(speeds):.0f}", _shown(ratio))
    yield from (f"{serving_cpu(mine):.2f}", f"{receiving_cpu(mine):.2f}")
    grown = [run.client_growth / MIB for run in mine if run.client_growth is not None]
    yield f"{median(run.server_growth for run in mine) / MIB:.1f}"
    yield _shown(median(grown) if grown else None, 1)


@dataclass(frozen=True)
class Figure:
    """
    One demand.

    :ivar least: whether more is better.
    :ivar found: by size in GiB, or by an empty name.
    """

    name: str
    least: bool
    bound: float
    found: Mapping[str, float | None]
    digits: int = 2

    def row(self) -> list[str]:
        """For the table."""
        known = [value for value in self.found.values() if value is not None]
        met = all(value >= self.bound if self.least else value <= self.bound for value in known)
        shown = ", ".join(f"{size} {_shown(value, self.digits)}".strip() for size, value in self.found.items())
        verdict = ("met" if met else "missed") if known else "not measured"
        return [self.name, f"{'≥' if self.least else '≤'} {self.bound:g}", shown, verdict]


def demanded(results: Results) -> list[Figure]:
    """All of them."""
    each = partial(_ratios, results.runs)
    found = results.crowd
    grown = {_gib(size): growth(runs[JACK]) if runs.get(JACK) else None for size, runs in sorted(results.runs.items())}
    streaming = {"": _worst_ping(results.latencies.get(PROBED, {}))}
    cold = {"": _worst_ping(results.latencies.get(COLD, {}))}
    many = {"": _worst_ping(found.latencies)}
    return [
        Figure("jack → jack ÷ nginx → curl", True, 1.2, each(throughput, JACK, BASE)),
        Figure("jack → jack ÷ the best of the others", True, 1.2, each(throughput, JACK, *OTHERS)),
        Figure("serving CPU ÷ nginx's, both to curl", False, 1.2, _ratios(results.served, serving_cpu, SERVING, BASE)),
        Figure("receiving CPU ÷ curl's, both from nginx", False, 0.8, each(receiving_cpu, RECEIVING, BASE)),
        Figure("RSS growth per transfer, MiB", False, 1, grown, 1),
        Figure("TLS: jack → curl ÷ nginx → curl", True, 0.45, each(throughput, TLS, TLS_BASE)),
        Figure("TLS: nginx → jack ÷ nginx → curl", True, 1, each(throughput, TLS_RECEIVING, TLS_BASE)),
        Figure("/ping p99 while streaming, ms", False, 10, streaming, 1),
        Figure("/ping p99 from a cold source, ms", False, 10, cold, 1),
        Figure("/ping p99 with many at once, ms", False, 25, many, 1),
        Figure("many at once: refused or starved", False, 0, {"": _in_vain([*found.uploads, *found.downloads])}, 0),
        Figure("uploads: furthest from their mean", False, 0.2, {"": unfairness(found.uploads)}),
        Figure("downloads: furthest from their mean", False, 0.2, {"": unfairness(found.downloads)}),
        *(Figure(f"{name}, reactor ms", False, _allowed(name), {"": ms}) for name, ms in found.reactor.items()),
    ]


def _ratios(
    found: Mapping[int, Runs], value: Callable[[Sequence[Run]], float], over: str, *under: str
) -> dict[str, float | None]:
    return {_gib(size): _ratio(runs, value, over, under) for size, runs in sorted(found.items())}


def _allowed(list_name: str) -> float:
    """Milliseconds."""
    return 3 if "feed" in list_name else 5


def figures(results: Results) -> str:
    """The table of what is demanded."""
    return table(["figure", "demanded", "measured", ""], [figure.row() for figure in demanded(results)])


def _gib(size: int) -> str:
    return f"{size / GIB:g} GiB"


def latencies(results: Results) -> str:
    """The table of waiting."""
    measured = {"idle": results.crowd.idle, **results.latencies, "many at once": results.crowd.latencies}
    rows = [
        [when, target, *(f"{percentile(taken, share):.1f}" for share in (0.5, 0.99, 1.0)), str(len(taken))]
        for when, targets in measured.items()
        for target, taken in targets.items()
    ]
    return table(["while", "asked", "p50 ms", "p99", "max", "answers"], rows)


def crowd(results: Results) -> str:
    """The table of many at once, and of small requests."""
    found = results.crowd
    rows = [[f"{len(got)} {what}", *_shares(got)] for what, got in _kinds(found)]
    shares = table(["at once", "refused", "starved", "MB least", "median", "most", "furthest from the mean"], rows)
    pings = [["jack", f"{found.pings:.0f}"], ["nginx", _shown(results.nginx_pings or None, 0)]]
    return shares + "\n" + table(["/ping", "requests/s"], pings)


def _kinds(found: Crowd) -> list[tuple[str, list[int]]]:
    return [("uploads", found.uploads), ("downloads", found.downloads)]


def _shares(got: Sequence[int]) -> list[str]:
    served = [count for count in got if count >= 0]
    ends = [f"{value / 1e6:.1f}" for value in (min(served), median(served), max(served))] if served else ["-"] * 3
    return [str(len(got) - len(served)), str(served.count(0)), *ends, _shown(unfairness(got))]


def _in_vain(got: Sequence[int]) -> float | None:
    return sum(count <= 0 for count in got) if got else None


def unfairness(got: Sequence[int]) -> float | None:
    """How far from the mean the one is that is furthest from it; 0.2 is 20 %. Who was refused does not count."""
    served = [count for count in got if count >= 0]
    mean = sum(served) / len(served) if served else 0
    return max(abs(count - mean) for count in served) / mean if mean else None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A simple table of reST."""
    full = [[*row, *[""] * (len(head) - len(row))] for row in rows]
    lines = [[cell or "\\" for cell in row] for row in (head, *full)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    edge = "  ".join("=" * width for width in widths)
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([edge, text[0], edge, *text[1:], edge, ""])


def _ratio(runs: Runs, value: Callable[[Sequence[Run]], float], over: str, under: Sequence[str]) -> float | None:
    """Over the largest of ``under``."""
    below = [value(runs[name]) for name in under if runs.get(name)]
    return value(runs[over]) / max(below) if runs.get(over) and below and max(below) else None


def _worst_ping(taken: Mapping[str, Sequence[float]]) -> float | None:
    pings = [percentile(values, 0.99) for target, values in taken.items() if target.endswith("/ping")]
    return max(pings) if pings else None


def _shown(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
