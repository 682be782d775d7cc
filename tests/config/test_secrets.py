"""Keys and where they come from (S2, S28)."""

from __future__ import annotations

import os

import pytest

from tests.config.written import OWN_KEY, loaded, peer, problems


def friend(key: str) -> str:
    return '{"peers": [' + peer(apiKey=key) + "]}"


def key_of(folder, key: str, **environ: str) -> str:
    return loaded(folder, friend(key), environ=environ).peers[0].key.reveal()


def refusal(folder, key: str, **environ: str) -> str:
    ((_, path, message),) = problems(folder, friend(key), environ=environ)
    assert path == "peers[0].apiKey"
    return message


def test_the_three_forms(tmp_path):
    (tmp_path / "key").write_text("from file\r\n\n")
    assert key_of(tmp_path, '"as text"') == "as text"
    assert key_of(tmp_path, '{"env": "KEY"}', KEY="from env\n") == "from env"
    assert key_of(tmp_path, f'{{"file": "{tmp_path}/key"}}') == "from file"


def test_a_credential_of_systemd(tmp_path):
    (tmp_path / "alice").write_text("credential\n")
    assert key_of(tmp_path, '{"file": "alice"}', CREDENTIALS_DIRECTORY=str(tmp_path)) == "credential"
    assert "absolute" in refusal(tmp_path, '{"file": "../alice"}', CREDENTIALS_DIRECTORY=str(tmp_path / "x"))
    assert "absolute" in refusal(tmp_path, '{"file": "alice"}')


def test_what_is_missing_is_named(tmp_path):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "pipe")
    pipe = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    os.write(pipe, b"x" * 5000)  # so that reading it would be wrong, but would end
    assert "variable NO_KEY is not set" in refusal(tmp_path, '{"env": "NO_KEY"}')
    assert "variable KEY is empty" in refusal(tmp_path, '{"env": "KEY"}', KEY="")
    assert refusal(tmp_path, '{"env": "KEY"}', KEY="\n") == "must not be empty"
    for name, state in {"none": "not there", "pipe": "no file", "empty": "is empty", "binary": "no UTF-8"}.items():
        message = refusal(tmp_path, f'{{"file": "{tmp_path / name}"}}')
        assert str(tmp_path / name) in message
        assert state in message
    os.close(pipe)


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "key").write_text("x")
    text = friend(f'{{"file": "{tmp_path}/key"}}')
    path = tmp_path / "jack.yml"
    path.write_text(text)
    from pathlib import Path

    from jackd.config import ConfigErrors, load

    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *a, **k: (opened if self == path else refuse)(self, *a, **k))
    with pytest.raises(ConfigErrors, match=f"{tmp_path}/key can't be read: Permission denied"):
        load(path, {})


@pytest.mark.parametrize("key", ['{"env": "A", "file": "/a"}', "{}", '{"env": ""}', "[]", "true", '""', '"  "'])
def test_what_is_no_form_at_all(tmp_path, key):
    found = problems(tmp_path, friend(key), environ={"A": "key"})
    assert {path for _, path, _ in found} <= {"peers[0].apiKey", "peers[0].apiKey.env"}


@pytest.mark.parametrize("key", ["a\\nb", " a", "a ", "schlüssel", "a\\u0000"])
def test_a_key_that_no_header_can_carry(tmp_path, key):
    ((_, path, _),) = problems(tmp_path, friend(f'"{key}"'), ".json")
    assert path == "peers[0].apiKey"


def test_a_key_has_an_end(tmp_path):
    (tmp_path / "key").write_text("x" * 5000)
    assert "longer than 4096" in refusal(tmp_path, f'{{"file": "{tmp_path}/key"}}')


@pytest.mark.parametrize(
    "key",
    [
        "short", "fifteen-chars-x", "aaaaaaaaaaaaaaaa", "abababababababababab", "0123456789abcdef", "1234567890123456",
        "changemechangeme", "your-api-key-here", "replace-with-your-own-secret-key", "CHANGE_ME_CHANGE_ME",
        "abcdefghijklmnop", "0123456789abcdef0123456789abcdef",
    ],
)  # fmt: skip
def test_a_key_of_our_own_that_is_easily_guessed_is_refused(tmp_path, key):
    """S2: it opens this jack."""
    ((_, path, message),) = problems(tmp_path, f'{{"jack": {{"apiKey": "{key}"}}}}')
    assert path == "jack.apiKey"
    assert "openssl rand" in message


@pytest.mark.parametrize("key", [OWN_KEY, "correct-horse-battery-staple", "jack_" + OWN_KEY * 2])
def test_a_good_key_of_our_own(tmp_path, key):
    assert loaded(tmp_path, f'{{"jack": {{"apiKey": "{key}"}}}}').jack.api_key.reveal() == key
