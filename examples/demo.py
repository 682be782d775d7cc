"""
The main job in a minute: two jacks on this machine, Alice shares a folder, Bob searches, grabs and gets the file.

Run it by ``make demo``, or ``make demo MEDIA=/some/folder`` with films of your own. What Bob does here by hand, his
Radarr and Sonarr do by themselves: Torznab search, .torrent, qBittorrent's add, and then looking at the progress.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.parse
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from demo_jack import START_SECONDS, DemoFailed, Jack, wait_for

MIB = 1024 * 1024
GENERATED = Path("Big Buck Bunny (2008) {tmdb-10378}", "Big.Buck.Bunny.2008.1080p.BluRay.x264-DEMO.mkv")
INDEX_SECONDS = 300.0
STALLED_SECONDS = 120.0
"""Without one more byte in this time the demo has failed."""

NEXT_STEPS = """
How to do the same for real, on each side (README.rst has the long form):

    pip install .                         # or the Debian package, or examples/docker-compose.yml
    jack run --config jack.yml            # writes a commented jack.yml when there is none

Alice's jack.yml:                         Bob's jack.yml:
    jack:                                     jack:
      baseUrl: http://jack:5225                 baseUrl: http://jack:5225
      apiKey: <a long random text>            downloads:
    servers:                                    completedPath: /data/jack
      - name: Films                           servers:
        type: folder                            - name: Radarr
        path: /media/films                        type: radarr
                                                  url: http://radarr:7878
                                                  apiKey: <Radarr's key>
                                              peers:
                                                - name: Alice
                                                  url: https://jack.alice.example
                                                  apiKey: <what jack key Bob prints there>

Bob's jack registers itself in his Radarr; then he searches there as always."""


def main() -> int:
    """Exit code: 0 when Bob's file is Alice's, byte for byte."""
    options = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    options.add_argument("--media", default=os.environ.get("MEDIA"), help="a folder of films or episodes to share")
    options.add_argument("--home", type=Path, default=Path(".demo"), help="where the two live (%(default)s)")
    options.add_argument("--keep", action="store_true", help="leave Bob's copy there")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        demo(chosen.home.absolute(), chosen.media, keep=chosen.keep)
    except (DemoFailed, OSError, ValueError, KeyError, ElementTree.ParseError) as error:
        print(f"\nThe demo failed: {explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(NEXT_STEPS)
    return 0


def demo(home: Path, media: str | None, *, keep: bool) -> None:
    """The whole story."""
    for name in ("alice", "bob"):
        shutil.rmtree(home / name, ignore_errors=True)
    shared = Path(media).absolute() if media else generate(home / "media")
    if not shared.is_dir():
        raise DemoFailed(f"{shared} is no folder")
    alice, bob = Jack("Alice", home / "alice"), Jack("Bob", home / "bob")
    completed = home / "bob" / "completed"
    completed.mkdir(parents=True)
    folder = {"name": "Films", "type": "folder", "path": str(shared)}
    friend = {"name": "Alice", "url": alice.url, "apiKey": alice.key}
    with ExitStack() as stack:
        say(f"Alice's jack starts on {alice.url} and shares {shared}")
        stack.enter_context(alice.running(servers=[folder]))
        say(f"Bob's jack starts on {bob.url}; his only friend is Alice")
        stack.enter_context(bob.running(downloads={"completedPath": str(completed)}, peers=[friend]))
        source, copy, seconds = grab(alice, bob, shared, generated=media is None)
        compare(source, copy, seconds)
    if not keep:
        shutil.rmtree(home / "bob")
        shutil.rmtree(home / "alice")


def grab(alice: Jack, bob: Jack, shared: Path, *, generated: bool) -> tuple[Path, Path, float]:
    """Search, grab, wait. Alice's file, Bob's file, and the seconds that it took."""
    wait_for(alice.items, INDEX_SECONDS, f"no film or episode was found in {shared}")
    query = {"t": "movie", "tmdbid": "10378"} if generated else {"t": "search"}
    found = wait_for(lambda: bob.search(**query), START_SECONDS, "Bob's search found nothing")
    say(f"Bob asks Torznab {urllib.parse.urlencode(query)} and is offered:")
    for release in found[:10]:
        say(f"    {int(release['size']) / 1e9:7.2f} GB  {release['title']}")
    release = found[0]
    source = file_of(alice, release, shared)
    room = shutil.disk_usage(bob.home).free
    if room < source.stat().st_size:
        raise DemoFailed(f"{bob.home} has room for {room // MIB} MiB only")
    started = time.monotonic()
    bob.add(bob.ask(release["link"]))
    say(f"Bob grabs {release['title']}")
    return source, watch(bob), time.monotonic() - started


def file_of(alice: Jack, release: dict[str, str], shared: Path) -> Path:
    """Where the file of ``release`` lies at Alice's."""
    _, _, item_id = release["guid"].partition(":")
    for item in alice.items():
        if item["id"] == item_id:
            same = (p for p in shared.rglob("*") if p.name == item["filename"] and p.is_file())
            for path in same:
                if path.stat().st_size == item["size"]:
                    return path
    raise DemoFailed(f"{release['title']} is not among Alice's newest 100 files")


def watch(bob: Jack) -> Path:
    """Shows the progress until the file is there; where it is."""
    started = moved = time.monotonic()
    last = -1
    while True:
        row = bob.download()
        show(row, time.monotonic() - started)
        if row["progress"] >= 1 and row["state"] in ("pausedUP", "stoppedUP", "stalledUP", "uploading"):
            break
        if row["state"] in ("error", "missingFiles"):
            raise DemoFailed(f"the download failed; see {bob.home / 'log'}")
        if row["completed"] != last:
            last, moved = row["completed"], time.monotonic()
        if time.monotonic() - moved > STALLED_SECONDS:
            raise DemoFailed(f"nothing came for {STALLED_SECONDS:.0f} s; see {bob.home / 'log'}")
        time.sleep(0.25)
    if sys.stdout.isatty():
        print()
    content = Path(row["content_path"])
    files = [content] if content.is_file() else [p for p in content.rglob("*") if p.is_file()]
    if len(files) != 1:
        raise DemoFailed(f"one file was expected in {content}, there are {len(files)}")
    return files[0]


def show(row: dict[str, Any], seconds: float) -> None:
    """A bar that moves on a terminal, a line each time elsewhere."""
    done = int(row["progress"] * 30)
    rate = row["completed"] / seconds if seconds > 0 else 0.0
    left = f"  {row['amount_left'] / rate:.0f} s left" if rate and row["amount_left"] else ""
    numbers = f"{int(row['progress'] * 100):3}%  {rate / 1e6:7.1f} MB/s{left}"
    if sys.stdout.isatty():
        print(f"\r    [{'#' * done}{'.' * (30 - done)}] {numbers:<36} {row['state']:<12}", end="", flush=True)
    else:
        print(f"    {numbers}  {row['state']}", flush=True)


def compare(source: Path, copy: Path, seconds: float) -> None:
    """Raises ``DemoFailed`` unless both files are the same."""
    sums = [sha256(path) for path in (source, copy)]
    size = source.stat().st_size
    say(f"Alice's SHA-256 {sums[0]}\nBob's   SHA-256 {sums[1]}")
    if sums[0] != sums[1] or size != copy.stat().st_size:
        raise DemoFailed("the two files differ")
    say(f"The same. {size / 1e6:.0f} MB in {seconds:.1f} s: {size / 1e6 / seconds:.0f} MB/s")
    say(f"Bob's file: {copy}")


def generate(folder: Path) -> Path:
    """1 GiB that nobody has seen before, named as a film; kept for the next time."""
    path = folder / GENERATED
    if path.exists() and path.stat().st_size == 1024 * MIB:
        return folder
    path.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < 3 * 1024 * MIB:
        raise DemoFailed(f"{folder} needs 3 GiB of room; or share a folder of your own: make demo MEDIA=/some/folder")
    say(f"1 GiB of random bytes goes to {path}")
    with path.open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(16 * MIB))
    return folder


def sha256(path: Path) -> str:
    """Of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def explain(error: Exception) -> str:
    """In words."""
    if isinstance(error, urllib.error.HTTPError):
        path = urllib.parse.urlsplit(error.url or "").path
        return f"{path} answered {error.code}: {error.read(300).decode('utf-8', 'replace')}"
    return str(error) or type(error).__name__


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
