from __future__ import annotations

import pytest
from twisted.logger import capturedLogs

from jackd.arr.client import ArrError
from jackd.arr.registration import LAST_RETRY_SECONDS, RECHECK_SECONDS
from jackd.model.errors import LibraryUnavailable
from jackd.model.secret import Secret
from tests.arr.world import World
from tests.fakes.arr_providers import values
from tests.support import result_of


def registered(world: World, **options) -> bool:
    return result_of(world.registrar(**options).register())


def test_the_download_client_is_qbittorrent_last_in_line_and_untagged():
    """arr.md 4.3, 4.6"""
    world = World()
    assert registered(world)
    entry = world.arr.clients.named("Jack")
    assert (entry["implementation"], entry["enable"], entry["priority"], entry["tags"]) == ("QBittorrent", True, 50, [])
    assert entry["removeCompletedDownloads"] and entry["removeFailedDownloads"]
    found = values(entry)
    assert (found["host"], found["port"], found["useSsl"], found["urlBase"]) == ("jack.test", 5225, False, "")
    assert (found["username"], found["password"]) == ("My Arr", "sesame")
    assert (found["movieCategory"], found["movieImportedCategory"]) == (f"jack-{world.server.id}", "")


def test_the_indexer_is_bound_to_the_download_client():
    """arr.md 4.6 (c): else our torrents go to a real client."""
    world = World()
    registered(world, priority=7)
    entry = world.arr.indexers.named("Jack")
    assert entry["downloadClientId"] == world.arr.clients.named("Jack")["id"]
    assert entry["enableRss"] and entry["enableAutomaticSearch"] and entry["enableInteractiveSearch"]
    assert entry["priority"] == 7
    found = values(entry)
    assert (found["baseUrl"], found["apiPath"]) == ("http://jack.test:5225/torznab", "/api")
    assert (found["apiKey"], found["minimumSeeders"]) == ("sesame", 1)
    assert found["categories"] == [2000, 2030, 2040, 2045]


def test_sonarr_gets_its_own_fields():
    world = World("sonarr")
    registered(world)
    assert values(world.arr.clients.named("Jack"))["tvCategory"] == f"jack-{world.server.id}"
    found = values(world.arr.indexers.named("Jack"))
    assert (found["categories"], found["animeCategories"]) == ([5000, 5030, 5040, 5045], [5000, 5070])


def test_it_works_with_an_empty_catalogue():
    """arr.md 4.4: the indexer is created disabled, untested, then enabled by a forced change; never tested."""
    world = World()
    assert world.jack.titles == []
    registered(world)
    assert world.arr.indexers.tested == []
    posted = [body for method, path, body in world.arr.changes() if (method, path) == ("POST", "/indexer")]
    assert [posted[0][flag] for flag in ("enableRss", "enableAutomaticSearch", "enableInteractiveSearch")] == [
        False
    ] * 3
    assert world.arr.indexers.named("Jack")["enableRss"] is True


def test_the_download_clients_test_is_welcome():
    """It is the one proof that the *arr reaches us; its own words go to the operator."""
    world = World()
    world.network.remove("jack.test:5225")
    with pytest.raises(ArrError, match="Host: Unable to connect to qBittorrent") as caught:
        registered(world)
    assert caught.value.refused_with == 400
    assert world.arr.clients.entries == world.arr.indexers.entries == {}


def test_a_wrong_credential_is_told_in_the_arrs_own_words():
    world = World()
    with pytest.raises(ArrError, match="Username: Authentication failure"):
        registered(world, password="wrong")


def test_the_second_run_writes_nothing():
    world = World()
    registrar = world.registrar()
    assert result_of(registrar.register())
    world.arr.requests.clear()
    assert not result_of(registrar.register())
    assert world.arr.changes() == []


def test_a_new_process_sends_what_it_cannot_see_once():
    """The stored password is masked: it may be another than ours."""
    world = World()
    registered(world)
    world.arr.requests.clear()
    world.arr.clients.tested.clear()
    registrar = world.registrar()
    result_of(registrar.register())
    assert [(m, p) for m, p, _ in world.arr.changes()] == [("PUT", "/downloadclient/1"), ("PUT", "/indexer/1")]
    assert world.arr.clients.tested == []  # for the *arr nothing changed
    world.arr.requests.clear()
    result_of(registrar.register())
    assert world.arr.changes() == []


def test_a_changed_credential_is_written():
    world = World()
    registered(world)
    world.jack.password = "another"
    world.arr._sessions.clear()
    registered(world, password="another")
    assert values(world.arr.clients.named("Jack"))["password"] == "another"
    assert values(world.arr.indexers.named("Jack"))["apiKey"] == "another"


@pytest.mark.parametrize("spoil", ["client", "indexer", "flag", "priority", "paused"])
def test_what_was_changed_in_the_arr_is_put_right(spoil):
    world = World()
    registrar = world.registrar()
    result_of(registrar.register())
    client, indexer = world.arr.clients.entries, world.arr.indexers.entries
    if spoil == "client":
        del client[1]
    elif spoil == "indexer":
        del indexer[1]
    elif spoil == "flag":
        indexer[1]["enableAutomaticSearch"] = False
    elif spoil == "paused":
        next(f for f in client[1]["fields"] if f["name"] == "initialState")["value"] = 2
    else:
        client[1]["priority"] = 1
    assert result_of(registrar.register())
    [entry], [bound] = client.values(), indexer.values()
    assert (entry["priority"], bound["enableAutomaticSearch"], bound["downloadClientId"]) == (50, True, entry["id"])
    assert values(entry)["initialState"] == 0


def test_what_the_owner_chose_stays():
    """Tags of the indexer, its name, and fields that are none of our business."""
    world = World()
    registrar = world.registrar()
    result_of(registrar.register())
    indexer = world.arr.indexers.entries[1]
    indexer |= {"name": "Friends", "tags": [3], "priority": 5}
    world.arr.clients.entries[1]["name"] = "Friends too"
    next(f for f in indexer["fields"] if f["name"] == "additionalParameters")["value"] = "&a=b"
    assert result_of(registrar.register())
    assert (indexer["name"], indexer["tags"]) == ("Friends", [3])
    [now] = world.arr.indexers.entries.values()
    assert (now["name"], now["tags"], now["priority"]) == ("Friends", [3], 1)
    assert values(now)["additionalParameters"] == "&a=b"
    assert len(world.arr.clients.entries) == 1


def test_the_originals_blackhole_becomes_the_download_client():
    world = World()
    blackhole = {"name": "JACK", "implementation": "TorrentBlackhole", "configContract": "TorrentBlackholeSettings"}
    result_of(
        world.arr.clients.create({**blackhole, "enable": True, "priority": 1, "tags": [], "fields": []}, force=True)
    )
    registered(world)
    [entry] = world.arr.clients.entries.values()
    assert (entry["id"], entry["name"], entry["implementation"]) == (1, "JACK", "QBittorrent")
    assert set(values(entry)) == set(values(world.arr.clients.schema()[1]))


def test_a_jack_that_moved_is_found_by_its_category():
    world = World()
    registered(world)
    for netloc in ("new.test:80", "new.test"):
        world.network.serve(netloc, world.jack.resource())
    registered(world, base_url="http://new.test")
    [client], [indexer] = world.arr.clients.entries.values(), world.arr.indexers.entries.values()
    found = values(client)
    assert (found["host"], found["port"], found["urlBase"]) == ("new.test", 80, "")
    assert values(indexer)["baseUrl"] == "http://new.test/torznab"
    [webhook] = world.arr.notifications.entries.values()
    assert values(webhook)["url"].startswith("http://new.test/webhook/")


def foreign(world: World, name: str, **more) -> dict:
    body = {"name": name, "implementation": "QBittorrent", "configContract": "QBittorrentSettings", **more}
    fields = [{"name": "host", "value": "seedbox"}, {"name": "movieCategory", "value": "movies"}]
    return result_of(world.arr.clients.create({"fields": fields, "priority": 1, "tags": [], **body}, force=True))


def test_somebody_elses_client_of_our_name_is_left_alone():
    world = World()
    before = foreign(world, "jack")
    registrar = world.registrar()
    result_of(registrar.register())
    assert world.arr.clients.shown(world.arr.clients.named("jack")) == before
    assert world.arr.indexers.named("Jack")["downloadClientId"] == world.arr.clients.named("Jack (2)")["id"]
    world.arr.requests.clear()
    assert not result_of(registrar.register())
    assert world.arr.changes() == []


def test_somebody_elses_indexer_of_our_name_is_left_alone():
    world = World()
    fields = [{"name": "baseUrl", "value": "http://jackett:9117/api/v2.0/indexers/all/results/torznab"}]
    body = {"name": "Jack", "implementation": "Torznab", "configContract": "TorznabSettings", "fields": fields}
    before = result_of(world.arr.indexers.create({**body, "priority": 1, "tags": []}, force=False))
    registered(world)
    assert world.arr.indexers.shown(world.arr.indexers.named("Jack")) == before
    assert values(world.arr.indexers.named("Jack (2)"))["baseUrl"] == "http://jack.test:5225/torznab"


def test_the_wrong_program_is_not_touched():
    world = World()
    world.arr.app_name = "Lidarr"
    with pytest.raises(LibraryUnavailable, match="My Arr is not Radarr but Lidarr"):
        registered(world)
    assert world.arr.changes() == []


def test_https_and_a_path():
    from jackd.arr.provider import Address

    at = Address.of("https://jack.example/deep/down/")
    assert (at.url, at.host, at.port, at.tls, at.path) == (
        "https://jack.example/deep/down",
        "jack.example",
        443,
        True,
        "/deep/down",
    )


# -- the service ------------------------------------------------------------------------------------------------------


def test_an_arr_that_is_down_at_first_is_registered_when_it_comes():
    """F36: without a restart, with growing pauses."""
    world = World()
    world.down()
    registrar = world.registrar()
    registrar.startService()
    assert "can't be reached" in world.state.registration_error
    tries = len(world.network.seen)
    assert tries == 1
    for _ in range(40):
        world.clock.advance(LAST_RETRY_SECONDS * 1.1)
    assert len(world.network.seen) == 41
    world.up()
    world.clock.advance(LAST_RETRY_SECONDS * 1.1)
    assert world.state.registration_error is None
    assert world.state.version == "6.0.3.10276"
    assert len(world.arr.indexers.entries) == 1
    result_of_stop(registrar)


def test_the_first_retries_come_soon():
    world = World()
    world.down()
    registrar = world.registrar()
    registrar.startService()
    came = []
    while len(came) < 2:
        before = len(world.network.seen)
        world.clock.advance(0.1)
        came += [world.clock.seconds()] * (len(world.network.seen) - before)
    assert 2.4 < came[0] < 5.2
    assert 4.9 < came[1] - came[0] < 10.2
    result_of_stop(registrar)


def test_it_looks_again_from_time_to_time():
    """The *arr was reinstalled meanwhile."""
    world = World()
    registrar = world.registrar()
    registrar.startService()
    world.arr.clients.entries.clear()
    world.arr.indexers.entries.clear()
    world.clock.advance(RECHECK_SECONDS * 1.1)
    assert len(world.arr.clients.entries) == len(world.arr.indexers.entries) == 1
    result_of_stop(registrar)


def test_a_reason_is_logged_once_until_it_changes():
    world = World()
    world.down()
    registrar = world.registrar()
    with capturedLogs() as logs:
        registrar.startService()
        for _ in range(5):
            world.clock.advance(LAST_RETRY_SECONDS * 1.1)
        assert [e["log_level"].name for e in logs] == ["warn"]
        world.up()
        world.arr.key = "another"
        world.clock.advance(LAST_RETRY_SECONDS * 1.1)
    warnings = [e["reason"] for e in logs]
    assert len(warnings) == 2
    assert warnings[1] == world.state.registration_error == "HTTP 401: the API key is not accepted"
    assert "arr-key" not in str(logs)
    result_of_stop(registrar)


def test_switched_off_it_asks_for_nothing_and_nothing_is_wrong():
    world = World()
    registrar = world.registrar(enable=False)
    registrar.startService()
    world.clock.advance(RECHECK_SECONDS * 2)
    assert world.network.seen == []
    assert world.state.registration_error is None
    result_of_stop(registrar)


def test_nothing_happens_after_the_stop():
    world = World()
    world.down()
    registrar = world.registrar()
    registrar.startService()
    result_of_stop(registrar)
    assert world.clock.getDelayedCalls() == []


def test_no_secret_is_ever_shown():
    """S28: the canaries of a whole registration, refused and not."""
    world = World(headers={"X-Proxy": Secret("canary-header")})
    with capturedLogs() as logs:
        registrar = world.registrar(password="canary-password")
        registrar.startService()
        world.jack.password = "canary-password"
        world.clock.advance(LAST_RETRY_SECONDS)
    assert world.state.registration_error is None
    assert "canary" not in f"{logs} {world.state} {registrar!r}"
    result_of_stop(registrar)


def result_of_stop(registrar) -> None:
    registrar.stopService()
    assert registrar._clock.getDelayedCalls() == []
