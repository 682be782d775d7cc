"""The calls of the API: a table from ``area/action`` to what answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from attrs import field, frozen

from jackd.model.errors import BadRequest
from jackd.qbittorrent.wire import View
from jackd.web.forms import Upload
from jackd.web.rate import MAX_RATE

Answer = str | Mapping[str, Any] | list[Any]
"""Text, or what becomes JSON."""

Handler = Callable[[Any, "Call"], Awaitable[Answer]]


@frozen(kw_only=True)
class Call:
    """
    What a client asks, whether it came as query, form or both.

    :ivar name: ``area/action``.
    :ivar client: names the account, for what is remembered between two calls of one client.
    """

    name: str = ""
    params: Mapping[str, str] = field(factory=dict)
    files: tuple[Upload, ...] = ()
    view: View = View()
    client: str = ""

    def need(self, *names: str) -> list[str]:
        """The values of ``names``, which may be empty but not missing; raises ``BadRequest``."""
        if any(name not in self.params for name in names):
            raise BadRequest
        return [self.params[name] for name in names]

    def flag(self, *names: str) -> bool:
        """Whether one of ``names`` is there and says yes (the *arrs write ``True``)."""
        return any(self.params.get(name, "").lower() in ("true", "1") for name in names)

    def number(self, name: str) -> int:
        """A whole number; 0 for nothing and for what is none, as the original has it."""
        try:
            return int(self.params.get(name, ""))
        except ValueError:
            return 0

    def rate(self, name: str) -> int:
        """Bytes/s; 0 for no limit."""
        return max(0, min(self.number(name), MAX_RATE))

    def words(self, name: str, separator: str = ",") -> list[str]:
        """The parts of a list, trimmed, none empty, none twice."""
        parts = (part.strip() for part in self.params.get(name, "").split(separator))
        return list(dict.fromkeys(part for part in parts if part))


@frozen(kw_only=True)
class Action:
    """One entry of the table. ``changing`` calls must be posted; the others may be read either way."""

    run: Callable[[Call], Awaitable[Answer]]
    changing: bool


class Actions:
    """A class attribute of each area of the API, filled by decorators: ``@actions.read("torrents/info")``."""

    def __init__(self) -> None:
        self._handlers: dict[str, tuple[Handler, bool]] = {}

    def read(self, *names: str) -> Callable[[Handler], Handler]:
        """What the method answers to GET and POST alike."""
        return self._register(names, changing=False)

    def change(self, *names: str) -> Callable[[Handler], Handler]:
        """What the method does on a POST."""
        return self._register(names, changing=True)

    def _register(self, names: tuple[str, ...], *, changing: bool) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self._handlers.update(dict.fromkeys(names, (handler, changing)))
            return handler

        return register

    def of(self, area: object) -> dict[str, Action]:
        """The table's entries with their methods bound to ``area``."""
        return {
            name: Action(run=handler.__get__(area), changing=changing)
            for name, (handler, changing) in self._handlers.items()
        }
