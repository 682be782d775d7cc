"""Which files a release is made of, and what they will be called: the *arrs know each by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, count

from jackd.model.filenames import safe_name
from jackd.model.grab import MAX_FILES, GrabFile
from jackd.model.item import Item, extra_id
from jackd.model.naming import release_title
from jackd.model.release import Release


def contents(release: Release) -> list[GrabFile]:
    """
    The videos, each called by its own release title; then what lies beside them, called as its video is, as far as
    :data:`~jackd.model.download.MAX_FILES` allows. No two have the same name, on no file system (S13).
    """
    named = list(zip(_different(safe_name(release_title(item)) for item in release.parts), release.parts, strict=True))
    videos = [_video(title, item) for title, item in named]
    extras = (extra for title, item in named for extra in _extras(title, item))
    files = {file.name.casefold(): file for file in (*extras, *videos)}
    return [*videos, *(file for file in files.values() if file not in videos)][: max(MAX_FILES, len(videos))]


def _video(title: str, item: Item) -> GrabFile:
    stem, dot, extension = item.filename.rpartition(".")
    return GrabFile(item=item.id, name=safe_name(title, extension=extension if stem and dot else ""), size=item.size)


def _extras(title: str, item: Item) -> Iterator[GrabFile]:
    for extra in item.extras:
        yield GrabFile(item=extra_id(item.id, extra.suffix), name=title + extra.suffix, size=extra.size)


def _different(titles: Iterable[str]) -> Iterator[str]:
    """With a number behind those that came before."""
    taken: set[str] = set()
    for title in titles:
        numbered = chain([title], (f"{title} ({number})" for number in count(2)))
        found = next(name for name in numbered if name.casefold() not in taken)
        taken.add(found.casefold())
        yield found
