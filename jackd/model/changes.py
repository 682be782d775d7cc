"""Whether something changed, without a look at all of it."""

from __future__ import annotations

from typing import Any, Protocol

from attrs import Attribute, define, field, setters


@define(eq=False)
class Changes:
    """
    Of one download: no other ever has the same, not even of the same hash.

    :ivar count: of all until now.
    """

    count: int = 0


class _Changing(Protocol):
    changes: Changes


def changes_field() -> Any:
    """The field ``changes`` of a class whose others are :func:`counted`."""
    return field(factory=Changes, init=False, eq=False, repr=False, on_setattr=setters.NO_OP)


def counted(changing: _Changing, _: Attribute[Any], value: Any) -> Any:
    """For attrs' ``on_setattr``: each change of a field counts, also when it gets the value that it has."""
    changing.changes.count += 1
    return value
