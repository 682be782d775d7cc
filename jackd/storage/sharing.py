"""
Rules of sharing as the condition of a SELECT on ``items``. What is not known of an item (NULL) is neither allowed nor
certain not to be denied: it stays hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from jackd.model.sharing import Rule, Rules
from jackd.storage.criteria import Criterion
from jackd.storage.items import listed

_NAMED = "named GLOB ? OR named || ' ' || coalesce(year, '') GLOB ?"
"""The year may stand behind a title, or not."""


def permitted(sharing: Iterable[Rules]) -> Criterion:
    """SQL text and its values; the text never holds anything of a rule itself."""
    return _all([criterion for rules in sharing for criterion in _permits(rules)])


def _permits(rules: Rules) -> Iterator[Criterion]:
    for rule in rules.deny:
        sql, values = _fits(rule)
        yield f"NOT ({sql})", values
    if rules.allow is not None:
        yield _any([_fits(rule) for rule in rules.allow])


def _fits(rule: Rule) -> Criterion:
    return _all(list(_members(rule)))


def _members(rule: Rule) -> Iterator[Criterion]:
    if rule.servers:
        yield _any([("library = ?", (server,)) for server in rule.servers])
    if rule.folders:
        yield _any([_beneath(folder) for folder in rule.folders])
    if rule.tags:
        yield _any([("instr(tags, ?) > 0", (listed([tag]),)) for tag in rule.tags])
    if rule.qualities:
        yield _any([("quality GLOB ?", (quality,)) for quality in rule.qualities])
    if rule.titles:
        yield _any([(_NAMED, (title, title)) for title in rule.titles])
    if rule.kind is not None:
        yield "kind = ?", (rule.kind.value,)
    if rule.min_size is not None:
        yield "size >= ?", (rule.min_size,)
    if rule.max_size is not None:
        yield "size <= ?", (rule.max_size,)


def _beneath(folder: str) -> Criterion:
    return "substr(folder || '/', 1, ?) = ?", (len(folder) + 1, f"{folder}/")


def _all(criteria: Sequence[Criterion]) -> Criterion:
    return _joined(criteria, " AND ", "1")


def _any(criteria: Sequence[Criterion]) -> Criterion:
    return _joined(criteria, " OR ", "0")


def _joined(criteria: Sequence[Criterion], word: str, none: str) -> Criterion:
    text = word.join(f"({sql})" for sql, _ in criteria) or none
    return text, tuple(value for _, values in criteria for value in values)
