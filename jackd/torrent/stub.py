"""
Stub torrents: what an *arr fetches for an offer and hands to the download client.

A stub is a true ``.torrent`` of one file without trackers whose info dictionary has one more key, ``jack``: which item
of which friend it stands for, a nonce that gives every grab an info-hash of its own, and a signature over the whole
info dictionary. So adding it needs no look-up, and what others made or changed is not taken.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Any

from attrs import frozen

from jackd.model.download import Grab
from jackd.model.errors import JackError, UnsupportedMedia
from jackd.model.filenames import safe_name
from jackd.model.naming import release_title
from jackd.model.release import Release
from jackd.ports import Mints
from jackd.torrent.bencoding import MAX_BENCODED, encode
from jackd.torrent.metainfo import Info, info_hash, piece_length, pieces, read_info

MAX_SIZE = 2 * 2**40
"""Bytes of one file: 2 TiB, whose 2048 piece hashes keep the stub well under :data:`MAX_BENCODED`."""

NONCE_BYTES = 16
MAX_TEXT = 1024
"""UTF-8 bytes of any text in a stub."""

_VERSION = 1
_PURPOSE = "stub"
_KEY = b"jack"
_TEXTS = ("peer", "peer_name", "item", "title", "filename")


class ForeignTorrent(JackError):
    """The torrent was not made by this jack; it downloads from friends only, by releases of its own indexer."""

    status = 415
    code = "FOREIGN_TORRENT"


@frozen
class Stubs:
    """
    Makes and reads stubs.

    :ivar mint: signs them.
    :ivar random: gives the nonce of as many bytes as asked for.
    """

    mint: Mints
    random: Callable[[int], bytes] = os.urandom

    def make(self, release: Release) -> bytes:
        """
        A new stub; each call gives another info-hash.

        :raises UnsupportedMedia: for a size or a text that no stub can hold.
        """
        size = release.item.size
        if not 0 < size <= MAX_SIZE:
            raise UnsupportedMedia(f"a file of {size} bytes can't be offered")
        title = release_title(release.item)
        texts = {
            "peer": release.peer,
            "peer_name": release.peer_name,
            "item": release.item.id,
            "title": title,
            "filename": release.item.filename,
        }
        ours: dict[bytes, Any] = {name.encode(): _bounded(text) for name, text in texts.items()}
        ours |= {b"version": _VERSION, b"nonce": self.random(NONCE_BYTES)}
        return encode({b"info": self._signed(size, _file_name(title, release.item.filename), ours)})

    def read(self, data: bytes) -> Grab:
        """
        What a stub stands for.

        :raises UnsupportedMedia: for what is no torrent.
        :raises ForeignTorrent: for a torrent that is not ours, or was changed.
        """
        if len(data) > MAX_BENCODED and data.startswith(b"d"):
            raise ForeignTorrent
        info = read_info(data)
        ours = info.get(_KEY)
        if not isinstance(ours, dict) or not self._is_genuine(info, ours):
            raise ForeignTorrent
        return _grab(info, ours)

    def _signed(self, size: int, name: str, ours: dict[bytes, Any]) -> Info:
        length = piece_length(size)
        info: Info = {
            _KEY: ours,
            b"length": size,
            b"name": name.encode(),
            b"piece length": length,
            b"pieces": pieces(size, length),
            b"private": 1,
        }
        ours[b"mac"] = self.mint.sign(_PURPOSE, _digest(info)).encode()
        return info

    def _is_genuine(self, info: Info, ours: dict[bytes, Any]) -> bool:
        mac = ours.get(b"mac")
        unsigned = info | {_KEY: {key: value for key, value in ours.items() if key != b"mac"}}
        return isinstance(mac, bytes) and self.mint.verify(_PURPOSE, _digest(unsigned), mac.decode("latin-1"))


def _digest(info: Info) -> str:
    return hashlib.sha256(encode(info)).hexdigest()


def _bounded(text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_TEXT:
        raise UnsupportedMedia("a name is too long")
    return data


def _file_name(title: str, filename: str) -> str:
    stem, dot, extension = filename.rpartition(".")
    return safe_name(title, extension=extension if stem and dot else "")


def _grab(info: Info, ours: dict[bytes, Any]) -> Grab:
    """The fields, looked at again although they are signed: another version of jack may have made them."""
    size = info.get(b"length")
    if ours.get(b"version") != _VERSION or not isinstance(size, int) or not 0 < size <= MAX_SIZE:
        raise ForeignTorrent("the torrent was made by another version of jack")
    texts = {name: _text(ours.get(name.encode())) for name in _TEXTS}
    return Grab(hash=info_hash(info), size=size, **texts)


def _text(value: object) -> str:
    if not isinstance(value, bytes) or len(value) > MAX_TEXT:
        raise ForeignTorrent("the torrent was made by another version of jack")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise ForeignTorrent("the torrent was made by another version of jack") from None
