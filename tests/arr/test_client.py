from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from klein import Klein
from twisted.internet.defer import Deferred

from jackd.arr import client as arr_client
from jackd.arr.client import INTERACTIVE_SECONDS, LIBRARY_SECONDS, ArrError, messages_of
from jackd.model.errors import LibraryUnavailable
from jackd.model.secret import Secret
from jackd.web.outgoing import Answer
from tests.arr.world import ARR, World
from tests.support import result_of


def test_the_key_goes_along_and_no_header_of_the_configuration_replaces_it():
    world = World(
        headers={"x-api-KEY": Secret("forged"), "X-Proxy": Secret("let me in"), "content-length": Secret("5")}
    )
    seen = []
    app = Klein()

    @app.route("/api/v3/system/status")
    def status(request):
        seen.extend(request.requestHeaders.getAllRawHeaders())
        return json.dumps({"appName": "Radarr", "version": "6"})

    world.network.serve(ARR, app.resource())
    assert result_of(world.client.status()) == "6"
    headers = dict(seen)
    assert headers[b"X-Api-Key"] == [b"arr-key"]
    assert headers[b"X-Proxy"] == [b"let me in"]
    assert b"Content-Length" not in headers


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"<html>please log in</html>", 200, "not JSON: <html>please log in</html>"),
        (b'{"appName": "Rad', 200, "not JSON"),
        (b"[]", 200, "My Arr is not Radarr but something unknown"),
        (b'{"appName": "Sonarr", "version": "4"}', 200, "My Arr is not Radarr but Sonarr"),
        (b'{"message": "database is locked", "description": "x"}', 500, "HTTP 500: database is locked"),
        (b"<h1>Bad gateway</h1>", 502, "HTTP 502: <h1>Bad gateway</h1>"),
        (b"", 404, "HTTP 404: no reason was given"),
    ],
)
def test_every_bad_answer_is_a_typed_error(body, status, says):
    """F38"""
    world = World()
    world.arr.override("/system/status", body, status)
    with pytest.raises(LibraryUnavailable, match=says.replace("(", r"\(")):
        result_of(world.client.status())


def test_a_wrong_key():
    world = World(api_key=Secret("wrong"))
    with pytest.raises(ArrError, match="HTTP 401: the API key is not accepted") as caught:
        result_of(world.client.status())
    assert caught.value.refused_with == 401


def test_a_missing_url_base_is_not_followed_but_explained():
    """F28"""
    world = World()
    world.arr.url_base = "/radarr"
    with pytest.raises(ArrError, match="HTTP 307: it sends us elsewhere; does its URL lack the URL base"):
        result_of(world.client.status())
    assert len(world.network.seen) == 1


def test_the_url_base_is_part_of_the_url():
    world = World(url=f"http://{ARR}/radarr/")
    world.arr.url_base = "/radarr"
    assert result_of(world.client.status()) == "6.0.3.10276"


def test_a_starting_arr():
    world = World()
    world.arr.starting = True
    with pytest.raises(ArrError, match="HTTP 503: Starting up"):
        result_of(world.client.status())


def test_nobody_there():
    world = World()
    world.down()
    with pytest.raises(LibraryUnavailable, match="My Arr can't be reached: the connection was refused"):
        result_of(world.client.status())


def test_an_answer_that_is_too_large(monkeypatch):
    """F38"""
    monkeypatch.setattr(arr_client, "ANSWER_BYTES", 100)
    world = World()
    world.arr.override("/system/status", b'"' + b"x" * 200 + b'"')
    with pytest.raises(LibraryUnavailable, match="the answer is too large"):
        result_of(world.client.status())


def test_an_arr_that_hangs_is_left_after_ten_seconds_by_who_waits():
    """F37: and after the configuration's time by who does not; a whole library may take longer."""
    world = World()
    app = Klein()

    @app.route("/api/v3/<path:path>")
    def hang(request, path):
        return Deferred()

    world.network.serve(ARR, app.resource())
    errors = []
    for asked in (world.client.status(), world.client.get("/rootfolder"), world.client.page("/movie")):
        Deferred.fromCoroutine(asked).addErrback(lambda f: errors.append(str(f.value)))
    world.clock.advance(INTERACTIVE_SECONDS + 0.1)
    assert errors == ["My Arr can't be reached: no answer in 10 s"]
    world.clock.advance(30)
    assert errors[1:] == ["My Arr can't be reached: no answer in 30 s"]
    world.clock.advance(LIBRARY_SECONDS)
    assert errors[2:] == ["My Arr can't be reached: no answer in 120 s"]


# -- refusals ---------------------------------------------------------------------------------------------------------


def said(body, status=400) -> list[str]:
    from twisted.web.http_headers import Headers

    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return messages_of(Answer(status=status, headers=Headers(), parts=[raw]))


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (
            [{"propertyName": "Name", "errorMessage": "Should be unique", "severity": "error"}],
            ["Name: Should be unique"],
        ),
        ([{"propertyName": "", "errorMessage": "no results", "isWarning": False}, 5, None, {}], ["no results"]),
        (
            {"title": "One or more", "errors": {"$.priority": ["could not be converted", "x"]}},
            ["$.priority: could not be converted"],
        ),
        ({"title": "Bad", "errors": {"a": "b"}}, ["a: b"]),
        ({"title": "Not Found", "status": 404}, ["Not Found"]),
        ({"message": "NotFound", "description": "long"}, ["NotFound"]),
        ({"errorMessage": "Starting up"}, ["Starting up"]),
        ([], []),
        (7, []),
        (b"", []),
        (b"<b>\x00\n no</b>", ["<b> no</b>"]),
    ],
)
def test_the_arrs_own_words_in_all_their_forms(body, messages):
    """arr.md 4.5"""
    assert said(body) == messages


def test_messages_are_bounded():
    found = said([{"propertyName": "p", "errorMessage": "x" * 10_000}] * 100)
    assert len(found) == arr_client.MAX_MESSAGES
    assert all(len(text) <= arr_client.MAX_MESSAGE for text in found)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=8
    )
)
def test_no_refusal_is_too_strange(body):
    """F38"""
    assert all(isinstance(text, str) for text in said(body))
