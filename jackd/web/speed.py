"""Which speed limits hold now: the configuration's, a client's, the alternative ones, the hour's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from jackd.config.settings import LimitSettings
from jackd.model.peer import Peer
from jackd.model.schedule import Window
from jackd.storage.kept import KeptSettings
from jackd.web.rate import MAX_RATE, Direction

LOOK_SECONDS = 5.0
"""So often is the hour looked at."""

MINUTE_SECONDS, WEEK_SECONDS = 60, 7 * 24 * 60 * 60
"""Windows begin and end at minutes; after a week all is as it was."""

Way = Literal["upload", "download"]

log = Logger(namespace="jackd.speed")


@define(eq=False)
class _Limits:
    """
    One direction. A rate that a client has set holds as long as the configuration says what it said then.

    :ivar rate: bytes/s at hours that the schedule does not name.
    :ivar alternative: instead of all others, while a client has switched to it.
    :ivar during: the window in which a client set ``rate``: it holds until that ends.
    :ivar dated: whether what is kept of ``rate`` names such a window.
    """

    way: Way
    configured: int
    alternative_configured: int
    direction: Direction
    rate: int = field(init=False)
    alternative: int = field(init=False)
    during: Window | None = None
    dated: bool = False

    def __attrs_post_init__(self) -> None:
        self.rate, self.alternative = self.configured, self.alternative_configured

    def configure(self, settings: LimitSettings) -> Iterator[str]:
        """What the configuration says from now on. Gives the names of what is another than before."""
        rate, alternative = getattr(settings, f"{self.way}_rate"), getattr(settings, f"alternative_{self.way}_rate")
        if rate != self.configured:
            self.configured = self.rate = rate
            self.during = None
            yield "rate"
        if alternative != self.alternative_configured:
            self.alternative_configured = self.alternative = alternative
            yield "alternative"

    def at(self, window: Window | None) -> int:
        """What the hour says."""
        named = getattr(window, f"{self.way}_rate") if window and window != self.during else None
        return self.rate if named is None else int(named)


class SpeedLimits(Service):
    """
    Keeps the two :class:`~jackd.web.rate.Direction` s, ``up`` and ``down``, at the limits that hold.

    Uploads know a friend by the name of his key's account, downloads by his id. Call :meth:`load` on the open database
    before the reactor runs.

    :param now: Unix seconds.
    :ivar alternative: whether a client has switched to the alternative limits.
    """

    def __init__(
        self,
        *,
        settings: LimitSettings,
        kept: KeptSettings,
        clock: IReactorTime,
        peers: Iterable[Peer] = (),
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.setName("speed-limits")
        peers = tuple(peers)
        self.up = Direction({peer.name: peer.upload_rate for peer in peers}, clock=monotonic)
        self.down = Direction({peer.id: peer.download_rate for peer in peers}, clock=monotonic)
        self.alternative = False
        self._schedule = settings.schedule
        self._kept = kept
        self._now = now
        self._limits: dict[Way, _Limits] = {
            "upload": _Limits("upload", settings.upload_rate, settings.alternative_upload_rate, self.up),
            "download": _Limits("download", settings.download_rate, settings.alternative_download_rate, self.down),
        }
        self._looking = LoopingCall(self._apply)
        self._looking.clock = clock

    def load(self) -> None:
        """Take up what clients have set before."""
        kept = self._kept.all()
        self.alternative = bool(kept.get("alternative", False))
        for way, limits in self._limits.items():
            for key in ("rate", "alternative"):
                found = kept.get(_name(way, key))
                if found is not None and found["configured"] == _configured(limits, key):
                    setattr(limits, key, found["rate"])
                    limits.during = limits.during or self._still(found)
                    limits.dated = limits.dated or "during" in found
        self._apply()

    async def configure(self, settings: LimitSettings, peers: Iterable[Peer]) -> None:
        """
        What the configuration says from now on; at once. What a client has set is forgotten where it says something
        else than before. That is on disk when this returns.
        """
        peers = tuple(peers)
        self.up.limit_peers({peer.name: peer.upload_rate for peer in peers})
        self.down.limit_peers({peer.id: peer.download_rate for peer in peers})
        self._schedule = settings.schedule
        changed = [(limits, key) for limits in self._limits.values() for key in limits.configure(settings)]
        self._apply()
        changed += [(limits, "rate") for limits in self._limits.values() if limits.dated and not limits.during]
        for limits, key in changed:
            await self._keep(limits, key)

    def startService(self) -> None:
        super().startService()
        self._looking.start(LOOK_SECONDS)

    def stopService(self) -> None:
        super().stopService()
        if self._looking.running:
            self._looking.stop()

    def limit(self, way: Way) -> int:
        """What holds now for all streams together; bytes/s, 0 for no limit."""
        return self._limits[way].direction.total.rate

    async def set(self, way: Way, rate: int) -> None:
        """That from now on; of the alternative limits while they hold. On disk when this returns."""
        limits, key = self._limits[way], "alternative" if self.alternative else "rate"
        rate = max(0, min(rate, MAX_RATE))
        setattr(limits, key, rate)
        if not self.alternative:
            limits.during = self._window()
        self._apply()
        log.info("a client sets the {way} limit to {rate} bytes/s (0: none)", way=way, rate=rate)
        await self._keep(limits, key)

    async def use_alternative(self, on: bool) -> None:
        """Switch to the alternative limits, or back. On disk when this returns."""
        self.alternative = on
        self._apply()
        log.info("a client switches the alternative limits {state}", state="on" if on else "off")
        await self._kept.save("alternative", on)

    async def _keep(self, limits: _Limits, key: str) -> None:
        value = {"rate": getattr(limits, key), "configured": _configured(limits, key)}
        if key == "rate" and limits.during:
            value |= {"during": limits.during.to_text(), "since": self._now()}
        if key == "rate":
            limits.dated = "during" in value
        await self._kept.save(_name(limits.way, key), value)

    def _still(self, kept: Mapping[str, Any]) -> Window | None:
        """The window in which that was set, unless it has ended since."""
        window, now, since = self._window(), self._now(), kept.get("since", 0)
        if window is None or window.to_text() != kept.get("during") or since > now:
            return None
        minutes = range(int(max(since, now - WEEK_SECONDS)), int(now), MINUTE_SECONDS)
        return window if all(self._window(at) == window for at in minutes) else None

    def _window(self, at: float | None = None) -> Window | None:
        when = datetime.fromtimestamp(self._now() if at is None else at)
        return next((window for window in self._schedule if window.covers(when)), None)

    def _apply(self) -> None:
        window = self._window()
        for limits in self._limits.values():
            if limits.during != window:
                limits.during = None
            limits.direction.total.set(limits.alternative if self.alternative else limits.at(window))


def _name(way: Way, key: str) -> str:
    return f"{way}-{key}"


def _configured(limits: _Limits, key: str) -> int:
    return limits.configured if key == "rate" else limits.alternative_configured
