"""What an operator learns of his completed folder before anything is grabbed."""

from __future__ import annotations

import stat

from twisted.internet.task import Clock

from jackd.transfer.folders import AGAIN_SECONDS, CategoryFolders
from tests.transfer.world import World


def start(path):
    clock = Clock()
    folders = CategoryFolders(make=World(path).queue.make_folder, categories=["", "jack-aaaaaaaa"], clock=clock)
    folders.startService()
    return folders, clock


def test_every_category_has_its_folder_from_the_start(tmp_path, said):
    _, clock = start(tmp_path)
    assert stat.S_IMODE((tmp_path / "completed" / "jack-aaaaaaaa").stat().st_mode) == 0o2775
    assert (said, clock.getDelayedCalls()) == ([], [])


def test_what_is_in_the_way_is_told_once_and_tried_again(tmp_path, said):
    """F10, F36: nothing is made where the disk should be mounted."""
    disk = tmp_path / "disk"
    _, clock = start(disk)
    clock.advance(AGAIN_SECONDS)
    where = "nothing can be downloaded until downloads.completedPath can be used: "
    assert said == [f"warn: {where}No such file or directory: {disk / 'completed'}"]
    assert not disk.exists()
    disk.mkdir()
    clock.advance(AGAIN_SECONDS)
    assert (disk / "completed" / "jack-aaaaaaaa").is_dir()
    assert said[1:] == ["info: the completed folder can be used now"]


def test_stopping_ends_the_tries(tmp_path):
    folders, clock = start(tmp_path / "disk")
    folders.stopService()
    assert clock.getDelayedCalls() == []
