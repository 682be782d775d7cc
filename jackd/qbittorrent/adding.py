"""``torrents/add``: a stub torrent, or the link to one, becomes a download."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from twisted.logger import Logger

from jackd.model.errors import JackError, Unavailable, UnsupportedMedia
from jackd.model.grab import Grab
from jackd.model.release import split_guid
from jackd.ports import Downloads, Mints, PeerNetwork
from jackd.qbittorrent.calls import Actions, Answer, Call
from jackd.qbittorrent.categories import Categories
from jackd.qbittorrent.tags import Tags, tags_in
from jackd.torrent.stub import ForeignTorrent, Stubs

log = Logger(namespace="jackd.qbittorrent")

MAX_LINKS = 32
"""Links that are looked at in one request."""

DONE, REFUSED = "Ok.", "Fails."

_RATES = {"dlLimit": "download", "upLimit": "upload"}
_DOWNLOAD = "/torznab/download/"
_SUFFIX = ".torrent"


class Adding:
    """
    Nothing that a client names is ever fetched (S20): a link is read, its token checked, and the stub made here.
    Everything that is not jack's own is refused with ``Fails.``; an *arr then takes its next-best release and blames
    neither the client nor the indexer.
    """

    actions: ClassVar[Actions] = Actions()

    def __init__(
        self, downloads: Downloads, network: PeerNetwork, mint: Mints, stubs: Stubs, categories: Categories, tags: Tags
    ) -> None:
        self._downloads = downloads
        self._network = network
        self._mint = mint
        self._stubs = stubs
        self._categories = categories
        self._tags = tags

    @actions.change("torrents/add")
    async def add(self, call: Call) -> Answer:
        """
        ``Ok.`` when something was added or was there already (F3, F45): then it is on disk and visible. A file that is
        no torrent makes the answer 415, whatever became of the others.
        """
        grabs, junk = self._from_files(call)
        grabs += await self._from_links(call)
        taken = [await self._take(grab, call) for grab in grabs]
        if junk:
            raise UnsupportedMedia(f"Error: '{junk[0]}' is not a valid torrent file.")
        return DONE if any(taken) else REFUSED

    def _from_files(self, call: Call) -> tuple[list[Grab], list[str]]:
        grabs, junk = list[Grab](), list[str]()
        for upload in call.files:
            try:
                grabs.append(self._stubs.read(upload.data))
            except UnsupportedMedia:
                junk.append(upload.name)
            except ForeignTorrent as error:
                log.info("refused {name!r}: {error}", name=upload.name, error=error)
        return grabs, junk

    async def _from_links(self, call: Call) -> list[Grab]:
        grabs = []
        for link in call.words("urls", "\n")[:MAX_LINKS]:
            guid = guid_in(link, self._mint)
            if guid is None:
                log.info("refused a link that is not one of jack's own downloads")
                continue
            try:
                release = await self._network.release(*guid)
                grabs.append(self._stubs.read(self._stubs.make(release)))
            except JackError as error:
                log.warn("refused the link to {guid}: {error}", guid=":".join(guid), error=error)
        return grabs

    async def _take(self, grab: Grab, call: Call) -> bool:
        there = self._downloads.get(grab.hash)
        if there is not None and not call.view.sees(there):
            log.warn("refused {title}: another server grabbed the same torrent", title=grab.title)
            return False
        try:
            asked = call.params.get("category", "") or (there.category if there else "")
            category = await self._categories.for_grab(asked, call.view)
            paused = call.flag("paused", "stopped")
            new = await self._downloads.add(grab, owner=call.view.server, category=category, paused=paused)
        except Unavailable as error:
            log.warn("refused {title}: {error}", title=grab.title, error=error)
            return False
        if new:
            with suppress(Unavailable):  # the grab itself is safe; what follows is decoration
                await self._decorate(grab.hash, call)
        return True

    async def _decorate(self, hash: str, call: Call) -> None:
        if tags := tags_in(call):
            await self._tags.put([hash], tags)
        if rates := {name: call.rate(field) for field, name in _RATES.items() if field in call.params}:
            await self._downloads.set_speed_limits([hash], **rates)
        if "ratioLimit" in call.params or "seedingTimeLimit" in call.params:
            await self._downloads.set_share_limits([hash], *share_limits(call))


def share_limits(call: Call) -> tuple[float, int]:
    """
    ``ratioLimit`` and ``seedingTimeLimit`` (minutes); -2 is "the client's default", -1 "none". jack's default for the
    ratio is 0, since it never uploads: nothing is gained by keeping a finished row.
    """
    default = "-2"
    ratio = _real(call.params.get("ratioLimit", default))
    minutes = _real(call.params.get("seedingTimeLimit", default))
    if ratio < -1 and minutes < 0:
        ratio = 0.0
    return max(ratio, -2.0), max(int(minutes), -2)


def guid_in(link: str, mint: Mints) -> tuple[str, str] | None:
    """``(peer, item)`` of one of jack's own download links on whatever host; ``None`` for everything else."""
    try:
        parts = urlsplit(link)
        token = dict(parse_qsl(parts.query, max_num_fields=10)).get("token", "")
    except ValueError:
        return None
    _, mark, name = parts.path.rpartition(_DOWNLOAD)
    if parts.scheme not in ("http", "https") or not mark or not name.endswith(_SUFFIX):
        return None
    guid = unquote(name.removesuffix(_SUFFIX))
    return split_guid(guid) if mint.verify("download", guid, token) else None


def _real(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) and abs(number) < 1e9 else 0.0
