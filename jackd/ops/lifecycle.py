"""Starting in order is what Twisted does; stopping in order is this."""

from __future__ import annotations

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

log = Logger(namespace="jackd.ops")


class Stack(MultiService):
    """
    Children stop in the reverse order of their start, each only when the one before has really stopped: a transfer's
    last checkpoint still finds its threads and its database. A child that fails to stop does not keep the others up.
    """

    def stopService(self) -> Deferred[None]:
        # Not MultiService's own, which stops all children at once.
        Service.stopService(self)
        return Deferred.fromCoroutine(self._stop_all())

    async def _stop_all(self) -> None:
        for service in reversed(list(self)):
            stopped: Deferred[None] = maybeDeferred(service.stopService)
            try:
                await stopped
            except Exception:
                log.failure("{service} did not stop cleanly", service=service.name or type(service).__name__)
