"""
The words of a release title that name languages, written and read (``Parser/LanguageParser.cs``).

A title that names none is taken to be in the original language of the film, so English alone is not written. What an
offer really speaks stands in the feed's ``language`` attributes, which the *arrs believe before the title.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_SPELLED = 4
"""Languages that are all named; more are ``MULTi``."""

NO_LANGUAGES = frozenset(("", "unknown", "original", "any"))
"""What the *arrs say instead of a language, in lower case."""

_WRITTEN = {"Czech": "CZ", "Lithuanian": "LT", "Portuguese (Brazil)": "Brazilian", "Spanish (Latino)": "Latino"}
"""Words by name, where the name itself is not read."""

_NAMES = """
English Spanish Danish Dutch Japanese Icelandic Chinese Korean Russian Romanian Hindi Arabic Thai Bulgarian Polish
Vietnamese Swedish Norwegian Finnish Turkish Portuguese Hungarian Hebrew Ukrainian Persian Bengali Slovak Latvian
Catalan Tamil Telugu Malayalam Kannada Albanian Afrikaans Marathi Tagalog Italian German Flemish Greek French
"""
_SPELLED = {name.lower(): name for name in _NAMES.split()} | {
    "brazilian": "Portuguese (Brazil)",
    "latino": "Spanish (Latino)",
    "mandarin": "Chinese",
    "cantonese": "Chinese",
}
_ANYWHERE = re.compile("|".join(_SPELLED))
_TAGS = {
    "ita": "Italian",
    "ger": "German",
    "eng": "English",
    "rus": "Russian",
    "hun": "Hungarian",
    "truefrench": "French",
    "vff": "French",
    "vfq": "French",
}
_CAPITALS = {"CZ": "Czech", "LT": "Lithuanian"}
"""Tags that are read in capitals only."""

_NOT_WORD = re.compile(r"[\W_]+")


def spoken(names: Iterable[str]) -> list[str]:
    """``names`` without those that say nothing."""
    return [name for name in names if name.strip().lower() not in NO_LANGUAGES]


def language_words(names: Iterable[str]) -> list[str]:
    """The words for a title; none for English alone and for nothing."""
    known = spoken(names)
    if len(known) > MAX_SPELLED:
        return ["MULTi"]
    return [] if known == ["English"] else [_WRITTEN.get(name, name) for name in known]


def languages_in(text: str) -> set[str]:
    """The languages that the *arrs read from ``text``: a title without the film's name and without the group."""
    low = text.lower()
    spelled = {_SPELLED[found] for found in _ANYWHERE.findall(low)}
    tagged = {_TAGS[word] for word in _NOT_WORD.split(low) if word in _TAGS}
    return spelled | tagged | {name for tag, name in _CAPITALS.items() if tag in text and tag in _NOT_WORD.split(text)}
