"""S12: no name from anybody else reaches the disk as it came."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jackd.model.filenames import MAX_NAME_BYTES, safe_name, video_extension

FORBIDDEN = '/\\\0<>:"|?*\u061c\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff\u00ad\n\r\t\x7f\x85'
DEVICES = ["con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The.Matrix.1999.1080p.BluRay.x264-GRP", "The.Matrix.1999.1080p.BluRay.x264-GRP"),
        ("../../etc/passwd", "etc passwd"),
        ("C:\\Windows\\evil", "C Windows evil"),
        ("..", "unnamed"),
        ("", "unnamed"),
        (" . - -hidden. . ", "hidden"),
        ("Face/Off", "Face Off"),
        ("line\nbreak\ttab", "line break tab"),
        ("gpj.\u202egnp", "gpj.gnp"),
        ("zero\u200bwidth", "zerowidth"),
        ("con", "_con"),
        ("CON.1999.1080p", "_CON.1999.1080p"),
        ("nul .x", "_nul .x"),
        ("COM1", "_COM1"),
        ("Con Air", "Con Air"),
        ("e\u0301", "\u00e9"),
        ("lone \ud800 surrogate", "lone surrogate"),
    ],
)
def test_names(text, name):
    assert safe_name(text) == name


@given(st.text(), st.sampled_from(["", "mkv", ".mp4"]))
@example("\u00e9" * 200, "mkv")
@example("a" * 239 + ". . .", "mkv")
@example("e\u200b\u0301", "")
@example("\ud800/\0", "mkv")
@example("nul", "mkv")
@example("\u0338<", "")
def test_any_text_becomes_one_safe_component(text, extension):
    name = safe_name(text, extension=extension)
    stem = name.removesuffix(f".{extension.lstrip('.')}") if extension else name
    assert stem
    assert not set(name) & set(FORBIDDEN)
    assert unicodedata.is_normalized("NFC", name)
    assert not name.startswith((".", "-", " "))
    assert not stem.endswith((".", " "))
    assert name.split(".")[0].rstrip().lower() not in DEVICES
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert name.isprintable()
    assert not extension or name.endswith(f".{extension.lstrip('.')}")
    assert safe_name(name) == name


def test_the_limit_is_in_bytes_and_keeps_the_extension():
    name = safe_name("\u00e9" * 200, extension="mkv")
    assert name == "\u00e9" * 118 + ".mkv"
    assert len(name.encode()) == 240


def test_an_extension_can_bring_nothing_in():
    assert safe_name("a", extension="../sh") == "a.sh"


@pytest.mark.parametrize(
    ("filename", "extension"),
    [
        ("a.mkv", "mkv"),
        ("A.MKV", "mkv"),
        ("a.b.mp4", "mp4"),
        ("mkv", None),
        ("a.exe", None),
        ("a.mkv.lnk", None),
        ("", None),
    ],
)
def test_only_videos(filename, extension):
    assert video_extension(filename) == extension
