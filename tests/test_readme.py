"""``tests/README.rst`` names what exists."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
README = (TESTS / "README.rst").read_text("utf-8")


def test_every_test_that_is_named_exists():
    named = re.findall(r"^ +\| tests/(\S+)::(\w+)$", README, re.MULTILINE)
    assert len(named) == README.count("::test_") > 40
    for file, name in named:
        assert re.search(rf"def {name}\(", (TESTS / file).read_text("utf-8")), f"{file}::{name}"


def test_every_stand_in_that_is_named_exists():
    files = re.findall(r"^``tests/(\S+\.py)``", README, re.MULTILINE)
    assert len(files) == 9
    assert all((TESTS / file).is_file() for file in files)
