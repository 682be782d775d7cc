"""Items as JSON text, for the column that keeps them whole."""

from __future__ import annotations

import json

from cattrs.preconf.json import make_converter

from jackd.model.item import Item

_converter = make_converter(omit_if_default=True)


def item_to_json(item: Item) -> str:
    """The same text for the same item, always: texts are compared to find out what changed."""
    return json.dumps(_converter.unstructure(item), separators=(",", ":"))


def item_from_json(text: str) -> Item:
    """The item again, as it was."""
    return _converter.structure(json.loads(text), Item)
