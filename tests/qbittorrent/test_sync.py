from __future__ import annotations

from jackd.model.download import State
from jackd.qbittorrent.sync import MAX_SNAPSHOTS
from tests.fakes.downloads import come
from tests.qbittorrent.support import Client, World


def sync(client: Client, rid: int = 0) -> dict:
    return client.post("sync/maindata", {"rid": str(rid)}).json()


def test_first_everything_then_nothing():
    world = World()
    operator, _, _ = world.clients()
    operator.add(world.stub())
    first = sync(operator)
    assert first["full_update"] is True
    assert len(first["torrents"]) == 1
    second = sync(operator, first["rid"])
    assert second == {"rid": first["rid"] + 1}


def test_only_what_changed_is_told():
    world = World()
    operator, _, _ = world.clients()
    operator.add(world.stub(1), tags="one")
    operator.add(world.stub(2))
    rid = sync(operator)["rid"]
    changed, gone = world.downloads.list()
    changed.state, changed.speed, changed.active = State.DOWNLOADING, 10.0, world.time
    come(changed, 5000)
    operator.post("torrents/delete", {"hashes": gone.hash})
    operator.post("torrents/createCategory", {"category": "films"})
    operator.post("torrents/createTags", {"tags": "two"})
    operator.post("torrents/deleteTags", {"tags": "one"})
    told = sync(operator, rid)
    assert "full_update" not in told
    assert told["torrents_removed"] == [gone.hash]
    assert told["categories"] == {"films": {"name": "films", "savePath": ""}}
    assert (told["tags"], told["tags_removed"]) == (["two"], ["one"])
    row = told["torrents"][changed.hash]
    assert (row["state"], row["dlspeed"], row["completed"], row["tags"]) == ("downloading", 10, 5000, "")
    assert not {"name", "size", "hash", "save_path"} & set(row)
    assert told["server_state"]["dl_info_speed"] == 10
    operator.post("torrents/removeCategories", {"categories": "films"})
    assert sync(operator, told["rid"])["categories_removed"] == ["films"]


def test_a_new_download_is_told_whole():
    world = World()
    operator, _, _ = world.clients()
    rid = sync(operator)["rid"]
    operator.add(world.stub())
    told = sync(operator, rid)
    (row,) = told["torrents"].values()
    assert len(row) == 48
    assert told["trackers"] == {"jack://Alice": list(told["torrents"])}


def test_the_last_download_takes_its_tracker_along():
    world = World()
    operator, _, _ = world.clients()
    operator.add(world.stub())
    rid = sync(operator)["rid"]
    operator.post("torrents/delete", {"hashes": "all"})
    assert sync(operator, rid)["trackers_removed"] == ["jack://Alice"]


def test_a_rid_may_be_asked_for_again():
    """The answer may have been lost."""
    world = World()
    operator, _, _ = world.clients()
    rid = sync(operator)["rid"]
    operator.add(world.stub())
    assert sync(operator, rid)["torrents"] == sync(operator, rid)["torrents"]


def test_two_clients_do_not_take_each_other_s_changes():
    """Also of the same account: the second one's first answer must not hide a change from the first."""
    world = World()
    one, radarr, _ = world.clients()
    two = world.login(one.web)
    rid = sync(one)["rid"]
    one.add(world.stub())
    sync(two)
    assert len(sync(one, rid)["torrents"]) == 1
    assert sync(radarr, rid)["full_update"] is True


def test_what_is_forgotten_is_told_whole():
    world = World()
    operator, _, _ = world.clients()
    rid = sync(operator)["rid"]
    for _ in range(MAX_SNAPSHOTS):
        sync(operator)
    assert sync(operator, rid)["full_update"] is True
    assert sync(operator, 10**9)["full_update"] is True
    assert operator.post("sync/maindata", {"rid": "x"}).json()["full_update"] is True


def test_time_alone_changes_little():
    """A finished row's clock goes by the minute, others stand."""
    world = World()
    operator, _, _ = world.clients()
    operator.add(world.stub())
    world.downloads.list()[0].state = State.COMPLETED
    world.downloads.list()[0].completed = world.time
    rid = sync(operator)["rid"]
    world.time += 59
    assert sync(operator, rid) == {"rid": rid + 1}


def test_free_space_is_real(tmp_path):
    world = World(completed_path=str(tmp_path))
    operator, _, _ = world.clients()
    assert sync(operator)["server_state"]["free_space_on_disk"] > 0
    assert sync(World(completed_path="/nowhere").clients()[0])["server_state"]["free_space_on_disk"] == 0
