"""The whole daemon in memory, whose configuration is written anew: what changes at once."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from twisted.application.service import Service
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock

from jackd.assembly import assemble
from jackd.config import load
from jackd.storage.pumps import Pumps
from jackd.storage.threads import InlineWorkers
from jackd.web.auth import Mint
from jackd.web.renewal import Renewal
from jackd.web.site import Site
from tests.certificates import self_signed
from tests.web.test_limits import Wire, status

KEY = "c4nary-0wn-7f1e2d3c4b5a6978"


class Inline(InlineWorkers, Service):
    def __init__(self, *args, **kwargs):
        pass


def friend(name, **more):
    return {"name": name, "url": f"http://{name.lower()}.test", "apiKey": f"what {name} gave", **more}


class Jack:
    """:meth:`write` writes its file anew and has it read."""

    def __init__(self, folder):
        self.path = folder / "jack.yml"
        chain, key = self_signed(folder)
        self.blocks = {
            "jack": {
                "apiKey": KEY,
                "stateDir": str(folder / "state"),
                "tls": {"certificate": str(chain), "key": str(key)},
            },
            "downloads": {"completedPath": str(folder / "completed")},
            "peers": [friend("Bob"), friend("Carol")],
        }
        self._save()
        self.settings = load(self.path, {})
        reactor = MemoryReactorClock()
        self.services = {service.name: service for service in assemble(reactor, self.settings) if service.name}
        self.mint = Mint.load(folder / "state" / "secret")
        [self.site] = {s.factory for s in self.services["certificate"].parent if isinstance(_site(s), Site)}
        self.reload = self.services["reload"]
        self.reload.running = True

    def _save(self):
        self.path.write_text(json.dumps(self.blocks))

    def write(self, **blocks):
        self.blocks |= blocks
        self._save()
        self.reload.reload()
        assert self.reload._state.errors == ()

    def key(self, name, version=1):
        return self.mint.peer_key(name, version).reveal()

    def line(self, key):
        """A connection on which somebody was let in with that key, or was not; its transport."""
        protocol = self.site.buildProtocol(IPv4Address("TCP", "192.0.2.9", 4242))
        wire = Wire()
        protocol.makeConnection(wire)
        protocol.dataReceived(f"GET /handshake HTTP/1.1\r\nHost: jack\r\nX-Api-Key: {key}\r\n\r\n".encode())
        return wire

    def opens(self, key):
        with suppress(IndexError):
            return status(self.line(key).value()) == 200
        return False  # a wrong key is answered late

    def close(self):
        next(s for s in self.services["certificate"].parent if hasattr(s, "read_now")).close()


def _site(service):
    return getattr(service, "factory", None)


@pytest.fixture
def hurried(monkeypatch):
    """Whose long turns were told to end."""
    told = []

    def hurry(pumps):
        told.append(pumps)

    monkeypatch.setattr(Pumps, "hurry", hurry)
    return told


@pytest.fixture
def jack(tmp_path, monkeypatch):
    for module in ("foundation", "giving", "taking"):
        monkeypatch.setattr(f"jackd.{module}.ThreadWorkers", Inline)
    jack = Jack(tmp_path)
    yield jack
    jack.close()


def test_who_sends_much_at_once_asks_anew_when_a_limit_is_another(hurried, jack):
    jack.write(limits={"uploadKiBs": 5})
    assert len(hurried) == 1
    jack.write(limits={"uploadKiBs": 5, "downloadKiBs": 5})
    assert len(hurried) == 1, "receiving is never asked for much at once"
    jack.write(limits={"uploadKiBs": 5}, peers=[friend("Bob", uploadKiBs=1)])
    assert len(hurried) == 2


def test_speeds(jack):
    """In all and for each friend; for streams that are there already."""
    speed = jack.services["speed-limits"]
    bob = jack.settings.peers[0]
    up, down = speed.up.flow("Bob"), speed.down.flow(bob.id)
    assert not up.limited and not down.limited
    jack.write(limits={"uploadKiBs": 5, "alternativeDownloadKiBs": 6})
    assert (speed.limit("upload"), speed.limit("download")) == (5 * 1024, 0)
    assert up.limited and not down.limited
    jack.write(limits={}, peers=[friend("Bob", uploadKiBs=1, downloadKiBs=2), friend("Carol")])
    assert up.limited and down.limited
    assert not speed.up.flow("Carol").limited
    jack.write(peers=[friend("Carol")])
    assert not up.limited and not down.limited


def test_slots(jack):
    """Of uploads and of downloads."""
    slots = jack.services["uploads"].slots
    jack.write(limits={"maxUploads": 2, "maxUploadsPerPeer": 1})
    assert (slots._total, slots._each) == (2, 1)
    jack.write(downloads=jack.blocks["downloads"] | {"maxConcurrentDownloads": 9})
    assert jack.services["downloads"]._runner._slots == 9


def test_without_its_block_downloads_go_on_until_the_next_start(jack):
    jack.write(downloads=None)
    assert jack.services["downloads"]._runner._slots == 3
    assert jack.reload._state.pending == ("downloads",)


def test_a_friend_who_is_gone_is_locked_out_at_once(jack, said):
    """F43, S3: what runs for him is broken off; what runs for others goes on."""
    bobs, carols, old, mine = (jack.line(key) for key in (jack.key("Bob"), jack.key("Carol"), KEY, KEY))
    jack.write(peers=[friend("Carol")])
    assert not jack.opens(jack.key("Bob"))
    assert jack.opens(jack.key("Carol")) and jack.opens(KEY)
    assert [wire.aborted for wire in (bobs, carols, old, mine)] == [True, False, False, False]
    assert "info: the key of Bob as it was opens nothing any more" in said
    jack.write(peers=[friend("Bob"), friend("Carol")])
    assert jack.opens(jack.key("Bob"))


def test_another_version_revokes_a_friend_s_key(jack):
    """F43, S3"""
    bobs, carols = jack.line(jack.key("Bob")), jack.line(jack.key("Carol"))
    jack.write(peers=[friend("Bob", keyVersion=2), friend("Carol")])
    assert (bobs.aborted, carols.aborted) == (True, False)
    assert not jack.opens(jack.key("Bob"))
    assert jack.opens(jack.key("Bob", 2)) and jack.opens(jack.key("Carol"))


def test_who_stays_as_he_is_is_not_disturbed(jack):
    """F43: whatever else changes."""
    bobs = jack.line(jack.key("Bob"))
    jack.write(limits={"uploadKiBs": 1}, sharing={"allow": []}, peers=[friend("Bob", uploadKiBs=1)])
    assert not bobs.aborted
    assert jack.opens(jack.key("Bob"))


def test_a_friend_who_is_new_is_let_in(jack):
    """His own files are found after the next start; nothing of mine is hidden from him that others see."""
    assert not jack.opens(jack.key("Dora"))
    jack.write(peers=[friend("Bob"), friend("Carol"), friend("Dora")])
    assert jack.opens(jack.key("Dora"))
    assert jack.reload._state.pending == ("peers[Dora], which is new,",)


def test_what_is_shared(jack):
    """For all routes; and who waits for a change of the catalogue looks again, but only when there is one."""
    feed = jack.services["feed"]
    jack.write(limits={"uploadKiBs": 1})
    assert feed._bell.rung == 0
    before = [feed._permitted(peer.id) for peer in jack.settings.peers]
    jack.write(peers=[friend("Bob", sharing={"deny": [{"title": "Heat"}]}), friend("Carol")])
    after = [feed._permitted(peer.id) for peer in jack.settings.peers]
    assert (before[0] == after[0], before[1] == after[1]) == (False, True)
    assert feed._bell.rung == 1
    jack.write(sharing={"deny": [{"title": "Cats"}]})
    assert feed._permitted(jack.settings.peers[1].id) != after[1]
    views = jack.site.mount_for("/peer").app._views
    assert views.of(None).sharing == load(jack.path, {}).policy.towards(None)


def test_the_certificate_is_looked_at(jack, monkeypatch):
    """F59"""
    looked = []

    def look(self):
        looked.append(self)

    monkeypatch.setattr(Renewal, "look", look)
    jack.write()
    assert looked == [jack.services["certificate"]]


BROKEN = ["", '{"limits": {"uploadKiBs": 3, "maxUploads": 1}, "sharing": {"allow": []}, "peers": 7}']


@pytest.mark.parametrize("broken", BROKEN, ids=["empty", "wrong"])
def test_a_broken_file_leaves_everything_as_it_is(jack, broken):
    """F43: limits, keys, slots, and what is shared."""
    bobs = jack.line(jack.key("Bob"))
    views = jack.site.mount_for("/peer").app._views
    before = views.policy
    jack.path.write_text(broken)
    jack.reload.reload()
    assert jack.reload._state.errors != ()
    assert views.policy is before
    assert jack.services["speed-limits"].limit("upload") == 0
    assert jack.services["uploads"].slots._total == 200
    assert not bobs.aborted
    assert jack.opens(jack.key("Bob"))
