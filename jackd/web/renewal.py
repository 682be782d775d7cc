"""Certificates are renewed by others while jack runs: new ones are taken up, and their end is told before (F59)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from jackd.model.errors import Unavailable
from jackd.storage.threads import Workers
from jackd.web.certificate import BadCertificate, Certificate, Stamps, load_certificate, stamps
from jackd.web.tls import Identity

log = Logger(namespace="jackd.tls")

LOOK_SECONDS = 30.0

WARN_DAYS = (21, 7, 1, 0)
"""So many days before a certificate ends that is told, once each."""


class Renewal(Service):
    """
    Looks at the two files now and then. New connections get what is good in them; connections that are there go on.

    :param workers: the disk's.
    :param now: Unix seconds.
    """

    def __init__(
        self,
        identity: Identity,
        chain: Path,
        key: Path,
        *,
        workers: Workers,
        clock: IReactorTime,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.setName("certificate")
        self._identity, self._chain, self._key = identity, chain, key
        self._workers, self._now = workers, now
        self._seen: Stamps = identity.certificate.stamps
        self._told = max(WARN_DAYS) + 1
        self._looking = LoopingCall(self._look)
        self._looking.clock = clock
        self._look_done: Deferred[None] | None = None

    def startService(self) -> None:
        super().startService()
        self._announce("in force")
        self._looking.start(LOOK_SECONDS)

    def stopService(self) -> None:
        super().stopService()
        if self._looking.running:
            self._looking.stop()
        if self._look_done is not None:
            self._look_done.cancel()

    def look(self) -> None:
        """Look now."""
        if self._looking.running and (self._look_done is None or self._look_done.called):
            self._looking.stop()
            self._looking.start(LOOK_SECONDS)

    def _look(self) -> Deferred[None]:
        self._look_done = Deferred.fromCoroutine(self._renew())
        self._look_done.addErrback(lambda failure: failure.trap(Unavailable) and None)  # next time, then
        return self._look_done

    async def _renew(self) -> None:
        found = await self._workers.run(stamps, self._chain, self._key)
        if found != self._seen:
            self._seen = found
            await self._take_up()
        self._warn()

    async def _take_up(self) -> None:
        try:
            certificate = await self._workers.run(load_certificate, self._chain, self._key)
        except BadCertificate as error:
            log.error("the new certificate is not taken, the old one stays in force: {why}", why=str(error))
            return
        self._seen, self._identity.certificate = certificate.stamps, certificate
        self._told = max(WARN_DAYS) + 1
        self._announce("taken up")

    def _announce(self, what: str) -> None:
        certificate = self._identity.certificate
        log.info(
            "the certificate that is {what} ends on {day}; its pin is {pin}",
            what=what,
            day=_day(certificate),
            pin=certificate.pin,
        )

    def _warn(self) -> None:
        certificate = self._identity.certificate
        left = (certificate.expires - datetime.fromtimestamp(self._now(), UTC)).total_seconds() / 86400
        due = min((days for days in WARN_DAYS if left <= days), default=self._told)
        if due >= self._told:
            return
        self._told = due
        if left <= 0:
            log.error("the certificate has ended on {day}: friends can't connect by https", day=_day(certificate))
        else:
            log.warn("the certificate ends on {day}, and was not renewed yet", day=_day(certificate))


def _day(certificate: Certificate) -> str:
    return certificate.expires.date().isoformat()
