"""Rules of ``limits``, and the hours of the week."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.config import LimitSettings
from jackd.model.schedule import Window
from tests.config.written import loaded, peer, problems

MONDAY = datetime(2026, 11, 16)


def at(day: int, time: str) -> datetime:
    hour, minute = time.split(":")
    return MONDAY.replace(day=16 + day, hour=int(hour), minute=int(minute))


def limits(text: str) -> str:
    return '{"limits": {' + text + "}}"


def window(text: str) -> str:
    return limits('"schedule": [{' + text + "}]")


def test_without_the_block_nothing_is_limited(tmp_path):
    assert loaded(tmp_path, "{}").limits == loaded(tmp_path, limits("")).limits == LimitSettings()


def test_speeds_are_kib_a_second(tmp_path):
    found = loaded(
        tmp_path,
        limits('"uploadKiBs": 1, "downloadKiBs": 2, "alternativeUploadKiBs": 3, "alternativeDownloadKiBs": 4'),
    ).limits
    assert (found.upload_rate, found.download_rate) == (1024, 2048)
    assert (found.alternative_upload_rate, found.alternative_download_rate) == (3072, 4096)


def test_a_friend_has_limits(tmp_path):
    (found,) = loaded(tmp_path, '{"peers": [' + peer(uploadKiBs="5", downloadKiBs="6") + "]}").peers
    assert (found.upload_rate, found.download_rate) == (5120, 6144)


def test_a_window(tmp_path):
    text = '"days": ["fri", "sat"], "from": "22:00", "to": "6:30", "uploadKiBs": 1'
    (found,) = loaded(tmp_path, window(text)).limits.schedule
    assert found == Window(days=frozenset({4, 5}), start=1320, stop=390, upload_rate=1024, download_rate=None)


def test_times_in_yaml_need_no_quotes(tmp_path):
    text = "limits:\n  schedule:\n    - from: 08:00\n      to: 24:00\n      uploadKiBs: 0\n"
    (found,) = loaded(tmp_path, text).limits.schedule
    assert (found.start, found.stop, found.upload_rate, found.days) == (480, 1440, 0, frozenset(range(7)))


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ('"uploadKiBs": -1', "uploadKiBs", "must be from 0"),
        ('"downloadKiBs": 1.5', "downloadKiBs", "must be a whole number"),
        ('"maxUploads": 0', "maxUploads", "must be from 1 to 300"),
        ('"maxUploadsPerPeer": 301', "maxUploadsPerPeer", "must be from 1 to 300"),
        ('"uploadKibs": 1', "uploadKibs", 'did you mean "uploadKiBs"'),
    ],
)
def test_limits_that_are_none(tmp_path, text, path, message):
    ((_, where, what),) = problems(tmp_path, limits(text))
    assert where == f"limits.{path}"
    assert message in what


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ('"to": "1:00", "uploadKiBs": 1', "from", "is missing"),
        ('"from": "1:00", "uploadKiBs": 1', "to", "is missing"),
        ('"from": "25:00", "to": "1:00", "uploadKiBs": 1', "from", "must be a time of day"),
        ('"from": "1:60", "to": "1:00", "uploadKiBs": 1', "from", "must be a time of day"),
        ('"from": "٠1:00", "to": "1:00", "uploadKiBs": 1', "from", "must be a time of day"),
        ('"from": "1:00", "to": "2:00"', "downloadKiBs", "one of uploadKiBs and downloadKiBs"),
        ('"days": [], "from": "1:00", "to": "2:00", "uploadKiBs": 1', "days", "must have a day in it"),
        ('"days": ["monday"], "from": "1:00", "to": "2:00", "uploadKiBs": 1', "days[0]", "must be mon or tue"),
    ],
)
def test_windows_that_are_none(tmp_path, text, path, message):
    ((_, where, what),) = problems(tmp_path, window(text))
    assert where == f"limits.schedule[0].{path}"
    assert message in what


@pytest.mark.parametrize(
    ("day", "time", "covered"),
    [(4, "21:59", False), (4, "22:00", True), (4, "23:59", True), (5, "00:00", True), (5, "06:29", True),
     (5, "06:30", False), (5, "22:30", False), (4, "03:00", False), (6, "03:00", False)],
)  # fmt: skip
def test_a_window_over_midnight_begins_on_its_days(day, time, covered):
    assert Window(days=frozenset({4}), start=1320, stop=390).covers(at(day, time)) is covered


def test_sunday_s_night_ends_on_monday():
    assert Window(days=frozenset({6}), start=1320, stop=60).covers(at(0, "00:30"))


@given(st.integers(0, 6), st.integers(0, 1439))
def test_a_window_without_limits_is_the_whole_week(day, minute):
    when = MONDAY.replace(day=16 + day, hour=minute // 60, minute=minute % 60)
    assert Window().covers(when)
    assert Window(start=minute, stop=minute).covers(when)
