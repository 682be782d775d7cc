"""Tells systemd how we are, over the socket that ``Type=notify`` gives us (sd_notify(3)); silent without one."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from twisted.application.service import Service
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall


class SystemdNotifier(Service):
    """
    READY when started, so let it be the last child; STOPPING when stopped; and between them, twice in the time that
    ``WATCHDOG_USEC`` allows, a sign of life from the reactor itself: one that does not turn is restarted.
    """

    def __init__(self, *, clock: IReactorTime, environ: Mapping[str, str] = os.environ) -> None:
        self.setName("systemd")
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._watchdog = LoopingCall(self._send, "WATCHDOG=1")
        self._watchdog.clock = clock
        ours = environ.get("WATCHDOG_PID") in (None, "", str(os.getpid()))
        self._interval = _seconds(environ.get("WATCHDOG_USEC", "")) / 2 if ours else 0.0

    def startService(self) -> None:
        super().startService()
        self._send("READY=1")
        if self._address and self._interval:
            self._watchdog.start(self._interval)

    def stopService(self) -> None:
        super().stopService()
        if self._watchdog.running:
            self._watchdog.stop()
        self._send("STOPPING=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # A manager that went away is no reason to stop.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto(state.encode(), address)


def _seconds(microseconds: str) -> float:
    return int(microseconds) / 1_000_000 if microseconds.isdigit() else 0.0
