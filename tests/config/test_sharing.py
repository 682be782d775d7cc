"""``sharing``, at the top level and of a friend."""

from __future__ import annotations

import pytest

from jackd.config.sharing import GIB
from jackd.model.item import Kind
from jackd.model.sharing import Rule, Rules
from tests.config.written import loaded, peer, problems, server

SERVERS = f'"servers": [{server()}, {server(name=chr(34) + "Sonarr" + chr(34), type=chr(34) + "sonarr" + chr(34), url=chr(34) + "http://sonarr:8989" + chr(34))}]'  # fmt: skip # noqa: E501


def rules(folder, text: str) -> Rules:
    return loaded(folder, f'{{{SERVERS}, "sharing": {text}}}').sharing


def test_without_it_everything_is_permitted(tmp_path):
    settings = loaded(tmp_path, f'{{{SERVERS}, "peers": [{peer()}]}}')
    assert settings.policy.towards(settings.peers[0].id) == settings.policy.towards(None) == ()


def test_everything_that_a_rule_can_say(tmp_path):
    text = """{"deny": [{"server": "SONARR", "rootFolder": ["/tv/", "D:\\\\TV"], "tags": ["Private", "x"],
        "quality": "Bluray-*", "title": ["Amélie*", "Heat (1995)"], "kind": "episode", "minGiB": 0.5, "maxGiB": 2}]}"""
    found = rules(tmp_path, text)
    servers = loaded(tmp_path, f"{{{SERVERS}}}").servers
    assert found.allow is None
    assert found.deny == (
        Rule(
            servers=(servers[1].id,),
            folders=("/tv", "D:/TV"),
            tags=("private", "x"),
            qualities=("bluray-*",),
            titles=("amelie*", "heat 1995"),
            kind=Kind.EPISODE,
            min_size=GIB // 2,
            max_size=2 * GIB,
        ),
    )


def test_an_empty_allow_hides_everything(tmp_path):
    assert rules(tmp_path, '{"allow": []}') == Rules(allow=())


def test_a_folder_may_be_called_as_jack_calls_it(tmp_path):
    mapped = server(pathMappings='[{"from": "/movies", "to": "/srv/media/movies"}]')
    text = f'{{"servers": [{mapped}], "sharing": {{"deny": [{{"rootFolder": "/srv/media/movies/home"}}]}}}}'
    assert loaded(tmp_path, text).sharing.deny[0].folders == ("/srv/media/movies/home", "/movies/home")


def test_a_friends_own_rules_come_on_top_and_need_his_key(tmp_path):
    text = f'{{{SERVERS}, "sharing": {{"deny": [{{"tags": "a"}}]}}, "peers": [{peer(sharing="""{"deny": [{"tags": "b"}]}""")}]}}'  # noqa: E501
    settings = loaded(tmp_path, text)
    assert [rule.deny[0].tags for rule in settings.policy.towards(settings.peers[0].id)] == [("a",), ("b",)]
    [note] = settings.notes
    assert "peers[0].sharing: holds for the key that `jack key NAME` prints" in note


@pytest.mark.parametrize(
    ("rule", "path", "message"),
    [
        ('{"server": "plex"}', ".server", "must be the name of a server; there are: radarr, Sonarr"),
        ('{"server": ["radarr", "plex"]}', ".server[1]", "must be the name of a server; there are: radarr, Sonarr"),
        ('{"tag": "x"}', ".tag", 'is not a setting; did you mean "tags"?'),
        ('{"tags": "a,b"}', ".tags", "must be the label of one tag; several make a list"),
        ('{"tags": []}', ".tags", "must not be an empty list"),
        ('{"title": "..."}', ".title", "must have a letter, a digit or a * in it"),
        ('{"kind": "series"}', ".kind", "must be movie or episode"),
        ('{"minGiB": "5"}', ".minGiB", "must be a number of GiB, without quotes; it is text"),
        ('{"minGiB": -1}', ".minGiB", "must be from 0 to 1048576"),
        ('{"minGiB": 5, "maxGiB": 4}', "", "can fit nothing: maxGiB is less than minGiB"),
        ("{}", "", "must say what it is about; for everything there is server, with all of them"),
        ('"private"', "", "must be a block of settings; it is text"),
    ],
)
@pytest.mark.parametrize("where", ["deny", "allow"])
def test_a_rule_that_is_none_is_said_so(tmp_path, where, rule, path, message):
    """A rule that could be misunderstood must not hide too little."""
    found = problems(tmp_path, f'{{{SERVERS}, "sharing": {{"{where}": [{rule}]}}}}')
    assert [(p, m) for _, p, m in found] == [(f"sharing.{where}[0]{path}", message)]
