"""``jack downloads`` and ``jack history``, against a real little server."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from jackd.ops.cli import main
from jackd.ops.client import CommandFailed
from jackd.ops.terminal import cells
from jackd.ops.watch import changes, page, table, watch
from tests.ops.test_cli import KEY, jack

__all__ = ["jack"]

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
LONG = "Dr.Strangelove.or.How.I.Learned.to.Stop.Worrying.and.Love.the.Bomb.1964.2160p.UHD.BluRay.REMUX.HEVC-GRP"
JAPANESE = "千と千尋の神隠し.2001.1080p.BluRay.x264-GRP.千と千尋の神隠し"


def row(number: int = 1, title: str = "Heat", state: str = "downloading", **values):
    known = {
        "hash": f"{number:08x}" + "0" * 32,
        "title": title,
        "state": state,
        "reason": "",
        "progress": 0.42,
        "size": 20_000_000,
        "received": 8_400_000,
        "speed": 1_000_000,
        "eta": 12,
        "friends": ["Alice"],
        "verified": False,
        "retryAt": None,
    }
    return known | values


ROWS = [
    row(1, "Done", "completed", progress=1.0, speed=0, eta=None, verified=True),
    row(2, "Later", "queued", progress=0.0, received=0, speed=0, eta=None),
    row(3, LONG),
    row(4, JAPANESE, "waiting", speed=0, eta=None, reason="the friend's jack\x1b[2J is away"),
]


def answer(jack, rows, total=None):
    answers = {"downloads": rows, "total": len(rows) if total is None else total, "speed": 0}
    jack.answers["/downloads"] = (200, "application/json", json.dumps(answers))


def shown(lines):
    return [" ".join(line.split()) for line in lines]


def test_running_ones_come_first_and_every_reason_is_there():
    assert shown(table(ROWS, 200)) == [
        "1 downloading, 1 waiting, 1 queued, 1 completed; 1.0 MB/s, 43 MB left, 0:43",
        f"{LONG} ━━━━━━━━──────────── 42% 20 MB 1.0 MB/s 0:12 Alice",
        f"{JAPANESE} ━━━━━━━━──────────── 42% 20 MB waiting Alice",
        "the friend's jack\\x1b[2J is away",
        "Later ──────────────────── 0% 20 MB queued Alice",
        "Done ━━━━━━━━━━━━━━━━━━━━ 100% 20 MB verified Alice",
    ]


@pytest.mark.parametrize("columns", [1, 20, 40, 79, 80, 81, 100, 250])
def test_no_line_is_wider_than_the_terminal(columns):
    many = [*ROWS, row(5, "x" * 500, friends=["A" * 300, "B"], reason="y" * 900)]
    assert max(cells(line) for line in table(many, columns)) <= columns


@pytest.mark.parametrize("lines", [1, 2, 5, 24, 31, 32, 60])
def test_no_page_is_longer_than_the_terminal_and_it_says_what_is_missing(lines):
    shown = page([row(n, f"Film {n}") for n in range(30)], 80, lines, "no answer")
    assert len(shown) == min(lines, 32)
    assert shown[0].rstrip() == "no answer"
    if 2 < lines < 32:
        assert shown[-1].rstrip() == f"… and {31 - (lines - 2)} lines more"


def test_times_of_waiting(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert " waits 1:05 " in table([row(state="waiting", retryAt=1065.0)], 80)[1]
    assert " waits 0:00 " in table([row(state="waiting", retryAt=5.0)], 80)[1]


def test_an_empty_queue():
    assert table([], 80) == ["no downloads"]


def test_changes_are_told_once():
    told: dict[str, str] = {}
    assert changes(told, [row(1, "A"), row(2, "B", "queued", progress=0)]) == [
        "downloading   40%  A",
        "queued         0%  B",
    ]
    assert changes(told, [row(1, "A", progress=0.49), row(2, "B", "queued", progress=0)]) == []
    assert changes(told, [row(1, "A", progress=0.5), row(2, "B", "failed", reason="gone\n")]) == [
        "downloading   50%  A",
        "failed        40%  B: gone\\n",
    ]
    assert changes(told, [row(2, "B", "failed", reason="gone\n")]) == ["gone               A"]
    assert changes(told, [row(2, "B", "failed", reason="gone\n")]) == []


class Looks:
    """Answers one after the other, then ctrl-C."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)

    def __call__(self):
        if not self.answers:
            raise KeyboardInterrupt
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def test_without_a_terminal_watching_prints_plain_lines(monkeypatch, capsys):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    away = CommandFailed("no answer")
    assert watch(Looks([row(title="A\x1b[31m")], away, away, [row(title="A\x1b[31m", progress=0.9)])) == 0
    out, err = capsys.readouterr()
    assert [line[10:] for line in out.splitlines()] == [
        "downloading   40%  A\\x1b[31m",
        "downloading   90%  A\\x1b[31m",
    ]
    assert "\x1b" not in out
    assert err == "jack: no answer\n"


def test_watching_what_does_not_answer_fails_at_once():
    with pytest.raises(CommandFailed, match="no answer"):
        watch(Looks(CommandFailed("no answer")))


def test_the_queue_as_a_table_and_as_json(jack, capsys):
    answer(jack, ROWS)
    assert main(["downloads"]) == 0
    assert capsys.readouterr().out.startswith("1 downloading, 1 waiting")
    assert main(["downloads", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ROWS


def test_all_pages_of_a_long_queue_are_asked_for(jack, capsys):
    """And not for ever."""
    answer(jack, [row()], total=3)
    assert main(["downloads", "--json"]) == 0
    assert [path for _, path, _, _ in jack.seen] == [f"/downloads?offset={n}" for n in range(3)]
    answer(jack, [row()], total=10**9)
    assert main(["downloads"]) == 0
    assert len(jack.seen) < 20


@pytest.mark.parametrize("command", ["downloads", "history"])
def test_what_is_no_such_jack_is_said(jack, capsys, command):
    jack.answers[f"/{command}"] = (200, "application/json", "{}")
    assert main([command]) == 1
    assert "is that a jack of this version?" in capsys.readouterr().err
    jack.answers[f"/{command}"] = (401, "application/json", "{}")
    assert main([command]) == 1
    assert "does not accept the key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "call", "form"),
    [
        (["pause", "later"], "pause", ""),
        (["resume", "later"], "resume", ""),
        (["top", "later"], "topPrio", ""),
        (["bottom", "later"], "bottomPrio", ""),
        (["force", "later"], "setForceStart", "&value=true"),
        (["remove", "later"], "delete", "&deleteFiles=false"),
        (["remove", "--files", "later"], "delete", "&deleteFiles=true"),
    ],
)
def test_what_the_operator_does_with_a_download(jack, capsys, words, call, form):
    answer(jack, ROWS)
    jack.answers[f"/api/v2/torrents/{call}"] = (200, "text/plain", "")
    assert main(["downloads", *words]) == 0
    method, _, headers, body = jack.seen[-1]
    assert (method, body.decode()) == ("POST", f"hashes={ROWS[1]['hash']}{form}")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert capsys.readouterr().out.endswith(": Later\n")


def test_the_configuration_may_be_named_before_and_behind_the_action(jack, monkeypatch):
    answer(jack, ROWS)
    jack.answers["/api/v2/torrents/pause"] = (200, "text/plain", "")
    path = os.environ["APP_CONFIG_PATH"]
    monkeypatch.delenv("APP_CONFIG_PATH")
    assert main(["downloads", "--config", path, "pause", "later"]) == 0
    assert main(["downloads", "pause", "later", "--config", path]) == 0


def hashes(*numbers: int) -> str:
    return "%7C".join(f"{number:08x}" + "0" * 32 for number in numbers)


@pytest.mark.parametrize(
    ("words", "numbers"),
    [(["all"], (1, 2, 3, 4)), (["LATER", "千と"], (2, 4)), (["00000003"], (3,)), (["done", "Done"], (1,))],
)
def test_which_are_meant(jack, words, numbers):
    answer(jack, ROWS)
    jack.answers["/api/v2/torrents/topPrio"] = (200, "text/plain", "")
    assert main(["downloads", "top", *words]) == 0
    assert jack.seen[-1][3].decode() == f"hashes={hashes(*numbers)}"


@pytest.mark.parametrize("action", ["pause", "force"])
def test_what_can_not_be_done_is_not_said_to_be_done(jack, capsys, action):
    answer(jack, ROWS)
    asked = len(jack.seen)
    assert main(["downloads", action, "done"]) == 1
    assert capsys.readouterr().out == f"nothing to {action}, it is completed: Done\n"
    assert not [seen for seen in jack.seen[asked:] if seen[0] == "POST"]


def test_a_whole_title_means_itself_also_when_it_is_part_of_another(jack):
    answer(jack, [row(1, "Heat"), row(2, "Heat.2")])
    jack.answers["/api/v2/torrents/pause"] = (200, "text/plain", "")
    assert main(["downloads", "pause", "heat"]) == 0
    assert jack.seen[-1][3].decode() == f"hashes={hashes(1)}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "no download is called 'nothing'"),
        (["e"], "'e' means 3 downloads; say more:\n00000001  Done"),
        (["later", "nothing"], "no download is called"),
    ],
)
def test_when_one_is_not_clear_nothing_is_done_to_any(jack, capsys, words, said):
    answer(jack, ROWS)
    assert main(["downloads", "remove", *words]) == 1
    assert said in capsys.readouterr().err
    assert all(method == "GET" for method, *_ in jack.seen)


LINES = [
    {
        "id": 7,
        "event": "completed",
        "direction": "fetched",
        "title": "Heat\x1b[2J",
        "size": 20_000_000,
        "friends": [{"name": "Alice", "bytes": 15_000_000}, {"name": "Bob", "bytes": 5_000_000}],
        "bytes": 20_000_000,
        "speed": 1_000_000,
        "endedAt": 1_800_000_000.0,
        "failedAttempts": 3,
        "verified": True,
        "reason": "",
    },
    {
        "id": 6,
        "event": "partly",
        "direction": "shared",
        "title": "ran.mkv",
        "size": 20_000_000,
        "friends": [{"name": "Bob", "bytes": 5_000_000}],
        "bytes": 5_000_000,
        "speed": 1_000_000,
        "endedAt": 1_800_000_000.0,
        "client": "192.0.2.7",
    },
]


def test_the_history_is_a_line_each(jack, capsys):
    jack.answers["/history"] = (200, "application/json", json.dumps({"history": LINES}))
    assert main(["history", "--limit", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(1_800_000_000.0))
    assert shown(lines) == [
        f"{when} completed 20 MB 1.0 MB/s from Alice, Bob Heat\\x1b[2J (verified; failed attempts: 3)",
        f"{when} partly 5.0 MB 1.0 MB/s to Bob ran.mkv (of 20 MB; 192.0.2.7)",
    ]
    assert jack.seen[-1][1] == "/history?limit=2"


def test_the_history_is_asked_for_in_pages(jack, capsys):
    jack.answers["/history"] = (200, "application/json", json.dumps({"history": LINES}))
    assert main(["history", "--shared", "--limit", "3", "--json"]) == 0
    assert [path for _, path, _, _ in jack.seen] == [
        "/history?direction=shared&limit=3",
        "/history?direction=shared&limit=1&before=6",
    ]
    assert json.loads(capsys.readouterr().out)[:2] == LINES


def test_what_each_friend_gave_and_took(jack, capsys):
    totals = {"name": "Alice", "fetched": 2_000_000_000, "fetchedFiles": 4, "shared": 5, "sharedFiles": 1}
    jack.answers["/history/friends"] = (200, "application/json", json.dumps({"friends": [totals]}))
    assert main(["history", "--friends"]) == 0
    assert shown(capsys.readouterr().out.splitlines()) == ["Alice gave 2.0 GB in 4 files, took 5 B in 1"]


def test_a_terminal_that_knows_few_characters_gets_signs_instead(jack):
    answer(jack, ROWS)
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    got = subprocess.run([sys.executable, "-m", "jackd", "downloads"], capture_output=True, env=env, check=True)
    assert b"====" in got.stdout
    assert b"?" in got.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_watching_on_a_terminal_gives_it_back(jack, number, code):
    """Also when it is told to end."""
    answer(jack, ROWS)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "jackd", "downloads", "--watch"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        came = b""
        while b"Later" not in came:
            came += os.read(ours, 65536)
        process.send_signal(number)
        with suppress(OSError):  # the other end is closed
            while data := os.read(ours, 65536):
                came += data
        assert process.wait(30) == code
    os.close(ours)
    assert came.startswith(ENTER)
    assert came.endswith(LEAVE)
    assert re.search(rb"\x1b\[H\x1b\[K1 downloading, 1 waiting", came)
    assert b"Traceback" not in came
