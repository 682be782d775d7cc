from __future__ import annotations

import pytest

from jackd.model.errors import Conflict
from jackd.storage import labels as module
from jackd.storage.database import Database
from jackd.storage.labels import Labels
from tests.support import result_of


def test_changes_are_in_the_database_when_they_return():
    database = Database.in_memory()
    labels = Labels(database)
    result_of(labels.save_category("films", "/a", "aaaaaaaa"))
    result_of(labels.save_category("films", "/b"))
    result_of(labels.save_category("tv", ""))
    result_of(labels.remove_categories(["tv", "nosuch"]))
    result_of(labels.add_tags(["b", "a", "b"]))
    result_of(labels.remove_tags(["b", "nosuch"]))
    for known in (labels, Labels(database)):
        assert result_of(known.categories()) == {"films": "/b"}
        assert result_of(known.tags()) == ["a"]
    (owner,) = result_of(database.read(lambda db: db.execute("SELECT owner FROM categories").fetchone()))
    assert owner == "aaaaaaaa"


def test_there_is_an_end_to_them(monkeypatch):
    monkeypatch.setattr(module, "MAX_LABELS", 2)
    labels = Labels(Database.in_memory())
    result_of(labels.add_tags(["a", "b"]))
    result_of(labels.add_tags(["a"]))
    for n in range(2):
        result_of(labels.save_category(f"c{n}", ""))
    result_of(labels.save_category("c0", "/x"))
    with pytest.raises(Conflict):
        result_of(labels.save_category("c2", ""))
    with pytest.raises(Conflict):
        result_of(labels.add_tags(["c"]))
    assert result_of(Labels(labels._database).tags()) == ["a", "b"]
