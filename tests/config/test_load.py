"""Good files, in every language and generation."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from jackd.config import AutoRegister, DownloadSettings, Environment, ExtraSettings, find_config, load
from jackd.model.filenames import ARTWORK_EXTENSIONS, NFO_EXTENSIONS, SUBTITLE_EXTENSIONS
from jackd.model.peer import url_id
from tests.config.written import ARR_KEY, OWN_KEY, SUFFIXES, loaded, peer, server, write

FULL_YAML = f"""\
jack:
  baseUrl: http://jack:5225/
  apiKey: {OWN_KEY}
  stateDir: /var/lib/jack
downloads:
  completedPath: /data/jack
  maxConcurrentDownloads: 5
  maxDownloadAttempts: 4
  retryBaseDelayMs: 10
  retryMaxDelayMs: 20
  idleTimeoutMs: 1000
  extras: {{subtitles: false, artwork: true}}
servers:
  - name: uhd
    type: radarr
    url: http://radarr:7878/base/
    apiKey: {ARR_KEY}
    headers:
      X-Proxy: {{env: PROXY}}
    source: false
    destination: true
    autoregister:
      enable: false
      priority: 50
    pathMappings:
      - from: /movies
        to: /srv/movies
  - {{name: docs, type: folder, path: /srv/docs}}
peers:
  - name: Alice
    url: https://jack.alice.example/
    apiKey: alices
    headers: {{X-Proxy: open}}
"""

FULL_JSONC = f"""\
// the same
{{
  "jack": {{"baseUrl": "http://jack:5225/", "apiKey": "{OWN_KEY}", "stateDir": "/var/lib/jack"}}, /* in
  two lines */
  "downloads": {{"completedPath": "/data/jack", "maxConcurrentDownloads": 5, "maxDownloadAttempts": 4,
    "retryBaseDelayMs": 10, "retryMaxDelayMs": 20, "idleTimeoutMs": 1000,
    "extras": {{"subtitles": false, "artwork": true}},}},
  "servers": [
    {{"name": "uhd", "type": "radarr", "url": "http://radarr:7878/base/", "apiKey": "{ARR_KEY}",
      "headers": {{"X-Proxy": {{"env": "PROXY"}}}}, "source": false, "destination": true,
      "autoregister": {{"enable": false, "priority": 50}},
      "pathMappings": [{{"from": "/movies", "to": "/srv/movies"}}]}},
    {{"name": "docs", "type": "folder", "path": "/srv/docs"}},
  ],
  "peers": [{{"name": "Alice", "url": "https://jack.alice.example/", "apiKey": "alices",
    "headers": {{"X-Proxy": "open"}}}}],
}}
"""


@pytest.mark.parametrize(("suffix", "text"), [(".yml", FULL_YAML), (".jsonc", FULL_JSONC)])
def test_every_key_arrives(tmp_path, suffix, text):
    settings = loaded(tmp_path, text, suffix, {"PROXY": "sesame"})
    jack = settings.jack
    assert (jack.base_url, jack.api_key.reveal(), jack.state_dir) == (
        "http://jack:5225",
        OWN_KEY,
        Path("/var/lib/jack"),
    )
    assert settings.downloads == DownloadSettings(
        completed_path=Path("/data/jack"),
        max_concurrent_downloads=5,
        max_download_attempts=4,
        retry_base_delay_ms=10,
        retry_max_delay_ms=20,
        idle_timeout_ms=1000,
        extras=ExtraSettings(subtitles=False, nfo=True, artwork=True),
    )
    assert settings.downloads.extras.extensions == NFO_EXTENSIONS | ARTWORK_EXTENSIONS
    assert DownloadSettings(completed_path=Path()).extras.extensions == NFO_EXTENSIONS | SUBTITLE_EXTENSIONS
    radarr, docs = settings.servers
    assert (radarr.name, radarr.type, radarr.url) == ("uhd", "radarr", "http://radarr:7878/base")
    assert (radarr.api_key.reveal(), radarr.headers["X-Proxy"].reveal()) == (ARR_KEY, "sesame")
    assert (radarr.source, radarr.destination) == (False, True)
    assert radarr.autoregister == AutoRegister(enable=False, priority=50)
    assert radarr.path_map.ours("/movies/a.mkv") == "/srv/movies/a.mkv"
    assert radarr.path_map.mappings[0].theirs == PurePosixPath("/movies")
    assert radarr.id == url_id("http://radarr:7878/base")
    assert (docs.type, docs.path, docs.url, docs.destination) == (
        "folder",
        Path("/srv/docs"),
        "file:///srv/docs",
        False,
    )
    (alice,) = settings.peers
    assert (alice.name, alice.url, alice.key.reveal()) == ("Alice", "https://jack.alice.example", "alices")
    assert alice.headers["X-Proxy"].reveal() == "open"
    assert (settings.path, settings.notes) == (tmp_path / f"jack{suffix}", ())


def test_no_secret_shows_in_the_settings(tmp_path):
    shown = repr(loaded(tmp_path, FULL_YAML, environ={"PROXY": "sesame"}))
    assert not any(key in shown for key in (OWN_KEY, ARR_KEY, "sesame", "alices"))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("text", ["", "{}", "null"])
def test_every_block_is_optional(tmp_path, suffix, text):
    settings = loaded(tmp_path, text, suffix, {"PORT": "6000"})
    assert settings.jack.base_url == "http://localhost:6000"
    assert settings.jack.api_key is None
    assert (settings.downloads, settings.servers, settings.peers) == (None, (), ())


def test_a_block_with_nothing_but_comments_counts_as_left_out(tmp_path):
    settings = loaded(tmp_path, "jack:\n  # apiKey: later\ndownloads:\nservers:\npeers: []\n")
    assert settings == loaded(tmp_path, "")


def test_defaults_of_servers_and_downloads(tmp_path):
    text = f'{{"servers": [{server()}], "downloads": {{"completedPath": "/data"}}}}'
    settings = loaded(tmp_path, text, ".json")
    (radarr,) = settings.servers
    assert (radarr.source, radarr.destination, radarr.headers) == (True, True, {})
    assert radarr.autoregister == AutoRegister(enable=True, priority=1)
    downloads = settings.downloads
    assert (downloads.max_concurrent_downloads, downloads.max_download_attempts) == (3, 13)
    assert (downloads.retry_base_delay_ms, downloads.retry_max_delay_ms) == (1000, 1_800_000)
    assert downloads.idle_timeout_ms == 60_000


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "state"),
        ({"STATE_DIRECTORY": "/var/lib/jack:/var/lib/more"}, "/var/lib/jack"),
        ({"STATE_DIRECTORY": "odd"}, "state"),
    ],
)
def test_where_state_is_kept(tmp_path, environ, expected):
    assert loaded(tmp_path, "", environ=environ).jack.state_dir == tmp_path / expected


FIRST_GENERATION = f"""{{
  "jack": {{"baseUrl": "http://jack:5225", "apiKey": {{"env": "JACK_API_KEY"}}}},
  "downloads": {{"completedPath": "/data/jack", "watchPath": "/data/watch", "maxConcurrentDownloads": 3}},
  // sources and destinations
  "servers": [{server()}],
  "peers": [{peer()}],
}}"""

SECOND_GENERATION = f"""{{
  "version": 2,
  "jack": {{
    "internalUrl": "http://jack:5225",
    "tmdbApiKey": {{"env": "TMDB_API_KEY"}},
    "external": {{"instanceName": "bob", "url": "https://jack.bob.example", "headers": {{"X-A": "b"}}}},
  }},
  "downloads": {{
    "completedPath": "/data/jack", "importPollIntervalMs": 30000, "maxManualImportAttempts": 6,
    "manualImportBackoffBaseMs": 60000, "manualImportBackoffMaxMs": 1800000, "unlinkImportedFiles": true,
  }},
  "servers": [{server()}],
  "peers": [{peer()}],
}}"""


def test_the_originals_first_generation_loads(tmp_path):
    settings = loaded(tmp_path, FIRST_GENERATION, ".jsonc", {"JACK_API_KEY": OWN_KEY})
    assert (settings.jack.base_url, settings.jack.api_key.reveal()) == ("http://jack:5225", OWN_KEY)
    assert [note.split(": ")[1] for note in settings.notes] == ["downloads.watchPath"]


def test_the_originals_second_generation_loads_and_says_what_has_no_effect(tmp_path):
    settings = loaded(tmp_path, SECOND_GENERATION, ".jsonc")
    assert settings.jack.base_url == "http://jack:5225"
    assert [note.split(": ")[1] for note in settings.notes] == [
        "version",
        "jack.tmdbApiKey",
        "jack.external",
        "downloads.importPollIntervalMs",
        "downloads.maxManualImportAttempts",
        "downloads.manualImportBackoffBaseMs",
        "downloads.manualImportBackoffMaxMs",
        "downloads.unlinkImportedFiles",
    ]
    assert settings.notes[0].startswith(f"{settings.path}:2: version: has no effect: ")


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("no", "no"),
        ("1:30", "1:30"),
        ("0123", "0123"),
        ("1917", "1917"),
        ("1e3", "1e3"),
        ("2001-01-01", "2001-01-01"),
        ("Größe", "Größe"),
    ],
)
def test_yaml_text_needs_no_quotes(tmp_path, yaml, expected):
    """What YAML 1.1 turns into false, 90, 83, a date: text stays as it is written."""
    text = f"servers:\n  - name: {yaml}\n    type: folder\n    path: /srv/media\n"
    assert loaded(tmp_path, text).servers[0].name == expected


def test_a_key_of_digits_only_stays_whole_in_yaml(tmp_path):
    digits = "00123456789012345678901234567890"
    text = f"servers: [{{name: a, type: sonarr, url: 'http://a', apiKey: {digits}}}]"
    assert loaded(tmp_path, text).servers[0].api_key.reveal() == digits


def test_no_file_at_all_is_every_default(tmp_path):
    settings = load(None, {"APP_CONFIG_PATH": str(tmp_path / "jack.yml")})
    assert settings.path == tmp_path / "jack.yml"
    assert settings.jack.state_dir == tmp_path / "state"
    assert settings.environment == Environment()
    assert list(tmp_path.iterdir()) == []


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path):
    path = write(tmp_path, "", ".jsonc")
    path.write_bytes(b'\xef\xbb\xbf{\r\n// hi\r\n"peers": [],\r\n}\r\n')
    assert load(path, {}).peers == ()


def test_which_file_is_used(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    system = tmp_path / "etc.yml"
    environ = {"APP_CONFIG_PATH": "/else/where.jsonc", "HOME": "/home/bob"}
    assert find_config("mine.yml", environ, system=system) == tmp_path / "mine.yml"
    assert find_config(None, environ, system=system) == Path("/else/where.jsonc")
    del environ["APP_CONFIG_PATH"]
    assert find_config(None, environ, system=system) == Path("/home/bob/.config/jack/jack.yml")
    system.touch()
    assert find_config(None, environ, system=system) == system
