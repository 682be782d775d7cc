"""Areas of qBittorrent that jack has nothing in: its log, RSS, search plugins. Empty, so that clients are content."""

from __future__ import annotations

from typing import ClassVar

from jackd.qbittorrent.calls import Actions, Answer, Call


class Absent:
    """``log/*``, ``rss/*``, ``search/*``."""

    actions: ClassVar[Actions] = Actions()

    @actions.read("log/main", "log/peers", "search/plugins", "search/status")
    async def nothing(self, call: Call) -> Answer:
        """No element."""
        return []

    @actions.read("rss/items", "rss/rules")
    async def no_feeds(self, call: Call) -> Answer:
        """No key."""
        return {}
