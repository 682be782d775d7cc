"""Who has the file, as far as one attempt knows: who may be asked now, who rests, who lied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import define
from twisted.internet.interfaces import IReactorTime

from jackd.model.errors import AnotherFile, NotFound, PeerError
from jackd.model.release import Source

MAX_STRIKES = 2
"""Wrong blocks of one friend, after which he is not asked any more, as long as somebody else is there."""

FIRST_REST, LAST_REST = 2.0, 300.0
"""Seconds for which one who failed is left alone; the pause doubles each time that he brings nothing."""


@define(eq=False)
class Seeder:
    """
    A friend who has the file.

    :ivar etag: of his file, which need not be that of the others.
    :ivar strikes: wrong blocks that came from him and from nobody else.
    :ivar out: whether he is not asked any more in this attempt.
    :ivar wakes: when he may be asked again.
    :ivar speed: bytes/s of one of his lanes, as it was seen last; 0 when it never was.
    :ivar error: why he failed last.
    """

    source: Source
    etag: str | None = None
    strikes: int = 0
    out: bool = False
    wakes: float = 0.0
    pause: float = FIRST_REST
    speed: float = 0.0
    error: Exception | None = None


class Seeders:
    """
    All of them; the first is the lead, by whose file the download goes.

    :param expelled: told of each who is not asked any more because he lied.
    """

    def __init__(self, lead: Source, *, clock: IReactorTime, expelled: Callable[[Seeder], object]) -> None:
        self._clock = clock
        self._expelled = expelled
        self._all = [Seeder(lead)]

    @property
    def lead(self) -> Seeder:
        """By whose file the download goes."""
        return self._all[0]

    def lead_by(self, source: Source) -> None:
        """Somebody else leads, and nobody else is known."""
        self._all = [Seeder(source)]

    def add(self, source: Source, etag: str) -> None:
        """One whose file has the same content."""
        self._all.append(Seeder(source, etag))

    def sources(self) -> list[Source]:
        """All of them."""
        return [seeder.source for seeder in self._all]

    def ready(self) -> list[Seeder]:
        """Whoever may be asked now, the fastest first."""
        return sorted(filter(self.may_ask, self._all), key=lambda seeder: -seeder.speed)

    def may_ask(self, seeder: Seeder) -> bool:
        """Whether he may be asked now."""
        return not seeder.out and seeder.wakes <= self._clock.seconds()

    def failed(self, seeder: Seeder, error: Exception) -> None:
        """He did; he rests, unless that is for good."""
        seeder.error = error
        seeder.out = seeder.out or is_for_good(error)
        asked = getattr(error, "retry_after", None) or 0.0
        seeder.wakes = self._clock.seconds() + max(asked, seeder.pause)
        seeder.pause = min(2 * seeder.pause, LAST_REST)

    def brought(self, seeder: Seeder) -> None:
        """Something came from him."""
        seeder.pause = FIRST_REST

    def blame(self, givers: Sequence[Source]) -> None:
        """A block was wrong that came from ``givers``. Where it came from several, nobody knows whose fault it is."""
        guilty = [seeder for seeder in self._all if [seeder.source] == list(givers)]
        for seeder in guilty:
            seeder.strikes += 1
            others = [s for s in self._all if s is not seeder and not s.out]
            if seeder.strikes >= MAX_STRIKES and others and not seeder.out:
                seeder.out = True
                seeder.error = seeder.error or PeerError("his bytes were wrong twice")
                self._expelled(seeder)

    def for_block(self, givers: Sequence[Source], tried: Iterable[Seeder]) -> list[Seeder]:
        """Who may be asked for a block that came wrong from ``givers``, best first; whoever was ``tried`` may not."""
        now, tried = self._clock.seconds(), set(tried)
        usable = [seeder for seeder in self._all if not seeder.out and seeder not in tried]
        return sorted(usable, key=lambda s: (s.source in givers, s.wakes > now))

    def reason(self) -> Exception:
        """Why there is nobody left: the lead's reason, if he has one that passes; else the first that passes."""
        errors = [seeder.error for seeder in self._all if seeder.error is not None]
        passing = [error for error in errors if not is_for_good(error) or isinstance(error, AnotherFile)]
        return next(iter([*passing, *errors]), PeerError("nobody has the file now"))


def is_for_good(error: Exception) -> bool:
    """Whether it makes no sense to ask him again."""
    return isinstance(error, NotFound | AnotherFile) or (isinstance(error, PeerError) and not error.temporary)
