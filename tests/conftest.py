"""What all tests share."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from hypothesis import settings
from twisted.internet.defer import ensureDeferred
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher

settings.register_profile("jack", deadline=None, max_examples=60)
settings.load_profile("jack")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """Every ``async def`` test really runs, whatever the plugin's version thinks of coroutines."""
    function = pyfuncitem.obj
    if inspect.iscoroutinefunction(function):

        def run(*args: object, **kwargs: object) -> object:
            return ensureDeferred(function(*args, **kwargs))

        pyfuncitem.obj = run


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What is logged for the operator to read, ``level: line``, as it comes; no details."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if event["log_level"] > LogLevel.debug and str(event["log_namespace"]).startswith("jackd"):
            lines.append(f"{event['log_level'].name}: {formatEvent(event)}")

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)
