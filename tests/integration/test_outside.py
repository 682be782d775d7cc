"""Clients that others wrote, on the whole road: FlexGet, and qbittorrent-api."""

from __future__ import annotations

import os
import subprocess

import pytest
import qbittorrentapi
import yaml
from twisted.internet.threads import deferToThread

from tests.integration.conftest import World, content, finished, put, soon, two

pytestmark = pytest.mark.slow


async def test_flexget_searches_and_adds(world: World):
    """Torznab caps and search, .torrent, qBittorrent add: FlexGet's own code."""
    flexget = os.environ.get("JACK_FLEXGET")
    assert flexget, "JACK_FLEXGET must name FlexGet's program; `make test` installs it"
    _, bob, data = await two(world, content(5, 2_000_000))
    searches = {"torznab": {"url": f"{bob.url}/torznab", "apikey": bob.key, "searcher": "movie"}}
    client = {"host": "127.0.0.1", "port": bob.port, "username": "jack", "password": bob.key, "label": "flexget"}
    task = {
        "discover": {
            "what": [{"mock": [{"title": "The Matrix 1999"}]}],
            "from": [searches],
            "release_estimations": "ignore",
        },
        "accept_all": True,
        "qbittorrent": client,
    }
    config = put(world.home / "flexget" / "config.yml", yaml.safe_dump({"tasks": {"matrix": task}}).encode())
    command = [flexget, "-c", str(config), "--loglevel", "verbose", "execute", "--discover-now", "--now"]
    ran = await deferToThread(
        subprocess.run, command, capture_output=True, text=True, timeout=120, check=False, cwd=config.parent
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    assert "Accepted: 1" in said and "Failed: 0" in said, said
    [file] = await soon(lambda: finished(bob))
    assert file.read_bytes() == data
    assert file.relative_to(bob.completed).parts[0] == "flexget"


async def test_qbittorrent_api_drives_the_road(world: World):
    """qbittorrent-api adds a link by its URL, watches it, and deletes it with its files."""
    _, bob, data = await two(world, content(5, 2_000_000))
    client = qbittorrentapi.Client(host=bob.url, username="jack", password=bob.key)
    feed = (await deferToThread(bob.get, f"/torznab/api?t=movie&tmdbid=603&apikey={bob.key}")).decode()
    link = feed.partition('<enclosure url="')[2].partition('"')[0].replace("&amp;", "&")

    def add():
        client.auth_log_in()
        assert client.torrents_add(urls=link, category="tools") == "Ok."
        return client.torrents_info(category="tools")

    [row] = await deferToThread(add)
    assert row.name == "The.Matrix.1999.1080p.BluRay.x264-GRP"

    def done():
        [row] = client.torrents_info(torrent_hashes=row_hash)
        return row if row.state == "pausedUP" else None

    row_hash = row.hash
    row = await soon(lambda: deferToThread(done))
    assert (row.progress, row.amount_left, row.size) == (1, 0, len(data))
    [file] = finished(bob)
    assert str(file).startswith(row.content_path)
    assert file.read_bytes() == data
    await deferToThread(client.torrents_delete, delete_files=True, torrent_hashes=row.hash)
    assert finished(bob) == []
    assert await deferToThread(client.torrents_info) == []
