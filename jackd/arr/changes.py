"""Which movies or series have other files now, as the history and the webhooks of an *arr tell. No I/O here."""

from __future__ import annotations

from collections.abc import Iterable

from jackd.arr.wire import Record, record_id

UNCHANGING = {"grabbed", "downloadFailed", "downloadIgnored"}
"""Events of the history that leave the library's files as they are, in both programs."""

UNCHANGING_EVENTS = {"Test", "Grab", "Health", "HealthRestored", "ApplicationUpdate", "ManualInteractionRequired"}
"""The same, of those that are told by a webhook."""


def changed_groups(history: Iterable[object], key: str) -> list[str]:
    """The movies or series (``key``: ``movieId``, ``seriesId``) whose files a history says to have changed."""
    events = (e for e in history if isinstance(e, dict) and str(e.get("eventType")) not in UNCHANGING)
    return list(dict.fromkeys(str(group) for event in events if (group := record_id({"id": event.get(key)}))))


def told_group(event: Record) -> str | None:
    """The movie or series whose files a webhook's event says to have changed."""
    if str(event.get("eventType")) in UNCHANGING_EVENTS:
        return None
    group = record_id(event.get("movie") or event.get("series"))
    return str(group) if group else None
