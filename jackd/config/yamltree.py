"""
YAML into a :class:`~jackd.config.node.Node` tree.

PyYAML's parser is used, but not its idea of values: YAML 1.1 reads ``no`` as false, ``1:30`` as 90 and ``0123`` as 83.
Here, as in YAML 1.2, only ``true`` and ``false``, ``null`` and decimal numbers are no text. Anchors and tags are
refused: nobody needs them in a file this small, and they can blow up.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from jackd.config.node import Block, Entry, Listing, Malformed, Node, Scalar, place

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_STANDARD = {f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map")}


def read_yaml(text: str) -> Node:
    """The file's only document; an empty file is a null. Raises :class:`Malformed`."""
    try:
        root = yaml.compose(text, Loader=_Loader)
        return Scalar(line=1, column=1, value=None) if root is None else _convert(root)
    except yaml.MarkedYAMLError as error:
        raise _malformed(error) from None
    except yaml.reader.ReaderError as error:
        raise Malformed("there is a character here that no text file has", *place(text, error.position)) from None
    except RecursionError:
        raise Malformed("too many brackets within brackets", 1, 1) from None


class _Loader(yaml.BaseLoader):
    """``BaseLoader`` gives every scalar as the text that it is."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem='"*" begins a reference, which is not understood here; quote it, or write the value out',
                problem_mark=event.start_mark,  # type: ignore[arg-type]
            )
        return super().compose_node(parent, index)


def _malformed(error: yaml.MarkedYAMLError) -> Malformed:
    mark = error.problem_mark or error.context_mark
    message = f"this is not YAML: {error.problem or error.context}"
    if "'\\t'" in message:
        message += "; indent with spaces, not with tabs"
    return Malformed(message, mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)


def _convert(node: yaml.Node) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if node.tag not in _STANDARD:
        raise Malformed(f'"{node.tag}" is not understood here; quote it if it is text', line, column)
    if isinstance(node, yaml.MappingNode):
        return Block(line=line, column=column, entries=tuple(_entry(key, value) for key, value in node.value))
    if isinstance(node, yaml.SequenceNode):
        return Listing(line=line, column=column, items=tuple(map(_convert, node.value)))
    assert isinstance(node, yaml.ScalarNode)
    if node.style is None:
        return Scalar(line=line, column=column, value=_plain(node.value), source=node.value)
    return Scalar(line=line, column=column, value=node.value)


def _entry(key: yaml.Node, value: yaml.Node) -> Entry:
    line, column = key.start_mark.line + 1, key.start_mark.column + 1
    if not isinstance(key, yaml.ScalarNode):
        raise Malformed("a key must be a word", line, column)
    return Entry(line=line, column=column, key=key.value, value=_convert(value))


def _plain(text: str) -> bool | int | float | str | None:
    """What a scalar without quotes means."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    # A leading zero means text (0123), unless it is that of a fraction (0.5).
    if _FLOAT.fullmatch(text) and not re.match(r"[-+]?0[0-9]", text):
        return float(text)
    return text
