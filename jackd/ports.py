"""
The seams between features: what one offers and another uses, as :class:`typing.Protocol`.

No feature imports another; :mod:`jackd.assembly` alone knows who stands behind a port.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from attrs import field, frozen
from twisted.internet.interfaces import IProtocol

from jackd.model.download import Download
from jackd.model.feed import Changes
from jackd.model.grab import Grab
from jackd.model.item import Extra, Item
from jackd.model.manifest import Manifest
from jackd.model.peer import Peer, PeerStatus
from jackd.model.release import Release, Source
from jackd.model.search import Query
from jackd.model.sharing import Facts

MAX_FOUND = 10_000
"""Releases in one answer of a search."""


@frozen(kw_only=True)
class Batch:
    """
    All items of one ``group`` of a library: a movie, a series, a folder. Replaces what was known of the group.

    :ivar facts: by item id; an item without any is hidden from everybody whom a rule is about.
    :ivar unseen: ids of further items whose files can't be seen just now: what is known of them stays.
    :ivar unread: why the group could not be read: all that is known of it stays, and it is read again before long.
    """

    group: str
    items: Sequence[Item]
    facts: Mapping[str, Facts] = field(factory=dict)
    unseen: Collection[str] = ()
    unread: str = ""


@frozen(kw_only=True)
class Location:
    """Where an item's file lies now. ``path`` is absolute; it must lie beneath one of ``roots``."""

    path: Path
    roots: Sequence[Path]


class Library(Protocol):
    """An *arr server or a folder whose files are shared."""

    @property
    def id(self) -> str:
        """8 hex digits; the first part of its items' ids."""

    @property
    def name(self) -> str:
        """As the configuration calls it."""

    def read(self) -> AsyncIterator[Batch]:
        """The whole library, group by group. Raises :class:`~jackd.model.errors.LibraryUnavailable` at any point."""

    async def changed(self, since: datetime) -> Sequence[str] | None:
        """The groups changed since then, cheaply; ``None`` when it can't tell and must be read whole."""

    async def read_group(self, group: str) -> Batch:
        """One group again; an empty batch when it is gone. Raises ``LibraryUnavailable``."""

    async def locate(self, item_id: str) -> Location:
        """Where the file lies *now*. Raises ``NotFound``, or ``LibraryUnavailable`` when it can't be asked."""


class Shared(Protocol):
    """What this jack shares, all of it or as much as somebody may know of: its libraries as one, from the index."""

    async def search(self, query: Query, *, limit: int, offset: int = 0) -> Sequence[Item]:
        """Newest first, at most ``limit``."""

    async def item(self, item_id: str) -> Item:
        """Raises ``NotFound``."""

    async def extras(self, item_id: str) -> Sequence[Extra]:
        """What lies beside the item's file now; nothing when that can't be told soon. May raise ``NotFound``."""

    async def locate(self, item_id: str) -> Location:
        """
        The file of an item or of an extra (:func:`jackd.model.item.extra_id`). Raises ``NotFound`` (also for what may
        not be shared) or ``Unavailable``.
        """


class Feed(Protocol):
    """What this jack shares, as a series of changes."""

    async def changes(self, since: str, *, viewer: str | None, limit: int, wait: float) -> Changes:
        """
        What follows the cursor ``since``; everything, with ``reset``, when that can't be told. Raises ``Unavailable``.

        :param viewer: the id of the friend who asks; ``None`` for somebody who does not say which friend he is.
        :param limit: items at most, gone ones counted.
        :param wait: seconds that it may take until there is something to tell.
        """


class Views(Protocol):
    """What is shared with whom."""

    def of(self, peer: str | None) -> Shared:
        """
        All that the friend with that id may know of. What is hidden from him is not found, like what there is not.
        ``None`` is somebody who does not say which friend he is.
        """


class Manifests(Protocol):
    """Digests of the files that this jack shares."""

    async def of(self, location: Location, *, who: str = "") -> Manifest | None:
        """
        Of what lies there now; ``None`` as long as it is being computed, which the first question starts. Raises
        ``NotFound``, or ``Unavailable`` when too much is asked for.

        :param who: asks; those who do take turns.
        """


class PeerNetwork(Protocol):
    """All friends at once."""

    async def search(
        self, query: Query, *, limit: int = MAX_FOUND, offset: int = 0, wanted: Callable[[Item], bool] | None = None
    ) -> Sequence[Release]:
        """
        Newest first, within the deadline, with what could be had; never raises for a peer's sake.

        :param limit: releases, after the first ``offset``.
        :param wanted: picks of what answers ``query``; called in a thread, and equal to another when it picks the same.
        """

    async def release(self, peer: str, item_id: str) -> Release:
        """
        One offer, from the last answers or asked for now; with what lies beside its files, as far as it is wanted and
        the friend says so now. Raises ``ItemGone``, ``NotFound``, ``PeerError``.
        """

    def statuses(self) -> Sequence[PeerStatus]:
        """How each friend is doing, in the order of the configuration."""

    def peer(self, peer_id: str) -> Peer | None:
        """The friend with that id, if he is still configured."""


class Unsealing(Protocol):
    """What comes through TLS, in clear. For one thread at a time."""

    @property
    def pending(self) -> bool:
        """Whether there may be more without another byte from the connection."""

    def recv_into(self, buffer: memoryview, most: int, /) -> int:
        """
        Up to ``most`` bytes of what has come; how many, 0 at the end.

        :raises BlockingIOError: nothing has.
        :raises OSError: the connection is lost, or not to be decrypted.
        """


@frozen(kw_only=True)
class Taken:
    """
    What is left of an answer whose connection was taken over.

    :ivar prefix: the bytes of the body that had been read already.
    :ivar connection: a non-blocking socket of our own from which exactly the rest of the body comes; ``None`` when
        there is no rest. Whoever takes it closes it.
    :ivar unsealing: what decrypts it, when it comes through TLS.
    """

    prefix: bytes
    connection: socket.socket | None
    unsealing: Unsealing | None = None


class RemoteFile(Protocol):
    """
    An open answer to a request for a file; nothing of the body was read yet.

    :ivar size: of the whole file, bytes.
    :ivar start: the offset of the first byte that will come: the one asked for, or 0 when the file is another now.
    :ivar etag: strong validator, or ``None`` when the peer gives none.
    """

    @property
    def size(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def etag(self) -> str | None: ...

    def deliver(self, receiver: IProtocol) -> None:
        """
        Give the body to ``receiver``: ``receiver.transport`` is an ``IPushProducer``, so pausing it stops the
        sender; ``connectionLost`` tells the end (``ResponseDone``, or anything else for a body cut short).
        """

    def take_over(self) -> Awaitable[Taken] | None:
        """
        Instead of :meth:`deliver`: the connection itself, when it carries nothing but the body's bytes (a known
        length); ``None`` when it does not. May raise what ends a connection.
        """

    def abort(self) -> None:
        """Close the connection; fine at any time, also twice."""


class RemoteFiles(Protocol):
    """Opens files at friends."""

    async def open(
        self,
        peer: str,
        item_id: str,
        *,
        start: int = 0,
        stop: int | None = None,
        etag: str | None = None,
        size: int | None = None,
    ) -> RemoteFile:
        """
        Ask for the file from ``start`` on, if it is still the one with ``etag``. Raises
        :class:`~jackd.model.errors.PeerError` (look at ``temporary`` and ``retry_after``).

        :param stop: only the bytes before this offset, and nothing instead of them: without them it is an error,
            ``AnotherFile`` when that is the reason.
        :param size: of the file, as it was offered: for an answer that tells no length.
        """

    async def sources(self, peer: str, item_id: str, *, size: int, title: str) -> Sequence[Source]:
        """
        Who else seems to have that file, of those who can be reached; never raises for a friend's sake. Only the
        manifests can tell whether the content is the same.

        :param size: of the file, as it was offered.
        :param title: of the release, by which it is looked for when nothing else is known of it any more.
        """

    async def manifest(self, peer: str, item_id: str, *, size: int) -> Manifest | None:
        """
        What the friend says that the file's bytes must be; ``None`` when he has nothing to say. Raises ``PeerError``,
        also (with ``retry_after``) while he computes it.

        :param size: of the file, as it was offered: a manifest that is longer than that of such a file is not read.
        """


class Downloads(Protocol):
    """The queue, as the qBittorrent dialect and the operator drive it. Unknown hashes are ignored by all changes."""

    async def add(self, grab: Grab, *, owner: str | None, category: str, paused: bool = False) -> bool:
        """On disk and visible when this returns. ``False`` when the hash is there already (category is updated)."""

    def list(self) -> Sequence[Download]:
        """All, from memory, in the order of the queue."""

    def get(self, hash: str) -> Download | None:
        """One, from memory."""

    async def delete(self, hashes: Iterable[str], *, delete_files: bool) -> None:
        """The writer stops first; part files always go; finished files only when asked for."""

    async def pause(self, hashes: Iterable[str]) -> None: ...
    async def resume(self, hashes: Iterable[str]) -> None: ...
    async def recheck(self, hashes: Iterable[str]) -> None: ...
    async def set_forced(self, hashes: Iterable[str], forced: bool) -> None: ...
    async def set_category(self, hashes: Iterable[str], category: str) -> None: ...
    async def set_tags(self, tags: Mapping[str, Sequence[str]]) -> None: ...
    async def set_share_limits(self, hashes: Iterable[str], ratio: float, seeding_time: int) -> None: ...

    async def set_speed_limits(
        self, hashes: Iterable[str], *, download: int | None = None, upload: int | None = None
    ) -> None:
        """Bytes/s of each, 0 for no limit, from now on; ``None`` leaves that one as it is."""

    async def move(self, hashes: Iterable[str], where: str) -> None:
        """``where``: ``top``, ``bottom``, ``up`` or ``down``."""


class Mints(Protocol):
    """Makes and recognises the credentials that jack hands out itself."""

    def credential(self, server: str) -> str:
        """What the server with that id logs in with; always the same while the install's secret is kept."""

    def sign(self, purpose: str, text: str) -> str:
        """A short URL-safe signature of ``text``."""

    def verify(self, purpose: str, text: str, signature: str) -> bool:
        """Whether ``signature`` is ours, in constant time."""
