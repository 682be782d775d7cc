"""Slows down who tries keys (S6). Only wrong keys are ever refused for it: a right one opens whatever came before."""

from __future__ import annotations

from collections import OrderedDict

from attrs import define
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from jackd.model.errors import JackError, TooManyTries
from jackd.web.request import Head

log = Logger(namespace="jackd.web")

TRIES = 10
"""Wrong keys from one address in a row."""

SECONDS_A_TRY = 6.0
"""After which it has one more."""

MAX_ADDRESSES = 1000
MAX_SHOWN = 60


@define
class _Suspect:
    tries: float
    at: float
    told: bool = False


class Guesses:
    """A bucket of :data:`TRIES` for each address that presented a wrong key."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._suspects: OrderedDict[str, _Suspect] = OrderedDict()

    def judged(self, head: Head, error: JackError) -> JackError:
        """What to answer instead of ``error``, with which ``head`` was not let in: mostly the same."""
        if not head.presents_key:
            return error
        suspect = self._suspect(head.client)
        if suspect.tries > TRIES - 1:
            log.info("a wrong key from {who} for {path}", who=head.client, path=head.path[:MAX_SHOWN])
        suspect.tries -= 1
        if suspect.tries >= 0:
            return error
        suspect.tries = 0
        if not suspect.told:
            log.warn("too many wrong keys from {who}: slowed down", who=head.client)
            suspect.told = True
        return TooManyTries(retry_after=SECONDS_A_TRY)

    def _suspect(self, client: str) -> _Suspect:
        now = self._clock.seconds()
        known = self._suspects.pop(client, None) or _Suspect(TRIES, now)
        known.tries = min(TRIES, known.tries + (now - known.at) / SECONDS_A_TRY)
        known.at = now
        known.told = known.told and known.tries < TRIES
        self._suspects[client] = known
        while len(self._suspects) > MAX_ADDRESSES:
            self._suspects.popitem(last=False)
        return known
