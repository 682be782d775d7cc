"""``jack verify``: beside the daemon's database, which it only reads."""

from __future__ import annotations

import json
import os

import pytest

from jackd.model.download import Download, State
from jackd.model.grab import Grab, GrabFile
from jackd.model.manifest import BLOCK_BYTES, Manifest
from jackd.ops import cli_verify
from jackd.ops.cli import main
from jackd.storage.database import Database, connect
from jackd.storage.digests import digest
from jackd.storage.downloads import DownloadStore
from jackd.storage.manifests import ManifestStore
from jackd.storage.threads import InlineWorkers
from tests.support import result_of

SIZE = 2 * BLOCK_BYTES + 1000
HASH = "a" * 40


def manifest_of(data: bytes) -> Manifest:
    blocks = [data[at : at + BLOCK_BYTES] for at in range(0, len(data), BLOCK_BYTES)]
    digests = b"".join(map(digest, blocks))
    return Manifest(size=len(data), etag='"one"', root=digest(digests), digests=digests)


@pytest.fixture
def data():
    return os.urandom(SIZE)


@pytest.fixture
def film(tmp_path, data, monkeypatch):
    """A finished download, still listed, of which the digests are known; the daemon has the database open."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    config = tmp_path / "jack.yml"
    config.write_text(json.dumps({"jack": {"stateDir": str(tmp_path / "state")}}))
    monkeypatch.setenv("APP_CONFIG_PATH", str(config))
    path = tmp_path / "film.mkv"
    path.write_bytes(data)
    database = Database(str(tmp_path / "state" / "jack.db"), InlineWorkers(), InlineWorkers())
    database.open()
    grab = Grab(hash=HASH, peer="p", peer_name="Alice", item="i", title="T", filename="f.mkv", size=SIZE)
    row = Download(grab=grab, owner=None, category="c", folder=str(tmp_path), state=State.COMPLETED)
    row.files[0].path = "film.mkv"
    result_of(DownloadStore(database).insert(row))
    result_of(ManifestStore(database).keep(HASH, manifest_of(data)))
    yield path
    database.close()


@pytest.fixture
def store(film):
    """Writes beside the daemon."""
    database = Database(str(film.parent / "state" / "jack.db"), InlineWorkers(), InlineWorkers())
    database._write_connection = connect(database._path)
    yield ManifestStore(database)
    database.close()


def damage(film, *offsets: int) -> None:
    with film.open("r+b") as file:
        for offset in offsets:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize("by_hash", [True, False])
def test_a_good_file_is_ok(film, capsys, by_hash):
    assert main(["verify", HASH.upper() if by_hash else str(film)]) == 0
    assert capsys.readouterr().out == f"OK {film}\n"


@pytest.mark.parametrize(
    ("offset", "span"),
    [(0, (0, BLOCK_BYTES)), (BLOCK_BYTES, (BLOCK_BYTES, 2 * BLOCK_BYTES)), (SIZE - 1, (2 * BLOCK_BYTES, SIZE))],
)
def test_a_damaged_one_is_told_with_its_place(film, capsys, offset, span):
    damage(film, offset)
    assert main(["verify", str(film)]) == 1
    assert capsys.readouterr().out == f"BAD {film}: bytes {span[0]} to {span[1] - 1}\n"


def test_it_is_found_wherever_it_lies_now(film, capsys):
    """The *arr has imported it under a name of its own."""
    moved = film.rename(film.with_name("The Matrix (1999).mkv"))
    assert main(["verify", str(moved)]) == 0


def test_of_several_of_that_size_the_one_that_fits_counts(film, store, data):
    result_of(store.keep("b" * 40, manifest_of(bytes(SIZE))))
    assert main(["verify", str(film)]) == 0
    damage(film, 5)
    assert main(["verify", str(film)]) == 1


def test_only_so_many_bad_blocks_are_named(film, capsys, monkeypatch):
    monkeypatch.setattr(cli_verify, "MAX_SHOWN", 1)
    damage(film, 0, BLOCK_BYTES, SIZE - 1)
    assert main(["verify", str(film)]) == 1
    assert capsys.readouterr().out.splitlines()[1] == f"BAD {film}: and 2 more blocks"


@pytest.mark.parametrize("what", ["b" * 40, "missing.mkv", "/", "/dev/null", __file__])
def test_what_is_not_known_is_said(film, capsys, what):
    assert main(["verify", what]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("jack: ")


def test_a_file_that_was_cut_is_not_ok(film, capsys):
    os.truncate(film, SIZE - 1)
    assert main(["verify", HASH]) == 1
    assert capsys.readouterr().out == f"BAD {film} has {SIZE - 1} bytes, not {SIZE}\n"


@pytest.fixture
def season(film, store, data):
    """A download of three files beside the film."""
    folder, hash = film.parent, "c" * 40
    files = [GrabFile(item=f"i{n}", name=f"{n}.mkv", size=SIZE) for n in (1, 2, 3)]
    files.append(GrabFile(item="i4", name="1.srt", size=5))
    grab = Grab(hash=hash, peer="p", peer_name="Alice", item="i", title="S01", filename="", size=3 * SIZE, files=files)
    row = Download(grab=grab, owner=None, category="c", folder=str(folder), state=State.COMPLETED)
    for file, named in zip(row.files, files, strict=True):
        file.path = named.name
        (folder / named.name).write_bytes(data)
    result_of(DownloadStore(store._database).insert(row))
    for key in (hash, f"{hash}:1", f"{hash}:2"):
        result_of(store.keep(key, manifest_of(data)))
    return hash


def test_of_a_season_each_file_is_looked_at(season, film, capsys):
    """Whatever is wrong with another one; what lies beside a video has no digests."""
    assert main(["verify", season]) == 0
    assert capsys.readouterr().out.splitlines() == [f"OK {film.with_name(f'{n}.mkv')}" for n in (1, 2, 3)]
    film.with_name("1.mkv").unlink()
    damage(film.with_name("3.mkv"), 5)
    assert main(["verify", season]) == 1
    one, two, three = capsys.readouterr().out.splitlines()
    assert one == f"BAD {film.with_name('1.mkv')} can't be read: No such file or directory"
    assert (two, three.split(":")[0]) == (f"OK {film.with_name('2.mkv')}", f"BAD {film.with_name('3.mkv')}")


def test_an_episode_without_digests_is_not_passed_over(season, film, store, capsys):
    lost = "DELETE FROM download_manifests WHERE hash LIKE '%:1'"
    result_of(store._database.write(lambda db: db.execute(lost) and None))
    assert main(["verify", season]) == 1
    assert capsys.readouterr().out.splitlines()[1].startswith(f"UNKNOWN {film.with_name('2.mkv')}: ")


def test_without_a_database_it_says_so(film, capsys):
    for path in (film.parent / "state").iterdir():
        path.unlink()
    assert main(["verify", str(film)]) == 1
    assert "can't be read" in capsys.readouterr().err


def test_by_hash_all_files_of_a_season_are_compared(film, store, capsys):
    """What lies beside a video and has no digests is passed over."""
    folder = film.parent
    files = [GrabFile(item=str(n), name=name, size=SIZE) for n, name in enumerate(("one.mkv", "two.mkv", "two.srt"))]
    grab = Grab(hash="b" * 40, peer="p", peer_name="A", item="s", title="T", filename="", size=3 * SIZE, files=files)
    season = Download(grab=grab, owner=None, category="c", folder=str(folder))
    (folder / "T").mkdir()
    for file in season.files:
        (folder / file.path).write_bytes(film.read_bytes())
    database = store._database
    result_of(DownloadStore(database).insert(season))
    for file in season.files[:2]:
        result_of(store.keep(file.key, manifest_of(film.read_bytes())))
    assert main(["verify", "b" * 40]) == 0
    damage(folder / "T" / "two.mkv", 0)
    assert main(["verify", "b" * 40]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said[:2]] == [f"OK {folder}/T/one.mkv", f"OK {folder}/T/two.mkv"]
    assert said[2] == f"OK {folder}/T/one.mkv"
    assert said[3].startswith(f"BAD {folder}/T/two.mkv: bytes 0 to ")
