"""A download's files, and the pieces that a torrent of them has, as the JSON of qBittorrent's WebUI API. Pure."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.model.file import DownloadFile
from jackd.torrent.metainfo import piece_length

Row = dict[str, Any]


def files(download: Download) -> list[Row]:
    """``torrents/files``; each ``name`` is relative to ``save_path``. What does not come has the priority 0."""
    length = piece_length(download.grab.size)
    starts = accumulate((file.size for file in download.files), initial=0)
    placed = zip(starts, download.files, strict=False)
    return [_file(download, file, [at // length, max(at, at + file.size - 1) // length]) for at, file in placed]


def _file(download: Download, file: DownloadFile, pieces: list[int]) -> Row:
    return {
        "availability": -1 if download.state.finished else 1,
        "index": file.number,
        "is_seed": file.done,
        "name": file.path,
        "piece_range": pieces,
        "priority": 0 if file.left_out else 1,
        "progress": 1.0 if file.done else min(file.received / max(file.size, 1), 0.9999),
        "size": file.size,
    }


def pieces_of(download: Download) -> list[int]:
    """``torrents/pieceStates`` for progress bars, in the pieces of the stub: 0 not yet, 1 on its way, 2 there."""
    length = piece_length(download.grab.size)
    number = -(-download.grab.size // length)
    if download.state is State.COMPLETED:
        return [2] * number
    states, there = [0] * number, _there(download)
    for start, stop in there.spans:
        first, last = -(-start // length), number if stop >= download.grab.size else stop // length
        states[first:last] = [2] * max(0, last - first)
        if download.state is State.DOWNLOADING and last < number:
            states[last] = 1
    if download.state is State.DOWNLOADING and number and not there:
        states[0] = 1
    return states


def _there(download: Download) -> Coverage:
    """Which bytes are there, of all files one behind the other."""
    starts = accumulate((file.size for file in download.files), initial=0)
    placed = zip(starts, download.files, strict=False)
    return Coverage(tuple((at + start, at + stop) for at, file in placed for start, stop in file.there.spans))
