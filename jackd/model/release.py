"""An item as a certain friend offers it, and who else has it."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen

from jackd.model.item import Item
from jackd.model.naming import release_title


def _items(values: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(values)


def _sources(values: Iterable[Source]) -> tuple[Source, ...]:
    return tuple(values)


@frozen(kw_only=True)
class Source:
    """Where a file can be had: ``item`` at the peer with the id ``peer``, called ``peer_name``."""

    peer: str
    peer_name: str
    item: str


@frozen(kw_only=True)
class Release:
    """
    What a search answers with: ``item`` at the peer with the id ``peer``.

    :ivar peer_name: the friend's name in the owner's configuration.
    :ivar seeders: how many friends have it and can be reached.
    :ivar others: who else seems to have the same file, in the order of the configuration.
    :ivar files: of a whole season (:mod:`jackd.peer.seasons`) the items that it consists of, in the order of their
        episodes; ``item`` is then none that the friend has. Empty for everything else.
    :ivar made: its title, when that was made before.
    """

    item: Item
    peer: str
    peer_name: str
    seeders: int = 1
    others: tuple[Source, ...] = field(default=(), converter=_sources)
    files: tuple[Item, ...] = field(default=(), converter=_items)
    made: str | None = field(default=None, eq=False)

    @property
    def title(self) -> str:
        """As the *arrs get to see it. Making one takes a fraction of a millisecond."""
        return self.made or release_title(self.item)

    @property
    def parts(self) -> tuple[Item, ...]:
        """The items whose files are fetched for it."""
        return self.files or (self.item,)

    @property
    def guid(self) -> str:
        """``<peer>:<item id>``: stable and unique among all friends."""
        return f"{self.peer}:{self.item.id}"


def split_guid(guid: str) -> tuple[str, str] | None:
    """``(peer, item id)`` of a guid, or ``None`` when it has not that form."""
    peer, colon, item = guid.partition(":")
    return (peer, item) if peer and colon and item else None
