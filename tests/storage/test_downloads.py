"""The rows of the queue."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.coverage import Coverage
from jackd.model.download import Download, State
from jackd.model.file import DownloadFile
from jackd.model.grab import Grab, GrabFile
from jackd.model.release import Source
from jackd.storage.database import Database
from jackd.storage.downloads import MAX_SPANS, DownloadStore
from jackd.storage.migrate import migrations
from tests.support import result_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SIZE = st.integers(0, 2**62)
SECONDS = st.floats(0, 4e9)
FILES = st.lists(st.builds(GrabFile, item=TEXT, name=TEXT, size=SIZE), min_size=1, max_size=3)
GRABS = st.builds(
    Grab, hash=TEXT, peer=TEXT, peer_name=TEXT, item=TEXT, title=TEXT, filename=TEXT, size=SIZE, files=FILES
)
DOWNLOADS = st.builds(
    Download,
    grab=GRABS,
    owner=st.none() | TEXT,
    category=TEXT,
    folder=TEXT,
    state=st.sampled_from(State),
    attempts=st.integers(0, 99),
    reason=TEXT,
    position=st.integers(-5, 5),
    forced=st.booleans(),
    retry_at=SECONDS,
    added=SECONDS,
    completed=st.none() | SECONDS,
    active=SECONDS,
    speed=st.just(0.0),
    tags=st.lists(TEXT, max_size=3),
    ratio_limit=SECONDS,
    seeding_time_limit=st.integers(-2, 99),
)


SPANS = st.lists(st.tuples(SIZE, SIZE), max_size=4).map(Coverage)


SOURCES = st.builds(Source, peer=TEXT, peer_name=TEXT, item=TEXT)


@st.composite
def downloads(draw) -> Download:
    download = draw(DOWNLOADS)
    for file in download.files:
        file.settle(draw(SPANS), draw(SPANS))
        file.path, file.done, file.left_out = draw(TEXT), draw(st.booleans()), draw(TEXT)
        file.lead, file.etag = draw(st.none() | SOURCES), draw(st.none() | TEXT)
        file.given = draw(st.dictionaries(TEXT, SIZE, max_size=3))
    return download


def compared(kind: type) -> list[str]:
    return [attribute.name for attribute in fields(kind) if attribute.eq]


def a_store() -> DownloadStore:
    return DownloadStore(Database.in_memory())


def a_download(hash: str = "1", **values: object) -> Download:
    grab = Grab(hash=hash, peer="p", peer_name="Alice", item="i", title="t", filename="f.mkv", size=10)
    return Download(grab=grab, owner=None, category="c", folder="/f", **values)


@given(st.lists(downloads(), max_size=4, unique_by=lambda d: d.hash))
def test_what_goes_in_comes_out_in_the_order_of_the_queue(downloads):
    store = a_store()
    for download in downloads:
        result_of(store.insert(download))
    assert store.all() == sorted(downloads, key=lambda d: (d.position, d.added, d.hash.encode()))


@given(downloads(), downloads())
def test_each_change_writes_its_own_columns(before, after):
    """A client's setting can never claim bytes, nor a checkpoint undo a setting."""
    after.grab = before.grab
    after.files = [evolve(after.files[0], grab=before.grab)]
    for change, columns in (
        (lambda s: s.save_state([after]), {"state", "attempts", "reason", "retry_at", "completed"}),
        (lambda s: s.save_file(after.files[0]), {"path", "done", "left_out"}),
        (
            lambda s: s.save_settings([after]),
            {"category", "folder", "position", "forced", "tags", "ratio_limit", "seeding_time_limit"},
        ),
        (
            lambda s: s.checkpoint(after, after.files[0], after.files[0].there, after.files[0].good),
            {"there", "good", "received", "checked", "lead", "etag", "given", "active"},
        ),
    ):
        store = a_store()
        result_of(store.insert(before))
        result_of(change(store))
        (read,) = store.all()
        own = [(name, read, before, after) for name in compared(Download) if name != "files"]
        own += [(name, read.files[0], before.files[0], after.files[0]) for name in compared(DownloadFile)]
        for name, found, old, new in own:
            assert getattr(found, name) == getattr(new if name in columns else old, name), name
        assert read.files[1:] == before.files[1:]


def test_what_is_gone_stays_gone():
    store = a_store()
    download = a_download()
    result_of(store.insert(download))
    result_of(store.remove([download.hash, "unknown"]))
    result_of(store.save_state([download]))
    result_of(store.save_settings([download]))
    result_of(store.save_file(download.files[0]))
    result_of(store.checkpoint(download, download.files[0], Coverage.of(0, 1), Coverage()))
    assert store.all() == []
    result_of(store.insert(download))
    assert store.all() == [download]


def test_what_is_on_the_disk_is_remembered_span_by_span():
    """The largest, when there are too many: the others are fetched again."""
    store, download = a_store(), a_download()
    result_of(store.insert(download))
    small = [(20 * n, 20 * n + 2 + n % 2) for n in range(2 * MAX_SPANS)]
    there = Coverage(((0, 5), (10, 12)))
    result_of(store.checkpoint(download, download.files[0], there, Coverage.of(1, 11)))
    ((read,),) = (download.files for download in store.all())
    assert (read.there, read.good) == (there, Coverage(((1, 5), (10, 11))))
    assert (read.received, read.checked) == (7, 5)
    result_of(store.checkpoint(download, download.files[0], Coverage(tuple(small)), Coverage()))
    ((read,),) = (download.files for download in store.all())
    assert read.there == Coverage(tuple(span for span in small if span[1] - span[0] == 3))


def test_a_row_from_before_there_were_spans_has_one():
    database = sqlite3.connect(":memory:")
    for _, sql in migrations():
        if "there TEXT" in sql:
            break
        database.executescript(sql)
    row = "'h', 'p', 'Alice', 'i', 't', 'f', 100, 'c', '/f', 'x.mkv', 'queued', 1, 0, {}, {}"
    columns = "hash, peer, peer_name, item, title, filename, size, category, folder, file, state, position, added"
    database.execute(f"INSERT INTO downloads ({columns}, received, checked) VALUES ({row.format(50, 40)})")
    database.executescript(sql)
    assert database.execute("SELECT there, good, given FROM downloads").fetchall() == [("0-50", "0-40", '{"Alice":50}')]


def test_a_row_from_before_there_were_files_has_one():
    """Nothing of it is lost: neither bytes nor settings."""
    database = sqlite3.connect(":memory:")
    for _, sql in migrations():
        if "CREATE TABLE download_files" in sql:
            break
        database.executescript(sql)
    known = {"peer": "p", "peer_name": "Alice", "item": "i", "title": "T", "filename": "f.mkv", "size": 10}
    known |= {"owner": "o", "category": "c", "folder": "/f", "received": 7, "checked": 5, "there": "0-5,6-8"}
    known |= {
        "good": "0-5",
        "lead": '{"peer": "q", "peer_name": "Bob", "item": "j"}',
        "etag": '"e"',
        "given": '{"Bob": 7}',
    }
    known |= {"attempts": 2, "failures": 3, "seconds": 4.5, "reason": "why", "forced": 1, "retry_at": 6.0, "added": 7.0}
    known |= {"active": 8.0, "tags": '["t"]', "ratio_limit": 1.5, "seeding_time_limit": 9, "download_limit": 10}
    for number, (state, file) in enumerate([("queued", "T/T.mkv"), ("completed", "T/T (2).mkv"), ("paused", "T.mkv")]):
        row = {**known, "hash": f"h{number}", "state": state, "file": file, "position": number, "upload_limit": 11}
        names = ", ".join(row)
        database.execute(f"INSERT INTO downloads ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    database.executescript(sql)
    database.row_factory = sqlite3.Row
    store = DownloadStore(Database.in_memory())
    store._database.read_now = lambda read: read(database)
    first, second, third = store.all()
    assert [d.state for d in (first, second, third)] == [State.QUEUED, State.COMPLETED, State.PAUSED]
    (file,) = first.files
    assert file.wanted == GrabFile(item="i", name="T.mkv", size=10)
    assert (file.path, file.done, second.files[0].path, second.files[0].done) == ("T/T.mkv", False, "T/T (2).mkv", True)
    assert third.files[0].wanted.name == "T.mkv"
    assert (file.there, file.good) == (Coverage(((0, 5), (6, 8))), Coverage.of(0, 5))
    assert (file.lead, file.etag, file.given) == (Source(peer="q", peer_name="Bob", item="j"), '"e"', {"Bob": 7})
    assert file.key == first.hash == "h0"
    assert (first.owner, first.category, first.folder, first.grab.filename) == ("o", "c", "/f", "f.mkv")
    assert (first.attempts, first.failures, first.seconds, first.reason, first.forced) == (2, 3, 4.5, "why", True)
    assert (first.retry_at, first.added, first.active, first.tags, first.ratio_limit) == (6.0, 7.0, 8.0, ("t",), 1.5)
    assert (first.seeding_time_limit, first.download_limit, first.upload_limit) == (9, 10, 11)


def test_claimed_folders_are_remembered():
    store = a_store()
    assert not store.is_claimed(Path("/a"))
    result_of(store.claim(Path("/a")))
    result_of(store.claim(Path("/a")))
    assert store.is_claimed(Path("/a"))
    assert not store.is_claimed(Path("/b"))
