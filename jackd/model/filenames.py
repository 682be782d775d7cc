"""Names for files and folders, made from what others call things."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME_BYTES = 240
"""File systems allow 255 bytes; some room is left for what other programs append."""

_VIDEOS = "3g2 3gp asf avi divx flv iso m2ts m2v m4v mk3d mkv mov mp4 mpeg mpg mts ogm ogv rmvb ts vob webm wmv wtv"
VIDEO_EXTENSIONS = frozenset(_VIDEOS.split())
"""The extensions that jack shares and accepts, lower case, without dot; never a program, a script or a link."""

SUBTITLE_EXTENSIONS = frozenset(("ass", "idx", "smi", "srt", "ssa", "sub", "sup", "vtt"))
NFO_EXTENSIONS = frozenset(("nfo",))
ARTWORK_EXTENSIONS = frozenset(("jpeg", "jpg", "png", "tbn", "webp"))
EXTRA_EXTENSIONS = SUBTITLE_EXTENSIONS | NFO_EXTENSIONS | ARTWORK_EXTENSIONS
"""Of what may lie beside a video and come along with it."""

MAX_SUFFIX = 39

_FORBIDDEN = frozenset('/\\<>:"|?*')
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Cn", "Co"))
_DEVICE = re.compile(
    r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL
)
_NOT_EXTENSION = re.compile(r"[^A-Za-z0-9]")
_MAX_EXTENSION = 16
_SUFFIX = re.compile(r"(?:[.-][A-Za-z0-9_]+){0,5}\.[A-Za-z0-9]+")


def safe_name(text: str, *, extension: str = "") -> str:
    """
    One path component that every usual file system takes and no program misreads: NFC, visible characters only,
    no separators, no leading ``.``, ``-`` or space, no trailing dot or space, no name or character that Windows
    reserves, never empty, at most :data:`MAX_NAME_BYTES` bytes.

    :param extension: appended whole, with or without its dot; ``text`` is shortened to make room.
    """
    ending = _NOT_EXTENSION.sub("", extension)[:_MAX_EXTENSION]
    suffix = f".{ending}" if ending else ""
    stem = "".join(map(_visible, unicodedata.normalize("NFC", text)))
    stem = unicodedata.normalize("NFC", " ".join(stem.split())).lstrip(" .-")
    if _DEVICE.fullmatch(stem):
        stem = f"_{stem}"
    room = MAX_NAME_BYTES - len(suffix)
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    return (stem or "unnamed") + suffix


def _visible(character: str) -> str:
    if character.isspace() or character in _FORBIDDEN:
        return " "
    return "" if unicodedata.category(character) in _INVISIBLE else character


def video_extension(filename: str) -> str | None:
    """The extension of ``filename``, lower case, without dot, if it is one of :data:`VIDEO_EXTENSIONS`."""
    extension = filename.rpartition(".")[2].lower()
    return extension if "." in filename and extension in VIDEO_EXTENSIONS else None


def extra_extension(suffix: str) -> str | None:
    """
    The extension of what a name may have behind that of a video (``.en.forced.srt``, ``-poster.jpg``), lower case,
    without dot; ``None`` for what has no such form, which says nothing but languages, kinds and an extension of
    :data:`EXTRA_EXTENSIONS`.
    """
    extension = suffix.rpartition(".")[2].lower()
    good = len(suffix) <= MAX_SUFFIX and _SUFFIX.fullmatch(suffix) and extension in EXTRA_EXTENSIONS
    return extension if good else None


def safe_path(text: str) -> str:
    """A relative path of safe names, from text with ``/`` between them (a category); empty when nothing is left."""
    return "/".join(safe_name(part) for part in text.split("/") if part)
