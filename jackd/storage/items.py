"""Items as JSON text, for the column that keeps them whole, and lists in a column."""

from __future__ import annotations

import json
from collections.abc import Iterable

from cattrs.preconf.json import make_converter

from jackd.model.item import Item

_converter = make_converter(omit_if_default=True)


def listed(values: Iterable[object]) -> str:
    """Several values in one text, in which each can be found with the commas around it: ``",1,2,"``."""
    return f",{''.join(f'{value},' for value in values)}"


def item_to_json(item: Item) -> str:
    """The same text for the same item, always: texts are compared to find out what changed."""
    return json.dumps(_converter.unstructure(item), separators=(",", ":"))


def item_from_json(text: str) -> Item:
    """The item again, as it was."""
    return _converter.structure(json.loads(text), Item)
