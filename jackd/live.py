"""What a new configuration changes while jack runs; all else waits for the next start (:mod:`jackd.config.pending`)."""

from __future__ import annotations

import os
from functools import partial

from attrs import frozen

from jackd.catalogue.bell import Bell
from jackd.catalogue.views import PolicyViews
from jackd.config import LimitSettings, Settings, load
from jackd.foundation import Jack
from jackd.model.sharing import Policy
from jackd.ops.reload import ConfigState, Reload
from jackd.transfer.queue import DownloadQueue
from jackd.web.renewal import Renewal
from jackd.web.site import Site


@frozen(kw_only=True)
class Live:
    """
    The parts that can change.

    :ivar queue, certificate: ``None`` when jack was started without.
    """

    jack: Jack
    views: PolicyViews
    bell: Bell
    site: Site
    queue: DownloadQueue | None
    certificate: Renewal | None

    def reload(self, state: ConfigState) -> Reload:
        """The service that reads the file again when it is told to, and keeps ``state``."""
        return Reload(
            settings=self.jack.settings,
            read=partial(load, self.jack.settings.path, os.environ, may_be_empty=False),
            apply=self.apply,
            state=state,
            workers=self.jack.disk,
            reactor=self.jack.reactor,
        )

    async def apply(self, new: Settings) -> None:
        """``new`` is in force at once; what has to be on disk is when this returns."""
        self._share(new.policy)
        self.site.hang_up(self.jack.friends.configure(new.peers))
        self._give_slots(new.limits)
        if self.queue is not None and new.downloads is not None:
            self.queue.resize(new.downloads.max_concurrent_downloads)
        if self.certificate is not None:
            self.certificate.look()
        await self.jack.speed.configure(new.limits, new.peers)

    def _share(self, policy: Policy) -> None:
        """Friends who follow the catalogue are told what that changes for them."""
        if policy != self.views.policy:
            self.views.policy = policy
            self.bell.ring()

    def _give_slots(self, limits: LimitSettings) -> None:
        self.jack.uploads.slots.resize(total=limits.max_uploads, each=limits.max_uploads_per_peer)
