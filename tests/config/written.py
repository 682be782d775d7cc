"""Writing configuration files and reading them back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from jackd.config import ConfigErrors, Settings, load

ARR_KEY = "0123456789abcdef0123456789abcdef"
OWN_KEY = "d3c9f7a1b2e845609817263544a5b6c7"
SUFFIXES = (".yml", ".yaml", ".json", ".jsonc")


def write(folder: Path, text: str, suffix: str = ".yml") -> Path:
    path = folder / f"jack{suffix}"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str, suffix: str = ".yml", environ: Mapping[str, str] | None = None) -> Settings:
    return load(write(folder, text, suffix), environ or {})


def problems(
    folder: Path, text: str, suffix: str = ".yml", environ: Mapping[str, str] | None = None
) -> list[tuple[int | None, str, str]]:
    """Line, path and message of everything that is wrong with that text, which is left as it is."""
    path = write(folder, text, suffix)
    before = sorted((p, p.stat().st_mtime_ns) for p in folder.rglob("*"))
    with pytest.raises(ConfigErrors) as caught:
        load(path, environ or {})
    assert sorted((p, p.stat().st_mtime_ns) for p in folder.rglob("*")) == before, "something was touched"
    assert path.read_text() == text
    assert str(caught.value).count("\n") == len(caught.value.problems) - 1, "one line a problem"
    return [(p.line, p.path, p.message) for p in caught.value.problems]


def server(**changes: str) -> str:
    """One server as JSON, with values written as given; ``None`` leaves a key out."""
    values = {"name": '"radarr"', "type": '"radarr"', "url": '"http://radarr:7878"', "apiKey": f'"{ARR_KEY}"'}
    return "{" + ", ".join(f'"{k}": {v}' for k, v in (values | changes).items() if v is not None) + "}"


def peer(**changes: str) -> str:
    """One friend, likewise."""
    values = {"name": '"Alice"', "url": '"https://jack.alice.example"', "apiKey": '"alices key"'}
    return "{" + ", ".join(f'"{k}": {v}' for k, v in (values | changes).items() if v is not None) + "}"
