"""``transfer/*``: speeds and their limits. jack has none of the latter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jackd.qbittorrent.calls import Actions, Answer, Call
from jackd.qbittorrent.queue import Queue
from jackd.qbittorrent.wire import Row


class Transfer:
    """``transfer/*``."""

    actions: ClassVar[Actions] = Actions()

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    @actions.read("transfer/info")
    async def info(self, call: Call) -> Answer:
        """The sums of what the account sees."""
        return transfer_info(self._queue.rows(call.view))

    @actions.read("transfer/speedLimitsMode", "transfer/downloadLimit", "transfer/uploadLimit")
    async def none(self, call: Call) -> Answer:
        """No limit, no other mode."""
        return "0"

    @actions.change(
        "transfer/toggleSpeedLimitsMode",
        "transfer/setSpeedLimitsMode",
        "transfer/setDownloadLimit",
        "transfer/setUploadLimit",
        "transfer/banPeers",
    )
    async def forget(self, call: Call) -> Answer:
        """Taken and forgotten."""
        return ""


def transfer_info(rows: Sequence[Row]) -> Row:
    """Bytes, bytes per second."""
    return {
        "connection_status": "connected",
        "dht_nodes": 0,
        "dl_info_data": sum(row["downloaded"] for row in rows),
        "dl_info_speed": sum(row["dlspeed"] for row in rows),
        "dl_rate_limit": 0,
        "up_info_data": 0,
        "up_info_speed": 0,
        "up_rate_limit": 0,
    }
