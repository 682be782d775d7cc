"""
What Radarr and Sonarr read from a release title, as far as jack's titles need it.

Written from what is known of their behaviour, apart from the code under test: it walks over the words of a title.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from attrs import field, frozen

from tests.fakes import title_marks
from tests.fakes.title_marks import Mended, quality

HASHED = (r"[0-9a-zA-Z]{32}", r"[a-z0-9]{24}$", r"[A-Z]{11}\d{3}$", r"[a-z]{12}\d{3}$", r"(?i:abc)$", r"123$")


@frozen(kw_only=True)
class Read:
    """
    What a title says.

    :ivar title: the name as it is spelled; ``rest`` what stands behind it and its number.
    :ivar episodes: empty for a pack.
    """

    title: str
    rest: str
    whole: str
    year: int | None = None
    season: int | None = None
    episodes: tuple[int, ...] = ()
    aired: date | None = None
    absolute: int | None = None
    quality: str = field(init=False)
    revision: Mended = field(init=False)
    group: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "quality", quality(self.whole))
        object.__setattr__(self, "revision", title_marks.mended(self.whole))
        object.__setattr__(self, "group", title_marks.group(self.whole))

    @property
    def name(self) -> str:
        """Cleaned, as names are compared."""
        return clean(self.title)

    @property
    def languages(self) -> set[str]:
        return title_marks.languages(self.rest)

    @property
    def edition(self) -> str:
        return title_marks.edition(self.rest)


def clean(name: str) -> str:
    """A name without punctuation, accents and case; ``and`` and ``&`` are nothing."""
    decomposed = unicodedata.normalize("NFD", name.replace("&", " and "))
    plain = "".join(c for c in decomposed if unicodedata.category(c) != "Mn").lower()
    words = "".join(c if c.isalnum() else "'" if c in "'’" else " " for c in plain).replace("'", "").split()
    return "".join(word for word in words if word != "and")


def refused(title: str) -> bool:
    """Shapes that are taken for an obfuscated name."""
    low = title.lower()
    return any(re.match(shape, title) for shape in HASHED) or ("password" in low and "yenc" in low)


def parse(app: str, title: str) -> Read | None:
    """``None``: "Unable to parse release"."""
    return read_movie(title) if app == "radarr" else read_episode(title)


def read_movie(title: str) -> Read | None:
    """
    Name and the first year that no year follows, anywhere but at the start. ``German`` before the year, and an edition
    right before it, end the name.
    """
    if refused(title) or title.startswith("["):
        return None
    words = re.split(r"[ ._]", title)
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        bare = word.strip("()").partition("-")[0].rstrip(")")
        if at and is_year(bare) and not is_year(following.strip("()")[:4]):
            own = named(words[:at])
            rest = ".".join([*words[len(own) : at], *words[at + 1 :]])
            return Read(title=" ".join(own), rest=rest, whole=title, year=int(bare))
    return None


def named(words: list[str]) -> list[str]:
    """The words of a name, as far as they are one."""
    for at, word in enumerate(words):
        if at and word.lower().startswith(("german", "truefrench")) and words[at - 1].lower() not in ("the", "good"):
            return words[:at]
    for length in (3, 2, 1):
        if len(words) > length and title_marks.edition(".".join(words[-length:])) == " ".join(words[-length:]).lower():
            return words[:-length]
    return words


def is_year(word: str) -> bool:
    return len(word) == 4 and word.isdigit() and word[:2] in ("18", "19", "20")


def read_episode(title: str) -> Read | None:
    """``SxxEyy``, a pack, a date, or an absolute number behind ``[Group]``."""
    if refused(title):
        return None
    if title.startswith("["):
        found = re.fullmatch(r"\[[^\]]+\][ ._]?(.+?)[ ._]-[ ._](\d{2,4})(?:v\d)?((?:[ ._].*|-.*)?)", title)
        if found:
            return Read(title=found[1], rest=found[3], whole=title, absolute=int(found[2]))
    found = re.match(r"(.+?)[ ._\-(\[]+[Ss](\d{1,4})((?:[Ee-]+\d{1,4})*)(?:v\d)?(?=[ ._\-)\]]|$)", title)
    if found:
        numbers = [int(n) for n in re.findall(r"\d+", found[3])]
        episodes = tuple(range(numbers[0], numbers[-1] + 1)) if numbers else ()
        rest = title[found.end() :]
        return Read(title=found[1], rest=rest, whole=title, season=int(found[2]), episodes=episodes)
    return read_daily(title)


def read_daily(title: str) -> Read | None:
    """A date, unless a number of three digits in the name is taken for season and episode."""
    found = re.match(r"(.+?)[ ._-]+(\d{4})[._-](\d\d)[._-](\d\d)(?!\d)", title)
    if not found:
        return None
    misread = re.search(r"[_.-]([1-9])(0[1-9]|[1-9]\d)(?=[_.])", f"{found[1]}.")
    if misread:
        return Read(
            title=title[: misread.start()], rest="", whole=title, season=int(misread[1]), episodes=(int(misread[2]),)
        )
    aired = date(int(found[2]), int(found[3]), int(found[4]))
    return Read(title=found[1], rest=title[found.end() :], whole=title, aired=aired)
