"""Rules of ``search``."""

from __future__ import annotations

import pytest

from jackd.config import SearchSettings
from tests.config.written import loaded, problems


def search(text: str) -> str:
    return '{"search": {' + text + "}}"


def test_without_the_block_the_defaults_hold(tmp_path):
    found = loaded(tmp_path, "{}").search
    assert found == loaded(tmp_path, search("")).search == SearchSettings(refresh_minutes=15, keep_offline_days=7)


def test_what_is_set(tmp_path):
    found = loaded(tmp_path, search('"refreshMinutes": 1, "keepOfflineDays": 0')).search
    assert found == SearchSettings(refresh_minutes=1, keep_offline_days=0)


@pytest.mark.parametrize("text", ['"refreshMinutes": 0', '"refreshMinutes": 1441', '"keepOfflineDays": 366'])
def test_what_can_not_be_meant(tmp_path, text):
    ((_, path, _),) = problems(tmp_path, search(text))
    assert path == f"search.{text.split(chr(34))[1]}"
