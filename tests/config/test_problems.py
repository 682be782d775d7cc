"""
Broken files: all problems at once, each in its line, in YAML and in JSON alike (F42). JSON without comments is YAML, so
that one text serves for both.
"""

from __future__ import annotations

import pytest

from jackd.config import ConfigErrors, Problem, load
from jackd.config.load import MAX_FILE
from tests.config.written import ARR_KEY, peer, problems, server, write

BOTH = pytest.mark.parametrize("suffix", [".yml", ".jsonc"])

BROKEN = {
    "nothing in it is right": (
        """{
  "jack": {
    "baseUrl": "jack:5225",
    "apiKey": "short",
    "stateDir": "state"
  },
  "downloads": {
    "completedPath": "data/jack",
    "maxConcurrentDownloads": "3",
    "maxDownloadAttempts": true,
    "retryBaseDelayMs": 2000,
    "retryMaxDelayMs": 1000,
    "idleTimeoutMs": 999
  },
  "servers": [
    {
      "name": "radarr",
      "type": "radar",
      "url": "ftp://radarr",
      "apiKey": "not hex",
      "source": "yes",
      "autoregister": {"enable": 1, "priority": 51}
    },
    7
  ],
  "peers": {}
}""",
        [
            (3, "jack.baseUrl"),
            (4, "jack.apiKey"),
            (5, "jack.stateDir"),
            (8, "downloads.completedPath"),
            (9, "downloads.maxConcurrentDownloads"),
            (10, "downloads.maxDownloadAttempts"),
            (12, "downloads.retryMaxDelayMs"),
            (13, "downloads.idleTimeoutMs"),
            (18, "servers[0].type"),
            (19, "servers[0].url"),
            (20, "servers[0].apiKey"),
            (21, "servers[0].source"),
            (22, "servers[0].autoregister.enable"),
            (22, "servers[0].autoregister.priority"),
            (24, "servers[1]"),
            (26, "peers"),
        ],
    ),
    "everything is missing": (
        """{
  "downloads": {},
  "servers": [
    {},
    {
      "type": "folder"
    }
  ],
  "peers": [
    {"name": null}
  ]
}""",
        [
            (2, "downloads.completedPath"),
            (4, "servers[0].name"),
            (4, "servers[0].type"),
            (4, "servers[0].url"),
            (4, "servers[0].apiKey"),
            (5, "servers[1].name"),
            (5, "servers[1].path"),
            (10, "peers[0].url"),
            (10, "peers[0].apiKey"),
            (10, "peers[0].name"),
        ],
    ),
    "unknown and doubled keys": (
        """{
  "jack": {
    "api_key": "x",
    "baseUrl": "http://a",
    "internalUrl": "http://b",
    "baseUrl": "http://c"
  },
  "sevrers": [],
  "peers": [],
  "peers": []
}""",
        [(3, "jack.api_key"), (5, "jack.internalUrl"), (6, "jack.baseUrl"), (8, "sevrers"), (10, "peers")],
    ),
}


@BOTH
@pytest.mark.parametrize("name", BROKEN)
def test_all_problems_are_told_at_once_with_their_lines(tmp_path, name, suffix):
    text, expected = BROKEN[name]
    assert [(line, path) for line, path, _ in problems(tmp_path, text, suffix)] == expected


@BOTH
def test_the_environments_problems_come_last_and_along(tmp_path, suffix):
    found = problems(tmp_path, '{"peers": 1}', suffix, {"PORT": "no", "LOG_LEVEL": "loud"})
    assert [(line, path) for line, path, _ in found] == [(1, "peers"), (None, "PORT"), (None, "LOG_LEVEL")]


@BOTH
@pytest.mark.parametrize(
    ("key", "suggestion"),
    [
        ("sevrers", 'did you mean "servers"?'),
        ("Jack", 'did you mean "jack"?'),
        ("download", 'did you mean "downloads"?'),
        ("zzz", "known here: downloads, jack, limits, peers, search, servers, sharing"),
    ],
)
def test_an_unknown_key_gets_a_suggestion(tmp_path, suffix, key, suggestion):
    ((_, path, message),) = problems(tmp_path, f'{{"{key}": 1}}', suffix)
    assert (path, message) == (key, f"is not a setting; {suggestion}")


def test_keys_in_snake_case_are_recognised(tmp_path):
    text = '{"downloads": {"completedPath": "/a", "retry_base_delay_ms": 1}}'
    assert problems(tmp_path, text)[0][2] == 'is not a setting; did you mean "retryBaseDelayMs"?'


YAML_LINES = """\
jack:
    baseUrl: http://jack:5225

downloads:
    # where
    completedPath: data
servers:
    - name: one
      type: radarr
      url: http://radarr:7878
      apiKey: nonsense
    -
      name: two
      source: no
      typ: sonarr
"""


def test_lines_of_block_style_yaml(tmp_path):
    assert [(line, path) for line, path, _ in problems(tmp_path, YAML_LINES)] == [
        (6, "downloads.completedPath"),
        (11, "servers[0].apiKey"),
        (13, "servers[1].type"),
        (13, "servers[1].url"),
        (13, "servers[1].apiKey"),
        (14, "servers[1].source"),
        (15, "servers[1].typ"),
    ]


def test_lines_of_jsonc_with_comments(tmp_path):
    text = '// one\n{\n/* three\nfour "jack": { */ "jack": // five\n {"baseUrl": "http://a//b", /**/ "no": 1,},\n}'
    assert problems(tmp_path, text, ".jsonc") == [
        (5, "jack.no", "is not a setting; known here: apiKey, baseUrl, internalUrl, stateDir, tls")
    ]


def test_yes_and_no_are_no_booleans(tmp_path):
    ((_, path, message),) = problems(tmp_path, "servers:\n- {name: a, type: folder, path: /a, source: no}\n")
    assert (path, message) == ("servers[0].source", "must be true or false, without quotes; it is text")


@BOTH
@pytest.mark.parametrize("value", ["80.0", "1e1", '"3"', "true", "[]", "{}", "0", "-1", "65"])
def test_numbers_are_strict(tmp_path, suffix, value):
    text = f'{{"downloads": {{"completedPath": "/a", "maxConcurrentDownloads": {value}}}}}'
    ((_, path, message),) = problems(tmp_path, text, suffix)
    assert path == "downloads.maxConcurrentDownloads"
    assert "from 1 to 64" in message


@BOTH
@pytest.mark.parametrize("text", ["[]", '"jack"', "7", "true"])
def test_the_file_must_hold_a_block(tmp_path, suffix, text):
    ((line, _, message),) = problems(tmp_path, text, suffix)
    assert line == 1
    assert message.startswith("must be a block of settings; it is ")


@pytest.mark.parametrize(
    ("suffix", "text", "line", "column"),
    [
        (".jsonc", '{\n  "a": 1\n  "b": 2\n}', 3, 3),
        (".jsonc", '{\n  "a": \n}', 3, 1),
        (".jsonc", "{\n  a: 1\n}", 2, 3),
        (".jsonc", '{"a": 1,\n  ,}', 2, 3),
        (".jsonc", '{"a": 1}\n}', 2, 1),
        (".jsonc", '{"a": [1, 2', 1, 12),
        (".jsonc", '{\n"a": "b\n}', 2, 8),
        (".jsonc", '{"a": "\\x"}', 1, 8),
        (".jsonc", "{\n'a': 1}", 2, 1),
        (".jsonc", "{}\n/* never", 2, 1),
        (".jsonc", '{"a": NaN}', 1, 7),
        (".jsonc", '{"a": -Infinity}', 1, 7),
        (".jsonc", '{"a": ' + "9" * 5000 + "}", 1, 7),
        (".jsonc", '{"a": truth}', 1, 7),
        (".jsonc", "[" * 60, 1, 51),
        (".yml", "jack:\n\tbaseUrl: x", 2, 1),
        (".yml", "jack: {\n", 2, 1),
        (".yml", "a: 1\n b: 2", 2, 3),
        (".yml", "a: &x 1\nb: *x", 2, 4),
        (".yml", "a: 1\nb: !secret x", 2, 4),
        (".yml", "a: 1\n? [b]\n: 2", 2, 3),
        (".yml", "a: 1\n---\nb: 2", 2, 1),
        (".yml", "a: 1\nb: \x07", 2, 4),
        (".yml", "a: " + "[" * 3000, 1, 1),
    ],
)
def test_what_can_not_be_understood_is_told_with_its_place(tmp_path, suffix, text, line, column):
    path = write(tmp_path, text, suffix)
    with pytest.raises(ConfigErrors) as caught:
        load(path, {})
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (line, column), problem
    assert str(problem).startswith(f"{path}:{line}: ")


def test_a_tab_gets_advice(tmp_path):
    assert "not with tabs" in problems(tmp_path, "jack:\n\tbaseUrl: x")[0][2]


@pytest.mark.parametrize("suffix", [".yml", ".jsonc"])
def test_what_is_no_text_is_told(tmp_path, suffix):
    path = write(tmp_path, "", suffix)
    path.write_bytes("# über\n# ".encode() + b"\xff")
    with pytest.raises(ConfigErrors, match=r":2: is not UTF-8"):
        load(path, {})


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.yml", "there is no such file"), ("jack.toml", "must end in .yml"), ("dir.yml", "is no file")],
)
def test_a_file_that_can_not_be_read(tmp_path, name, message):
    (tmp_path / "dir.yml").mkdir()
    with pytest.raises(ConfigErrors, match=message):
        load(tmp_path / name, {})
    assert [p.name for p in tmp_path.iterdir()] == ["dir.yml"]


def test_an_enormous_file_is_refused(tmp_path):
    with pytest.raises(ConfigErrors, match="256 KiB"):
        load(write(tmp_path, "#" * (MAX_FILE + 1)), {})


@BOTH
def test_values_are_never_shown(tmp_path, suffix):
    """S28: whatever is wrong with a value, it might be a key."""
    canary = "canary" + ARR_KEY
    wrong = f'"{canary}"'
    text = f"""{{
      "jack": {{"apiKey": ["{canary}"], "baseUrl": "http://bob:{canary}@jack", "stateDir": "{canary}"}},
      "downloads": {{"completedPath": "{canary}", "idleTimeoutMs": "{canary}"}},
      "servers": [{server(apiKey=wrong, type=wrong, source=wrong, headers=f'{{"X-Api-Key": {wrong}}}')}],
      "peers": [{peer(apiKey=f'"{canary} "')}, "{canary}"]
    }}"""
    found = problems(tmp_path, text, suffix, {"PORT": canary, "HOST": canary, "ENABLE_LOGS": canary})
    assert len(found) == 14
    assert canary not in str(found)


def test_a_problem_is_one_line_whatever_is_in_it():
    problem = Problem(file="a.yml", line=3, column=1, path="a\nb\x1b[0m", message="is\u2028wrong")
    assert str(problem) == "a.yml:3: a?b?[0m: is?wrong"
    assert str(Problem(file="a.yml", message="is gone")) == "a.yml: is gone"
