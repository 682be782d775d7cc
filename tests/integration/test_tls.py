"""Two daemons, one with a certificate; the other fetches from it by https, and whoever reads it sees it verified."""

from __future__ import annotations

import os
import re
import ssl

import pytest
from twisted.internet.threads import deferToThread

from tests.certificates import self_signed
from tests.integration.conftest import World, soon
from tests.integration.daemon import free_port
from tests.integration.operator import Operator
from tests.integration.test_verified import finished

pytestmark = pytest.mark.slow

MIB = 1024 * 1024


def presented(port: int) -> str:
    """The certificate that is shown there, in PEM."""
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=10)


@pytest.mark.parametrize("known", ["by an authority", "by its pin"])
async def test_bytes_move_by_https_and_are_verified(world: World, known: str):
    """S29: the authority is one that the friend's system knows; or there is none, but a pin, and the log tells it."""
    data = os.urandom(20 * MIB + 5)
    film = world.home / "films" / "The Matrix (1999) {tmdb-603}" / "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv"
    film.parent.mkdir(parents=True)
    film.write_bytes(data)
    chain, key = self_signed(world.home / "tls")
    port = free_port()
    alice = world.jack("alice", servers=[{"name": "films", "type": "folder", "path": str(world.home / "films")}])
    alice.configure(jack={"tls": {"certificate": str(chain), "key": str(key), "port": port, "host": "127.0.0.1"}})
    bob = world.jack("bob")
    bob.configure(
        downloads={"completedPath": str(bob.completed)},
        peers=[{"name": "Alice", "url": f"https://localhost:{port}", "apiKey": alice.key}],
    )
    await deferToThread(alice.start)
    if known == "by its pin":
        [pin] = re.findall("its pin is (.*)", alice.log)
        bob.configure(peers=[{**bob.blocks["peers"][0], "pin": pin}])
        await deferToThread(bob.start)
    else:
        await deferToThread(bob.start, SSL_CERT_FILE=str(chain))
    assert await deferToThread(presented, port) == chain.read_text()
    await soon(lambda: deferToThread(lambda: alice.json("/items")["items"]))
    await soon(lambda: deferToThread(lambda: bob.json("/peers")["peers"][0]["reachable"]))
    operator = Operator(bob)
    [link] = await soon(lambda: deferToThread(operator.links))
    await deferToThread(operator.grab, link)
    [file] = await soon(lambda: finished(bob))
    assert file.read_bytes() == data
    await soon(lambda: "completed The.Matrix" in bob.log)
    assert "unverified" not in bob.log
    assert "broke off" not in alice.log


async def test_a_certificate_that_nobody_vouches_for_is_refused(world: World):
    """S29, F59: and the friend's state says so."""
    chain, key = self_signed(world.home / "tls")
    port = free_port()
    alice = world.jack("alice")
    alice.configure(jack={"tls": {"certificate": str(chain), "key": str(key), "port": port, "host": "127.0.0.1"}})
    bob = world.jack("bob", peers=[{"name": "Alice", "url": f"https://localhost:{port}", "apiKey": alice.key}])
    await world.start(alice, bob)
    [told] = await soon(lambda: deferToThread(lambda: [p for p in bob.json("/peers")["peers"] if p["error"]]))
    assert not told["reachable"]
    assert "its certificate has ended, or comes from no authority that is known here" in told["error"]
    assert "/handshake" not in alice.log
