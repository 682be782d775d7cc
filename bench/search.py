"""
``python -m bench.search``: a large library in the index. What it takes to read it, to read it again, to find something
in it; and whether anybody has to wait meanwhile. And friends' libraries in the mirror.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
from pathlib import Path

from bench import mirror, owner
from bench.processes import interrupt_on_sigterm
from bench.table import HEAD

PARTS = {"owner": owner.measure, "mirror": mirror.measure}
"""What is measured: each gives its lines for a folder and the numbers of movies and episodes."""


def main() -> int:
    """No exit code depends on a time."""
    interrupt_on_sigterm()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=50_000)
    parser.add_argument("--episodes", type=int, default=350_000)
    parser.add_argument("--home", type=Path, default=Path(".bench/search"), help="is emptied first (%(default)s)")
    parser.add_argument("--part", choices=PARTS, action="append", help="else all")
    options = parser.parse_args()
    home = options.home.absolute()
    print(f"{options.movies} movies, {options.episodes} episodes; SQLite {sqlite3.sqlite_version}\n{HEAD}", flush=True)
    for name in options.part or PARTS:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        try:
            for row in PARTS[name](home, options.movies, options.episodes):
                print(row, flush=True)
        finally:
            shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
