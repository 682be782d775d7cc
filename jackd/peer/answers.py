"""What a peer's status, headers and lack of an answer mean, as errors (docs/peer-protocol.rst, F26 to F30)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import NoReturn

from twisted.web.http_headers import Headers

from jackd.model.errors import ItemGone, PeerBusy, PeerError, PeerRefused

MAX_RETRY_AFTER = 3600.0
"""Seconds; a peer can't put us to sleep for longer."""


def header(headers: Headers, name: str) -> str | None:
    """The first header of that name."""
    found = headers.getRawHeaders(name)
    return str(found[0]) if found else None


def refuse(status: int, headers: Headers, *, now: float, item: bool) -> NoReturn:
    """
    Raise what an answer without success means.

    :param item: whether one item was asked for, so that 404 is about it and not about the peer.
    """
    if 300 <= status < 400:
        raise PeerError(f"the peer redirected ({status}); configure the address that it redirects to")
    if status in (401, 403):
        raise PeerRefused(f"the peer does not accept our key ({status}); ask for another one")
    if status in (404, 410):
        raise ItemGone if item else PeerError(f"there is no jack at this address ({status})")
    wait = retry_after(header(headers, "retry-after"), now) if status in (429, 503) else None
    place = header(headers, "x-queue-position")
    if status == 503 and wait is not None and place is not None and place.isascii() and place.isdigit():
        raise PeerBusy(f"the friend is busy; place {place[:6]} in the queue", retry_after=wait)
    raise PeerError(f"the peer answered {status}", temporary=status >= 500 or status == 429, retry_after=wait)


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds to wait, from a number or a date, at most :data:`MAX_RETRY_AFTER`."""
    text = (text or "").strip()
    try:
        if text.isascii() and text.isdigit():
            seconds = float(text[:12])
        else:
            seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, min(seconds, MAX_RETRY_AFTER))


def require_json(headers: Headers) -> None:
    """Raises ``PeerError`` for another type: mostly the login page of a proxy (F29)."""
    kind = media_type(headers)
    if kind == "text/html":
        raise PeerError("an HTML page came instead of JSON: there is an auth layer (login page) in front of the peer")
    if kind != "application/json" and not kind.endswith("+json"):
        raise PeerError(f"the peer's answer is {kind[:80] or 'of no type'}, not JSON")


def media_type(headers: Headers) -> str:
    """``Content-Type`` without parameters, lower case, printable."""
    text = (header(headers, "content-type") or "").partition(";")[0].strip().lower()
    return "".join(c for c in text if c.isprintable())
