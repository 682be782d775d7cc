"""How one configured server (an *arr or a folder) is doing."""

from __future__ import annotations

from attrs import define


@define(kw_only=True)
class ServerState:
    """
    One for each server, made at start-up; the reader of its library and its registrar write into it.

    :ivar type: ``radarr``, ``sonarr`` or ``folder``.
    :ivar version: of the *arr, once it answered.
    :ivar library_error: why its library can't be read just now, ``None`` when it can.
    :ivar registration_error: why jack is not registered in it, ``None`` when it is, or need not be.
    :ivar tells: whether it tells of changes by itself (webhook), as far as jack knows.
    :ivar read_at: Unix seconds of the last complete reading, ``None`` before the first.
    :ivar items: how many items it shares.
    """

    id: str
    name: str
    type: str
    url: str
    source: bool
    destination: bool
    version: str | None = None
    library_error: str | None = None
    registration_error: str | None = None
    read_at: float | None = None
    items: int = 0
    tells: bool = False

    @property
    def error(self) -> str | None:
        """The first thing that is wrong with it."""
        return self.library_error or self.registration_error
