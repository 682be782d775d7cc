"""Who fetches which bytes of a file: never two the same."""

from __future__ import annotations

from attrs import define

from jackd.model.coverage import Coverage


@define(eq=False)
class Claim:
    """What one lane fetches: the bytes from ``at`` up to ``stop``, in this order. The :class:`Pool` changes it."""

    at: int
    stop: int

    @property
    def left(self) -> int:
        """Bytes still to come."""
        return self.stop - self.at


class Pool:
    """
    What is wanted of a file. Each byte of it is free or in exactly one claim, until it has come.

    :ivar free: what nobody fetches.
    """

    def __init__(self, wanted: Coverage) -> None:
        self.free = wanted
        self._claims: set[Claim] = set()

    @property
    def empty(self) -> bool:
        """Whether everything has come."""
        return not self.free and not self._claims

    def take(self) -> Claim | None:
        """The first span that is free, ``None`` when there is none."""
        if not self.free:
            return None
        start, stop = self.free.spans[0]
        claim = Claim(start, stop)
        self.free -= Coverage.of(start, stop)
        self._claims.add(claim)
        return claim

    def advance(self, claim: Claim, at: int) -> Coverage:
        """Up to ``at`` it has come; what is new."""
        assert claim in self._claims and claim.at <= at <= claim.stop, f"two writers: {claim}, {at}"
        new = Coverage.of(claim.at, at)
        claim.at = at
        return new

    def cut(self, claim: Claim, stop: int) -> None:
        """What lies behind ``stop`` is free again."""
        assert claim in self._claims and claim.at <= stop <= claim.stop, f"two writers: {claim}, {stop}"
        self.free |= Coverage.of(stop, claim.stop)
        claim.stop = stop

    def give_back(self, claim: Claim) -> None:
        """Nobody fetches what is left of it any more."""
        self._claims.remove(claim)
        self.free |= Coverage.of(claim.at, claim.stop)

    def want(self, again: Coverage) -> None:
        """These bytes had come, and are of no use."""
        for claim in self._claims:
            assert not again & Coverage.of(claim.at, claim.stop), f"two writers: {claim}, {again}"
        self.free |= again
