"""The pages for people say what is so."""

from __future__ import annotations

import configparser
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jackd.config import load
from jackd.ops.cli import parser

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.rst"), *ROOT.glob("docs/*.rst")])


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


def test_the_commands_of_the_readme_exist():
    named = {name for page in PAGES for name in re.findall(r"``make ([a-z]+)", page.read_text("utf-8"))}
    assert {"demo", "test"} <= named <= targets()


def test_ci_runs_targets_that_exist():
    assert set(re.findall(r"make ([a-z]+)", text(".ci/run"))) == {"test", "lint"} <= targets()


def imported(name: str) -> object:
    """The module, class or attribute with that dotted name."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError as error:
            if not name.startswith(str(error.name)):
                raise
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise AssertionError(f"{name} does not exist")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_names_only_modules_that_exist(page):
    for name in set(re.findall(r"\bjackd(?:\.\w+)+", page.read_text("utf-8"))):
        imported(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_names_only_files_that_exist(page):
    named = re.findall(r"``((?:docs|examples|debian|etc|tests)/[\w./-]*)``", page.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readmes_configuration_is_taken(tmp_path):
    sample = text("README.rst").split(".. code-block:: yaml\n")[1].split("\nEvery block")[0]
    config = tmp_path / "jack.yml"
    config.write_text("\n".join(line[3:] for line in sample.splitlines()))
    keys = dict.fromkeys(("RADARR_API_KEY", "SONARR_API_KEY"), "0123456789abcdef" * 2)
    keys |= {"JACK_API_KEY": "8c1f0e2b7d9a4c63", "ALICE_API_KEY": "f3e9a1c5b7d02468"}
    settings = load(config, keys)
    assert [server.type for server in settings.servers] == ["radarr", "sonarr", "folder"]
    assert [peer.name for peer in settings.peers] == ["Alice"]


def test_the_readmes_commands_of_jack_are_understood():
    words = [line.split() for line in re.findall(r"^``jack ([^`]+)``", text("README.rst"), re.MULTILINE)]
    assert len(words) >= 6
    for arguments in words:
        parser().parse_args(arguments)


def test_the_compose_file_is_yaml_and_shares_one_completed_folder():
    services = yaml.safe_load(text("examples/docker-compose.yml"))["services"]
    assert all("/srv/jack:/data/jack" in service["volumes"] for service in services.values())


def test_the_demo_explains_itself():
    command = [sys.executable, str(ROOT / "examples/demo.py"), "--help"]
    assert "--media" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_unit_is_hardened():
    """S34: what must not fall out of the unit by accident."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(text("debian/jack.service"))
    service = unit["Service"]
    assert (service["Type"], service["User"], service["ProtectSystem"]) == ("notify", "jack", "strict")
    assert service["CapabilityBoundingSet"] == ""
    assert service["NoNewPrivileges"] == service["MemoryDenyWriteExecute"] == "yes"
    assert service["StateDirectoryMode"] == "0700"


def test_the_plugin_folders_are_no_packages_of_ours():
    """An ``__init__.py`` there would hide all of Twisted."""
    assert sorted(p.name for p in (ROOT / "twisted").rglob("*.py")) == ["jackd_plugin.py"]
