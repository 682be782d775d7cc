"""The webhooks of the fake *arrs: ``Core/Notifications/Webhook`` and the back-off of ``ThingiProvider/Status``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from attrs import define

from tests.fakes.arr_network import Caller
from tests.fakes.arr_providers import Problem, Providers, values

GRACE_SECONDS = 300
PERIODS = (0, 60, 300, 900, 1800, 3600)
"""Seconds of being disabled, by level."""


@define
class _Status:
    level: int = 0
    failed_first: float = 0.0
    until: float = 0.0


class Webhooks:
    """
    Tells of events.

    :param about: members of every event.
    :ivar now: seconds, for the back-off.
    :ivar told: the events that were sent, by type.
    :ivar failures: every answer that was no 2xx.
    """

    def __init__(self, caller: Caller, agent_name: str, about: dict[str, Any]) -> None:
        self._caller = caller
        self._agent_name = agent_name
        self._about = about
        self.now: Callable[[], float] = time.time
        self._statuses: dict[int, _Status] = {}
        self.told: list[str] = []
        self.failures: list[str] = []

    async def test(self, entry: dict[str, Any]) -> list[Problem]:
        """The Test of an entry: an event that must get a 2xx."""
        if entry["implementation"] != "Webhook":
            return []
        why = await self._send(entry, {"eventType": "Test", "movie": {"id": 1, "title": "Test Title"}})
        return [Problem("Url", f"Unable to post to webhook: {why}")] if why else []

    async def tell(self, providers: Providers, flag: str, event: dict[str, Any]) -> None:
        """Send ``event`` to every entry that has ``flag`` on and is not disabled for its failures."""
        for entry in providers.enabled(flag):
            status = self._statuses.setdefault(entry["id"], _Status())
            if entry["implementation"] == "Webhook" and self.now() >= status.until:
                why = await self._send(entry, event)
                self._record(status, why)

    async def _send(self, entry: dict[str, Any], event: dict[str, Any]) -> str:
        """Why it failed; nothing when it did not."""
        found = values(entry)
        method = {1: "POST", 2: "PUT"}[int(found["method"])]
        headers = {"User-Agent": self._agent_name, "Accept": "application/json", "Content-Type": "application/json"}
        body = json.dumps({**self._about, **event}).encode()
        self.told.append(event["eventType"])
        try:
            reply = await self._caller.call(method, found["url"], headers, body)
        except Exception as error:
            return type(error).__name__
        return "" if 200 <= reply.status < 300 else f"HTTP {reply.status}"

    def _record(self, status: _Status, why: str) -> None:
        """A level more for a failure, though none is disabled soon after the first one; one less for a success."""
        if not why:
            status.level, status.until = max(0, status.level - 1), 0.0
            return
        self.failures.append(why)
        now = self.now()
        if status.level == 0:
            status.failed_first = now
        status.level = min(status.level + 1, len(PERIODS) - 1)
        if now - status.failed_first >= GRACE_SECONDS:
            status.until = now + PERIODS[status.level]
