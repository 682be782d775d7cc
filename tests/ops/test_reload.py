"""Reading the configuration again: whole or not at all, and what is said about it (F43)."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest
from twisted.internet.defer import Deferred

from jackd.config import load
from jackd.model.errors import Unavailable
from jackd.ops.reload import MAX_TOLD, ConfigState, Reload
from jackd.storage.threads import InlineWorkers
from tests.config.written import OWN_KEY, peer, server, write

GOOD = '{"limits": {"uploadKiBs": 1}}'
DOWNLOADS = '{"downloads": {"completedPath": "/a"}}'
ALICE = '{"peers": [' + peer() + "]}"


class LaterReactor:
    """What threads and signals hand over."""

    def __init__(self):
        self.calls = []

    def callFromThread(self, call, *args):
        self.calls.append(partial(call, *args))

    def turn(self):
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class Later:
    """Workers who are done when the test says so."""

    def __init__(self):
        self.jobs = []

    def run(self, job, *args):
        done = Deferred()
        self.jobs.append(lambda: done.callback(job(*args)))
        return done


class World:
    """:ivar applied: what was put into force, oldest first."""

    def __init__(self, folder, text, workers=None):
        self.folder, self.path = folder, write(folder, text)
        self.applied, self.state, self.reactor = [], ConfigState(), LaterReactor()
        self.service = Reload(
            settings=load(self.path, {}),
            read=partial(load, self.path, {}, may_be_empty=False),
            apply=self.apply,
            state=self.state,
            workers=workers or InlineWorkers(),
            reactor=self.reactor,
        )
        self.service.startService()

    async def apply(self, settings):
        self.applied.append(settings)

    def reload(self, text):
        self.path.write_text(text)
        self.service.reload()


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path, GOOD)
    yield world
    world.service.stopService()


def deleted(world):
    world.path.unlink()


def a_folder(world):
    world.path.unlink()
    world.path.mkdir()


def empty(world):
    world.path.write_text("")


def blank(world):
    world.path.write_text("\n \n")


def half_written(world):
    world.path.write_text(GOOD[:-5])


def not_text(world):
    world.path.write_bytes(b"\xff\xfe")


def unknown_key(world):
    world.path.write_text('{"limit": {}}')


def wrong_value(world):
    world.path.write_text('{"limits": {"uploadKiBs": 2, "downloadKiBs": -1}}')


BREAKAGES = [deleted, a_folder, empty, blank, half_written, not_text, unknown_key, wrong_value]


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_file_that_is_no_good_changes_nothing_and_is_told(world, said, breakage):
    """F43: not even what is right in it; the log and the operator's health say what is wrong."""
    breakage(world)
    world.service.reload()
    assert world.applied == []
    head, *lines = said
    assert head == "error: the configuration is not taken up, what was read before stays in force"
    assert lines == [f"error: {error}" for error in world.state.errors]
    assert lines[0].startswith(f"error: {world.path}")


def test_what_is_repaired_is_taken_up(world, said):
    """F43"""
    world.reload("{")
    world.reload('{"limits": {"uploadKiBs": 7}}')
    assert [new.limits.upload_rate for new in world.applied] == [7 * 1024]
    assert world.state == ConfigState()
    assert said[-1] == f"info: the configuration is read again from {world.path}"


def test_comments_alone_ask_for_the_defaults(world):
    world.reload("# nothing\n")
    assert [new.limits.upload_rate for new in world.applied] == [0]


def test_a_file_full_of_errors_does_not_fill_the_log(world, said):
    world.reload("\n".join(f"x{number}: 1" for number in range(MAX_TOLD + 9)))
    assert len(world.state.errors) == MAX_TOLD + 1
    assert said[-1] == "error: 9 more"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("{}", '{"jack": {"apiKey": "' + OWN_KEY + '", "baseUrl": "http://a"}}', ["jack.baseUrl", "jack.apiKey"]),
        ("{}", '{"downloads": {"completedPath": "/a"}}', ["downloads"]),
        (DOWNLOADS, DOWNLOADS.replace("/a", "/b"), ["downloads.completedPath"]),
        ("{}", '{"search": {"refreshMinutes": 1}}', ["search.refreshMinutes"]),
        ("{}", '{"servers": [' + server() + "]}", ["servers[radarr], which is new,"]),
        ('{"servers": [' + server() + "]}", "{}", ["servers[radarr], which is gone,"]),
        (
            '{"servers": [' + server() + "]}",
            '{"servers": [' + server(pathMappings='[{"from": "/a", "to": "/b"}]', source="false") + "]}",
            ["servers[radarr].source", "servers[radarr].pathMappings"],
        ),
        ("{}", ALICE, ["peers[Alice], which is new,"]),
        (ALICE, "{}", ["peers[Alice], which is gone,"]),
        (ALICE, '{"peers": [' + peer(apiKey='"another"') + "]}", ["peers[Alice].apiKey"]),
        (ALICE, ALICE.replace("jack.alice", "new"), ["peers[Alice], which is gone,", "peers[Alice], which is new,"]),
        (
            ALICE,
            '{"peers": [' + peer(keyVersion="2", uploadKiBs="1", downloadKiBs="1", sharing='{"allow": []}') + "],"
            '"limits": {"maxUploads": 3, "schedule": [{"from": "1:00", "to": "2:00", "uploadKiBs": 1}]},'
            '"sharing": {"deny": [{"title": "Heat"}]}}',
            [],
        ),
        (
            DOWNLOADS,
            '{"downloads": {"completedPath": "/a", "maxConcurrentDownloads": 9, "idleTimeoutMs": 1000}}',
            ["downloads.idleTimeoutMs"],
        ),
    ],
)
def test_what_has_to_wait_is_named_line_by_line(tmp_path, said, before, after, told):
    """Never with a value: it might be a key."""
    world = World(tmp_path, before)
    world.reload(after)
    world.service.stopService()
    assert len(world.applied) == 1
    assert list(world.state.pending) == told
    assert [line for line in said if line.startswith("warn")] == [
        f"warn: {setting} takes effect at the next start" for setting in told
    ]


def test_what_waits_is_told_again_until_it_is_taken_back(world, said):
    """It is the start that counts, not the reading before."""
    world.reload('{"search": {"refreshMinutes": 1}}')
    world.reload('{"search": {"refreshMinutes": 1}}')
    assert said.count("warn: search.refreshMinutes takes effect at the next start") == 2
    world.reload(GOOD)
    assert world.state.pending == ()


def test_a_note_is_told_when_it_is_new(world, said):
    text = '{"peers": [' + peer(url='"http://alice.example"') + "]}"
    world.reload(text)
    world.reload(text)
    assert sum("use https" in line for line in said) == 1


def test_what_comes_while_it_reads_is_read_after_that(tmp_path):
    """However often it is asked: once more, and never two readings at the same time."""
    workers = Later()
    world = World(tmp_path, GOOD, workers)
    for _ in range(5):
        world.service.reload()
    assert len(workers.jobs) == 1
    workers.jobs.pop()()
    assert len(workers.jobs) == 1
    world.path.write_text('{"limits": {"uploadKiBs": 9}}')
    workers.jobs.pop()()
    assert workers.jobs == []
    assert [new.limits.upload_rate for new in world.applied] == [1024, 9 * 1024]
    world.service.stopService()


def test_threads_that_are_busy_are_an_error_as_well(tmp_path):
    class Busy:
        def run(self, job, *args):
            raise Unavailable("too much to do")

    world = World(tmp_path, GOOD, Busy())
    world.service.reload()
    assert world.state.errors == ("too much to do",)
    world.service.stopService()


def test_what_cannot_be_kept_is_in_force_all_the_same(world, said):
    async def apply(settings):
        world.applied.append(settings)
        raise Unavailable("the disk is full")

    world.service._apply = apply
    world.reload('{"limits": {"uploadKiBs": 9}}')
    world.reload('{"limits": {"uploadKiBs": 8}}')
    assert len(world.applied) == 2
    assert world.state.errors == ()
    assert sum("not all of it could be kept" in line for line in said) == 2


def test_stopping_in_the_middle_is_no_trouble(world, said):
    async def apply(settings):
        await Deferred()

    world.service._apply = apply
    world.service.reload()
    world.service.stopService()
    assert said == []


def test_sighup_reads_it_again_and_is_given_back(tmp_path):
    """By default it ends a process."""
    given = []
    before = signal.signal(signal.SIGHUP, lambda *_: given.append(1))
    try:
        world = World(tmp_path, GOOD)
        os.kill(os.getpid(), signal.SIGHUP)
        assert world.applied == []
        world.reactor.turn()
        assert len(world.applied) == 1
        assert given == []
        world.service.stopService()
        os.kill(os.getpid(), signal.SIGHUP)
        assert given == [1]
        world.service.reload()
        assert len(world.applied) == 1
    finally:
        signal.signal(signal.SIGHUP, before)
