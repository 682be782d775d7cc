"""
Sound and picture as words of a title, from an *arr's ``mediaInfo``, whose values are those of its
``MediaFiles/MediaInfo/MediaInfoFormatter.cs``. The *arrs score offers by these words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_MAX_READ = 100
"""Characters of a friend's text that are looked at."""

_AUDIO = {
    "truehd atmos": "TrueHD.Atmos.{}",
    "truehd": "TrueHD.{}",
    "eac3 atmos": "DDP{}.Atmos",
    "eac3": "DDP{}",
    "ac3": "DD{}",
    "dts-x": "DTS-X.{}",
    "dts-hd ma": "DTS-HD.MA.{}",
    "dts-hd hra": "DTS-HD.HRA.{}",
    "dts-es": "DTS.{}",  # "ES" would be read as Spanish
    "dts express": "DTS.{}",
    "dts 96/24": "DTS.{}",
    "dts": "DTS.{}",
    "flac": "FLAC.{}",
    "pcm": "LPCM.{}",
    "opus": "Opus.{}",
    "vorbis": "Vorbis.{}",
    "aac": "AAC{}",
    "he-aac": "AAC{}",
    "mp3": "MP3",
    "mp2": "MP2",
}
_RANGES = re.compile(r"HDR10Plus|HDR10|HDR|HLG|PQ|DV")
_CODECS = {
    "x264": "x264",
    "h264": "H264",
    "avc": "H264",
    "x265": "x265",
    "h265": "H265",
    "hevc": "H265",
    "av1": "AV1",
    "vp9": "VP9",
    "vc1": "VC1",  # with a dash, its number would be read as the group
    "vc-1": "VC1",
    "mpeg2": "MPEG2",
    "xvid": "XviD",
}
_ON_DISC = {"x264": "AVC", "H264": "AVC", "x265": "HEVC", "H265": "HEVC"}
"""How a remux calls its codec; of any other BluRay the *arrs would take these words for a raw disc."""


def media_words(info: Mapping[str, Any] | None, *, remux: bool = False) -> tuple[str, ...]:
    """``TrueHD.Atmos.7.1``, ``DV``, ``HDR10``, ``HEVC``: as far as ``info`` says; whatever is odd in it is left out."""
    if not info:
        return ()
    codec = _CODECS.get(_text(info, "videoCodec").lower(), "")
    ranges = _RANGES.findall(_text(info, "videoDynamicRangeType"))
    words = [_sound(info), *ranges, _ON_DISC.get(codec, codec) if remux else codec]
    return tuple(filter(None, words))


def _sound(info: Mapping[str, Any]) -> str:
    form = _AUDIO.get(_text(info, "audioCodec").lower(), "")
    channels = info.get("audioChannels")
    known = isinstance(channels, int | float) and not isinstance(channels, bool) and 1 <= channels < 32
    return form.format(f"{channels:.1f}" if known else "").rstrip(".").replace("..", ".")


def _text(info: Mapping[str, Any], name: str) -> str:
    value = info.get(name)
    return value[:_MAX_READ].strip() if isinstance(value, str) else ""
