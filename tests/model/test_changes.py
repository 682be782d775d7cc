"""Nothing that a list shows of a download changes without being counted."""

from __future__ import annotations

import attrs
import pytest

from jackd.model.coverage import Coverage
from jackd.model.download import Download
from jackd.model.file import DownloadFile
from jackd.model.grab import Grab, GrabFile

FILES = tuple(GrabFile(item=f"x:episode:{n}", name=f"{n}.mkv", size=10) for n in range(2))
GRAB = Grab(hash="a" * 40, peer="c", peer_name="C", item="x:season:1", title="T", filename="", size=20, files=FILES)


def a_download(**known) -> Download:
    return Download(grab=GRAB, owner=None, category="c", folder="/d", **known)


def names(kind: type) -> list[str]:
    return [a.name for a in attrs.fields(kind) if a.name != "changes"]


@pytest.mark.parametrize("name", names(Download))
def test_what_is_set_counts(name):
    download = a_download()
    before = download.changes.count
    setattr(download, name, getattr(download, name))
    assert download.changes.count > before


@pytest.mark.parametrize("name", names(DownloadFile))
@pytest.mark.parametrize("number", [0, 1])
def test_so_does_what_is_set_of_one_of_its_files(name, number):
    """Of those too that were known before the download was made, as when it is read from the database."""
    files = [DownloadFile(grab=GRAB, number=n, path=str(n)) for n in range(2)]
    download = a_download(files=files)
    before = download.changes.count
    setattr(files[number], name, getattr(files[number], name))
    assert download.changes.count > before


def test_so_do_bytes():
    download = a_download()
    before = download.changes.count
    download.files[1].settle(Coverage(((0, 5),)), Coverage())
    assert download.changes.count > before


def test_one_download_is_not_the_other():
    first, second = a_download(), a_download()
    first.files[0].sources = 1
    assert second.changes.count == 0


def test_a_download_is_the_same_however_often_it_changed():
    first, second = a_download(), a_download()
    first.speed = 0.0
    assert first == second


def test_tags_are_a_tuple_whoever_sets_them():
    download = a_download()
    download.tags = ["a", "b"]
    assert download.tags == ("a", "b")
