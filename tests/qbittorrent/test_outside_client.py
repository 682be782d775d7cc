"""qbittorrent-api, a client that knows nothing of jack, on a real socket."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import qbittorrentapi
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from jackd.model.download import State
from jackd.web.site import Site
from tests.fakes.downloads import come
from tests.qbittorrent.support import KEY, RADARR, World


class Served:
    """A world on 127.0.0.1."""

    def __init__(self) -> None:
        self.world = World()
        self.site = Site(self.world.mounts(), reactor)
        self.port = reactor.listenTCP(0, self.site, interface="127.0.0.1")

    def client(self, name: str = "jack", key: str = KEY) -> qbittorrentapi.Client:
        return qbittorrentapi.Client(
            host=f"http://127.0.0.1:{self.port.getHost().port}",
            username=name,
            password=key,
            REQUESTS_ARGS={"timeout": 10},
        )


async def drive(steps: Callable[[Served], None]) -> None:
    served = Served()
    try:
        await deferToThread(steps, served)
    finally:
        await served.port.stopListening()


async def test_a_grab_from_login_to_logout():
    def steps(served: Served) -> None:
        world, client = served.world, served.client()
        client.auth_log_in()
        assert (client.app.version, client.app.web_api_version) == ("v4.6.7", "2.9.3")
        assert client.app.preferences.save_path == "/downloads"

        torrent = world.stub()
        hash = world.stubs.read(torrent).hash
        assert client.torrents_add(torrent_files=torrent, category="films", tags=["one"], is_stopped=True) == "Ok."
        (row,) = client.torrents_info(category="films")
        assert (row.hash, row.state, row.tags) == (hash, "pausedDL", "one")
        assert row.state_enum.is_downloading
        assert row.properties.save_path == f"/downloads/films/{hash[:8]}"
        assert row.files[0].name == f"{row.name}/{row.name}.mkv"
        assert row.trackers[-1].url == "jack://Alice"

        row.resume()
        assert client.torrents_info(torrent_hashes=hash)[0].state == "queuedDL"
        row.pause()
        assert client.torrents_info(torrent_hashes=hash)[0].state == "pausedDL"

        client.torrents_create_category("tv", save_path="/x")
        assert client.torrent_categories.categories["tv"].savePath == "/x"
        row.set_category("tv")
        row.add_tags(["two"])
        assert sorted(client.torrent_tags.tags) == ["one", "two"]
        row.set_share_limits(ratio_limit=1, seeding_time_limit=5, inactive_seeding_time_limit=-2)
        (row,) = client.torrents_info(category="tv")
        assert (row.tags, row.ratio_limit, row.seeding_time_limit) == ("one, two", 1, 5)

        row.delete(delete_files=True)
        assert client.torrents_info() == []
        assert world.downloads.deleted == [(hash, True)]
        client.auth_log_out()
        assert not client.is_logged_in

    await drive(steps)


async def test_the_client_s_own_deltas():
    def steps(served: Served) -> None:
        world, client = served.world, served.client("radarr", served.world.mint.credential(RADARR))
        client.torrents_add(torrent_files=world.stub())
        assert client.sync.maindata().full_update
        assert client.sync.maindata.delta().full_update
        download = world.downloads.list()[0]
        download.state, download.speed = State.DOWNLOADING, 9.0
        come(download, 4096)
        told = client.sync.maindata.delta()
        assert "full_update" not in told
        assert told.torrents[download.hash].completed == 4096
        client.torrents_delete(torrent_hashes="all", delete_files=False)
        assert list(client.sync.maindata.delta().torrents_removed) == [download.hash]

    await drive(steps)


async def test_errors_are_the_client_s_own():
    def steps(served: Served) -> None:
        client = served.client()
        with pytest.raises(qbittorrentapi.LoginFailed):
            served.client(key="wrong").auth_log_in()
        with pytest.raises(qbittorrentapi.NotFound404Error):
            client.torrents_properties("0" * 40)
        with pytest.raises(qbittorrentapi.Conflict409Error):
            client.torrents_set_category(category="nosuch", torrent_hashes="all")
        with pytest.raises(qbittorrentapi.UnsupportedMediaType415Error):
            client.torrents_add(torrent_files=b"junk")
        assert client.torrents_add(urls="magnet:?xt=urn:btih:" + "1" * 40) == "Fails."

    await drive(steps)


async def test_everything_a_client_lists_can_be_read():
    """Old and new names of one call; the client chooses by the API's version."""

    def steps(served: Served) -> None:
        client = served.client()
        client.torrents_add(torrent_files=served.world.stub())
        hash = served.world.downloads.list()[0].hash
        for read in (
            client.app_build_info,
            client.app_default_save_path,
            client.transfer_info,
            client.transfer_speed_limits_mode,
            client.log_main,
            client.log_peers,
            client.rss_items,
            client.search_plugins,
            client.torrents_tags,
        ):
            read()
        for read in (
            client.torrents_webseeds,
            client.torrents_piece_states,
            client.torrents_piece_hashes,
            client.torrents_trackers,
            client.sync_torrent_peers,
        ):
            read(torrent_hash=hash)
        for change in (
            client.torrents_download_limit,
            client.torrents_recheck,
            client.torrents_reannounce,
            client.torrents_top_priority,
            client.torrents_bottom_priority,
            client.torrents_increase_priority,
            client.torrents_decrease_priority,
            client.torrents_toggle_sequential_download,
            client.torrents_set_force_start,
        ):
            change(torrent_hashes=hash)
        client.app_set_preferences({"queueing_enabled": False})
        assert client.app_preferences().queueing_enabled is True

    await drive(steps)
