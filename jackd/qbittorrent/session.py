"""Sessions (the cookie ``SID``) and the ban of those who guess."""

from __future__ import annotations

import base64
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator

from attrs import define

from jackd.model.errors import Forbidden
from jackd.ports import Mints
from jackd.web.auth import Account, Keys

SESSION_SECONDS = 7 * 86_400.0
MAX_COOKIE = 4096
MAX_TOKENS = 8
"""Cookies named SID that are looked at in one request; the *arrs add those of other servers on the same host."""

MAX_ENDED = 1000
"""Logged-out sessions that are remembered."""

MAX_FAILURES = 5
BAN_SECONDS = 3600.0
MAX_SUSPECTS = 1000
"""Pairs of address and name whose failures are counted."""

BANNED = "Your IP address has been banned after too many failed authentication attempts."

_SID = re.compile(r"(?:^|;)\s*SID=([^;]*)")


class Sessions:
    """
    Sessions that need no memory: the cookie is a signed text, bound to the key that was logged in with. It stays good
    after a restart (F63) and ends with its key, by logging out, or with its time.
    """

    def __init__(self, keys: Keys, mint: Mints, now: Callable[[], float]) -> None:
        self._keys = keys
        self._mint = mint
        self._now = now
        self._ended: OrderedDict[str, None] = OrderedDict()

    def open(self, account: Account) -> str:
        """A new session's token: letters, digits, ``-``, ``_`` and ``.``."""
        key = next(key for key, known in self._keys.named(account.name) if known == account)
        name = base64.urlsafe_b64encode(account.name.encode()).rstrip(b"=").decode()
        told = f"{name}.{int(self._now() + SESSION_SECONDS):x}.{secrets.token_urlsafe(12)}"
        return f"{told}.{self._sign(told, key)}"

    def account(self, token: str) -> Account | None:
        """Whose session that is, ``None`` when it is over, made up, or its key is no longer let in."""
        told, _, signature = token.rpartition(".")
        name = self._name(told)
        if name is None or token in self._ended:
            return None
        for key, account in self._keys.named(name):
            if self._mint.verify("session", f"{told}\0{key}", signature):
                return account
        return None

    def close(self, token: str) -> None:
        """End the session."""
        self._ended[token] = None
        while len(self._ended) > MAX_ENDED:
            self._ended.popitem(last=False)

    def _sign(self, told: str, key: str) -> str:
        return self._mint.sign("session", f"{told}\0{key}")

    def _name(self, told: str) -> str | None:
        try:
            name, until, _ = told.split(".")
            alive = int(until, 16) > self._now()
            return base64.b64decode(name + "=" * (-len(name) % 4), b"-_", validate=True).decode() if alive else None
        except ValueError:
            return None


def tokens(cookies: str) -> Iterator[str]:
    """The values of all cookies named ``SID`` in a ``Cookie`` header, whoever else's they are."""
    if len(cookies) <= MAX_COOKIE:
        for found, _ in zip(_SID.finditer(cookies), range(MAX_TOKENS), strict=False):
            yield found[1].strip().strip('"')


@define
class _Suspect:
    failures: int
    until: float


class Bans:
    """Who failed too often, by address **and** name: behind one proxy, a guesser must not lock the others out (S6)."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._suspects: OrderedDict[tuple[str, str], _Suspect] = OrderedDict()

    def check(self, client: str, name: str) -> None:
        """Raises ``Forbidden`` during a ban, whether or not the password is right."""
        suspect = self._suspects.get((client, name))
        if suspect is None:
            return
        if suspect.until <= self._now():
            del self._suspects[client, name]
        elif suspect.failures >= MAX_FAILURES:
            raise Forbidden(BANNED)

    def failed(self, client: str, name: str) -> int:
        """Count a failure; the number of them so far."""
        suspect = self._suspects.setdefault((client, name), _Suspect(0, 0.0))
        suspect.failures += 1
        suspect.until = self._now() + BAN_SECONDS
        self._suspects.move_to_end((client, name))
        while len(self._suspects) > MAX_SUSPECTS:
            self._suspects.popitem(last=False)
        return suspect.failures

    def succeeded(self, client: str, name: str) -> None:
        """Forget earlier failures."""
        self._suspects.pop((client, name), None)
