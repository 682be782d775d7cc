"""The benchmark of the index runs and says what it finds. No time decides anything here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.library import Title, movie, put
from bench.table import Row
from jackd.arr import wire
from jackd.arr.sight import Seen, Sight

ROOT = Path(__file__).parents[2]
SMOKE_SECONDS = 200


@pytest.mark.slow
def test_it_runs_and_leaves_nothing_behind(tmp_path):
    home = tmp_path / "bench"
    command = [sys.executable, "-m", "bench.search", "--movies", "60", "--episodes", "100", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SMOKE_SECONDS, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = done.stdout.splitlines()
    assert lines[0].startswith("60 movies, 100 episodes")
    assert any(line.startswith("first reading of 160 items") for line in lines)
    assert sum(" CPU, p99 " in line for line in lines) == 15
    assert not home.exists()


def test_no_two_are_called_the_same():
    names = [Title(number).name for number in range(60_000)]
    assert len({*names}) == len(names)
    assert len({word for name in names for word in name.split()}) > 4000


def test_a_line_says_whether_it_is_met():
    assert str(Row("memory", 290.0, "MiB", 300)).endswith("300 MiB        290 MiB  met")
    assert str(Row("memory", 301.0, "MiB", 300)).endswith("missed")
    assert str(Row("took", 5.0, "s")).endswith("5 s")


def test_the_records_are_what_jack_reads_and_the_files_are_there(tmp_path):
    root = tmp_path / "films"
    put("radarr", 3, root)
    held = wire.movie_item("aaaaaaaa", movie(3, str(root)))
    assert held is not None and held.path is not None
    assert (held.item.name, held.item.year) == (Title(3).name, Title(3).year)
    [seen] = Sight().look([Path(held.path)], [root])
    assert isinstance(seen, Seen) and seen.size == held.item.size
