"""An *arr tells of changes: registered, tested and listened to, with a fake *arr that sends like a real one."""

from __future__ import annotations

import pytest
from attrs import evolve

from jackd.arr.client import ArrClient, ArrError
from jackd.arr.registration import RECHECK_SECONDS
from jackd.arr.webhook import MAX_EVENT, WebhookApp, webhook_url
from jackd.ops.redact import masked
from jackd.web.auth import Mint
from jackd.web.site import Mount
from tests.arr.world import World
from tests.fakes.arr_providers import Refused, values
from tests.support import Web, result_of


def hook(world: World) -> dict:
    [entry] = world.arr.notifications.entries.values()
    return entry


def registered(world: World, **options) -> bool:
    return result_of(world.registrar(**options).register())


class Ear:
    """jack's own app where the stand-in was; ``heard`` what it told."""

    def __init__(self, world: World) -> None:
        self.heard: list[str] = []
        self.app = WebhookApp(listeners={world.server.id: self.heard.append}, mint=world.mint)
        self.web = Web(Mount(["/webhook"], self.app, MAX_EVENT))
        self.url = webhook_url("", world.server.id, world.mint)


# -- registration -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["radarr", "sonarr"])
def test_it_is_registered_tested_and_tells_of_all_that_changes_files(kind):
    """arr.md 5.5"""
    world = World(kind)
    assert registered(world)
    entry = hook(world)
    assert (entry["name"], entry["implementation"], entry["tags"]) == ("Jack", "Webhook", [])
    assert values(entry)["url"] == webhook_url("http://jack.test:5225", world.server.id, world.mint)
    on = {flag for flag, value in entry.items() if flag.startswith("on") and value}
    gone = {"onMovieDelete", "onMovieFileDelete", "onMovieFileDeleteForUpgrade"}
    if kind == "sonarr":
        gone = {"onSeriesDelete", "onEpisodeFileDelete", "onEpisodeFileDeleteForUpgrade", "onImportComplete"}
    assert on == {"onDownload", "onUpgrade", "onRename"} | gone
    assert [event["eventType"] for event in world.jack.events] == ["Test"]
    assert world.state.tells


def test_an_older_arr_that_knows_fewer_events_is_content_with_those():
    world = World("sonarr")
    world.arr.notifications._defaults.pop("onImportComplete")
    world.arr.notifications._flags = [f for f in world.arr.notifications._flags if f != "onImportComplete"]
    registrar = world.registrar()
    assert result_of(registrar.register())
    assert not result_of(registrar.register())


def test_an_arr_that_does_not_reach_us_says_so_and_the_rest_stays_registered():
    world = World()
    world.jack.webhook_status = 502
    with pytest.raises(ArrError, match="Unable to post to webhook: HTTP 502"):
        registered(world)
    assert world.arr.notifications.entries == {}
    assert world.arr.indexers.entries and not world.state.tells


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: e.update(onDownload=False),
        lambda e: e.update(tags=[3]),
        lambda e: e["fields"][0].update(value=values(e)["url"].partition("=")[0] + "=old"),
    ],
)
def test_what_was_changed_in_the_arr_is_put_right(spoil):
    world = World()
    registrar = world.registrar()
    result_of(registrar.register())
    spoil(hook(world))
    assert result_of(registrar.register())
    assert values(hook(world))["url"] == webhook_url("http://jack.test:5225", world.server.id, world.mint)
    assert hook(world)["onDownload"] and hook(world)["tags"] == []
    assert not result_of(registrar.register())


def test_somebody_elses_webhook_is_left_alone():
    world = World()
    fields = [{"name": "url", "value": "http://jack.test:5225/other"}]
    body = {"name": "Jack", "implementation": "Webhook", "configContract": "WebhookSettings", "tags": [1]}
    result_of(world.arr.notifications.create({**body, "fields": fields}, force=True))
    registered(world)
    theirs, ours = world.arr.notifications.entries.values()
    assert (values(theirs)["url"], theirs["tags"]) == ("http://jack.test:5225/other", [1])
    assert ours["name"] == "Jack (2)"


def test_a_server_that_may_only_be_read_gets_nothing_but_the_webhook():
    world = World()
    registered(world, grabs=False)
    assert hook(world)
    assert world.arr.clients.entries == world.arr.indexers.entries == {}


def test_what_is_not_shared_any_more_need_not_tell():
    world = World()
    registered(world)
    world.server = evolve(world.server, source=False)
    world.client = ArrClient(world.outgoing, world.server, 30.0)
    assert registered(world)
    assert world.arr.notifications.entries == {} and not world.state.tells


def test_switched_off_there_is_no_webhook_either():
    world = World()
    registrar = world.registrar(enable=False)
    registrar.startService()
    world.clock.pump([60] * 60)
    registrar.stopService()
    assert world.network.seen == []


def test_one_that_was_deleted_comes_back_by_itself():
    world = World()
    registrar = world.registrar()
    registrar.startService()
    world.arr.notifications.entries.clear()
    world.clock.pump([60] * int(RECHECK_SECONDS / 60 * 1.2))
    registrar.stopService()
    assert hook(world)


def test_the_token_is_masked_wherever_it_could_be_printed():
    """S28"""
    url = webhook_url("http://jack.test", "aaaaaaaa", Mint(b"s" * 32))
    assert masked(f"Req: [POST] {url}") == "Req: [POST] http://jack.test/webhook/aaaaaaaa?token=***"


# -- listening --------------------------------------------------------------------------------------------------------


def test_a_radarrs_event_leads_to_its_movie():
    world = World()
    ear = Ear(world)
    world.network.attach("jack.test:5225", ear.web.agent)
    result_of(world.registrar(grabs=False).register())
    movie = world.arr.add_movie("The Matrix", 1999, tmdb=603)
    for flag, event in (("onDownload", "Download"), ("onMovieDelete", "MovieDelete"), ("onGrab", "Grab")):
        result_of(world.arr.tell(flag, event, movie))
    assert world.arr.webhooks.failures == []
    assert ear.heard == ["1", "1"]


def test_a_sonarrs_event_leads_to_its_series():
    world = World("sonarr")
    ear = Ear(world)
    world.network.attach("jack.test:5225", ear.web.agent)
    result_of(world.registrar(grabs=False).register())
    world.arr.add_series("One", tvdb=1)
    result_of(world.arr.tell("onRename", "Rename", world.arr.add_series("Two", tvdb=2)))
    assert ear.heard == ["2"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"eventType": "Test", "movie": {"id": 1}}', b'{"eventType": "Grab", "movie": {"id": 1}}', b"{}",
        b'{"eventType": "Download"}', b'{"eventType": "Download", "movie": null}',
        b'{"eventType": "Download", "movie": {"id": "../1"}}', b'{"eventType": "Download", "movie": {"id": -1}}',
        b'{"eventType": "Download", "movie": {"id": true}}', b'{"eventType": {"a": 1}, "movie": [1]}',
        b'{"eventType": "Download", "movie": {"id": 1e300}}',
    ],
)  # fmt: skip
def test_an_event_of_nothing_that_could_have_changed_is_taken_and_forgotten(body):
    ear = Ear(World())
    assert ear.web.post(ear.url, data=body).status == 200
    assert ear.heard == []


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b'"Download"', b"[" * 100_000, b'{"eventType": "\xff"}'])
def test_what_is_no_event_is_refused(body):
    """S19"""
    ear = Ear(World())
    assert ear.web.post(ear.url, data=body).status == 400
    assert ear.heard == []


def test_an_event_has_a_limit():
    """S17"""
    ear = Ear(World())
    large = b'{"eventType": "Rename", "movie": {"id": 1}, "x": "' + b"x" * (MAX_EVENT - 100) + b'"}'
    assert ear.web.post(ear.url, data=large).status == 200
    assert ear.web.post(ear.url, data=large + b" " * 200).status == 413
    assert ear.heard == ["1"]


def test_only_posts_are_events():
    ear = Ear(World())
    assert ear.web.get(ear.url).status == 405
    assert ear.web.request("PUT", ear.url, data=b"{}").status == 200


def test_an_arr_whose_events_fail_waits_longer_and_longer():
    """The fake itself: arr.md 7, as for download clients."""
    world = World()
    now = [0.0]
    world.arr.webhooks.now = lambda: now[0]
    result_of(world.registrar(grabs=False).register())
    movie = world.arr.add_movie("The Matrix", 1999, tmdb=603)
    world.jack.webhook_status = 500

    def tell(at: float) -> bool:
        now[0] = at
        before = len(world.jack.events)
        result_of(world.arr.tell("onDownload", "Download", movie))
        return len(world.jack.events) > before

    assert [tell(at) for at in (0, 1, 2, 301, 302, 301 + 901)] == [True, True, True, True, False, False]
    world.jack.webhook_status = 200
    assert [tell(at) for at in (301 + 1801, 301 + 1802)] == [True, True]


def test_a_fake_that_is_told_an_address_that_is_none_refuses():
    world = World()
    body = {"name": "x", "implementation": "Webhook", "configContract": "WebhookSettings", "tags": []}
    with pytest.raises(Refused):
        result_of(world.arr.notifications.create({**body, "onDownload": True, "fields": []}, force=True))
