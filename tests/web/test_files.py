"""Which files are served, and what is answered; in memory, and on real sockets where the connection matters."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import define, field
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import CertificateOptions
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport
from twisted.logger import globalLogPublisher
from twisted.web.client import Agent

from jackd.model.errors import NotFound, Unauthorized
from jackd.ports import Location
from jackd.storage.pumps import Pumps
from jackd.storage.threads import InlineWorkers, ThreadWorkers
from jackd.web.auth import Account, Mint
from jackd.web.certificate import load_certificate
from jackd.web.files import Files, attachment, open_beneath
from jackd.web.outgoing import CallFailed, Outgoing
from jackd.web.rate import Direction
from jackd.web.request import Head, JackRequest
from jackd.web.router import Router, json_error
from jackd.web.sendfile import SendfileSender
from jackd.web.sending import BLOCK, STALLED_SECONDS, BlockSender, FileReader
from jackd.web.site import Mount, Site
from jackd.web.slots import MAX_STREAMS_PER_KEY
from jackd.web.tls import Identity, TlsFactory
from jackd.web.uploads import Uploads
from tests.certificates import Trusting, self_signed
from tests.support import Web

DATA = bytes(range(256)) * 4


class FileApp:
    """Serves every file beneath ``root`` as ``/files/<name>``."""

    router: ClassVar[Router] = Router()

    def __init__(self, root: Path, files: Files) -> None:
        self.root = root
        self.files = files

    def resource(self):
        return self.router.resource()

    def admit(self, head: Head) -> Account:
        if "x-api-key" not in head.headers:
            raise Unauthorized
        return Account(name=head.headers["x-api-key"], scopes=frozenset())

    def errors(self, request, error):
        return json_error(request, error)

    @router.route("/files/<name>", methods=["GET"])
    async def file(self, request: JackRequest, name: str) -> bytes:
        return await self.files.serve(request, Location(path=self.root / name, roots=[self.root]))


KEY = {"X-Api-Key": "bob"}
MINT = Mint(b"s" * 32)


def site(root: Path, workers: Any = None, clock: Clock | None = None) -> Web:
    clock = clock or Clock()
    files = Files(workers=workers or InlineWorkers(), mint=MINT, clock=clock)
    return Web(Mount(["/files"], FileApp(root, files)), clock=clock)


def get(root: Path, name: str = "a.mkv", method: str = "GET", **headers: str) -> Any:
    sent = {**KEY, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return site(root).request(method, f"/files/{name}", headers=sent)


def spoken(root: Path, method: str, *headers: str) -> bytes:
    """The very bytes of an answer."""
    clock = Clock()
    files = Files(workers=InlineWorkers(), mint=MINT, clock=clock)
    protocol = Site([Mount(["/files"], FileApp(root, files))], clock).buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    lines = [f"{method} /files/a.mkv HTTP/1.1", "Host: x", "X-Api-Key: bob", "Connection: close", *headers, "", ""]
    protocol.dataReceived("\r\n".join(lines).encode())
    return transport.value()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.mkv").write_bytes(DATA)
    return tmp_path


class TestAnswers:
    def test_the_whole_file(self, root):
        got = get(root)
        assert (got.status, got.body) == (200, DATA)
        assert got.header("accept-ranges") == "bytes"
        assert got.header("content-type") == "application/octet-stream"
        assert got.header("x-accel-buffering") == "no"
        assert got.header("content-disposition").startswith('attachment; filename="a.mkv"')

    def test_a_part(self, root):
        got = get(root, range="bytes=10-19")
        assert (got.status, got.body) == (206, DATA[10:20])
        assert got.header("content-range") == f"bytes 10-19/{len(DATA)}"

    def test_the_end(self, root):
        assert get(root, range="bytes=-5").body == DATA[-5:]
        assert get(root, range="bytes=1000-99999").body == DATA[1000:]

    def test_a_range_behind_the_end(self, root):
        got = get(root, range=f"bytes={len(DATA)}-")
        assert (got.status, got.header("content-range")) == (416, f"bytes */{len(DATA)}")

    @pytest.mark.parametrize("header", ["bytes=0-1,5-6", "bytes=x", "lines=1-2"])
    def test_a_range_that_cannot_be_read_is_ignored(self, root, header):
        assert (get(root, range=header).status, get(root, range=header).body) == (200, DATA)

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_the_length_is_always_told(self, root, method):
        """Twisted's client keeps it for itself, so this looks at the bytes."""
        assert b"\r\nContent-Length: 1024\r\n" in spoken(root, method)
        assert b"\r\nContent-Length: 10\r\n" in spoken(root, method, "Range: bytes=10-19")
        assert spoken(root, method).endswith(DATA if method == "GET" else b"\r\n\r\n")

    def test_head_tells_the_same_without_a_body(self, root):
        for headers in ({}, {"range": "bytes=10-19"}):
            got, head = get(root, **headers), get(root, method="HEAD", **headers)
            assert (head.status, head.body) == (got.status, b"")
            same = ("content-range", "etag", "accept-ranges", "content-type", "content-disposition")
            assert [head.header(name) for name in same] == [got.header(name) for name in same]

    def test_an_empty_file(self, root):
        (root / "empty.mkv").write_bytes(b"")
        got = get(root, "empty.mkv")
        assert (got.status, got.body) == (200, b"")
        assert get(root, "empty.mkv", range="bytes=0-").status == 416

    def test_a_file_of_many_blocks(self, root):
        data = os.urandom(3 * BLOCK + 5)
        (root / "b.mkv").write_bytes(data)
        assert get(root, "b.mkv").body == data
        assert get(root, "b.mkv", range=f"bytes={BLOCK - 1}-{2 * BLOCK}").body == data[BLOCK - 1 : 2 * BLOCK + 1]


def test_the_owner_reads_who_got_what(root, said):
    """S31"""
    get(root)
    get(root, method="HEAD")
    assert [line.split(": ")[:2] for line in said] == [["info", "sent a.mkv to 127.0.0.1"]]


class TestValidator:
    def test_a_range_of_the_same_file_is_served(self, root):
        etag = get(root).header("etag")
        assert etag.startswith('"')
        assert get(root, range="bytes=1-", if_range=etag).status == 206

    def test_a_range_of_another_file_is_not(self, root):
        """F31, F33: replaced by one of the same size"""
        before = get(root).header("etag")
        (root / "new").write_bytes(DATA[::-1])
        (root / "new").replace(root / "a.mkv")
        got = get(root, range="bytes=1-", if_range=before)
        assert (got.status, got.body) == (200, DATA[::-1])
        assert got.header("etag") != before

    def test_a_file_written_in_place_is_another(self, root):
        before = get(root).header("etag")
        os.utime(root / "a.mkv", ns=(1, 1))
        assert get(root).header("etag") != before

    def test_a_hard_link_changes_nothing(self, root):
        """F33"""
        before = get(root).header("etag")
        (root / "b.mkv").hardlink_to(root / "a.mkv")
        assert [get(root).header("etag"), get(root, "b.mkv").header("etag")] == [before, before]

    def test_it_tells_nothing_and_differs_from_install_to_install(self, root):
        other = Files(workers=InlineWorkers(), mint=Mint(b"t" * 32), clock=Clock())
        web = Web(Mount(["/files"], FileApp(root, other)))
        assert web.get("/files/a.mkv", headers=KEY).header("etag") != get(root).header("etag")

    @pytest.mark.parametrize("validator", ['W/"x"', "Sat, 14 Nov 2026 10:00:00 GMT", '"x"'])
    def test_nothing_else_holds(self, root, validator):
        assert get(root, range="bytes=1-", if_range=validator).status == 200


class TestWhatIsServed:
    """S10, S11"""

    def refused(self, root: Path, name: str) -> bool:
        got = get(root, name)
        assert (got.status, got.json()["error"]) == (404, "File not found")
        return True

    def test_no_missing_file(self, root):
        assert self.refused(root, "missing.mkv")

    def test_no_other_extension(self, root):
        for name in ("passwd", "key.pem", "a.mkv.exe", "jack.yml", ".mkv.sh"):
            (root / name).write_bytes(b"secret")
            assert self.refused(root, name)
        (root / "a.en.srt").write_bytes(b"1")
        assert get(root, "a.en.srt").status == 200

    def test_no_link_that_leaves_the_root(self, root):
        outside = root.parent / "outside.mkv"
        outside.write_bytes(b"secret")
        (root / "link.mkv").symlink_to(outside)
        (root / "dir").symlink_to(root.parent)
        assert self.refused(root, "link.mkv")
        with pytest.raises(NotFound):
            open_beneath(Location(path=root / "dir" / "outside.mkv", roots=[root]))

    def test_no_link_to_something_else_inside(self, root):
        (root / "secret.pem").write_bytes(b"secret")
        (root / "x.mkv").symlink_to("secret.pem")
        assert self.refused(root, "x.mkv")

    def test_a_link_that_stays_inside(self, root):
        (root / "x.mkv").symlink_to("a.mkv")
        assert get(root, "x.mkv").body == DATA

    def test_a_root_that_is_itself_a_link(self, root, tmp_path):
        (tmp_path.parent / f"{tmp_path.name}-link").symlink_to(root)
        assert get(tmp_path.parent / f"{tmp_path.name}-link").body == DATA

    def test_no_dots(self, root):
        (root / "in").mkdir()
        with pytest.raises(NotFound):
            open_beneath(Location(path=root / "in" / ".." / "a.mkv", roots=[root / "in"]))
        with pytest.raises(NotFound):
            open_beneath(Location(path=root / "a\0.mkv", roots=[root]))

    def test_no_neighbour_with_a_longer_name(self, root):
        (root / "in").mkdir()
        (root / "in2").mkdir()
        (root / "in2" / "a.mkv").write_bytes(DATA)
        with pytest.raises(NotFound):
            open_beneath(Location(path=root / "in2" / "a.mkv", roots=[root / "in"]))

    def test_nothing_but_regular_files(self, root):
        (root / "dir.mkv").mkdir()
        os.mkfifo(root / "pipe.mkv")
        with socket.socket(socket.AF_UNIX) as made:
            here = Path.cwd()
            os.chdir(root)
            made.bind("socket.mkv")
            os.chdir(here)
        for name in ("dir.mkv", "pipe.mkv"):
            assert self.refused(root, name)
        assert get(root, "socket.mkv").status in (404, 503)

    def test_the_root_that_is_there_when_another_is_not(self, root):
        fd = open_beneath(Location(path=root / "a.mkv", roots=[root / "unmounted", root]))
        os.close(fd)

    def test_what_is_swapped_for_a_link_after_the_look(self, root, monkeypatch):
        """S11: the look is deceived; the opening is not"""
        outside = root.parent / "outside"
        outside.mkdir(exist_ok=True)
        (outside / "a.mkv").write_bytes(b"secret")
        (root / "dir").symlink_to(outside)
        monkeypatch.setattr("os.path.realpath", lambda path, strict=False: str(path))
        with pytest.raises(OSError):
            open_beneath(Location(path=root / "dir" / "a.mkv", roots=[root]))

    def test_a_disk_that_fails_is_503(self, root, monkeypatch):
        def broken(*_: object, **__: object) -> int:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr("os.open", broken)
        assert get(root).status == 503


class TestNames:
    def test_ascii_for_old_readers_and_utf8_for_all(self):
        """S26"""
        assert attachment("a b.mkv") == "attachment; filename=\"a b.mkv\"; filename*=UTF-8''a%20b.mkv"
        assert attachment("Amélie.mkv") == "attachment; filename=\"Am_lie.mkv\"; filename*=UTF-8''Am%C3%A9lie.mkv"

    def test_nothing_breaks_out_of_the_header(self):
        header = attachment('a"; x="\r\nSet-Cookie: a=b\\\x00\u202e\udcff.mkv')
        assert header.isascii()
        assert header.isprintable()
        assert header.count('"') == 2


class Failing(InlineWorkers):
    """Does something before the n-th job."""

    def __init__(self, n: int, what: Any) -> None:
        self.left, self.what = n, what

    def run(self, job: Any, *args: object) -> Any:
        self.left -= 1
        if self.left == 0:
            try:
                self.what()
            except OSError:
                return fail()
        return super().run(job, *args)


def _io_error() -> None:
    raise OSError(5, "Input/output error")


class TestBrokenFiles:
    """F14, F32: the reader must see that bytes are missing"""

    @pytest.mark.parametrize("fault", ["shorter", "rewritten", "unreadable"])
    def test_the_connection_breaks(self, root, fault):
        (root / "b.mkv").write_bytes(os.urandom(4 * BLOCK))
        faults = {
            "shorter": (4, lambda: os.truncate(root / "b.mkv", BLOCK + 7)),
            "rewritten": (4, lambda: os.utime(root / "b.mkv", ns=(1, 1))),
            "unreadable": (4, _io_error),
        }
        clock = Clock()
        web = site(root, Failing(*faults[fault]), clock)
        calling = Deferred.fromCoroutine(
            web.outgoing().call("GET", "http://x.test/files/b.mkv", headers=KEY, timeout=60, limit=10**9)
        )
        web.flush()
        results: list[Any] = []
        calling.addErrback(lambda f: results.append(f.value))
        clock.advance(0)
        web.flush()
        assert [type(r) for r in results] == [CallFailed]
        assert not results[0].late


# --- on real sockets


@define
class Served:
    root: Path
    port: Any
    clock: Clock
    files: Files
    identity: Identity | None = None
    failures: list[Any] = field(factory=list)

    @property
    def url(self) -> str:
        scheme = "https" if self.identity else "http"
        return f"{scheme}://127.0.0.1:{self.port.getHost().port}/files"

    async def connect(self, client: Any) -> Any:
        """``client``, connected by a socket that holds little."""
        endpoint: Any = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        await connectProtocol(wrapClientTLS(CertificateOptions(), endpoint) if self.identity else endpoint, client)
        _socket(client.transport).setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        return client

    def call(self, name: str, method: str = "GET", **headers: str) -> Deferred[Any]:
        sent = {**KEY, **{k.replace("_", "-"): v for k, v in headers.items()}}
        outgoing = Outgoing(Agent(reactor, Trusting()), reactor)
        return Deferred.fromCoroutine(
            outgoing.call(method, f"{self.url}/{name}", headers=sent, timeout=30, limit=10**9)
        )

    async def raw(self, name: str) -> Raw:
        client: Raw = await self.connect(Raw())
        client.transport.write(f"GET /files/{name} HTTP/1.1\r\nHost: x\r\nX-Api-Key: bob\r\n\r\n".encode())
        return client


class Raw(Protocol):
    """Counts; ``first`` fires with the first bytes, ``lost`` at the end."""

    transport: Any

    def __init__(self) -> None:
        self.count = 0
        self.first: Deferred[None] = Deferred()
        self.lost: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.count += len(data)
        if not self.first.called:
            self.transport.pauseProducing()
            self.first.callback(None)

    def connectionLost(self, reason: Any = None) -> None:
        self.lost.callback(None)


def _socket(transport: Any) -> socket.socket:
    """Also that below TLS."""
    found: socket.socket = getattr(transport, "transport", transport).getHandle()
    return found


class SmallBuffers(Site):
    """So that a connection is full soon."""

    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        if protocol is None:
            return None
        made = protocol.makeConnection

        def make(transport: Any) -> None:
            _socket(transport).setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            made(transport)

        protocol.makeConnection = make
        return protocol


@asynccontextmanager
async def serving(
    root: Path, *, fast: bool = False, tls: bool = False, limits: Direction | None = None
) -> AsyncIterator[Served]:
    clock = Clock()
    uploads = Uploads(clock=clock, limits=limits)
    disk = ThreadWorkers(reactor, "test-disk", 4)
    disk.startService()
    fallback = BlockSender(workers=disk, clock=clock)
    sender = SendfileSender(Pumps(disk, reactor), fallback) if fast else fallback
    files = Files(workers=disk, mint=MINT, clock=clock, sender=sender, uploads=uploads)
    factory: Any = SmallBuffers([Mount(["/files"], FileApp(root, files))], reactor)
    identity = Identity(load_certificate(*self_signed(root / "tls"))) if tls else None
    if identity:
        factory = TlsFactory(identity, factory, reactor)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    served = Served(root, port, clock, files, identity)

    def watch(event: Any) -> None:
        if "log_failure" in event:
            served.failures.append(event)

    globalLogPublisher.addObserver(watch)
    try:
        yield served
    finally:
        globalLogPublisher.removeObserver(watch)
        await port.stopListening()
        await disk.stopService()
    assert served.failures == []


async def until(condition: Any) -> None:
    """Reactor turns until it holds; a bound only so that a broken test ends."""
    for _ in range(2000):
        if condition():
            return
        await deferLater(reactor, 0.005)
    raise AssertionError("it never came to that")


def fds() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("fast", [False, True])
async def test_a_large_file_whole_and_in_parts(root, fast, tls):
    data = os.urandom(5 * BLOCK + 11)
    (root / "b.mkv").write_bytes(data)
    async with serving(root, fast=fast, tls=tls) as served:
        assert (await served.call("b.mkv")).body == data
        part = await served.call("b.mkv", range="bytes=300000-")
        assert (part.status, part.body) == (206, data[300000:])
        head = await served.call("b.mkv", method="HEAD")
        assert (head.status, head.body, head.header("etag")) == (200, b"", part.header("etag"))
        await until(lambda: not served.files.uploads.slots.running)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("fast", [False, True])
async def test_readers_that_go_away_leave_nothing_behind(root, fast, tls):
    with (root / "b.mkv").open("wb") as made:
        made.truncate(64 * 2**20)
    async with serving(root, fast=fast, tls=tls) as served:
        await served.call("a.mkv")
        await until(lambda: not served.files.uploads.slots.running)
        before = fds()
        for _ in range(20):
            client = await served.raw("b.mkv")
            await client.first
            client.transport.abortConnection()
            await client.lost
        await until(lambda: not served.files.uploads.slots.running and fds() <= before)


async def test_a_reader_that_stops_stops_the_disk_and_is_dropped_after_a_minute(root, monkeypatch):
    """F18: a bounded number of bytes is in memory, however large the file is"""
    size = 256 * 2**20
    with (root / "b.mkv").open("wb") as made:
        made.truncate(size)
    read: list[int] = []
    real = FileReader.read

    def counted(self: FileReader, start: int, length: int) -> bytes:
        read.append(length)
        return real(self, start, length)

    monkeypatch.setattr(FileReader, "read", counted)
    async with serving(root) as served:
        client = await served.raw("b.mkv")
        await client.first
        await until(lambda: bool(served.clock.getDelayedCalls()))  # the server waits for the reader
        assert sum(read) <= 4 * 2**20
        held = len(read)
        served.clock.advance(STALLED_SECONDS - 1)
        await deferLater(reactor, 0)
        assert len(read) == held
        assert served.files.uploads.slots.running
        served.clock.advance(1)
        served.clock.advance(0)
        client.transport.resumeProducing()
        await client.lost
        assert client.count < size
        await until(lambda: not served.files.uploads.slots.running)


async def test_a_reader_that_goes_on_gets_everything(root):
    """A pause loses nothing."""
    data = os.urandom(40 * BLOCK)
    (root / "b.mkv").write_bytes(data)
    async with serving(root) as served:
        client = await served.raw("b.mkv")
        await client.first
        await until(lambda: bool(served.clock.getDelayedCalls()))
        client.transport.resumeProducing()
        await until(lambda: client.count > len(data))
        client.transport.loseConnection()
        await client.lost


async def test_a_key_has_a_number_of_streams(root):
    """S8"""
    with (root / "b.mkv").open("wb") as made:
        made.truncate(64 * 2**20)
    async with serving(root) as served:
        running = served.files.uploads.slots.running
        running["bob"] = MAX_STREAMS_PER_KEY
        refused = await served.call("b.mkv")
        told = [refused.header(name) for name in ("retry-after", "x-queue-position")]
        assert (refused.status, told) == (503, ["5", "1"])
        running["bob"] -= 1
        client = await served.raw("b.mkv")
        await client.first
        assert (await served.call("a.mkv")).status == 503
        client.transport.abortConnection()
        await client.lost
        await until(lambda: running["bob"] == MAX_STREAMS_PER_KEY - 1)
        assert (await served.call("a.mkv")).status == 200


def test_a_reader_gone_while_the_file_is_opened_leaks_nothing(root):
    """The worker opens it after nobody wants it any more, or just before."""
    late = FileReader(lambda: os.open(root / "a.mkv", os.O_RDONLY))
    before = fds()
    late.close()
    with pytest.raises(Exception, match="nobody"):
        late.open()
    during = FileReader(lambda: (during.close(), os.open(root / "a.mkv", os.O_RDONLY))[1])
    during.open()
    during.close()
    assert fds() == before
    assert succeed(None).called
