"""``.torrent`` files read as strictly as MonoTorrent 2 (Sonarr 4, Prowlarr) and 3 (Radarr, Lidarr, Sonarr 5) do."""

from __future__ import annotations

import hashlib
from typing import Any

INT32 = 2**31


class Refused(Exception):
    """The *arr skips the grab."""


def load(data: bytes, generation: int) -> str:
    """
    The upper-case SHA-1 of the raw ``info``, which the *arr keeps as the download's id.

    :param generation: 2 or 3.
    """
    if not data.startswith(b"d"):
        raise Refused("not a dictionary")
    reader = _Reader(data, sorted_keys=generation == 3)
    value = reader.value()
    if reader.at != len(data):
        raise Refused("something follows")
    info = value.get(b"info")
    if not isinstance(info, dict):
        raise Refused("no info")
    _check(info, generation)
    assert reader.info is not None
    return hashlib.sha1(reader.info).hexdigest().upper()


def _check(info: dict[bytes, Any], generation: int) -> None:
    piece_length = info.get(b"piece length")
    if not isinstance(piece_length, int) or not 0 < piece_length < INT32:
        raise Refused("piece length")
    pieces = info.get(b"pieces")
    if not isinstance(pieces, bytes) or len(pieces) % 20:
        raise Refused("pieces")
    if not isinstance(info.get(b"name"), bytes):
        raise Refused("name")
    sizes = _sizes(info)
    if generation == 3:
        if not sum(sizes):
            raise Refused("nothing in it")
        if b"files" not in info and len(pieces) == 20 and sizes[0] > piece_length:
            raise Refused("one hash for more than one piece")


def _sizes(info: dict[bytes, Any]) -> list[int]:
    if b"files" not in info:
        _check_path(info[b"name"])
        return [_size(info.get(b"length"))]
    for file in info[b"files"]:
        _check_path(b"/".join(file[b"path"]))
    return [_size(file.get(b"length")) for file in info[b"files"]]


def _size(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**63:
        raise Refused("length")
    return value


def _check_path(path: bytes) -> None:
    if not path or path.startswith((b"/", b"\\")) or b"../" in path or b"..\\" in path or path[1:2] == b":":
        raise Refused("unsafe path")


class _Reader:
    """A decoder that remembers which bytes were the top-level ``info``."""

    def __init__(self, data: bytes, *, sorted_keys: bool) -> None:
        self._data = data
        self._sorted = sorted_keys
        self.at = 0
        self.info: bytes | None = None

    def value(self, depth: int = 0) -> Any:
        kind = self._data[self.at : self.at + 1]
        if kind == b"d":
            return self._dictionary(depth)
        if kind == b"l":
            return self._list(depth)
        if kind == b"i":
            return self._integer()
        return self._string()

    def _dictionary(self, depth: int) -> dict[bytes, Any]:
        found: dict[bytes, Any] = {}
        last: bytes | None = None
        self.at += 1
        while not self._ended():
            key = self._string()
            if last is not None and key <= last and ((self._sorted and depth == 0) or key == last):
                raise Refused("keys are not in order")
            last, start = key, self.at
            found[key] = self.value(depth + 1)
            if depth == 0 and key == b"info":
                self.info = self._data[start : self.at]
        return found

    def _list(self, depth: int) -> list[Any]:
        found = []
        self.at += 1
        while not self._ended():
            found.append(self.value(depth + 1))
        return found

    def _ended(self) -> bool:
        if self.at >= len(self._data):
            raise Refused("cut off")
        if self._data[self.at : self.at + 1] != b"e":
            return False
        self.at += 1
        return True

    def _integer(self) -> int:
        return int(self._until(b"e", 1))

    def _string(self) -> bytes:
        length = int(self._until(b":", 0))
        end = self.at + length
        if length < 0 or end > len(self._data):
            raise Refused("a string is cut off")
        text, self.at = self._data[self.at : end], end
        return text

    def _until(self, mark: bytes, skip: int) -> str:
        end = self._data.find(mark, self.at)
        digits = self._data[self.at + skip : end] if end >= 0 else b""
        if not digits.removeprefix(b"-").isdigit():
            raise Refused("not a number")
        self.at = end + 1
        return digits.decode()
