"""The command ``jack``, against a real little server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from jackd import __version__
from jackd.ops.cli import main
from jackd.ops.cli_api import read_items, split_words
from jackd.ops.cli_search import read_feed
from jackd.ops.client import CommandFailed
from jackd.web.auth import Mint

KEY = "operators-key-0123456789abcdef"
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed"><channel><title>Jack</title>
<item><title>The.Matrix.1999</title><guid>p:i</guid><pubDate>Sat, 14 Nov 2026 10:00:00 +0000</pubDate>
<size>9663676416</size><link>http://jack/x.torrent</link><torznab:attr name="tmdbid" value="603"/></item>
</channel></rss>"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        status, kind, answer = self.server.answers.get(self.path.split("?")[0], (404, "text/plain", "nothing here"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(answer.encode())

    do_POST = do_GET

    def log_message(self, *args):
        pass


@pytest.fixture
def jack(tmp_path, monkeypatch):
    """A server that records what it is asked, and a configuration that leads to it."""
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.seen, server.answers = [], {}
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        peer = {"name": "Alice", "url": server.url, "apiKey": "alices-key-0123456789"}
        config = tmp_path / "jack.yml"
        config.write_text(json.dumps({"jack": {"apiKey": KEY}, "peers": [peer]}))
        monkeypatch.setenv("APP_CONFIG_PATH", str(config))
        monkeypatch.setenv("PORT", str(server.server_port))
        for name in ("JACK_URL", "JACK_API_KEY", "HOST", "STATE_DIRECTORY"):
            monkeypatch.delenv(name, raising=False)
        yield server
        server.shutdown()
        thread.join()


def test_version(capsys):
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"jack {__version__}\n"


def test_python_m_jackd_is_the_same_command():
    got = subprocess.run([sys.executable, "-m", "jackd", "version"], capture_output=True, text=True, check=True)
    assert got.stdout == f"jack {__version__}\n"


def test_the_key_of_a_friend(jack, capsys, tmp_path):
    """Also of one who is not in the configuration yet: both can so give theirs first."""
    mint = Mint.load(tmp_path / "state" / "secret")
    assert main(["key", "alice"]) == 0
    assert capsys.readouterr() == (mint.peer_key("Alice", 1).reveal() + "\n", "")
    assert main(["key", "Carol"]) == 0
    said = capsys.readouterr()
    assert said.out == mint.peer_key("Carol", 1).reveal() + "\n"
    assert "opens nothing until a friend is called 'Carol'" in said.err
    assert main(["key"]) == 0
    assert capsys.readouterr().out == f"{KEY}\n"


def test_peer_search_as_a_friend_shows_what_he_finds(jack, tmp_path, capsys):
    mint = Mint.load(tmp_path / "state" / "secret")
    jack.answers["/peer/search"] = (200, "application/json", '{"items": []}')
    assert main(["peer", "search", "--as", "Alice"]) == 0
    assert jack.seen[-1][2]["X-Api-Key"] == mint.peer_key("Alice", 1).reveal()


def test_check_config_of_a_good_file(jack, capsys):
    assert main(["check-config"]) == 0
    assert "friends: 1;" in capsys.readouterr().out


def test_check_config_says_each_note_once(tmp_path, capsys):
    config = tmp_path / "config.jsonc"
    config.write_text('{"version": "1"}')
    assert main(["check-config", "--config", str(config)]) == 0
    note, verdict = capsys.readouterr().out.splitlines()
    assert note.startswith(f"{config}:1: version: has no effect")
    assert verdict.startswith(f"{config} is good.")


def test_check_config_names_every_problem_and_no_key(tmp_path, capsys):
    config = tmp_path / "bad.yml"
    config.write_text("jack:\n  baseUrl: nonsense\n  apiKey: short-s3cr3t\npeers:\n  - url: http://a.test\n")
    assert main(["check-config", "--config", str(config)]) == 1
    said = capsys.readouterr().err
    assert "baseUrl" in said
    assert "peers[0].name" in said
    assert "short-s3cr3t" not in said
    assert "Traceback" not in said


def test_check_config_of_a_missing_file_writes_nothing(tmp_path, capsys):
    assert main(["check-config", "--config", str(tmp_path / "no.yml")]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_words_of_api():
    assert split_words(["get", "/ping", "a==1"]) == ("GET", "/ping", ["a==1"])
    assert split_words(["/ping"]) == ("", "/ping", [])
    with pytest.raises(CommandFailed, match="path is missing"):
        split_words(["GET"])


def test_items_of_api():
    items = read_items(["a==1", "b=x=y", 'c:={"d":[1]}', "X-Thing:v:w", "u=http://a/?b==c"])
    assert items.query == {"a": "1"}
    assert items.body == {"b": "x=y", "c": {"d": [1]}, "u": "http://a/?b==c"}
    assert items.headers == {"X-Thing": "v:w"}
    for bad in ("nothing", "a:={"):
        with pytest.raises(CommandFailed):
            read_items([bad])


def test_api_adds_the_key_and_prints_the_answer(jack, capsys):
    jack.answers["/items"] = (200, "application/json", '{"items":[]}')
    assert main(["api", "GET", "/items", "searchTerm==a b"]) == 0
    (method, path, headers, _) = jack.seen[0]
    assert (method, path, headers["X-Api-Key"]) == ("GET", "/items?searchTerm=a+b", KEY)
    said = capsys.readouterr()
    assert json.loads(said.out) == {"items": []}
    assert said.err == "HTTP 200\n"


def test_api_posts_when_there_is_a_body(jack):
    jack.answers["/x"] = (200, "text/plain", "ok")
    assert main(["api", "/x", "a=1", "b:=2", "X-Thing:y", "--json"]) == 0
    method, _, headers, body = jack.seen[0]
    assert (method, json.loads(body), headers["X-Thing"]) == ("POST", {"a": "1", "b": 2}, "y")


def test_an_error_status_is_shown_and_is_exit_code_1(jack, capsys):
    assert main(["api", "/nothing"]) == 1
    assert "nothing here" in capsys.readouterr().out


def test_a_redirect_is_an_answer_and_the_key_goes_nowhere_else(jack):
    """F28"""
    jack.answers["/x"] = (302, "text/plain", "")
    assert main(["api", "/x"]) == 1
    assert len(jack.seen) == 1


def test_url_and_key_of_the_environment_need_no_configuration(jack, monkeypatch, tmp_path):
    monkeypatch.setenv("APP_CONFIG_PATH", str(tmp_path / "none.yml"))
    monkeypatch.setenv("JACK_URL", jack.url)
    monkeypatch.setenv("JACK_API_KEY", "other")
    jack.answers["/x"] = (200, "text/plain", "ok")
    assert main(["api", "/x"]) == 0
    assert jack.seen[0][2]["X-Api-Key"] == "other"


def test_the_installs_own_key_is_found_when_none_is_configured(jack, tmp_path, capsys):
    from jackd.web.auth import Mint

    config = tmp_path / "bare.yml"
    config.write_text(f"jack: {{stateDir: {tmp_path}/state}}\n")
    mint = Mint.load(tmp_path / "state" / "secret")
    jack.answers["/x"] = (200, "text/plain", "ok")
    assert main(["api", "/x", "--config", str(config)]) == 0
    assert jack.seen[0][2]["X-Api-Key"] == mint.api_key().reveal()
    capsys.readouterr()
    assert main(["key", "--config", str(config)]) == 0
    assert capsys.readouterr().out.strip() == mint.api_key().reveal()


def test_a_jack_that_never_ran_has_made_no_key_and_looking_makes_none(tmp_path, capsys):
    config = tmp_path / "bare.yml"
    config.write_text(f"jack: {{stateDir: {tmp_path}/state}}\n")
    assert main(["key", "--config", str(config)]) == 1
    assert "start the daemon once" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


def test_the_configured_key_is_shown(jack, capsys):
    assert main(["key"]) == 0
    assert capsys.readouterr().out == KEY + "\n"


def test_a_daemon_that_does_not_run_is_one_sentence_with_the_fix(jack, monkeypatch, capsys):
    monkeypatch.setenv("JACK_URL", "http://127.0.0.1:1")
    assert main(["api", "/ping"]) == 1
    said = capsys.readouterr().err
    assert "no answer from http://127.0.0.1:1" in said
    assert "JACK_URL" in said
    assert "Traceback" not in said


def test_peer_search_asks_this_jack_as_a_friend_would(jack, capsys):
    item = {"title": "A\x1b[2J", "size": 2_000_000_000, "id": "x"}
    jack.answers["/peer/search"] = (200, "application/json", json.dumps({"items": [item]}))
    assert main(["peer", "search", "--tvdbId", "1", "--season", "2", "--ep", "3"]) == 0
    assert jack.seen[0][1] == "/peer/search?tvdbId=1&season=2&episode=3"
    said = capsys.readouterr().out
    assert "2.00 GB" in said
    assert "\x1b" not in said


def test_peer_search_asks_a_friend_with_his_key(jack, capsys):
    jack.answers["/peer/search"] = (200, "application/json", '{"items": [{"title": "A"}]}')
    assert main(["peer", "search", "--peer", "Alice", "--imdb", "tt1", "--json"]) == 0
    assert jack.seen[0][2]["X-Api-Key"] == "alices-key-0123456789"
    assert json.loads(capsys.readouterr().out) == [{"peer": "Alice", "title": "A"}]


def test_an_unknown_friend_is_answered_with_the_known_ones(jack, capsys):
    assert main(["peer", "search", "--peer", "Bob"]) == 1
    assert "known: Alice" in capsys.readouterr().err


def test_a_friend_who_fails_is_named(jack, capsys):
    jack.answers["/peer/search"] = (401, "application/json", '{"error": "no", "code": "UNAUTHORIZED"}')
    assert main(["peer", "search", "--peer", "all"]) == 1
    said = capsys.readouterr().err
    assert f"Alice: {jack.url} does not accept the key (401). Ask for the key that `jack key` with your name" in said
    assert "alices-key" not in said


def test_torznab_search_chooses_the_function_by_the_ids(jack, capsys):
    jack.answers["/torznab/api"] = (200, "application/rss+xml", FEED)
    for options in (["--tmdb", "603"], ["--tvdbid", "1", "--season", "1"], ["-q", "the matrix"], ["--t", "movie"]):
        assert main(["torznab", "search", *options]) == 0
    asked = [path.partition("?")[2].split("&")[0] for _, path, _, _ in jack.seen]
    assert asked == ["t=movie", "t=tvsearch", "t=search", "t=movie"]
    assert "9.66 GB  The.Matrix.1999" in capsys.readouterr().out


def test_torznab_search_for_scripts_and_as_it_came(jack, capsys):
    jack.answers["/torznab/api"] = (200, "application/rss+xml", FEED)
    main(["torznab", "search", "--json"])
    (release,) = json.loads(capsys.readouterr().out)
    assert (release["size"], release["attributes"]) == (9663676416, {"tmdbid": "603"})
    main(["torznab", "search", "--xml"])
    assert capsys.readouterr().out.strip() == FEED


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'<error code="100" description="bad key"/>', "bad key"),
        (b"<html>", "no Torznab feed"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><rss/>', "no Torznab feed"),
    ],
)
def test_what_is_no_feed_is_said_so(body, said):
    with pytest.raises(CommandFailed, match=said):
        read_feed(body)


def test_a_reader_that_goes_away_is_no_error():
    """``jack … | head -1``"""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        command = [sys.executable, "-m", "jackd", "version"]
        got = subprocess.run(command, check=False, stdout=gone, stderr=subprocess.PIPE, text=True)
    assert (got.returncode, got.stderr) == (0, "")
