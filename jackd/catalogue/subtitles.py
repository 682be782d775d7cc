"""
Subtitles in a folder of their own, as scene releases have them: ``Subs/2_English.srt`` beside the only video of a
folder, ``Subs/<video>/2_English.srt`` beside one of many. Everything here blocks: it is for the disk's threads.

They travel under the name that a subtitle beside the video would have, in which the *arrs find the language
(``Parser/LanguageParser.cs``: a code, and behind it what kind it is): ``.2.en.srt``. Of the file's own name the number
at its beginning counts, and what is known at its end; in between may stand anything.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count, islice
from pathlib import Path

from jackd.model.filenames import SUBTITLE_EXTENSIONS

FOLDERS = frozenset(("sub", "subs", "subtitle", "subtitles"))

MAX_SUBTITLES = 200
"""Files that are looked at in one such folder."""

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
_KINDS = frozenset(("forced", "foreign", "default", "cc", "sdh", "psdh"))
_REGIONS = frozenset(("br", "us", "gb", "mx", "cn", "tw", "hk", "419", "hans", "hant"))
"""Words that stand behind a language and are none."""

_IMPAIRED = "hi"
"""Hindi, or, beside another language, what is for those who do not hear well."""

_WORD = re.compile(r"[A-Za-z0-9]+")
_NUMBER = re.compile(r"[0-9]{1,3}(?![0-9])")


def subtitles_below(video: Path, folders: Iterable[str], *, alone: bool, taken: Iterable[str]) -> dict[str, Path]:
    """
    Each by the suffix under which it travels; those first that belong to the video most surely, then by number. Where
    another one has that already, it gets a number of its own. What can't be read is left out.

    :param folders: names of the folders beside the video, links left out.
    :param alone: whether it is the only video of its folder.
    :param taken: suffixes of what lies beside the video itself.
    """
    owners: dict[str, Path | None] = {suffix.rpartition(".")[0]: None for suffix in taken}
    found: dict[str, Path] = {}
    for file in _files(video, folders, alone=alone):
        whole = file.with_suffix("")  # an .idx and its .sub are one
        name = next(n for n in _names(whole.name.removeprefix(video.stem)) if owners.setdefault(n, whole) == whole)
        found[name + file.suffix.lower()] = file
    return found


def _names(base: str) -> Iterator[str]:
    """Number, language and kinds; then the same with other numbers."""
    given, said = _NUMBER.match(base), "".join(f".{word}" for word in _said(base))
    yield f".{int(given[0])}{said}" if given else said
    yield from (f".{number}{said}" for number in count(2))


def _said(base: str) -> list[str]:
    """The code of the language and the kinds, as far as they stand at the end of ``base``."""
    known: list[str] = []
    for word in reversed(_WORD.findall(base.lower())):
        if word not in _CODES and word not in _KINDS and word not in _REGIONS:
            break
        known.append(word)
    languages = [word for word in known if word in _CODES and word != _IMPAIRED] or [_IMPAIRED] * (_IMPAIRED in known)
    kinds = ["sdh" if word == _IMPAIRED else word for word in known if word in {*_KINDS, _IMPAIRED} - {*languages}]
    return [*(_CODES[word] for word in languages[:1]), *list(dict.fromkeys(reversed(kinds)))[:2]]


def _files(video: Path, folders: Iterable[str], *, alone: bool) -> Iterator[Path]:
    places = [video.with_name(name) for name in sorted(folders) if name.lower() in FOLDERS]
    for folder in (place / video.stem for place in places):
        if not folder.is_symlink():
            yield from _listed(folder)
    for folder in places if alone else ():
        yield from _listed(folder)


def _listed(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, MAX_SUBTITLES) if entry.is_file(follow_symlinks=False)]
        files = (folder / name for name in sorted(names, key=_place))
        yield from (file for file in files if file.suffix[1:].lower() in SUBTITLE_EXTENSIONS)


def _place(name: str) -> tuple[int, str]:
    number = _NUMBER.match(name)
    return int(number[0]) if number else 0, name
