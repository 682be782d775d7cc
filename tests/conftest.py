"""What all tests share."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import settings
from twisted.internet.defer import ensureDeferred

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
