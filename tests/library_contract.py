"""
What every :class:`~jackd.ports.Library` must do. A test module derives a class from :class:`LibraryContract` and says
in the fixture ``case`` what library it is about::

    class TestRadarrLibrary(LibraryContract):
        @pytest.fixture
        def case(self, radarr: FakeRadarr) -> Case:
            return Case(library=..., run=result_of, unreachable=radarr.stop)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import frozen

from jackd.model.errors import LibraryUnavailable, NotFound
from jackd.model.item import EPOCH, Item, Kind
from jackd.ports import Batch, Library
from jackd.storage.items import item_from_json, item_to_json
from tests.support import result_of

ITEM_ID = re.compile(r"[0-9a-f]{8}:(movie|episode):[0-9A-Za-z]+")


@frozen(kw_only=True)
class Case:
    """
    :ivar library: with at least one item.
    :ivar run: gives the result of a coroutine.
    :ivar unreachable: makes the library's server or folder vanish; ``None`` when the test can't.
    :ivar files_exist: whether the files are really there, beneath the roots.
    """

    library: Library
    run: Callable[[Coroutine[Any, Any, Any]], Any] = result_of
    unreachable: Callable[[], object] | None = None
    files_exist: bool = True

    def read(self) -> list[Batch]:
        async def everything() -> list[Batch]:
            return [batch async for batch in self.library.read()]

        return self.run(everything())

    def items(self) -> list[Item]:
        return [item for batch in self.read() for item in batch.items]


class LibraryContract:
    """Derive, give the fixture ``case``, and these run for your library."""

    def test_its_id_is_eight_hex_digits(self, case: Case) -> None:
        assert re.fullmatch(r"[0-9a-f]{8}", case.library.id)
        assert case.library.name

    def test_there_is_something_to_test_with(self, case: Case) -> None:
        assert case.items()

    def test_ids_are_well_formed_and_tell_kind_and_library(self, case: Case) -> None:
        for item in case.items():
            assert ITEM_ID.fullmatch(item.id)
            assert item.id.startswith(f"{case.library.id}:{item.kind.value}:")

    def test_ids_are_unique(self, case: Case) -> None:
        ids = [item.id for item in case.items()]
        assert len(ids) == len(set(ids))

    def test_groups_are_unique_and_come_the_same_way_each_time(self, case: Case) -> None:
        first, second = ([(b.group, sorted(i.id for i in b.items)) for b in case.read()] for _ in range(2))
        assert sorted(first) == sorted(second)
        assert len({group for group, _ in first}) == len(first)

    def test_a_group_read_again_is_the_same(self, case: Case) -> None:
        for batch in case.read():
            again = case.run(case.library.read_group(batch.group))
            assert again.group == batch.group
            assert sorted(again.items, key=lambda i: i.id) == sorted(batch.items, key=lambda i: i.id)

    def test_a_group_that_is_gone_is_empty(self, case: Case) -> None:
        gone = case.run(case.library.read_group("999999"))
        assert (gone.group, list(gone.items)) == ("999999", [])

    def test_items_are_fit_to_be_offered(self, case: Case) -> None:
        for item in case.items():
            assert item.title and item.filename and item.size > 0
            assert "/" not in item.filename
            assert EPOCH <= item.published <= datetime.now(UTC)
            if item.kind is Kind.EPISODE:
                assert item.episodes or item.aired or item.absolute is not None
                assert list(item.episodes) == sorted(set(item.episodes))
            else:
                assert item.season is None and not item.episodes

    def test_items_can_be_stored(self, case: Case) -> None:
        for item in case.items():
            assert item_from_json(item_to_json(item)) == item

    def test_files_lie_beneath_the_roots(self, case: Case) -> None:
        """S10"""
        for item in case.items():
            location = case.run(case.library.locate(item.id))
            assert location.path.is_absolute()
            assert any(location.path.is_relative_to(root) for root in location.roots)
            assert ".." not in location.path.parts
            if case.files_exist:
                assert location.path.resolve() == location.path
                assert location.path.is_file()

    @pytest.mark.parametrize(
        "entity", ["999999", "0", "-1", "", "x", "../1", "1/..", "1\0", "٣", "9" * 400, "9" * 5000]
    )
    def test_unknown_ids_are_not_found(self, case: Case, entity: str) -> None:
        """S9"""
        for kind in ("movie", "episode", "album"):
            with pytest.raises(NotFound):
                case.run(case.library.locate(f"{case.library.id}:{kind}:{entity}"))

    def test_an_item_has_one_id(self, case: Case) -> None:
        """S9: an id written otherwise is another one, or what is remembered by id grows without end."""
        for item in case.items():
            library, kind, entity = item.id.split(":")
            for other in (f"{library}:{kind}:0{entity}", f"{item.id} ", f"{item.id}:", f" {item.id}", item.id.upper()):
                if other != item.id:
                    with pytest.raises(NotFound):
                        case.run(case.library.locate(other))

    @pytest.mark.parametrize("item_id", ["", ":", "::", "ffffffff:movie:1", "movie:1", "1"])
    def test_ids_of_others_are_not_found(self, case: Case, item_id: str) -> None:
        with pytest.raises(NotFound):
            case.run(case.library.locate(item_id))

    def test_changes_are_groups_or_unknown(self, case: Case) -> None:
        groups = {batch.group for batch in case.read()}
        changed = case.run(case.library.changed(datetime.now(UTC)))
        assert changed is None or groups.issuperset(changed)

    def test_out_of_reach_is_said_so(self, case: Case) -> None:
        """F36, F38"""
        if case.unreachable is None:
            pytest.skip("this one can't be made unreachable")
        item = case.items()[0]
        case.unreachable()
        with pytest.raises(LibraryUnavailable):
            case.read()
        with pytest.raises(LibraryUnavailable):
            case.run(case.library.locate(item.id))
