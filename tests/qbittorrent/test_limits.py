"""Speed limits as clients of the dialect read and set them; the answers are qBittorrent 4.5.2's."""

from __future__ import annotations

from datetime import datetime

import pytest
from attrs import evolve

from jackd.config.settings import LimitSettings
from jackd.model.schedule import Window
from tests.qbittorrent.support import Client, World
from tests.support import result_of

UNKNOWN = "0" * 40
KIB = 1024


def texts(client: Client) -> list[str]:
    return [client.get(f"transfer/{name}").text for name in ("downloadLimit", "uploadLimit", "speedLimitsMode")]


def answers(got) -> tuple[int, str]:
    return got.status, got.text


def test_without_limits():
    operator, _, _ = World().clients()
    assert texts(operator) == ["0", "0", "0"]
    info = operator.get("transfer/info").json()
    assert (info["dl_rate_limit"], info["up_rate_limit"]) == (0, 0)


@pytest.mark.parametrize(("sent", "limit"), [("1048576", 2**20), ("0", 0), ("-1", 0), ("x", 0), ("9" * 30, 2**40)])
def test_the_operator_sets_them_at_once_and_for_good(sent, limit):
    world = World()
    operator, _, _ = world.clients()
    assert answers(operator.post("transfer/setDownloadLimit", {"limit": sent})) == (200, "")
    assert answers(operator.post("transfer/setUploadLimit", {"limit": "7000"})) == (200, "")
    assert (world.speed.down.total.rate, world.speed.up.total.rate) == (limit, 7000)
    again = World(database=world.database)
    operator, _, _ = again.clients()
    assert texts(operator) == [str(limit), "7000", "0"]
    info = operator.get("transfer/info").json()
    assert (info["dl_rate_limit"], info["up_rate_limit"]) == (limit, 7000)
    state = operator.get("sync/maindata").json()["server_state"]
    assert (state["dl_rate_limit"], state["use_alt_speed_limits"]) == (limit, False)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("setDownloadLimit", {"limit": "1"}),
        ("setUploadLimit", {"limit": "1"}),
        ("toggleSpeedLimitsMode", {}),
        ("setSpeedLimitsMode", {"mode": "1"}),
    ],
)
def test_an_arr_can_not(path, fields):
    operator, radarr, _ = World().clients()
    assert radarr.post(f"transfer/{path}", fields).status == 403
    assert texts(radarr) == texts(operator) == ["0", "0", "0"]


@pytest.mark.parametrize(
    "path", ["transfer/setDownloadLimit", "transfer/setUploadLimit", "transfer/setSpeedLimitsMode"]
)
def test_what_must_be_there(path):
    operator, _, _ = World().clients()
    assert operator.post(path).status == 400


def test_the_alternative_limits():
    world = World(limits=LimitSettings(upload_rate=KIB, alternative_upload_rate=5 * KIB))
    operator, _, _ = world.clients()
    assert answers(operator.post("transfer/toggleSpeedLimitsMode")) == (200, "")
    assert texts(operator) == ["0", "5120", "1"]
    operator.post("transfer/setUploadLimit", {"limit": "6000"})
    assert texts(operator) == ["0", "6000", "1"]
    assert operator.get("sync/maindata").json()["server_state"]["use_alt_speed_limits"] is True
    operator, _, _ = World(limits=world.limits, database=world.database).clients()
    assert texts(operator) == ["0", "6000", "1"]
    operator.post("transfer/setSpeedLimitsMode", {"mode": "0"})
    assert texts(operator) == ["0", "1024", "0"]


def test_the_configuration_holds_again_once_it_is_changed():
    world = World(limits=LimitSettings(upload_rate=KIB, download_rate=KIB))
    operator, _, _ = world.clients()
    operator.post("transfer/setUploadLimit", {"limit": "1"})
    operator.post("transfer/setDownloadLimit", {"limit": "2"})
    changed = LimitSettings(upload_rate=KIB, download_rate=3 * KIB)
    operator, _, _ = World(limits=changed, database=world.database).clients()
    assert texts(operator) == ["3072", "1", "0"]


def test_hours_of_the_week_and_a_client_s_wish_within_them():
    evening = Window(start=18 * 60, stop=23 * 60, upload_rate=KIB)
    world = World(limits=LimitSettings(upload_rate=9 * KIB, download_rate=8 * KIB, schedule=(evening,)))
    operator, _, _ = world.clients()

    def limits(hour: int) -> list[str]:
        world.time = datetime(2026, 11, 16, hour).timestamp()
        world.speed._apply()
        return texts(operator)[:2]

    assert limits(12) == ["8192", "9216"]
    assert limits(18) == ["8192", "1024"]
    operator.post("transfer/setUploadLimit", {"limit": "5"})
    assert limits(19) == ["8192", "5"]
    assert limits(23) == ["8192", "5"]
    assert limits(20) == ["8192", "1024"]


def test_each_download_has_limits():
    world = World()
    operator, radarr, sonarr = world.clients()
    torrent = world.stub()
    radarr.add(torrent)
    name = world.stubs.read(torrent).hash
    assert answers(radarr.post("torrents/setDownloadLimit", {"hashes": name, "limit": "1048576"})) == (200, "")
    assert answers(radarr.post("torrents/setUploadLimit", {"hashes": name, "limit": "0"})) == (200, "")
    both = {"hashes": f"{name.upper()}|{UNKNOWN}"}
    assert radarr.post("torrents/downloadLimit", both).json() == {name: 1048576, UNKNOWN: -1}
    assert radarr.post("torrents/uploadLimit", {"hashes": name}).json() == {name: 0}
    assert radarr.info()[0]["dl_limit"] == 1048576
    properties = radarr.post("torrents/properties", {"hash": name}).json()
    assert (properties["dl_limit"], properties["up_limit"]) == (1048576, -1)
    assert sonarr.post("torrents/setDownloadLimit", {"hashes": "all", "limit": "5"}).status == 200
    assert operator.post("torrents/downloadLimit", both).json() == {name: 1048576, UNKNOWN: -1}
    assert sonarr.post("torrents/downloadLimit", both).json() == {name: -1, UNKNOWN: -1}
    operator.post("torrents/setDownloadLimit", {"hashes": "all", "limit": "9" * 40})
    assert operator.post("torrents/downloadLimit", both).json()[name] == 2**40
    for path in ("setDownloadLimit", "setUploadLimit"):
        assert operator.post(f"torrents/{path}", {"hashes": name}).status == 400


def test_uploads_are_summed_for_the_operator():
    world = World()
    operator, radarr, _ = world.clients()
    with world.uploads.begun(who="jack", client="::1", file="a.mkv", file_size=9, size=9) as flow:
        flow.move(5)
        world.uploads.current()[0].speed = 3.5
        info = operator.get("transfer/info").json()
        assert (info["up_info_speed"], info["up_info_data"]) == (3, 5)
        info = radarr.get("transfer/info").json()
        assert (info["up_info_speed"], info["up_info_data"]) == (0, 0)


def test_a_configuration_that_is_read_again_changes_only_what_it_says_anew():
    """F43: a client's wish holds as long as the same is written there; what was changed there is so for good."""
    world = World(limits=LimitSettings(upload_rate=KIB, download_rate=KIB, alternative_upload_rate=KIB))
    operator, _, _ = world.clients()
    operator.post("transfer/setUploadLimit", {"limit": "1"})
    operator.post("transfer/setDownloadLimit", {"limit": "2"})
    changed = evolve(world.limits, download_rate=3 * KIB, alternative_upload_rate=4 * KIB)
    result_of(world.speed.configure(changed, ()))
    assert texts(operator) == ["3072", "1", "0"]
    assert (world.speed.up.total.rate, world.speed.down.total.rate) == (1, 3 * KIB)
    operator.post("transfer/setSpeedLimitsMode", {"mode": "1"})
    result_of(world.speed.configure(world.limits, ()))
    assert texts(operator) == ["0", "1024", "1"]
    operator.post("transfer/setSpeedLimitsMode", {"mode": "0"})
    assert texts(operator) == ["1024", "1", "0"]
    operator, _, _ = World(limits=world.limits, database=world.database).clients()
    assert texts(operator) == ["1024", "1", "0"]


def test_hours_that_are_written_anew_hold_at_once_and_the_same_ones_leave_a_wish_alone():
    """F43"""

    def evening(rate: int) -> LimitSettings:
        return LimitSettings(upload_rate=9 * KIB, schedule=(Window(start=18 * 60, stop=23 * 60, upload_rate=rate),))

    world = World(limits=evening(KIB))
    world.time = datetime(2026, 11, 16, 19).timestamp()
    world.speed.load()
    operator, _, _ = world.clients()
    assert texts(operator)[1] == "1024"
    result_of(world.speed.configure(evening(2 * KIB), ()))
    assert texts(operator)[1] == "2048"
    operator.post("transfer/setUploadLimit", {"limit": "5"})
    result_of(world.speed.configure(evening(2 * KIB), ()))
    assert texts(operator)[1] == "5"
    result_of(world.speed.configure(evening(3 * KIB), ()))
    assert texts(operator)[1] == "3072"
    operator.post("transfer/setUploadLimit", {"limit": "6"})
    result_of(world.speed.configure(evolve(evening(3 * KIB), upload_rate=7 * KIB), ()))
    assert texts(operator)[1] == "3072"
    result_of(world.speed.configure(LimitSettings(upload_rate=8 * KIB), ()))
    assert texts(operator)[1] == "8192"


@pytest.mark.parametrize(
    ("since", "until", "rate", "holds"),
    [
        (datetime(2026, 11, 16, 19), datetime(2026, 11, 16, 22, 59), KIB, "5"),
        (datetime(2026, 11, 16, 23, 30), datetime(2026, 11, 17, 1, 59), KIB, "5"),
        (datetime(2026, 11, 16, 19), datetime(2026, 11, 17, 2), KIB, "5"),
        (datetime(2026, 11, 16, 19), datetime(2026, 11, 17, 19), KIB, "1024"),
        (datetime(2026, 11, 16, 19), datetime(2026, 11, 30, 19), KIB, "1024"),
        (datetime(2026, 11, 16, 19), datetime(2026, 11, 16, 18), KIB, "1024"),
        (datetime(2026, 11, 16, 19), datetime(2026, 11, 16, 20), 2 * KIB, "2048"),
        (datetime(2026, 11, 16, 12), datetime(2026, 11, 16, 20), KIB, "1024"),
    ],
)
def test_a_wish_of_these_hours_outlives_a_restart_and_ends_with_them(since, until, rate, holds):
    """After the window the client's limit is that of other hours; a clock that went back, or other hours: unknown."""

    def at(when: datetime, rate: int, **database) -> World:
        night = Window(start=18 * 60, stop=2 * 60, upload_rate=rate)
        limits = LimitSettings(upload_rate=9 * KIB, schedule=(night,))
        return World(limits=limits, time=when.timestamp(), **database)

    before = at(since, KIB)
    before.clients()[0].post("transfer/setUploadLimit", {"limit": "5"})
    after = at(until, rate, database=before.database)
    assert texts(after.clients()[0])[1] == holds


def test_a_wish_within_hours_that_never_end_holds_for_good():
    always = LimitSettings(upload_rate=9 * KIB, schedule=(Window(upload_rate=KIB),))
    before = World(limits=always, time=datetime(2026, 11, 16, 19).timestamp())
    before.clients()[0].post("transfer/setUploadLimit", {"limit": "5"})
    after = World(limits=always, time=datetime(2027, 11, 16, 19).timestamp(), database=before.database)
    assert texts(after.clients()[0])[1] == "5"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_wish_that_ended_with_its_hours_does_not_come_back_by_a_restart(restarted):
    """They were taken out of the configuration and written there again."""
    night = LimitSettings(upload_rate=9 * KIB, schedule=(Window(start=18 * 60, stop=2 * 60, upload_rate=KIB),))
    before = World(limits=night, time=datetime(2026, 11, 16, 19).timestamp())
    operator = before.clients()[0]
    operator.post("transfer/setUploadLimit", {"limit": "5"})
    without = evolve(night, schedule=())
    if restarted:
        before = World(limits=without, time=before.time, database=before.database)
        operator = before.clients()[0]
    for limits, holds in ((without, "5"), (night, "1024")):
        result_of(before.speed.configure(limits, ()))
        assert texts(operator)[1] == holds
    after = World(limits=night, time=before.time, database=before.database)
    assert texts(after.clients()[0])[1] == "1024"
