"""The ways of a body into the page cache."""

from __future__ import annotations

import fcntl
import os
import select
import socket
from contextlib import suppress
from typing import Protocol

from jackd.ports import Taken, Unsealing
from jackd.transfer.part import Part

PIPE_BYTES = 1024 * 1024
COPY_BYTES = 256 * 1024

_F_SETPIPE_SZ = 1031


class Incoming(Protocol):
    """A socket, or what is decrypted of what comes from it."""

    def recv_into(self, buffer: memoryview, nbytes: int, /) -> int:
        """As a non-blocking socket's."""


class Way(Protocol):
    """
    Takes what has come, then writes it.

    :ivar incoming: where else it can be taken from, into memory.
    """

    @property
    def incoming(self) -> Incoming: ...
    @property
    def descriptor(self) -> int:
        """To wait for before :meth:`take`."""

    @property
    def events(self) -> int:
        """Of epoll, to wait for."""

    def take(self, most: int) -> int:
        """Up to ``most`` bytes; how many, 0 at the end. Raises ``BlockingIOError``, and what ends a connection."""

    def write(self, part: Part, count: int, at: int) -> None:
        """Those that were taken, all of them. Raises ``OSError``."""

    def close(self) -> None:
        """Let go of everything."""


class Piped:
    """By ``splice(2)`` through a pipe: they never come into this process's memory."""

    def __init__(self, connection: socket.socket) -> None:
        self.incoming = connection
        self.descriptor, self.events = connection.fileno(), select.EPOLLIN
        self._out, self._in = os.pipe2(os.O_CLOEXEC)
        with suppress(OSError):  # an unprivileged user has only so many pages; a small pipe does it too
            fcntl.fcntl(self._in, _F_SETPIPE_SZ, PIPE_BYTES)

    def take(self, most: int) -> int:
        """See :class:`Way`."""
        return os.splice(self.descriptor, self._in, most)

    def write(self, part: Part, count: int, at: int) -> None:
        """See :class:`Way`."""
        part.splice(self._out, count, at)

    def close(self) -> None:
        """See :class:`Way`."""
        os.close(self._out)
        os.close(self._in)
        self.incoming.close()


class Copied:
    """Through a little memory, for what has to be decrypted."""

    def __init__(self, connection: socket.socket, incoming: Unsealing) -> None:
        self.incoming = incoming
        self.descriptor = connection.fileno()
        self._connection = connection
        self._memory = memoryview(bytearray(COPY_BYTES))

    @property
    def events(self) -> int:
        """See :class:`Way`. A connection to which nothing is sent can be written to: that is to wait for nothing."""
        return select.EPOLLIN | select.EPOLLOUT if self.incoming.pending else select.EPOLLIN

    def take(self, most: int) -> int:
        """See :class:`Way`."""
        return self.incoming.recv_into(self._memory, min(most, COPY_BYTES))

    def write(self, part: Part, count: int, at: int) -> None:
        """See :class:`Way`."""
        part.write([self._memory[:count]], at)

    def close(self) -> None:
        """See :class:`Way`."""
        self._connection.close()


class Ended:
    """Nothing comes any more, and nothing is waited for: an event's counter can always be written to."""

    def __init__(self) -> None:
        self.incoming = self
        self.descriptor, self.events = os.eventfd(0, os.EFD_CLOEXEC), select.EPOLLOUT

    def recv_into(self, _: memoryview, most: int, /) -> int:
        """See :class:`Incoming`."""
        return 0

    def take(self, most: int) -> int:
        """See :class:`Way`."""
        return 0

    def write(self, part: Part, count: int, at: int) -> None:
        """See :class:`Way`."""

    def close(self) -> None:
        """See :class:`Way`."""
        os.close(self.descriptor)


def way_of(taken: Taken) -> Way:
    """The one that fits."""
    if taken.connection is None:
        return Ended()
    return Piped(taken.connection) if taken.unsealing is None else Copied(taken.connection, taken.unsealing)
