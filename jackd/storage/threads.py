"""Named thread pools for what may block: disk, SQL, hashing. None of them is the reactor's own (that one does DNS)."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from twisted.application.service import Service
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from jackd.model.errors import Unavailable

T = TypeVar("T")

FEW = 50
"""So many small things are done sooner on the spot than by a thread that has to be woken up for them."""

MAX_PENDING = 1000
"""Jobs that may wait in one pool before further ones are refused."""


class Workers(Protocol):
    """Runs blocking functions somewhere else."""

    def run(self, job: Callable[..., T], *args: object) -> Deferred[T]:
        """The result of ``job(*args)``. Raises ``Unavailable`` when too much is waiting already."""


class ThreadWorkers(Service):
    """
    At most ``threads`` jobs at once, in the order given. Start it before what uses it, stop it after.

    :param nice: how far these threads stand back behind all others (``nice(1)``), where the system knows such a thing.
    """

    def __init__(self, reactor: IReactorFromThreads, name: str, threads: int, *, nice: int = 0) -> None:
        self.setName(f"{name}-threads")
        self._reactor = reactor
        self._pool = ThreadPool(0, threads, name)
        if nice:
            self._pool.threadFactory = partial(_NiceThread, nice=nice)  # type: ignore[assignment]
        self._pending = 0

    def startService(self) -> None:
        super().startService()
        if not self._pool.started:
            self._pool.start()

    def stopService(self) -> Deferred[None]:
        """Waits for the running jobs without holding the reactor up: their results still arrive."""
        super().stopService()
        done: Deferred[None] = Deferred()

        def stop() -> None:
            self._pool.stop()
            self._reactor.callFromThread(done.callback, None)

        self._reactor.callInThread(stop)  # type: ignore[attr-defined]
        return done

    def run(self, job: Callable[..., T], *args: object) -> Deferred[T]:
        """See :meth:`Workers.run`."""
        if self._pending >= MAX_PENDING:
            return fail(Unavailable(f"too much is waiting for the {self.name}"))
        self._pending += 1
        result: Deferred[T] = deferToThreadPool(self._reactor, self._pool, job, *args)
        return result.addBoth(self._done)

    def _done(self, result: T) -> T:
        self._pending -= 1
        return result


class _NiceThread(threading.Thread):
    """On Linux a thread has a priority of its own."""

    def __init__(self, *args: Any, nice: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._nice = nice

    def run(self) -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._nice)
        super().run()


class InlineWorkers:
    """Runs each job at once on the calling thread: for start-up, for the command line and for tests in memory."""

    def run(self, job: Callable[..., T], *args: object) -> Deferred[T]:
        """See :meth:`Workers.run`."""
        try:
            return succeed(job(*args))
        except Exception:
            return fail()


def workers_for(count: int, workers: Workers) -> Workers:
    """Who does a job that is about ``count`` things, each of which takes some microseconds."""
    return workers if count > FEW else InlineWorkers()
