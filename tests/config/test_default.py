"""The file that a fresh install starts with, and the page that explains it."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import attrs
import pytest

from jackd.config import (
    AutoRegister,
    ConfigErrors,
    DownloadSettings,
    Environment,
    JackSettings,
    LimitSettings,
    ServerSettings,
    Settings,
    TlsSettings,
    default,
    load,
    write_default,
)
from jackd.config.default import default_text
from jackd.model.peer import Peer
from jackd.model.schedule import Window
from tests.config.written import ARR_KEY, OWN_KEY

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/configuration.rst").read_text()
ENVIRON = dict.fromkeys(
    ["RADARR_API_KEY", "SONARR_API_KEY", "ALICE_API_KEY", "RADARR_HEADER", "ALICE_HEADER"], ARR_KEY
) | {
    "JACK_API_KEY": OWN_KEY,
    "BOB_API_KEY": "bobs",
}
NAMES = ["jack.yml", "config.jsonc", "a.yaml", "a.json"]

OTHER_NAMES = {
    "key": "apiKey",
    "path_map": "pathMappings",
    "upload_rate": "uploadKiBs",
    "download_rate": "downloadKiBs",
    "alternative_upload_rate": "alternativeUploadKiBs",
    "alternative_download_rate": "alternativeDownloadKiBs",
    "start": "from",
    "stop": "to",
}
NO_KEYS = {"environment", "notes", "path"}
"""Fields of ``Settings`` itself that do not come from the file."""


def keys() -> set[str]:
    """Every key of the file, from the settings tree."""
    fields = [f for f in attrs.fields(Settings) if f.name not in NO_KEYS]
    fields += [
        f
        for kind in (
            JackSettings,
            TlsSettings,
            DownloadSettings,
            ServerSettings,
            AutoRegister,
            Peer,
            LimitSettings,
            Window,
        )
        for f in attrs.fields(kind)
    ]
    names = [OTHER_NAMES.get(f.name, f.name) for f in fields]
    return {re.sub("_(.)", lambda m: m[1].upper(), name) for name in names} | {"from", "to"}


def uncommented(text: str) -> str:
    """With every setting in force: prose has a blank after the comment's sign, settings have none."""
    return re.sub(r"(?m)^(\s*)(#|//)(?=\S)", r"\1", text)


@pytest.mark.parametrize("name", ["jack.yml", "config.jsonc"])
def test_the_shipped_example_is_the_default_file(name):
    assert (ROOT / "etc" / name).read_text() == default_text(Path(name))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_written_once_and_loads_as_it_is(tmp_path, name):
    path = tmp_path / "new" / "folder" / name
    assert write_default(path) is True
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == [name]
    settings = load(path, {})
    assert (settings.downloads, settings.servers, settings.peers, settings.notes) == (None, (), (), ())
    assert settings.jack == JackSettings(
        base_url="http://localhost:5225", api_key=None, state_dir=path.parent / "state"
    )


def test_what_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "jack.yml").write_text("broken: [")
    (tmp_path / "link.yml").symlink_to(tmp_path / "nowhere.yml")
    assert write_default(tmp_path / "jack.yml") is False
    assert write_default(tmp_path / "link.yml") is False
    assert (tmp_path / "jack.yml").read_text() == "broken: ["
    assert not (tmp_path / "nowhere.yml").exists()


@pytest.mark.parametrize("failing", ["fsync", "open"])
def test_a_disk_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, failing):
    """F44."""

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(default.os, failing, fail)
    with pytest.raises(ConfigErrors, match="a default can't be written: No space left on device"):
        write_default(tmp_path / "jack.yml")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_could_not_be_read_back_is_not_written(tmp_path):
    with pytest.raises(ConfigErrors, match=r"must end in \.yml"):
        write_default(tmp_path / "jack.conf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_with_every_line_in_force_it_is_valid_and_says_the_defaults(tmp_path, name):
    path = tmp_path / name
    path.write_text(uncommented(default_text(path)))
    settings = load(path, ENVIRON)
    assert settings.jack.base_url == load(None, {}).jack.base_url
    assert settings.downloads == DownloadSettings(completed_path=settings.downloads.completed_path)
    radarr, sonarr, folder = settings.servers
    assert (radarr.source, radarr.destination, radarr.autoregister) == (True, True, AutoRegister())
    assert (sonarr.type, folder.type) == ("sonarr", "folder")
    assert settings.peers[0].name == "Alice"
    (window,) = settings.limits.schedule
    assert attrs.evolve(settings.limits, schedule=()) == LimitSettings()
    assert (window.start, window.stop, window.upload_rate) == (480, 1380, 2_048_000)


def test_every_key_stands_in_the_documentation():
    text = " ".join(re.findall(r"``([^`]+)``", DOCS))
    assert [key for key in sorted(keys()) if not re.search(rf"\b{key}\b", text)] == []


@pytest.mark.parametrize("name", ["jack.yml", "config.jsonc"])
def test_every_key_stands_in_the_default_file(name):
    text = uncommented(default_text(Path(name)))
    assert [key for key in sorted(keys()) if not re.search(rf'\b{key}"?:', text)] == []


def test_every_variable_and_its_default_stand_in_the_documentation():
    for field in attrs.fields(Environment):
        assert f"``{field.name.upper()}``" in DOCS
        if field.default:
            assert f"``{str(field.default).lower()}``" in DOCS


def test_every_default_of_downloads_stands_in_the_documentation():
    for field in (*attrs.fields(DownloadSettings), *attrs.fields(LimitSettings)[4:6]):
        key = re.sub("_(.)", lambda m: m[1].upper(), field.name)
        if attrs.has(type(field.default)):
            for name, value in attrs.asdict(field.default).items():
                assert (
                    f"``{name}``\n       (``{value}``)".lower() in DOCS or f"``{name}`` (``{value}``)".lower() in DOCS
                )
        elif field.default is not attrs.NOTHING:
            assert re.search(rf"\* - ``{key}``\n     - .*\n     - ``{field.default}``\n", DOCS), key


@pytest.mark.parametrize(("language", "suffix"), [("yaml", ".yml"), ("json", ".jsonc")])
def test_the_examples_in_the_documentation_load(tmp_path, language, suffix):
    """Those with a secret in a file excepted for that file."""
    (tmp_path / "secret").write_text("x")
    blocks = re.findall(rf"\.\. code-block:: {language}\n\n((?:   .*\n|\n)+)", DOCS)
    assert blocks
    for block in blocks:
        path = tmp_path / f"example{suffix}"
        path.write_text(block.replace("/run/secrets/bob-access", str(tmp_path / "secret")))
        load(path, ENVIRON)
