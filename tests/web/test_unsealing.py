"""What comes through TLS and is decrypted by a thread: our end against OpenSSL's other one, on real sockets."""

from __future__ import annotations

import errno
import os
import select
import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from jackd.transfer.cached import Copied
from jackd.web.unsealing import LIGHT, RECORD_BYTES, SEALED_BYTES, Unsealing
from tests.certificates import self_signed

DATA = os.urandom(5 * RECORD_BYTES + 77)


class Line:
    """
    A TLS connection whose handshake is done. :ivar ours: what is tested. :ivar far: the socket of the other end.
    """

    def __init__(self, context: SSL.Context) -> None:
        self._server = SSL.Connection(context, None)
        self._server.set_accept_state()
        client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
        client.set_connect_state()
        for _ in range(4):
            for here, there in ((client, self._server), (self._server, client)):
                _shake(here)
                _carry(here, there)
        near, self.far = socket.socketpair()
        near.setblocking(False)
        self.far.settimeout(10)
        self.near = near
        self.tls = client
        self.ours = Unsealing(client, near)

    def sealed(self, data: bytes) -> bytes:
        """What must come, so that ``data`` arrives."""
        for start in range(0, len(data), RECORD_BYTES):
            self._server.send(data[start : start + RECORD_BYTES])
        return _said(self._server)

    def goodbye(self) -> bytes:
        self._server.shutdown()
        return _said(self._server)

    def take(self, most: int) -> bytes:
        buffer = memoryview(bytearray(most))
        return bytes(buffer[: self.ours.recv_into(buffer, most)])

    def close(self) -> None:
        self.near.close()
        self.far.close()


def _shake(connection: SSL.Connection) -> None:
    with suppress(SSL.WantReadError):
        connection.do_handshake()


def _carry(here: SSL.Connection, there: SSL.Connection) -> None:
    said = _said(here)
    if said:
        there.bio_write(said)


def _said(connection: SSL.Connection) -> bytes:
    try:
        return connection.bio_read(1 << 20)
    except SSL.WantReadError:
        return b""


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> SSL.Context:
    chain, key = self_signed(tmp_path_factory.mktemp("tls"))
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate_file(str(chain))
    context.use_privatekey_file(str(key))
    return context


@pytest.fixture
def line(context) -> Iterator[Line]:
    line = Line(context)
    yield line
    line.close()


@given(
    cuts=st.lists(st.integers(1, 3 * RECORD_BYTES), max_size=8),
    asked=st.lists(st.integers(1, 2 * RECORD_BYTES), min_size=1, max_size=4),
)
def test_every_byte_comes_however_it_is_cut_and_however_much_is_asked_for(context, cuts, asked):
    """And whoever waits for the descriptor whenever nothing is pending has all of it in the end."""
    line, sizes, got = Line(context), cycle(asked), b""
    sealed = line.sealed(DATA)
    try:
        for cut in (*cuts, len(sealed)):
            line.far.sendall(sealed[:cut])
            sealed = sealed[cut:]
            while line.ours.pending or select.select([line.near], [], [], 0)[0]:
                with suppress(BlockingIOError):
                    got += line.take(next(sizes))
        assert got == DATA
    finally:
        line.close()


def test_what_is_pending_is_not_waited_for(line):
    """The other end has sent all, and the descriptor will never be ready again."""
    way = Copied(line.near, line.ours)
    line.far.sendall(line.sealed(DATA[:1000]))
    assert line.take(10) == DATA[:10]
    assert not select.select([line.near], [], [], 0)[0]
    assert way.events == select.EPOLLIN | select.EPOLLOUT
    assert line.take(2000) == DATA[10:1000]
    assert way.events == select.EPOLLIN


def test_part_of_a_record_is_not_yet_anything(line):
    sealed = line.sealed(DATA[:1000])
    line.far.sendall(sealed[:-1])
    with pytest.raises(BlockingIOError):
        line.take(1000)
    line.far.sendall(sealed[-1:])
    assert line.take(1000) == DATA[:1000]


@pytest.mark.parametrize("polite", [True, False])
def test_the_end_comes_after_all_that_came_before_it(line, polite):
    """F20: whether TLS says so, or the connection just ends."""
    line.far.sendall(line.sealed(DATA[:1000]) + (line.goodbye() if polite else b""))
    if not polite:
        line.far.close()
    assert line.take(5000) == DATA[:1000]
    assert line.ours.pending
    assert line.take(5000) == b""
    assert line.take(5000) == b""


@pytest.mark.parametrize("together", [True, False])
def test_bytes_that_were_changed_on_the_way_are_none(line, together):
    """S29: what came before them counts."""
    good, bad = line.sealed(DATA[:1000]), bytearray(line.sealed(DATA[1000:2000]))
    bad[500] ^= 1
    line.far.sendall(good + bytes(bad if together else b""))
    assert line.take(5000) == DATA[:1000]
    line.far.sendall(b"" if together else bytes(bad))
    assert line.ours.pending == together
    with pytest.raises(OSError, match="can't be decrypted") as caught:
        line.take(5000)
    assert caught.value.errno == errno.EPROTO


def test_who_says_nothing_without_end_does_not_keep_the_thread_and_is_not_listened_to_for_long(line):
    """As with KeyUpdates, or tickets: everything that comes is one more record without a byte of the body."""
    tls, endless = Talkative(), Endless(line.near)
    ours = Unsealing(tls, endless)  # type: ignore[arg-type]
    with pytest.raises(BlockingIOError):
        ours.recv_into(memoryview(bytearray(10)), 10)
    assert ours.pending
    assert endless.gave <= 2 * SEALED_BYTES
    with pytest.raises(OSError, match="next to nothing"):
        for _ in range(100):
            with suppress(BlockingIOError):
                ours.recv_into(memoryview(bytearray(10)), 10)
    assert endless.gave <= LIGHT + SEALED_BYTES


def test_records_of_one_byte_are_no_burden(line):
    for start in range(0, 3 * LIGHT // 23, 500):
        line.far.sendall(b"".join(line.sealed(b"x") for _ in range(500)))
        assert line.take(500) == bytes(b"x" * 500), start


class Endless:
    """A connection from which something comes whenever it is asked."""

    def __init__(self, connection: socket.socket) -> None:
        self.gave = 0
        self.sendall = connection.sendall

    def recv_into(self, buffer: memoryview) -> int:
        self.gave += len(buffer)
        assert self.gave < 100 * LIGHT
        return len(buffer)


class Talkative:
    """TLS that has one answer to what comes, as soon as it has looked at it."""

    def __init__(self) -> None:
        self.answer = b"no"
        self.answers: list[bytes] = []
        self._came = self._said = False

    def recv_into(self, *_: object) -> int:
        if self._came and not self._said:
            self.answers.append(self.answer)
            self._said = True
        raise SSL.WantReadError

    def bio_write(self, data: memoryview) -> None:
        self._came = True

    def bio_read(self, most: int) -> bytes:
        if not self.answers:
            raise SSL.WantReadError
        return self.answers.pop()


def test_what_tls_itself_has_to_say_is_sent(line):
    ours = Unsealing(Talkative(), line.near)  # type: ignore[arg-type]
    line.far.sendall(b"?")
    with pytest.raises(BlockingIOError):
        ours.recv_into(memoryview(bytearray(10)), 10)
    assert line.far.recv(100) == b"no"


def test_who_takes_no_answers_is_not_listened_to(line):
    """He could make them pile up."""
    tls = Talkative()
    tls.answer = bytes(1 << 22)
    line.far.sendall(b"?")
    with pytest.raises(OSError, match="takes no answers"):
        Unsealing(tls, line.near).recv_into(memoryview(bytearray(10)), 10)  # type: ignore[arg-type]
