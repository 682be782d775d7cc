"""``tests/README.rst`` names what exists."""

from __future__ import annotations

import ast
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
    assert len(files) == 11
    assert all((TESTS / file).is_file() for file in files)


def quotes(file: str, name: str) -> str:
    """A test's name and docstring."""
    tests = [n for n in ast.walk(ast.parse((TESTS / file).read_text("utf-8"))) if getattr(n, "name", "") == name]
    return f"{name.replace('_', ' ').upper()} {ast.get_docstring(tests[0])}"


def test_every_fault_has_its_tests_or_is_said_to_have_none():
    faults = re.split(r"^F(\d+), ", README.partition("\nFaults\n------\n")[2], flags=re.MULTILINE)[1:]
    listed = {int(number): text for number, text in zip(faults[::2], faults[1::2], strict=True)}
    assert list(listed) == [*range(1, 36), 43, *range(45, 57)]
    for number, text in listed.items():
        named = re.findall(r"\| tests/(\S+)::(\w+)$", text, re.MULTILINE)
        assert bool(named) is not text.rstrip().endswith(": no test."), f"F{number}"
        for file, name in named:
            assert re.search(rf"\bF{number}\b", quotes(file, name)), f"{name} does not say that it is about F{number}"
