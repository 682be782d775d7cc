"""Who may call the API, judged by the headers alone: a key, or a session's cookie from no foreign page."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from jackd.model.errors import Forbidden, Unauthorized
from jackd.qbittorrent.session import Sessions, tokens
from jackd.web.auth import Account, Keys, Scope
from jackd.web.request import Head

_DEFAULT_PORTS = (None, 80, 443)
MAX_NAME = 200


class Admission:
    """
    Lets in who has one of: ``Authorization: Bearer <key>``, ``Authorization: Basic <name:key>``, a session. A wrong or
    blank ``Authorization`` counts as none: Radarr and Lidarr send ``Basic`` on every call, with whatever is configured.
    """

    def __init__(self, keys: Keys, sessions: Sessions) -> None:
        self._keys = keys
        self._sessions = sessions

    def admit(self, head: Head) -> Account:
        """
        Raises ``Forbidden``: the *arrs log in again on 403, and only then (F63). Raises ``Unauthorized`` when a browser
        brings the cookie on behalf of another site's page (S22).
        """
        account = self.by_key(head)
        if account is not None:
            return account
        account = self.by_session(head)
        if account is None:
            raise Forbidden
        refuse_foreign(head)
        return account

    def by_key(self, head: Head) -> Account | None:
        """Who the ``Authorization`` header names."""
        kind, _, value = head.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return permitted(self._keys.account(value.strip()))
        return permitted(self._basic(value)) if kind.lower() == "basic" else None

    def by_session(self, head: Head) -> Account | None:
        """Whose session the first good cookie is."""
        accounts = (permitted(self._sessions.account(t)) for t in tokens(head.headers.get("cookie", "")))
        return next((account for account in accounts if account is not None), None)

    def _basic(self, value: str) -> Account | None:
        try:
            name, _, key = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except ValueError:
            return None
        return self._keys.login(name, key)


def permitted(account: Account | None) -> Account | None:
    """``account`` if its key opens this API."""
    return account if account is not None and Scope.QBITTORRENT in account.scopes else None


def refuse_foreign(head: Head) -> None:
    """
    Raises ``Unauthorized`` when ``Origin``, else ``Referer``, names another host or port than the one that was asked,
    or, without both, when the browser says itself that another site asks. The *arrs send none of the three.
    """
    source = head.headers.get("origin") or head.headers.get("referer")
    asked = head.headers.get("x-forwarded-host") or head.headers.get("host", "")
    if source:
        if _place(source) != _place(f"http://{asked.split(',')[0].strip()}"):
            raise Unauthorized
    elif head.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Unauthorized


def _place(url: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return (parts.hostname, None if port in _DEFAULT_PORTS else port) if parts.hostname else None
