"""The commented file that a fresh install starts with."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from jackd.config.load import LANGUAGES
from jackd.config.problem import ConfigErrors, Problem


def default_text(path: Path) -> str:
    """Every setting, commented out, in the language that the name of ``path`` asks for."""
    name = "default.jsonc" if path.suffix.lower() in (".json", ".jsonc") else "default.yml"
    return files("jackd.config").joinpath(name).read_text("utf-8")


def write_default(path: Path) -> bool:
    """
    Write the default file to ``path`` if nothing is there, whole or not at all, for the owner's eyes only (F44).
    Whether it was written.

    :raises ConfigErrors: when it can't be.
    """
    if os.path.lexists(path):
        return False
    try:
        if path.suffix.lower() not in LANGUAGES:
            raise OSError(0, f"its name must end in {', '.join(LANGUAGES)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, default_text(path).encode())
    except OSError as error:
        message = f"is missing, and a default can't be written: {error.strerror}"
        raise ConfigErrors([Problem(file=str(path), message=message)]) from None
    return True


def _write(path: Path, data: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    try:
        with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
