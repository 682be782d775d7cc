"""
Stub torrents: what an *arr fetches for an offer and hands to the download client.

A stub is a true ``.torrent`` without trackers whose info dictionary has one more key, ``jack``: which item of which
friend it stands for, or which ones when it has several files, a nonce that gives every grab an info-hash of its own,
and a signature over the whole info dictionary. So adding it needs no look-up, and what others made or changed is not
taken.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from jackd.model.contents import contents
from jackd.model.errors import JackError, UnsupportedMedia
from jackd.model.filenames import safe_name
from jackd.model.grab import MAX_FILES, Grab, GrabFile
from jackd.model.naming import release_title
from jackd.model.release import Release
from jackd.ports import Mints
from jackd.torrent.bencoding import MAX_BENCODED, encode
from jackd.torrent.metainfo import Info, info_hash, piece_length, pieces, read_info

MAX_SIZE = 2 * 2**40
"""Bytes of all files: 2 TiB, whose 2048 piece hashes keep the stub of one file well under :data:`MAX_BENCODED`."""

NONCE_BYTES = 16
MAX_TEXT = 1024
"""UTF-8 bytes of any text in a stub."""

_VERSION, _VERSION_OF_MANY = 1, 2
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
        files = contents(release)
        if not 0 < sum(file.size for file in files) <= MAX_SIZE or not all(file.size > 0 for file in files):
            raise UnsupportedMedia(f"{release.item.size} bytes can't be offered")
        stub = self._made(release, files)
        if len(stub) > MAX_BENCODED:
            stub = self._made(release, [file for file in files if not file.is_extra])
        if len(stub) > MAX_BENCODED:
            raise UnsupportedMedia(f"{len(files)} files are too many to be offered at once")
        return stub

    def _made(self, release: Release, files: Sequence[GrabFile]) -> bytes:
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
        if len(files) == 1:
            return encode({b"info": self._signed(ours, files[0].size, name=files[0].name, length=files[0].size)})
        ours |= {b"version": _VERSION_OF_MANY, b"items": [_bounded(file.item) for file in files]}
        listed = [{b"length": file.size, b"path": [file.name.encode()]} for file in files]
        size = sum(file.size for file in files)
        return encode({b"info": self._signed(ours, size, name=safe_name(title), files=listed)})

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

    def _signed(self, ours: dict[bytes, Any], size: int, *, name: str, **what: Any) -> Info:
        length = piece_length(size)
        info: Info = {
            _KEY: ours,
            b"name": name.encode(),
            b"piece length": length,
            b"pieces": pieces(size, length),
            b"private": 1,
            **{key.encode(): value for key, value in what.items()},
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


def _grab(info: Info, ours: dict[bytes, Any]) -> Grab:
    """The fields, looked at again although they are signed: another version of jack may have made them."""
    texts: dict[str, Any] = {name: _text(ours.get(name.encode())) for name in _TEXTS}
    if ours.get(b"version") == _VERSION:
        return Grab(hash=info_hash(info), size=_size(info.get(b"length")), **texts)
    if ours.get(b"version") != _VERSION_OF_MANY:
        raise _other_version()
    files = _grab_files(info.get(b"files"), ours.get(b"items"))
    return Grab(hash=info_hash(info), size=_size(sum(file.size for file in files)), files=files, **texts)


def _grab_files(listed: object, items: object) -> list[GrabFile]:
    if not isinstance(listed, list) or not isinstance(items, list) or not 0 < len(listed) == len(items) <= MAX_FILES:
        raise _other_version()
    return [_grab_file(file, item) for file, item in zip(listed, items, strict=True)]


def _grab_file(file: object, item: object) -> GrabFile:
    path = file.get(b"path") if isinstance(file, dict) else None
    if not isinstance(file, dict) or not isinstance(path, list) or len(path) != 1:
        raise _other_version()
    return GrabFile(item=_text(item), name=_name(_text(path[0])), size=_size(file.get(b"length")))


def _name(text: str) -> str:
    """Only what could be made here again: it becomes part of a path (S12)."""
    stem, _, extension = text.rpartition(".")
    if text not in (safe_name(text), safe_name(stem, extension=extension)):
        raise _other_version()
    return text


def _size(value: object) -> int:
    if not isinstance(value, int) or not 0 < value <= MAX_SIZE:
        raise _other_version()
    return value


def _text(value: object) -> str:
    if not isinstance(value, bytes) or len(value) > MAX_TEXT:
        raise _other_version()
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise _other_version() from None


def _other_version() -> ForeignTorrent:
    return ForeignTorrent("the torrent was made by another version of jack")
