"""A release title in the making: its pieces, from what a library knows, and how they are joined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve, frozen

from jackd.model.edition import EDITION
from jackd.model.group import plain_group
from jackd.model.item import Item, Kind
from jackd.model.languages import language_words
from jackd.model.marks import Mark, folded
from jackd.model.quality import quality_words
from jackd.model.revision import revision_words

MAX_NAME = 140
"""UTF-8 bytes of the name in a title."""

MAX_READ = 500
"""Characters of a friend's text that are looked at."""

_MAX_LISTED = 4
"""Episodes of one file that are all named; of more only the first and the last."""

_NO_GROUP = "jack"

_APOSTROPHE = re.compile(r"['’ʼ`´]")
_SEPARATOR = re.compile(r"[\W_]+")
_LONG_WORD = re.compile(r"([^\W_]{24})(?=[^\W_])")
_GROUP = re.compile(r"-(?!DL$)([A-Za-z0-9]+)$")
_SHAPE = re.compile(r"(?<![^\W_])(?:3D|(?:H(?:alf)?-?)?(?:SBS|O?OU|TAB)|Hybrid)(?![^\W_])", re.IGNORECASE)
_SERVICE = re.compile(
    r"(?<![^\W_])(?:AMZN|NF|DSNP|HMAX|MAX|ATVP|HULU|PCOK|PMTP|STAN|CRAV|MA|IP|CR)(?=[-_. \]\[]+WEB)", re.IGNORECASE
)
"""Where a ``WEB-DL`` is from."""

_MISREAD = re.compile(
    rf"(?<![^\W_])(?:(?:german|truefrench|complete)\w*|disc|disk|iso|part|proper|re(?:pack|rip)\d?|remux|\d{{3,4}}[pi]|(?-i:REAL)|{EDITION})(?![^\W_])"
    r"|(?<!\d)(?:18|19|20)\d\d(?!\d)|(?<!\d)\d{3}(?!\d)",
    re.IGNORECASE,
)
"""Words of a name that the *arrs may take for something else."""


@frozen(kw_only=True)
class Draft:
    """
    :ivar name: its words joined by dots; ``number`` the year, ``SxxEyy``, date or absolute number.
    :ivar extras: words that go before the quality, ``quality`` itself, ``media`` behind it.
    :ivar fansub: in the form that absolute numbers are read in.
    """

    name: str
    number: str
    revision: Sequence[str] = ()
    extras: Sequence[str] = ()
    quality: str = ""
    media: Sequence[str] = ()
    group: str = ""
    fansub: bool = False

    def title(self) -> str:
        """``Name.1999.PROPER.Extended.1080p.BluRay.DTS-HD.MA.5.1.x264-GRP``."""
        if self.fansub:
            return self._in_brackets()
        words = [self.name, self.number, *self.revision, *self.extras, self.quality, *self.media]
        return "-".join(filter(None, (".".join(filter(None, words)), self.group)))

    def optional(self) -> Iterator[tuple[str, str]]:
        """What can be left out: the member it is in, and the word."""
        yield from [("group", self.group)] if self.group else []
        yield from (("extras", word) for word in self.extras)
        yield from (("media", word) for word in self.media)

    def with_more(self, name: str, word: str) -> Draft:
        """One of those added."""
        changed: dict[str, Any] = {name: word if name == "group" else (*getattr(self, name), word)}
        return evolve(self, **changed)

    def _in_brackets(self) -> str:
        """``[Group] Name - 07v2 [1080p BluRay][FLAC.2.0]``."""
        version = next((word for word in self.revision if word.startswith("v")), "")
        words = [*(w for w in self.revision if w != version), *self.extras, self.quality.replace(".", " "), *self.media]
        brackets = "".join(f"[{word}]" for word in words if word)
        name = self.name.replace(".", " ")
        return f"[{self.group or _NO_GROUP}] {name} - {self.number}{version} {brackets}".strip()


def draft(item: Item, name: str, mark: Mark | None, told: str, media: Sequence[str]) -> Draft:
    """
    All that is known of ``item``.

    :param mark: where the number is taken from that the library does not know.
    :param told: what stands behind the name in the title that ``item`` came with: the library does not know all of it.
    """
    fansub = is_absolute(item)
    known = Draft(name=name, number=_number(item, mark), group=plain_group(_read(item.release_group)), fansub=fansub)
    if item.quality is None and dotted(told):
        return _as_told(known, told)
    quality = quality_words(item.quality)
    service = _SERVICE.search(told)
    return Draft(
        name=known.name,
        number=known.number,
        revision=revision_words(item.revision),
        extras=[dotted(_read(item.edition)), *map(dotted, language_words(item.languages)), *_shapes(told)],
        quality=quality.replace("WEB", f"{service[0].upper()}.WEB", 1) if service else quality,
        media=media,
        group=known.group,
        fansub=fansub,
    )


def _as_told(known: Draft, told: str) -> Draft:
    """The library has no quality: whatever the title had."""
    own = f"-{known.group}" if known.group else ""
    found = None if own and told.endswith(own) else _GROUP.search(told)
    words = dotted(told[: found.start()] if found else told.removesuffix(own))
    group = known.group or (plain_group(found[1]) if found else "")
    return Draft(name=known.name, number=known.number, quality=words, group=group, fansub=known.fansub)


def _shapes(told: str) -> list[str]:
    return list(dict.fromkeys(word.upper().replace("HYBRID", "Hybrid") for word in _SHAPE.findall(told)))


def _number(item: Item, mark: Mark | None) -> str:
    """The year; or season and episodes, absolute number, air date."""
    if item.kind is Kind.MOVIE:
        return str(item.year or (mark.year if mark else None) or "")
    if item.season is not None:
        return f"S{item.season:02d}" + _listed(item.episodes)
    if is_absolute(item):
        return f"{item.absolute:02d}"
    aired = item.aired or (mark.aired if mark else None)
    if aired is not None:
        return aired.isoformat().replace("-", ".")
    return f"S{mark.season:02d}" + _listed(mark.episodes) if mark and mark.season is not None else ""


def _listed(episodes: tuple[int, ...]) -> str:
    if len(episodes) > _MAX_LISTED:
        return f"E{episodes[0]:02d}-E{episodes[-1]:02d}"
    return "".join(f"E{number:02d}" for number in episodes)


def is_absolute(item: Item) -> bool:
    """Whether its absolute number is what tells the episode from others."""
    return item.kind is Kind.EPISODE and item.season is None and item.anime and item.absolute is not None


def dotted(text: str) -> str:
    """``text`` as words joined by dots: ``Fast & Furious`` -> ``Fast.and.Furious``."""
    plain = _APOSTROPHE.sub("", folded(text).replace("&", " and "))
    return _LONG_WORD.sub(r"\1.", _SEPARATOR.sub(".", plain).strip("."))


def harmless(name: str) -> str:
    """
    ``name`` with a dot inside each word that could be taken for something else: ``A.Ger.man.Life``. Names are compared
    without their dots.
    """
    return _MISREAD.sub(lambda found: _split(found[0]), name)


def _split(words: str) -> str:
    return ".".join(f"{word[: len(word) // 2]}.{word[len(word) // 2 :]}" for word in words.split("."))


def cut(title: str, limit: int) -> str:
    """At most ``limit`` bytes, cut at a dot where there is one."""
    data = title.encode("utf-8", "replace")
    if len(data) <= limit:
        return title
    short = data[: limit + 1].decode("utf-8", "ignore")
    return (short.rpartition(".")[0] or short[:-1]).strip(".")


def _read(text: str | None) -> str:
    return (text or "")[:MAX_READ]
