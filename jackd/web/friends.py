"""Which friends are let in, by which keys of their own."""

from __future__ import annotations

from collections.abc import Iterable

from twisted.logger import Logger

from jackd.model.peer import Peer
from jackd.model.secret import Secret
from jackd.web.auth import Account, Keys, Mint, Scope

log = Logger(namespace="jackd.friends")


class FriendKeys:
    """The friends' part of ``keys``: one key for each, which opens what friends need (S3)."""

    def __init__(self, keys: Keys, mint: Mint) -> None:
        self._keys = keys
        self._mint = mint
        self._let_in: dict[Secret, Account] = {}

    def configure(self, peers: Iterable[Peer]) -> frozenset[Account]:
        """
        Let in those, with the keys of their versions, and nobody else. Gives the accounts that are locked out, for what
        still runs for them.
        """
        fresh = {self._mint.peer_key(peer.name, peer.key_version): _account(peer) for peer in peers}
        gone = {key: account for key, account in self._let_in.items() if fresh.get(key) != account}
        for key, account in gone.items():
            self._keys.remove(key.reveal())
            log.info("the key of {name} as it was opens nothing any more", name=account.name)
        for key, account in fresh.items():
            self._keys.add(key.reveal(), account)
        self._let_in = fresh
        return frozenset(gone.values())


def _account(peer: Peer) -> Account:
    return Account(name=peer.name, scopes=frozenset({Scope.PEER}), peer=peer.id)
