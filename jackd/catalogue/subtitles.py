"""
Subtitles in a folder of their own, as scene releases have them: ``Subs/2_English.srt`` beside the only video of a
folder, ``Subs/<video>/2_English.srt`` beside one of many. Everything here blocks: it is for the disk's threads.

They travel under the name that a subtitle beside the video would have, in which the *arrs find the language
(``Parser/LanguageParser.cs``: a code, and behind it what kind it is): ``.2.en.srt``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from jackd.model.filenames import SUBTITLE_EXTENSIONS

FOLDERS = frozenset(("sub", "subs", "subtitle", "subtitles"))

MAX_SUBTITLES = 200
"""Files that are looked at in one such folder."""

_KINDS = frozenset(("forced", "foreign", "default", "cc", "sdh", "psdh"))
_LANGUAGES = """
af afr afrikaans, ar ara arabic, bg bul bulgarian, bn ben bengali, ca cat catalan, cs cze ces czech, da dan danish,
de ger deu german, el gre ell greek, en eng english, es spa spanish, et est estonian, fa per fas persian,
fi fin finnish, fr fre fra french, he heb hebrew, hi hin hindi, hr hrv croatian, hu hun hungarian, id ind indonesian,
is ice isl icelandic, it ita italian, ja jpn japanese, kn kan kannada, ko kor korean, lt lit lithuanian,
lv lav latvian, mk mac mkd macedonian, ml mal malayalam, mr mar marathi, ms may msa malay, nl dut nld dutch,
no nor norwegian, pl pol polish, pt por portuguese, ro rum ron romanian, ru rus russian, sk slo slk slovak,
sl slv slovenian, sq alb sqi albanian, sr srp serbian, sv swe swedish, ta tam tamil, te tel telugu, th tha thai,
tl tgl tagalog, tr tur turkish, uk ukr ukrainian, ur urd urdu, vi vie vietnamese, zh chi zho chinese
"""
_CODES = {word: words.split()[0] for words in _LANGUAGES.split(",") for word in words.split()}
_WORD = re.compile(r"[A-Za-z0-9]+")


def subtitles_below(video: Path, folders: Iterable[str], *, alone: bool) -> Iterator[tuple[str, Path]]:
    """
    The suffix and the file of each; of two with the same suffix the later one belongs to the video more surely. What
    can't be read is left out.

    :param folders: names of the folders beside the video, links left out.
    :param alone: whether it is the only video of its folder.
    """
    for name in sorted(name for name in folders if name.lower() in FOLDERS):
        if alone:
            yield from _listed(video.with_name(name), video.stem)
        if not (own := video.with_name(name) / video.stem).is_symlink():
            yield from _listed(own, video.stem)


def subtitle_suffix(name: str, stem: str) -> str | None:
    """What ``name`` is called behind a video: its number, language and kinds. ``None`` for what is no subtitle."""
    base, dot, extension = name.rpartition(".")
    if not dot or extension.lower() not in SUBTITLE_EXTENSIONS:
        return None
    words = [word.lower() for word in _WORD.findall(base.removeprefix(stem))]
    number = [word for word in words[:1] if word.isdecimal() and len(word) <= 3]
    language = [_CODES[word] for word in words if word in _CODES][-1:]
    kinds = [kind for kind in dict.fromkeys(words) if kind in _KINDS]
    return "".join(f".{word}" for word in (*number, *language, *kinds[:2], extension.lower()))


def _listed(folder: Path, stem: str) -> Iterator[tuple[str, Path]]:
    with suppress(OSError), os.scandir(folder) as entries:
        files = [entry.name for entry in islice(entries, MAX_SUBTITLES) if entry.is_file(follow_symlinks=False)]
        named = ((name, subtitle_suffix(name, stem)) for name in sorted(files, reverse=True))
        yield from ((suffix, folder / name) for name, suffix in named if suffix is not None)
