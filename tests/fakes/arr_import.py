"""What the *arrs check before they import a finished download, and what they do then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

VIDEO = frozenset(
    f".{name}"
    for line in (
        "webm m4v 3gp nsv ty strm rm rmvb m3u ifo mov qt divx xvid bivx nrg pva wmv asf asx ogm ogv m2v avi bin dat",
        "dvr-ms mpg mpeg mp4 avc vp3 svq3 nuv viv dv fli flv wpl img iso vob mkv ts wtv m2ts",
    )
    for name in line.split()
)
DANGEROUS = frozenset({".arj", ".lnk", ".lzh", ".ps1", ".scr", ".vbs", ".zipx", ".bat", ".cmd", ".exe", ".sh"})
_EXCLUDED_FOLDERS = frozenset(
    {"extras", "extrafanart", "behind the scenes", "deleted scenes", "featurettes", "interviews", "other", "scenes"}
    | {"sample", "samples", "shorts", "trailers", "@eadir", "plex versions"}
)
_EXCLUDED_ENDS = ("-trailer", "-other", "-behindthescenes", "-deleted", "-featurette", "-interview", "-scene", "-short")


class NotImported(Exception):
    """Why; the download stays where it is, and is looked at again."""


def files_to_import(output: str, library: Path) -> list[Path]:
    """The video files at ``output``, all of which the *arr takes. Raises ``NotImported``."""
    path = Path(output)
    if not output.startswith("/"):
        raise NotImported(f"{output!r} is not a valid local path")
    if not path.exists():
        raise NotImported(f"No files found are eligible for import in {output}")
    if path.resolve().is_relative_to(library.resolve()):
        raise NotImported("mapped to a folder of the library")
    found = [path] if path.is_file() else sorted(_videos(path))
    for file in found:
        _check(file)
    if not found:
        raise NotImported(f"No files found are eligible for import in {output}")
    return found


def extras_of(video: Path, wanted: frozenset[str]) -> list[Path]:
    """What comes along with a video: of the wanted extensions, in its folder, called as it is."""
    beside = sorted(video.parent.iterdir())
    return [f for f in beside if f != video and f.name.startswith(video.stem) and f.suffix.lower() in wanted]


def move(file: Path, target: Path, *, hardlink: bool) -> None:
    """Move when the client lets go of the file, else hard-link; the size is compared afterwards."""
    if target.exists():
        raise NotImported("the destination exists")
    target.parent.mkdir(parents=True, exist_ok=True)
    size = file.stat().st_size
    if hardlink:
        os.link(file, target)
    else:
        shutil.move(file, target)
    if target.stat().st_size != size:
        raise NotImported("the sizes differ")


def _videos(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        inner = file.relative_to(folder)
        if file.is_file() and file.suffix.lower() in VIDEO | DANGEROUS and not _excluded(inner):
            yield file


def _excluded(inner: Path) -> bool:
    folders = [part.lower() for part in inner.parts[:-1]]
    return (
        any(folder in _EXCLUDED_FOLDERS or folder.startswith(".") for folder in folders)
        or inner.stem.lower().endswith(_EXCLUDED_ENDS)
        or inner.name.startswith(("._", ".unmanic"))
    )


def _check(file: Path) -> None:
    if file.suffix.lower() in DANGEROUS:
        raise NotImported(f"dangerous file: {file.name}")
    if file.suffix.lower() not in VIDEO or file.name.startswith("._"):
        raise NotImported(f"Unsupported extension: {file.suffix}")
    if any(parent.name.startswith(("_UNPACK_", "_FAILED_")) for parent in file.parents):
        raise NotImported("still being unpacked")
    if not os.access(file, os.R_OK):
        raise NotImported(f"can't be read: {file}")
