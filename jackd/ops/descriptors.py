"""How many files and connections may be open at once."""

from __future__ import annotations

import resource
from contextlib import suppress

ENOUGH = 65_536


def allow_descriptors() -> None:
    """
    As many as the system lets this process have, up to :data:`ENOUGH`: a shell or a container often gives 1024 at
    first, and hundreds of streams need several each.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
