"""
``jack verify``: whether a file that came from a friend is still what he promised. It looks into the database itself and
changes nothing, so it works beside the daemon and without it.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from jackd.model.filenames import video_extension
from jackd.model.manifest import Manifest
from jackd.ops.cli_config import settings_for
from jackd.ops.client import CommandFailed
from jackd.storage.digests import digest_span
from jackd.storage.manifests import find, of_size

if TYPE_CHECKING:
    from argparse import _SubParsersAction

MAX_SHOWN = 20
"""Bad blocks that are named."""

_HASH = re.compile(r"[0-9a-f]{40}")
_FILES = """
    SELECT folder, path, CASE number WHEN 0 THEN hash ELSE hash || ':' || number END AS key
    FROM downloads JOIN download_files USING (hash) WHERE hash = ? AND left_out = '' ORDER BY number
"""


def add_to(commands: _SubParsersAction[ArgumentParser], config: ArgumentParser) -> None:
    """Adds the command."""
    verify = commands.add_parser(
        "verify",
        parents=[config],
        help="check a downloaded file again",
        description="Compares every byte with the digests that the friend gave, wherever the file lies now.",
    )
    verify.add_argument(
        "what", metavar="PATH|HASH", help="the file, or the hash of a download that is still listed: all its files"
    )
    verify.set_defaults(command=verify_file)


def verify_file(options: Namespace) -> int:
    """Prints OK, or what is wrong with a file; exit code 1 for that, too."""
    with _database(settings_for(options).jack.state_dir / "jack.db") as db:
        if _HASH.fullmatch(options.what.lower()):
            files = _by_hash(db, options.what.lower())
        else:
            path = Path(options.what)
            files = [(path, _by_size(db, path))]
    return max([_told(path, manifests) for path, manifests in files])


def _told(path: Path, manifests: Sequence[Manifest]) -> int:
    """Of several files each is looked at, whatever is wrong with another one."""
    if not manifests:
        print(f"UNKNOWN {path}: the friend gave no digests of it")
        return 1
    try:
        bad = _compared(path, manifests)
    except CommandFailed as error:
        print(f"BAD {error}")
        return 1
    if not bad:
        print(f"OK {path}")
        return 0
    for start, stop in bad[:MAX_SHOWN]:
        print(f"BAD {path}: bytes {start} to {stop - 1}")
    if len(bad) > MAX_SHOWN:
        print(f"BAD {path}: and {len(bad) - MAX_SHOWN} more blocks")
    return 1


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            yield db
    except sqlite3.Error as error:
        raise CommandFailed(f"{path} can't be read ({error}): run this as the daemon's user") from None


def _by_hash(db: sqlite3.Connection, hash: str) -> list[tuple[Path, list[Manifest]]]:
    """Each file of the download; of what lies beside a video only what there are digests of."""
    rows = db.execute(_FILES, [hash]).fetchall()
    if not rows:
        raise CommandFailed("no download has that hash (any more); name the file itself")
    found = [(Path(row["folder"], row["path"]), find(db, "download_manifests", row["key"])) for row in rows]
    looked_at = [(path, manifest) for path, manifest in found if manifest is not None or video_extension(path.name)]
    if not any(manifest for _, manifest in looked_at):
        raise CommandFailed("the friend gave no digests of that file")
    return [(path, [manifest] if manifest else []) for path, manifest in looked_at]


def _by_size(db: sqlite3.Connection, path: Path) -> list[Manifest]:
    """The *arr has renamed the file; its size is what it can be found by."""
    try:
        status = path.stat()
    except OSError as error:
        raise CommandFailed(f"{path}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise CommandFailed(f"{path} is no file")
    found = of_size(db, status.st_size)
    if not found:
        raise CommandFailed(f"no download of {status.st_size} bytes is known by its digests")
    return found


def _compared(path: Path, manifests: Sequence[Manifest]) -> list[tuple[int, int]]:
    """The blocks that are not as they should be, by the manifest that fits best."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0):
            return min((_bad(path, descriptor, manifest) for manifest in manifests), key=len)
    except OSError as error:
        raise CommandFailed(f"{path} can't be read: {error.strerror or error}") from None


def _bad(path: Path, descriptor: int, manifest: Manifest) -> list[tuple[int, int]]:
    if os.fstat(descriptor).st_size != manifest.size:
        raise CommandFailed(f"{path} has {os.fstat(descriptor).st_size} bytes, not {manifest.size}")
    spans = ((number, manifest.span(number)) for number in range(manifest.count))
    return [span for number, span in spans if digest_span(descriptor, *span) != manifest.digest(number)]
