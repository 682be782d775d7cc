"""The order of the queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jackd.model.errors import BadRequest


def moved(order: Sequence[str], chosen: Collection[str], where: str) -> list[str]:
    """
    ``order`` after the ``chosen`` went to the ``top``, the ``bottom``, or one place ``up`` or ``down``; they keep
    their order among themselves.
    """
    if where in ("top", "bottom"):
        kept = [key for key in order if key not in chosen]
        gone = [key for key in order if key in chosen]
        return gone + kept if where == "top" else kept + gone
    if where == "up":
        return _up(order, chosen)
    if where == "down":
        return _up(order[::-1], chosen)[::-1]
    raise BadRequest(f"a download can't be moved {where!r}")


def _up(order: Sequence[str], chosen: Collection[str]) -> list[str]:
    result = list(order)
    for place in range(1, len(result)):
        if result[place] in chosen and result[place - 1] not in chosen:
            result[place - 1], result[place] = result[place], result[place - 1]
    return result
