"""Finding, reading and checking the configuration. Nothing on disk is changed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from attrs import evolve

from jackd.config.blocks import settings
from jackd.config.environment import read_environment
from jackd.config.jsonc import read_jsonc
from jackd.config.node import Block, Malformed, Node, Scalar, place
from jackd.config.problem import ConfigErrors, Problem
from jackd.config.reading import Cursor, Reading, Wrong
from jackd.config.settings import Environment, Settings
from jackd.config.yamltree import read_yaml

SYSTEM_CONFIG = Path("/etc/jack/jack.yml")

MAX_FILE = 256 << 10
"""Bytes of a configuration file."""

LANGUAGES: Mapping[str, Callable[[str], Node]] = {
    ".yml": read_yaml,
    ".yaml": read_yaml,
    ".json": read_jsonc,
    ".jsonc": read_jsonc,
}
"""What a file is written in, by the end of its name."""


def find_config(option: str | None, environ: Mapping[str, str], *, system: Path = SYSTEM_CONFIG) -> Path:
    """
    The file to use, absolute, whether it is there or not: ``option`` (``--config``), else ``APP_CONFIG_PATH``, else
    ``/etc/jack/jack.yml`` if there is one, else ``~/.config/jack/jack.yml``.
    """
    named = option or environ.get("APP_CONFIG_PATH")
    if named:
        return Path(named).absolute()
    if system.exists():
        return system
    home = environ.get("HOME") or Path.home()
    return Path(home, ".config", "jack", "jack.yml").absolute()


def load(path: Path | None, environ: Mapping[str, str], *, may_be_empty: bool = True) -> Settings:
    """
    The settings of the file at ``path`` and of ``environ``. ``None`` stands for no file at all: every default.

    :param may_be_empty: whether a file without a single character asks for every default, or is one that somebody is
        writing just now.
    :raises ConfigErrors: with all that is wrong, not just the first of it.
    """
    file = path.absolute() if path else find_config(None, environ)
    reading = Reading(file=str(file), environ=environ)
    environment = read_environment(environ, reading.problems)
    root = _root(file, reading.problems, may_be_empty) if path else _empty()
    found = None if root is None else _settings(root, reading, environment, file)
    if reading.problems or found is None:
        raise ConfigErrors(reading.problems)
    return found


def _settings(root: Node, reading: Reading, environment: Environment, file: Path) -> Settings | None:
    if isinstance(root, Scalar) and root.value is None:
        root = _empty()
    cursor = Cursor(node=root, path="", reading=reading)
    try:
        found = settings(cursor, environment, file)
    except Wrong as error:
        cursor.wrong(str(error))
        return None
    return evolve(found, notes=tuple(reading.notes))


def _empty() -> Block:
    return Block(line=1, column=1, entries=())


def _root(file: Path, problems: list[Problem], may_be_empty: bool) -> Node | None:
    """The file as a tree, or ``None`` and why not."""
    try:
        return _parsed(file, may_be_empty)
    except Malformed as error:
        problems.append(Problem(file=str(file), line=error.line, column=error.column, message=error.message))
    except Wrong as error:
        problems.append(Problem(file=str(file), message=str(error)))
    return None


def _parsed(file: Path, may_be_empty: bool) -> Node:
    read = LANGUAGES.get(file.suffix.lower())
    if read is None:
        raise Wrong(f"the name of the file must end in {', '.join(LANGUAGES)}")
    text = _text(_bytes(file))
    if not may_be_empty and not text.strip():
        raise Wrong("is empty; for the default of every setting write a comment into it")
    return read(text)


def _bytes(file: Path) -> bytes:
    try:
        if not file.is_file():  # also: never wait for a pipe
            raise Wrong("there is no such file" if not file.exists() else "is no file")
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE + 1)
    except OSError as error:
        raise Wrong(f"can't be read: {error.strerror}") from None
    if len(data) > MAX_FILE:
        raise Wrong(f"is larger than {MAX_FILE >> 10} KiB; this can't be a configuration")
    return data


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        raise Malformed("is not UTF-8 text from here on; save it as UTF-8", *place(before, len(before))) from None
