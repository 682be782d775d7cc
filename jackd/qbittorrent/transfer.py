"""``transfer/*``: speeds and their limits, of all transfers together."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar

from jackd.model.errors import Forbidden
from jackd.qbittorrent.calls import Actions, Answer, Call
from jackd.qbittorrent.queue import Queue
from jackd.qbittorrent.wire import Row, View
from jackd.web.speed import SpeedLimits, Way
from jackd.web.uploads import Uploads


class Transfer:
    """``transfer/*``. An *arr sees its own downloads only, and changes nothing that holds for others too."""

    actions: ClassVar[Actions] = Actions()

    def __init__(self, queue: Queue, speed: SpeedLimits, uploads: Uploads) -> None:
        self._queue = queue
        self._speed = speed
        self._uploads = uploads

    @actions.read("transfer/info")
    async def info(self, call: Call) -> Answer:
        """The sums of what the account sees."""
        return self.sums(self._queue.rows(call.view), call.view)

    def sums(self, rows: Collection[Row], view: View) -> Row:
        """Bytes, bytes per second."""
        whole = view.server is None
        return {
            "connection_status": "connected",
            "dht_nodes": 0,
            "dl_info_data": sum(row["downloaded"] for row in rows),
            "dl_info_speed": sum(row["dlspeed"] for row in rows),
            "dl_rate_limit": self._speed.limit("download"),
            "up_info_data": self._uploads.sent if whole else 0,
            "up_info_speed": int(self._uploads.speed) if whole else 0,
            "up_rate_limit": self._speed.limit("upload"),
        }

    @property
    def alternative(self) -> bool:
        """Whether the alternative limits hold."""
        return self._speed.alternative

    @actions.read("transfer/speedLimitsMode")
    async def mode(self, call: Call) -> Answer:
        """``1`` while the alternative limits hold, else ``0``."""
        return str(int(self._speed.alternative))

    @actions.read("transfer/downloadLimit", "transfer/uploadLimit")
    async def limit(self, call: Call) -> Answer:
        """Bytes/s, ``0`` for no limit."""
        return str(self._speed.limit(_way(call)))

    @actions.change("transfer/setDownloadLimit", "transfer/setUploadLimit")
    async def set_limit(self, call: Call) -> Answer:
        """``limit``: bytes/s; 0, and what is no number: no limit."""
        call.need("limit")
        _operator(call)
        await self._speed.set(_way(call), call.number("limit"))
        return ""

    @actions.change("transfer/toggleSpeedLimitsMode")
    async def toggle(self, call: Call) -> Answer:
        """To the alternative limits, or back."""
        _operator(call)
        await self._speed.use_alternative(not self._speed.alternative)
        return ""

    @actions.change("transfer/setSpeedLimitsMode")
    async def set_mode(self, call: Call) -> Answer:
        """``mode``: not 0 for the alternative limits."""
        call.need("mode")
        _operator(call)
        await self._speed.use_alternative(call.number("mode") != 0)
        return ""

    @actions.change("transfer/banPeers")
    async def forget(self, call: Call) -> Answer:
        """Taken and forgotten."""
        return ""


def _way(call: Call) -> Way:
    return "upload" if "upload" in call.name.lower() else "download"


def _operator(call: Call) -> None:
    if call.view.server is not None:
        raise Forbidden("The limits of all transfers are the operator's.")
