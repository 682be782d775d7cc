"""The second net under :class:`~jackd.model.secret.Secret`: what looks like a key, or is one, becomes ``***`` (S28)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from jackd.model.secret import Secret

SHORTEST_SECRET = 6
"""Characters; a configured value that is shorter is a word of its own too often to be searched for."""

_NAMED = re.compile(
    r"""(?ix)
    (\b (?: x-)? (?: api[_-]?key | management-key | password | passwd | token | sid | cookie | authorization ))
    ( ["']? \s* (?: = | %3d | : ) \s* (?: (?: bearer | basic ) \s+ )? (?: b?[\[("'] )* )
    [^\s&"'\])},;]+
    """
)
_MINTED = re.compile(r"\bjack_(?:managed_|peer_)?[0-9a-f]{64}")
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def masked(text: str) -> str:
    """``text`` without the values of ``apikey=``, ``X-Api-Key:``, ``token=``, ``password=`` and the like."""
    text = _NAMED.sub(r"\1\2***", text)
    return _USERINFO.sub("***@", _MINTED.sub("***", text))


def masker(secrets: Iterable[Secret]) -> Callable[[str], str]:
    """:func:`masked`, which also hides each of ``secrets`` wherever it stands."""
    texts = {s.reveal() for s in secrets if len(s.reveal()) >= SHORTEST_SECRET}
    if not texts:
        return masked
    known = re.compile("|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)))
    return lambda text: masked(known.sub("***", text))


def one_line(text: str, limit: int) -> str:
    """``text`` with every control, bidi and line-breaking character escaped, cut at ``limit`` characters (S27)."""
    cut = text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
    return cut if cut.isascii() and cut.isprintable() else "".join(map(_visible, cut))


def _visible(char: str) -> str:
    if unicodedata.category(char) in _UNPRINTABLE:
        return char.encode("unicode_escape").decode("ascii")
    return char
