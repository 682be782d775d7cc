"""
What each friend may know of. Between the friends' routes and the catalogue stands a :class:`View`, so that no route can
forget the rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, frozen

from jackd.catalogue.shared import SharedCatalogue
from jackd.model.item import Extra, Item, split_extra_id
from jackd.model.search import Query
from jackd.model.sharing import Policy, Rules
from jackd.ports import Location


@frozen
class View:
    """The port :class:`~jackd.ports.Shared`: what ``sharing`` permits of ``catalogue``."""

    catalogue: SharedCatalogue
    sharing: tuple[Rules, ...]

    async def search(self, query: Query, *, limit: int, offset: int = 0) -> Sequence[Item]:
        """See :meth:`jackd.ports.Shared.search`."""
        return await self.catalogue.search(query, limit=limit, offset=offset, sharing=self.sharing)

    async def item(self, item_id: str) -> Item:
        """See :meth:`jackd.ports.Shared.item`."""
        return await self.catalogue.item(item_id, sharing=self.sharing)

    async def locate(self, item_id: str) -> Location:
        """See :meth:`jackd.ports.Shared.locate`. Nothing else is done for an id that is hidden or made up (S9)."""
        await self.item(split_extra_id(item_id)[0])
        return await self.catalogue.locate(item_id)

    async def extras(self, item_id: str) -> Sequence[Extra]:
        """See :meth:`jackd.ports.Shared.extras`."""
        await self.item(item_id)
        return await self.catalogue.extras(item_id)


@define
class PolicyViews:
    """The port :class:`~jackd.ports.Views`. ``policy`` may be replaced at any time."""

    catalogue: SharedCatalogue
    policy: Policy

    def of(self, peer: str | None) -> View:
        """See :meth:`jackd.ports.Views.of`."""
        return View(self.catalogue, self.policy.towards(peer))
