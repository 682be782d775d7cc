"""What the operators' routes answer: values to JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackd.model.download import ETA_UNKNOWN, Download
from jackd.model.history import Record
from jackd.model.item import Item, Kind
from jackd.model.peer import PeerStatus
from jackd.model.server import ServerState
from jackd.ops.redact import masked
from jackd.ops.reload import ConfigState
from jackd.storage.history import Total
from jackd.web.uploads import Upload

_CATEGORIES = {Kind.MOVIE: 2000, Kind.EPISODE: 5000}


def server(state: ServerState) -> dict[str, Any]:
    """One of the configured servers."""
    return {
        "id": state.id,
        "name": state.name,
        "type": state.type,
        "url": masked(state.url),
        "source": state.source,
        "destination": state.destination,
    }


def health(state: ServerState) -> dict[str, Any]:
    """How it does."""
    return {
        "id": state.id,
        "name": state.name,
        "type": state.type,
        "healthy": state.error is None,
        "version": state.version,
        "libraryError": state.library_error,
        "registrationError": state.registration_error,
        "items": state.items,
        "readAt": state.read_at,
    }


def config(state: ConfigState) -> dict[str, Any]:
    """What is wrong with the configuration's file, and what of it waits for the next start."""
    return {"errors": list(state.errors), "pending": list(state.pending)}


def peer(status: PeerStatus) -> dict[str, Any]:
    """How a friend does."""
    return {
        "id": status.peer.id,
        "name": status.peer.name,
        "url": masked(status.peer.url),
        "reachable": status.reachable,
        "version": status.version,
        "features": sorted(status.features),
        "error": status.error,
    }


def upload(upload: Upload) -> dict[str, Any]:
    """What a friend reads now; bytes and bytes/s."""
    return {
        "account": upload.who,
        "client": upload.client,
        "file": upload.file,
        "size": upload.size,
        "sent": upload.flow.moved,
        "speed": int(upload.speed),
    }


def item(item: Item) -> dict[str, Any]:
    """The names that friends' jacks use too; what is not known is left out."""
    known = {
        "id": item.id,
        "title": item.title,
        "filename": item.filename,
        "category": _CATEGORIES[item.kind],
        "size": item.size,
        "imdbId": item.ids.imdb,
        "tmdbId": item.ids.tmdb,
        "tvdbId": item.ids.tvdb,
        "quality": item.quality.name if item.quality else None,
        "name": item.name,
        "year": item.year,
        "season": item.season,
        "episodes": list(item.episodes) or None,
        "publishDate": item.published.isoformat(),
    }
    return {name: value for name, value in known.items() if value is not None}


def download(row: Download, owners: Mapping[str, str]) -> dict[str, Any]:
    """A download now. ``eta`` in seconds, times in Unix seconds, ``null`` for what is not known or not so."""
    return {
        "hash": row.hash,
        "title": row.grab.title,
        "state": row.state.value,
        "reason": row.reason,
        "progress": round(row.progress, 4),
        "size": row.grab.size,
        "received": row.received,
        "speed": int(row.speed),
        "eta": row.eta if row.eta < ETA_UNKNOWN else None,
        "friends": list(row.given) or [row.grab.peer_name],
        "verified": row.verified,
        "forced": row.forced,
        "failedAttempts": row.failures,
        "retryAt": row.retry_at or None,
        "owner": owners.get(row.owner or "", row.owner),
        "category": row.category,
        "addedAt": row.added,
        "completedAt": row.completed,
    }


def record(line: Record) -> dict[str, Any]:
    """A line of the history; ``speed`` is the mean in bytes/s."""
    known = {
        "id": line.n,
        "event": line.event.value,
        "direction": "shared" if line.event.shared else "fetched",
        "title": line.title,
        "size": line.size,
        "friends": [{"name": name, "bytes": moved} for name, moved in line.friends.items()],
        "bytes": line.moved,
        "seconds": round(line.seconds, 3),
        "speed": int(line.speed),
        "beganAt": line.began,
        "endedAt": line.ended,
    }
    if line.event.shared:
        return known | {"client": line.client}
    return known | {
        "hash": line.hash,
        "owner": line.owner or None,
        "failedAttempts": line.failures,
        "verified": line.verified,
        "reason": line.reason,
    }


def total(friend: Total) -> dict[str, Any]:
    """Bytes, and whole files."""
    return {
        "name": friend.name,
        "fetched": friend.fetched,
        "fetchedFiles": friend.fetched_files,
        "shared": friend.shared,
        "sharedFiles": friend.shared_files,
    }
