"""
Makes jack known to a Radarr or Sonarr: the download client first, then the indexer that is bound to it, if it may grab;
and a webhook, if its files are shared.

It works at any time and in any order of starting: what is not possible now is tried again for ever, and what was done
is looked at again from time to time, for the *arr may have been reinstalled or restored from a backup meanwhile (F36).
What an entry has to look like is in :mod:`jackd.arr.provider`.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from jackd.arr import provider
from jackd.arr.client import ArrClient
from jackd.arr.provider import Resource, Wanted
from jackd.model.backoff import Backoff
from jackd.model.errors import JackError, LibraryUnavailable
from jackd.model.secret import Secret
from jackd.model.server import ServerState

log = Logger(namespace="jackd.arr")

FIRST_RETRY_SECONDS: Final = 5.0
LAST_RETRY_SECONDS: Final = 900.0
RECHECK_SECONDS: Final = 900.0
JITTER: Final = 0.1
"""The time to the next look varies by this share, so that several servers do not all come at once."""

_FORCED: Final = {"forceSave": "true"}


def jittered(seconds: float, rng: Random) -> float:
    """``seconds``, a little more or less."""
    return seconds * rng.uniform(1 - JITTER, 1 + JITTER)


class Registrar(Service):
    """
    One for each server.

    :param base_url: jack as the *arr reaches it.
    :param credential: what the *arr shall log in with, its user name is the server's name; ``None`` if it may not grab.
    :param webhook: where it shall tell of changes. It shall not when its files are not shared.
    """

    def __init__(
        self,
        *,
        client: ArrClient,
        state: ServerState,
        base_url: str,
        credential: Secret | None,
        webhook: str,
        clock: IReactorTime,
        rng: Random | None = None,
    ) -> None:
        self._client = client
        self._server = client.server
        self._state = state
        self._base_url = base_url
        self._credential = credential
        self._webhook = webhook
        self._clock = clock
        self._rng = rng or Random()  # noqa: S311
        self._written: set[tuple[str, int]] = set()
        self._running: Deferred[None] | None = None
        self.setName(f"registrar-{self._server.id}")

    def startService(self) -> None:
        super().startService()
        if self._server.autoregister.enable:
            self._running = Deferred.fromCoroutine(self._keep())

    def stopService(self) -> None:
        super().stopService()
        if self._running is not None:
            self._running.addErrback(lambda failure: failure.trap(CancelledError) and None)
            self._running.cancel()
            self._running = None

    async def register(self) -> bool:
        """
        Once: make all entries what they have to be. ``True`` when something had to be written.

        :raises LibraryUnavailable: when the *arr can't be asked, or refuses (:class:`~jackd.arr.client.ArrError`).
        """
        at = provider.Address.of(self._base_url)
        self._state.version = await self._client.status()
        changed = self._credential is not None and await self._for_grabs(at, self._credential)
        return await self._for_changes() or changed

    async def _for_grabs(self, at: provider.Address, key: Secret) -> bool:
        kind = self._server.type
        wanted = provider.wanted_client(kind, self._server.id, self._server.name, key, at)
        entries = await self._entries(wanted)
        client_id, new_client = await self._ensure(wanted, entries, provider.our_client(entries, wanted))
        wanted = provider.wanted_indexer(kind, self._server.autoregister.priority, key, at, client_id)
        entries = await self._entries(wanted)
        _, new_indexer = await self._ensure(wanted, entries, provider.our_indexer(entries, wanted))
        return new_client or new_indexer

    async def _for_changes(self) -> bool:
        """Until this has worked the library is polled more often."""
        self._state.tells = False
        wanted = provider.wanted_webhook(self._server.type, self._webhook)
        entries = await self._entries(wanted)
        ours = provider.our_webhook(entries, wanted)
        if not self._server.source:
            return ours is not None and await self._remove(wanted, ours)
        _, new = await self._ensure(wanted, entries, ours)
        self._state.tells = True
        return new

    async def _keep(self) -> None:
        backoff = Backoff(rng=self._rng, first=FIRST_RETRY_SECONDS, last=LAST_RETRY_SECONDS)
        while True:
            if await self._attempt():
                backoff.reset()
                pause = jittered(RECHECK_SECONDS, self._rng)
            else:
                pause = backoff.pause()
            await deferLater(self._clock, pause)

    async def _attempt(self) -> bool:
        try:
            changed = await self.register()
        except JackError as error:
            self._failed(str(error))
            return False
        except Exception:
            log.failure("registration in {server} failed", server=self._server.name)
            self._state.registration_error = "a bug in jack; the log says more"
            return False
        if changed or self._state.registration_error:
            log.info("registered in {server} {version}", server=self._server.name, version=self._state.version)
        self._state.registration_error = None
        return True

    def _failed(self, reason: str) -> None:
        if reason != self._state.registration_error:
            log.warn("not registered in {server}: {reason}", server=self._server.name, reason=reason)
        self._state.registration_error = reason

    async def _entries(self, wanted: Wanted) -> list[Resource]:
        return provider.resources(await self._client.get(wanted.path))

    async def _ensure(self, wanted: Wanted, entries: list[Resource], ours: Resource | None) -> tuple[int, bool]:
        """The entry's id, and whether it had to be written."""
        if ours is None:
            return await self._create(wanted, provider.free_name(entries)), True
        entry_id = _id_of(ours)
        known = (wanted.path, entry_id) in self._written
        if not wanted.differs_from(ours, trust_masked=known):
            return entry_id, False
        await self._update(wanted, ours, entry_id)
        return entry_id, True

    async def _create(self, wanted: Wanted, name: str) -> int:
        """
        A new entry. The *arr tests an enabled one whatever we ask for, and a test of the indexer fails while our
        friends share nothing; so that one is created switched off, and switched on by a change, which can go untested.
        The tests of the download client and the webhook are welcome: they tell whether the *arr reaches us.
        """
        body = wanted.applied_to(await self._template(wanted), name=name)
        off = {} if wanted.tested else dict.fromkeys(wanted.flags, False)
        entry_id = _id_of(await self._client.send("POST", wanted.path, {**body, **off}, _FORCED))
        if off:
            await self._client.send("PUT", f"{wanted.path}/{entry_id}", {**body, "id": entry_id}, _FORCED)
        self._written.add((wanted.path, entry_id))
        return entry_id

    async def _update(self, wanted: Wanted, ours: Resource, entry_id: int) -> None:
        same = ours.get("implementation") == wanted.implementation
        base = ours if same else await self._template(wanted)
        body = wanted.applied_to(base, id=entry_id, name=ours.get("name"))
        params = None if wanted.tested else _FORCED
        await self._client.send("PUT", f"{wanted.path}/{entry_id}", body, params)
        self._written.add((wanted.path, entry_id))

    async def _remove(self, wanted: Wanted, ours: Resource) -> bool:
        await self._client.send("DELETE", f"{wanted.path}/{_id_of(ours)}")
        return True

    async def _template(self, wanted: Wanted) -> Resource:
        return provider.template(await self._client.get(f"{wanted.path}/schema"), wanted)


def _id_of(entry: Any) -> int:
    found = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(found, int):
        raise LibraryUnavailable("an entry has no id")
    return found
