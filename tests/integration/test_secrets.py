from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from twisted.internet.threads import deferToThread

from tests.integration.conftest import KEY, Neighbours, World, imported

pytestmark = pytest.mark.slow


def knock(url: str, data: bytes | None = None) -> None:
    """One request, whatever comes of it."""
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10).read()
    except urllib.error.HTTPError as error:
        error.read()


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_no_secret_is_ever_written(world: World, environment: str):
    """S28: canary keys over a whole run at the most talkative level, with good keys and bad ones; none in any log."""
    home = Neighbours(world)
    await world.start(home.alice)
    await deferToThread(home.bob.start, ENVIRONMENT=environment)
    await home.start_rest()
    [found] = await home.radarr.search_movie(tmdb=603)
    await imported(home.radarr, await home.radarr.grab(found))
    credentials = [f["value"] for f in home.radarr.indexers.named("Jack")["fields"] if f["name"] == "apiKey"]
    for jack in (home.alice, home.bob):
        await deferToThread(knock, f"{jack.url}/torznab/api?t=search&apikey={jack.key}")
        await deferToThread(knock, f"{jack.url}/peer/search?apikey={jack.key}&imdbId=1")
        await deferToThread(knock, f"{jack.url}/torznab/api?t=search&apikey=canary-wrong-key")
        login = f"username=jack&password={jack.key}".encode()
        await deferToThread(knock, f"{jack.url}/api/v2/auth/login", login)
        await deferToThread(knock, f"{jack.url}/api/v2/auth/login", b"username=jack&password=canary-wrong-password")
    token = found.url.partition("token=")[2]
    assert len(token) > 10
    assert credentials and credentials[0].startswith("jack_managed_")
    for jack in (home.alice, home.bob):
        jack.stop()
        assert len(jack.log.splitlines()) > 20
        for secret in (home.alice.key, home.bob.key, KEY, credentials[0], token, "canary-wrong"):
            assert secret not in jack.log
