"""A catalogue as a series of changes: what the feed between two jacks carries."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from jackd.model.item import Item


@frozen(kw_only=True)
class Changes:
    """
    A page of the feed.

    :ivar items: added or changed, as they are now; each once.
    :ivar gone: ids of those that are not shared (any more).
    :ivar cursor: where it ends; what to ask with for the next page.
    :ivar more: whether the next page is there already.
    :ivar reset: whether it is the first page of everything, and not what follows the cursor that was asked with.
    """

    items: Sequence[Item] = ()
    gone: Sequence[str] = ()
    cursor: str
    more: bool = False
    reset: bool = False

    @property
    def is_news(self) -> bool:
        """Whether it says anything."""
        return bool(self.items or self.gone or self.reset)
