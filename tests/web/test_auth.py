from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.errors import ConfigError
from jackd.ops.redact import masked
from jackd.web.auth import Account, Keys, Mint, Scope

BOB = Account(name="bob", scopes=frozenset({Scope.PEER}))


def test_only_a_known_key_opens():
    """S2"""
    keys = Keys()
    keys.add("right-key", BOB)
    assert keys.account("right-key") is BOB
    assert [keys.account(k) for k in ("", "right-ke", "right-key ", "RIGHT-KEY", "ключ", "\udcff")] == [None] * 6


def test_an_empty_key_never_opens():
    keys = Keys()
    keys.add("", BOB)
    assert keys.account("") is None


def test_a_login_needs_name_and_key():
    keys = Keys()
    keys.add("right-key", BOB)
    assert keys.login("bob", "right-key") is BOB
    assert keys.login("alice", "right-key") is None
    assert keys.login("bob", "wrong") is None


def test_keys_are_not_kept_in_clear():
    """S28, S33"""
    keys = Keys()
    keys.add("canary-key", BOB)
    assert "canary" not in repr(vars(keys))


def test_the_mint_is_made_once_and_closed_to_others(tmp_path):
    """S33: the file is for its owner only, and a restart hands out the same credentials."""
    path = tmp_path / "state" / "secret"
    first, second = Mint.load(path), Mint.load(path)
    assert first.credential("aaaaaaaa") == second.credential("aaaaaaaa")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Mint.load(tmp_path / "other").credential("aaaaaaaa") != first.credential("aaaaaaaa")


def test_each_friend_has_a_key_of_his_own_that_stays_and_can_be_revoked():
    """S3: bound to the name, however it is written, the version and the install."""
    mint = Mint(b"x" * 32)
    key = mint.peer_key("Alice", 1)
    assert key.reveal() == mint.peer_key("ALICE", 1).reveal()
    others = [mint.peer_key("Alice", 2), mint.peer_key("Bob", 1), Mint(b"y" * 32).peer_key("Alice", 1), mint.api_key()]
    assert key.reveal() not in {other.reveal() for other in others}
    assert masked(f"a log with {key.reveal()} in it") == "a log with *** in it"


@pytest.mark.parametrize("left", [0, 31, 33])
def test_a_damaged_secret_is_refused(tmp_path, left):
    """S2: with an empty one everybody could make our keys."""
    path = tmp_path / "secret"
    path.write_bytes(b"x" * left)
    with pytest.raises(ConfigError, match="damaged"):
        Mint.load(path)


def test_credentials_differ_by_server_and_look_like_the_originals():
    mint = Mint(b"x" * 32)
    assert mint.credential("a") != mint.credential("b")
    assert mint.credential("a").startswith("jack_managed_")
    assert len(mint.credential("a")) == len("jack_managed_") + 64
    assert mint.api_key().reveal() not in (mint.credential(""), mint.credential("api-key"))


@given(st.text(), st.text(), st.text())
def test_a_signature_fits_one_purpose_and_one_text(purpose, text, other):
    mint = Mint(b"x" * 32)
    signature = mint.sign(purpose, text)
    assert mint.verify(purpose, text, signature)
    assert (other == text) == mint.verify(purpose, other, signature)
    assert not mint.verify(purpose + "x", text, signature)
    assert not Mint(b"y" * 32).verify(purpose, text, signature)
