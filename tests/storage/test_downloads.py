"""The rows of the queue."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from jackd.model.coverage import Coverage
from jackd.model.download import Download, Grab, State
from jackd.model.release import Source
from jackd.storage.database import Database
from jackd.storage.downloads import MAX_SPANS, DownloadStore
from jackd.storage.migrate import migrations
from tests.support import result_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SIZE = st.integers(0, 2**62)
SECONDS = st.floats(0, 4e9)
GRABS = st.builds(Grab, hash=TEXT, peer=TEXT, peer_name=TEXT, item=TEXT, title=TEXT, filename=TEXT, size=SIZE)
DOWNLOADS = st.builds(
    Download,
    grab=GRABS,
    owner=st.none() | TEXT,
    category=TEXT,
    folder=TEXT,
    file=TEXT,
    state=st.sampled_from(State),
    lead=st.none() | st.builds(Source, peer=TEXT, peer_name=TEXT, item=TEXT),
    given=st.dictionaries(TEXT, SIZE, max_size=3),
    etag=st.none() | TEXT,
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


def downloads(download: Download, there: Coverage, good: Coverage) -> Download:
    download.settle(there, good)
    return download


DOWNLOADS = st.builds(downloads, DOWNLOADS, SPANS, SPANS)


def a_store() -> DownloadStore:
    return DownloadStore(Database.in_memory())


def a_download(hash: str = "1", **values: object) -> Download:
    grab = Grab(hash=hash, peer="p", peer_name="Alice", item="i", title="t", filename="f.mkv", size=10)
    return Download(grab=grab, owner=None, category="c", folder="/f", file="t/t.mkv", **values)


@given(st.lists(DOWNLOADS, max_size=4, unique_by=lambda d: d.hash))
def test_what_goes_in_comes_out_in_the_order_of_the_queue(downloads):
    store = a_store()
    for download in downloads:
        result_of(store.insert(download))
    assert store.all() == sorted(downloads, key=lambda d: (d.position, d.added, d.hash.encode()))


@given(DOWNLOADS, DOWNLOADS)
def test_each_change_writes_its_own_columns(before, after):
    """A client's setting can never claim bytes, nor a checkpoint undo a setting."""
    after.grab = before.grab
    for change, columns in (
        (lambda s: s.save_state([after]), {"state", "file", "attempts", "reason", "retry_at", "completed"}),
        (
            lambda s: s.save_settings([after]),
            {"category", "folder", "position", "forced", "tags", "ratio_limit", "seeding_time_limit"},
        ),
        (
            lambda s: s.checkpoint(after, after.there, after.good),
            {"there", "good", "received", "checked", "lead", "etag", "given", "active"},
        ),
    ):
        store = a_store()
        result_of(store.insert(before))
        result_of(change(store))
        (read,) = store.all()
        for name in Download.__slots__:
            if not name.startswith("_"):
                assert getattr(read, name) == getattr(after if name in columns else before, name), name


def test_what_is_gone_stays_gone():
    store = a_store()
    download = a_download()
    result_of(store.insert(download))
    result_of(store.remove([download.hash, "unknown"]))
    result_of(store.save_state([download]))
    result_of(store.save_settings([download]))
    result_of(store.checkpoint(download, Coverage.of(0, 1), Coverage()))
    assert store.all() == []


def test_what_is_on_the_disk_is_remembered_span_by_span():
    """The largest, when there are too many: the others are fetched again."""
    store, download = a_store(), a_download()
    result_of(store.insert(download))
    small = [(20 * n, 20 * n + 2 + n % 2) for n in range(2 * MAX_SPANS)]
    there = Coverage(((0, 5), (10, 12)))
    result_of(store.checkpoint(download, there, Coverage.of(1, 11)))
    (read,) = store.all()
    assert (read.there, read.good) == (there, Coverage(((1, 5), (10, 11))))
    assert (read.received, read.checked) == (7, 5)
    result_of(store.checkpoint(download, Coverage(tuple(small)), Coverage()))
    (read,) = store.all()
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


def test_claimed_folders_are_remembered():
    store = a_store()
    assert not store.is_claimed(Path("/a"))
    result_of(store.claim(Path("/a")))
    result_of(store.claim(Path("/a")))
    assert store.is_claimed(Path("/a"))
    assert not store.is_claimed(Path("/b"))
