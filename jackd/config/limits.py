"""``limits``: how fast, how many, and when."""

from __future__ import annotations

import re

from jackd.config.checks import integer, list_of, one_of, text
from jackd.config.node import Listing
from jackd.config.reading import Cursor, Section, Wrong
from jackd.config.settings import LimitSettings
from jackd.model.schedule import DAY_MINUTES, DAYS, Window

MAX_KIBS = 100 << 20
"""100 GiB/s."""

MAX_UPLOADS = 300
"""Each needs three descriptors; many systems give a process 1024."""

_KIB = 1024
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)


def rate(cursor: Cursor) -> int:
    """Bytes/s, from KiB/s."""
    return integer(0, MAX_KIBS)(cursor) * _KIB


def limits(cursor: Cursor) -> LimitSettings:
    """``limits``: every key may be missing."""
    unset = LimitSettings()
    with Section(cursor) as block:
        return LimitSettings(
            upload_rate=block.take("uploadKiBs", rate, unset.upload_rate),
            download_rate=block.take("downloadKiBs", rate, unset.download_rate),
            alternative_upload_rate=block.take("alternativeUploadKiBs", rate, unset.alternative_upload_rate),
            alternative_download_rate=block.take("alternativeDownloadKiBs", rate, unset.alternative_download_rate),
            max_uploads=block.take("maxUploads", integer(1, MAX_UPLOADS), unset.max_uploads),
            max_uploads_per_peer=block.take("maxUploadsPerPeer", integer(1, MAX_UPLOADS), unset.max_uploads_per_peer),
            schedule=block.take("schedule", list_of(window), ()),
        )


def window(cursor: Cursor) -> Window:
    """One entry of ``schedule``."""
    with Section(cursor) as block:
        found = Window(
            days=block.take("days", days, Window().days),
            start=block.need("from", minute, "when it begins, like 08:00"),
            stop=block.need("to", minute, "when it ends, like 23:00"),
            upload_rate=block.take("uploadKiBs", rate, None),
            download_rate=block.take("downloadKiBs", rate, None),
        )
        if block.get("uploadKiBs") is None and block.get("downloadKiBs") is None:
            block.missing("downloadKiBs", "one of uploadKiBs and downloadKiBs")
        return found


def days(cursor: Cursor) -> frozenset[int]:
    """A list of days; at least one."""
    if isinstance(cursor.node, Listing) and not cursor.node.items:
        raise Wrong("must have a day in it; leave it out for every day")
    return frozenset(map(DAYS.index, list_of(one_of(DAYS))(cursor)))


def minute(cursor: Cursor) -> int:
    """A time of day, in minutes since midnight."""
    found = _TIME.fullmatch(text(cursor))
    if not found:
        raise Wrong("must be a time of day like 08:00 or 23:30, in quotes")
    return int(found[1]) * 60 + int(found[2]) if found[1] else DAY_MINUTES
