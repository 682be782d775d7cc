"""A string that does not show itself."""

from __future__ import annotations

from attrs import field, frozen


@frozen(repr=False, order=False)
class Secret:
    """A key, password or token: ``str()`` and ``repr()`` give ``***``; :meth:`reveal` gives the text."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The text itself, for the one place that puts it on the wire."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)
