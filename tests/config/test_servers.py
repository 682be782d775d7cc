"""Rules of ``servers`` and ``peers``."""

from __future__ import annotations

import pytest

from tests.config.written import loaded, peer, problems, server


def servers(*each: str) -> str:
    return '{"servers": [\n' + ",\n".join(each) + "]}"


def peers(*each: str) -> str:
    return '{"peers": [\n' + ",\n".join(each) + "]}"


FOLDER = '{"name": "docs", "type": "folder", "path": "/srv/docs"}'


def test_no_two_servers_have_the_same_name_or_address(tmp_path):
    text = servers(
        server(), server(name='"Radarr"', url='"http://RADARR:7878/"'), FOLDER, FOLDER.replace("docs", "docs/", 1)
    )
    assert problems(tmp_path, text) == [
        (3, "servers[1].name", "is the same as servers[0].name in line 2; each must have its own"),
        (3, "servers[1].url", "is the same as servers[0].url in line 2; each must have its own"),
        (5, "servers[3].path", "is the same as servers[2].path in line 4; each must have its own"),
    ]


def test_no_two_friends_have_the_same_name_or_address(tmp_path):
    found = problems(tmp_path, peers(peer(), peer(url='"https://jack.alice.example:443"')))
    assert [(line, path) for line, path, _ in found] == [(3, "peers[1].name"), (3, "peers[1].url")]


def test_a_friend_and_a_server_may_share_a_name(tmp_path):
    text = servers(server(name='"Alice"'))[:-1] + "," + peers(peer())[1:]
    assert loaded(tmp_path, text).peers[0].name == loaded(tmp_path, text).servers[0].name


@pytest.mark.parametrize(
    "url",
    [
        "radarr:7878", "//radarr", "ftp://radarr", "http://", "http://:80", "http://a:99999", "http://a:0", "http://a:b",
        "http://bob@a", "http://bob:x@a", "http://a/?x=1", "http://a/#x", "http://a b", "http://a\\\\b", "http://[::1",
        "http://exämple", "", " ",
    ],
)  # fmt: skip
def test_urls_that_are_none(tmp_path, url):
    assert [path for _, path, _ in problems(tmp_path, peers(peer(url=f'"{url}"')))] == ["peers[0].url"]


@pytest.mark.parametrize("url", ["http://a", "https://a.example:8443/base", "http://[::1]:5225", "http://10.0.0.1"])
def test_urls_that_are_good(tmp_path, url):
    assert loaded(tmp_path, peers(peer(url=f'"{url}/"'))).peers[0].url == url


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://jack.bob.example", True),
        ("http://203.0.114.9:5225", True),
        ("http://[2a00:1450::1]", True),
        ("https://jack.bob.example", False),
        ("http://jack", False),
        ("http://jack.local", False),
        ("http://192.168.1.2", False),
        ("http://100.101.1.2", False),
        ("http://127.0.0.1:5226", False),
        ("http://[fd00::1]", False),
        ("http://[::1]", False),
    ],
)
def test_a_key_in_the_clear_over_the_internet_is_told(tmp_path, url, warned):
    """S29."""
    notes = loaded(tmp_path, peers(peer(url=f'"{url}"'))).notes
    assert len(notes) == warned
    if warned:
        assert "peers[0].url: is plain http over the internet" in notes[0]


@pytest.mark.parametrize("key", ["0123", "g" * 32, "a" * 31, "a" * 33, " " + "a" * 31])
def test_an_arrs_key_is_32_hex_digits(tmp_path, key):
    assert [path for _, path, _ in problems(tmp_path, servers(server(apiKey=f'"{key}"')))] == ["servers[0].apiKey"]


def test_an_arr_has_no_path_and_a_folder_nothing_of_an_arr(tmp_path):
    whole = server(type='"folder"', path='"/a"', headers="{}", destination="true", autoregister="{}", pathMappings="[]")
    assert [(line, path) for line, path, _ in problems(tmp_path, servers(server(name='"a"', path='"/a"'), whole))] == [
        (2, "servers[0].path"),
        *[
            (3, f"servers[1].{key}")
            for key in ("url", "apiKey", "headers", "destination", "autoregister", "pathMappings")
        ],
    ]


def test_a_folder_is_no_destination_and_is_not_registered(tmp_path):
    (folder,) = loaded(tmp_path, servers(FOLDER[:-1] + ', "destination": false, "source": false}')).servers
    assert (folder.destination, folder.autoregister.enable, folder.source) == (False, False, False)


@pytest.mark.parametrize("path", ["srv", "./srv", "/srv/../etc", "", "~/x", "/a\\u0000b", "C:/x"])
def test_paths_are_absolute(tmp_path, path):
    assert [p for _, p, _ in problems(tmp_path, servers(FOLDER.replace("/srv/docs", path)), ".json")] == [
        "servers[0].path"
    ]


def test_path_mappings_need_both_sides_absolute(tmp_path):
    found = problems(
        tmp_path, servers(server(pathMappings='[{"from": "movies", "to": "/a"}, {"from": "/b"}, {"form": "/c"}]'))
    )
    assert sorted(path for _, path, _ in found) == [
        "servers[0].pathMappings[0].from",
        "servers[0].pathMappings[1].to",
        "servers[0].pathMappings[2].form",
        "servers[0].pathMappings[2].from",
        "servers[0].pathMappings[2].to",
    ]


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\\nb", "\\ud800"])
def test_names_are_one_short_line(tmp_path, name):
    assert [p for _, p, _ in problems(tmp_path, peers(peer(name=f'"{name}"')), ".json")] == ["peers[0].name"]


@pytest.mark.parametrize(
    "headers",
    [
        '{"X-Api-Key": "a"}', '{"host": "a"}', '{"Content-Length": "1"}', '{"Connection": "close"}',
        '{"TRANSFER-ENCODING": "chunked"}', '{"a b": "c"}', '{"": "c"}', '{"a:": "c"}', '{"a": "b\\r\\nX-Api-Key: c"}',
        '{"a": "b\\nc"}', '{"a": "b", "A": "c"}', '{"a": "b", "a": "c"}', '{"a": 1}', '{"a": null}', '{"a": ""}', "[]",
        '"a: b"',
    ],
)  # fmt: skip
def test_headers_that_are_refused(tmp_path, headers):
    (problem,) = problems(tmp_path, peers(peer(headers=headers)), ".json")
    assert problem[1].startswith("peers[0].headers")


def test_too_many_of_anything(tmp_path):
    many = "{" + ", ".join(f'"X-{n}": "a"' for n in range(101)) + "}"
    found = problems(tmp_path, peers(peer(headers=many)), ".json")
    assert found == [(2, "peers[0].headers", "must not have more than 100 headers")]
    assert problems(tmp_path, peers(*["1"] * 201), ".json") == [(1, "peers", "must not have more than 200 entries")]
