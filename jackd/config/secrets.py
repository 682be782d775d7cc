"""
Keys and how a file may give them: ``"text"``, ``{env: NAME}`` or ``{file: /absolute/path}``; a file's name without a
folder is a systemd credential (``LoadCredential=``). No message says what a key is.
"""

from __future__ import annotations

import re
from pathlib import Path

from jackd.config.checks import text
from jackd.config.node import Block
from jackd.config.reading import Cursor, Section, Wrong
from jackd.model.secret import Secret

MAX_SECRET = 4096
"""Bytes of a key."""

MIN_OWN_KEY = 16
"""Characters of ``jack.apiKey``, which opens this jack to whoever knows it."""

MIN_DIFFERENT = 6
"""Different characters in it; all keys that somebody rolled dice for have more."""

_SENDABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_ARR_KEY = re.compile(r"[0-9a-fA-F]{32}")
_SAMPLE_WORDS = re.compile(
    r"(?:a|admin|api|change|default|example|here|insert|jack|key|me|my|own|password|put|random|replace|secret|some|string"
    r"|test|the|this|token|with|your)+"
)
_SEQUENCES = (
    "01234567890123456789",
    "12345678901234567890",
    "0123456789abcdef",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)


def secret(cursor: Cursor) -> Secret:
    """A key in any of the three forms, without the newlines at its end."""
    given = _referred(cursor) if isinstance(cursor.node, Block) else text(cursor)
    found = given.rstrip("\r\n")
    if not found:
        raise Wrong("must not be empty")
    if len(found) > MAX_SECRET:
        raise Wrong(f"must not be longer than {MAX_SECRET} characters")
    return Secret(found)


def key(cursor: Cursor) -> Secret:
    """A key that can be sent in a header."""
    found = secret(cursor)
    if not _SENDABLE.fullmatch(found.reveal()):
        raise Wrong("must be one line of plain ASCII characters, without blanks around it")
    return found


def arr_key(cursor: Cursor) -> Secret:
    """A Radarr's or Sonarr's key."""
    found = secret(cursor)
    if not _ARR_KEY.fullmatch(found.reveal()):
        raise Wrong("must be the 32 hex digits that the server shows under Settings, General, API Key")
    return found


def own_key(cursor: Cursor) -> Secret:
    """This jack's key: what is easily guessed is refused (S2)."""
    found = key(cursor)
    if len(found.reveal()) < MIN_OWN_KEY:
        raise Wrong(f"must have at least {MIN_OWN_KEY} characters; make one with: openssl rand -hex 32")
    if _guessable(found.reveal().lower()):
        raise Wrong("is one that anybody would try; make one with: openssl rand -hex 32")
    return found


def _guessable(lower: str) -> bool:
    """Whether it is a pattern, or nothing but the words of sample files."""
    return (
        len(set(lower)) < MIN_DIFFERENT
        or any(lower in sequence * 2 for sequence in _SEQUENCES)
        or _SAMPLE_WORDS.fullmatch(re.sub("[^a-z0-9]", "", lower)) is not None
    )


def _referred(cursor: Cursor) -> str:
    with Section(cursor) as block:
        variable = block.take("env", text, "")
        file = block.take("file", text, "")
    if bool(variable) == bool(file):
        raise Wrong('must have one of "env" and "file"')
    environ = cursor.reading.environ
    return (
        _of_variable(variable, environ.get(variable))
        if variable
        else _of_file(file, environ.get("CREDENTIALS_DIRECTORY"))
    )


def _of_variable(variable: str, value: str | None) -> str:
    if not value:
        state = "is not set" if value is None else "is empty"
        raise Wrong(f"the environment variable {variable} {state}; set it where jack is started")
    return value


def _of_file(file: str, credentials: str | None) -> str:
    path = Path(file)
    if credentials and file not in (".", "..") and "/" not in file:
        path = Path(credentials, file)
    if not path.is_absolute():
        raise Wrong("file: must be an absolute path, or the name of a systemd credential")
    try:
        if not path.is_file():  # also: never wait for a pipe
            raise Wrong(f"{path} is not there, or is no file")
        with path.open("rb") as opened:
            return _decoded(path, opened.read(MAX_SECRET + 3))
    except OSError as error:
        raise Wrong(f"{path} can't be read: {error.strerror}") from None


def _decoded(path: Path, data: bytes) -> str:
    if not data.strip():
        raise Wrong(f"{path} is empty")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Wrong(f"{path} holds no UTF-8 text") from None
