"""What of a library is not on the disk as its *arr tells, and how its owner is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from twisted.logger import Logger

from jackd.arr.sight import Absence, Seen, Sighting
from jackd.arr.wire import Held
from jackd.model.item import Item

log = Logger(namespace="jackd.arr")

MAX_TOLD: Final = 1000
"""So many files of another size are logged one by one; more of them are no news."""


class Missing:
    """
    Of one library.

    :ivar unseen: how many files were out of sight since everything was read last.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._sizes: set[tuple[str, int]] = set()
        self._told = False
        self._absent = 0
        self.unseen = 0

    def begin(self) -> None:
        """Everything is read again. That something is missing is told again only if nothing was, in between."""
        self._told = self._told and self._absent > 0
        self._absent = self.unseen = 0

    def note(self, held: Sequence[tuple[Held, Sighting]]) -> list[str]:
        """The ids of what is out of sight."""
        absent = [(each, why) for each, why in held if isinstance(why, Absence)]
        out_of_sight = [each.item.id for each, why in absent if why is Absence.OUT_OF_SIGHT]
        self._absent += len(absent)
        self.unseen += len(out_of_sight)
        if absent and not self._told:
            self._told = True
            each, why = absent[0]
            log.warn(
                "{name}: not all of its files are where it says, {path} is {why}: is the disk mounted, may jack read "
                "it, and are pathMappings right?",
                name=self._name,
                path=each.path,
                why=why.value,
            )
        return out_of_sight

    def differs(self, item: Item, seen: Seen) -> None:
        """The file has another size than the *arr tells: logged once for each file and size."""
        if (item.id, seen.size) not in self._sizes and len(self._sizes) < MAX_TOLD:
            self._sizes.add((item.id, seen.size))
            log.info(
                "{name}: {file} has {there} bytes, not {told}",
                name=self._name,
                file=item.filename,
                there=seen.size,
                told=item.size,
            )
