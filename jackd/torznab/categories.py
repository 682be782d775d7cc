"""
The numbers that Torznab gives to kinds of media: thousands, with sub-categories by picture. An item has all that fit:
whichever of them a client asks with, it finds the item.
"""

from __future__ import annotations

import re
from collections.abc import Set

from jackd.model.item import Item, Kind

MOVIES, TV, ANIME = 2000, 5000, 5070
_SD, _HD, _UHD = 30, 40, 45
BLURAY, THREE_D = MOVIES + 50, MOVIES + 60

NAMES = {
    MOVIES: ("Movies", {MOVIES + _SD: "SD", MOVIES + _HD: "HD", MOVIES + _UHD: "UHD", BLURAY: "BluRay", THREE_D: "3D"}),
    TV: ("TV", {TV + _SD: "SD", TV + _HD: "HD", TV + _UHD: "UHD", ANIME: "Anime"}),
}
"""What the capabilities list: number to name and sub-categories."""

_THREE_D = re.compile(r"(?<![^\W_])3D(?![^\W_])", re.IGNORECASE)
_THOUSANDS = {Kind.MOVIE: MOVIES, Kind.EPISODE: TV}


def categories(item: Item) -> tuple[int, ...]:
    """All numbers of ``item``, its thousand first; no picture's sub-category when the resolution is unknown."""
    thousand = _THOUSANDS[item.kind]
    picture = (thousand + _picture(item.resolution),) if item.resolution else ()
    return (thousand, *picture, *(_of_movie(item) if item.kind is Kind.MOVIE else (ANIME,) if item.anime else ()))


def _of_movie(item: Item) -> tuple[int, ...]:
    bluray = (BLURAY,) if item.quality and (item.quality.source or "").lower() == "bluray" else ()
    return (*bluray, THREE_D) if _is_3d(item) else bluray


def _is_3d(item: Item) -> bool:
    """Whether its title says so, behind the name."""
    return "3d" in item.title.lower() and _THREE_D.search(item.title, len(item.name or "")) is not None


def is_wanted(item: Item, asked: Set[int]) -> bool:
    """
    Whether ``item`` is in one of the categories ``asked`` for; none means all. An item of unknown resolution may be
    of any picture's sub-category.
    """
    if not asked or not asked.isdisjoint(categories(item)):
        return True
    pictures = {_THOUSANDS[item.kind] + picture for picture in (_SD, _HD, _UHD)}
    return not item.resolution and not asked.isdisjoint(pictures)


def kinds(asked: Set[int]) -> list[Kind]:
    """The kinds of which the categories want anything; all of them when nothing is asked for."""
    thousands = {number // 1000 * 1000 for number in asked}
    return [kind for kind, thousand in _THOUSANDS.items() if not asked or thousand in thousands]


def only_kind(asked: Set[int]) -> Kind | None:
    """The one kind that the categories leave, if they leave but one."""
    left = kinds(asked)
    return left[0] if len(left) == 1 else None


def _picture(resolution: int) -> int:
    if resolution < 720:
        return _SD
    return _HD if resolution < 2160 else _UHD
