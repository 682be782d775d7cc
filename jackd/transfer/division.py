"""How two lanes divide what one of them has still to fetch."""

from __future__ import annotations

from jackd.transfer.lane import Lane

MIN_SHARE = 8 * 1024 * 1024
"""Bytes; a connection of its own is not worth less."""

SOON_SECONDS = 2.0
"""Whoever is done within this time is left alone."""

HOPELESS_SECONDS = 10.0
"""Whoever needs longer for a rest that is too small to divide may be relieved of it."""

MUCH_FASTER = 3.0


def fair_cut(lane: Lane, speed: float, block: int) -> int | None:
    """
    Up to where ``lane`` should go, so that another of ``speed`` bytes/s (0: nobody knows) is done at the same time with
    what follows; at a border of blocks. ``None`` when it is not worth it.
    """
    claim = lane.claim
    if claim.left < 2 * MIN_SHARE or (lane.speed and claim.left / lane.speed < SOON_SECONDS):
        return None
    kept = lane.speed / (lane.speed + speed) if lane.speed and speed else 0.5
    keep = min(max(int(claim.left * kept), MIN_SHARE), claim.left - MIN_SHARE)
    cut = -(-(claim.at + keep) // block) * block
    return cut if claim.at < cut < claim.stop else None


def is_hopeless(lane: Lane, speed: float, now: float) -> bool:
    """Whether another of ``speed`` bytes/s had better fetch all that is left to ``lane``."""
    claim = lane.claim
    if not speed or claim.left >= 2 * MIN_SHARE or now - lane.began < HOPELESS_SECONDS:
        return False
    seconds = claim.left / lane.speed if lane.speed else float("inf")
    return seconds > HOPELESS_SECONDS and seconds > MUCH_FASTER * claim.left / speed
