"""sd_notify without a library."""

from __future__ import annotations

import os
import socket

import pytest
from twisted.internet.task import Clock

from jackd.ops.systemd import SystemdNotifier


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def said(manager) -> list[str]:
    lines = []
    try:
        while True:
            lines.append(manager.recv(1000).decode())
    except BlockingIOError:
        return lines


def notifier(manager, clock, **environ) -> SystemdNotifier:
    return SystemdNotifier(clock=clock, environ={"NOTIFY_SOCKET": manager.getsockname(), **environ})


def test_ready_when_started_and_stopping_when_stopped(manager):
    service = notifier(manager, Clock())
    service.startService()
    assert said(manager) == ["READY=1"]
    service.stopService()
    assert said(manager) == ["STOPPING=1"]


def test_the_reactor_itself_feeds_the_watchdog_twice_in_its_time(manager):
    clock = Clock()
    service = notifier(manager, clock, WATCHDOG_USEC="20000000", WATCHDOG_PID=str(os.getpid()))
    service.startService()
    said(manager)
    clock.pump([10, 10])
    assert said(manager) == ["WATCHDOG=1", "WATCHDOG=1"]
    service.stopService()
    assert clock.getDelayedCalls() == []


def test_another_process_watchdog_is_not_ours(manager):
    clock = Clock()
    service = notifier(manager, clock, WATCHDOG_USEC="20000000", WATCHDOG_PID=str(os.getpid() + 1))
    service.startService()
    assert clock.getDelayedCalls() == []


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"NOTIFY_SOCKET": "@jack-no-such"}])
def test_without_a_manager_nothing_happens(environ):
    service = SystemdNotifier(clock=Clock(), environ=environ)
    service.startService()
    service.stopService()


def test_an_abstract_socket_is_found():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0jack-test-{os.getpid()}")
        listening.setblocking(False)
        service = SystemdNotifier(clock=Clock(), environ={"NOTIFY_SOCKET": f"@jack-test-{os.getpid()}"})
        service.startService()
        assert said(listening) == ["READY=1"]
