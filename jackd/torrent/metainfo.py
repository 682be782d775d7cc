"""Torrent metainfo (BEP 3): info dictionaries of one file, and the hash that names them."""

from __future__ import annotations

import hashlib
from typing import Any

from jackd.model.errors import UnsupportedMedia
from jackd.torrent.bencoding import decode, encode

MIN_PIECE = 16_384
MAX_PIECE = 2**30
"""The largest power of two that is a piece length for every client: the *arrs' parser keeps it in 32 bits."""

MAX_PIECES = 256
"""Pieces that a torrent made here has at most, as long as :data:`MAX_PIECE` allows it."""

_HASH_BYTES = 20

Info = dict[bytes, Any]


def info_hash(info: Info) -> str:
    """SHA-1 of the canonical encoding: 40 lower-case hex digits."""
    return hashlib.sha1(encode(info), usedforsecurity=False).hexdigest()


def piece_length(size: int) -> int:
    """The smallest power of two that cuts ``size`` bytes into at most :data:`MAX_PIECES` pieces, within the limits."""
    length = MIN_PIECE
    while length < MAX_PIECE and length * MAX_PIECES < size:
        length *= 2
    return length


def pieces(size: int, length: int) -> bytes:
    """
    As many hashes as ``size`` bytes have pieces, all zero: nobody will compare them. The number must be right, for
    MonoTorrent 3 refuses one hash for more than one piece.
    """
    return bytes(_HASH_BYTES * -(-size // length))


def read_info(data: bytes) -> Info:
    """The info dictionary of a ``.torrent`` file. Raises ``UnsupportedMedia`` for anything else."""
    value = decode(data)
    info = value.get(b"info") if isinstance(value, dict) else None
    if not isinstance(info, dict) or not _is_torrent(info):
        raise UnsupportedMedia("not a torrent")
    return info


def _is_torrent(info: Info) -> bool:
    """Whether the keys are there without which no client takes it: version 1, one file or several, or version 2."""
    return (
        isinstance(info.get(b"name"), bytes)
        and isinstance(info.get(b"piece length"), int)
        and any(isinstance(info.get(key), kind) for key, kind in _CONTENTS)
    )


_CONTENTS = ((b"pieces", bytes), (b"file tree", dict))
