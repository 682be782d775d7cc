"""Whole seasons, made of what friends have."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from jackd.model.grab import MAX_FILES
from jackd.model.ids import MediaIds
from jackd.model.item import Item, Kind, Quality
from jackd.model.release import Release, Source
from jackd.model.revision import Revision
from jackd.model.search import Query
from jackd.peer.seasons import may_be_season, season_packs, season_query, united
from jackd.peer.wire import is_item_id, item_from_json, item_to_json
from tests.fakes import titles
from tests.support import MATRIX, PILOT, change

SHOW = MediaIds(tvdb=81189, imdb="tt0903747")
SEASON = Query(kind=Kind.EPISODE, ids=MediaIds(tvdb=81189), season=1)


def episode(*numbers: int, season: int = 1, length: int | None = 3, **changes: Any) -> Item:
    listed = "".join(f"E{n:02d}" for n in numbers)
    title = f"Some.Show.S{season:02d}{listed}.720p.WEB-DL.x264-GRP"
    known = {"title": title, "filename": f"{title}.mkv", "size": 1000 + numbers[0], "season": season}
    known |= {"id": f"bbbbbbbb:episode:{season * 100 + numbers[0]}", "episodes": numbers, "season_episodes": length}
    known["published"] = PILOT.published + timedelta(hours=numbers[0])
    return change(PILOT, **{**known, **changes})


def offers(*items: Item, peer: str = "11111111") -> list[Release]:
    return [Release(item=item, peer=peer, peer_name="Alice") for item in items]


def whole(*items: Item) -> list[Release]:
    return season_packs(offers(*items))


THREE = (episode(1), episode(2), episode(3))


# -- what is a season


def test_a_season_of_which_all_episodes_are_there_is_one_release():
    [pack] = season_packs(evolve(release, made=release.item.title) for release in offers(*THREE))
    assert pack.title == pack.item.title == "Some.Show.S01.720p.WEB-DL.x264-GRP"
    assert pack.files == THREE == pack.parts
    assert pack.item.size == sum(item.size for item in THREE)
    assert pack.item.published == THREE[2].published
    assert (pack.item.season, pack.item.episodes, pack.item.ids) == (1, (), SHOW)
    assert pack.guid == "11111111:bbbbbbbb:season:tvdb81189:1:WEBDL-720p"


@pytest.mark.parametrize(
    "items",
    [
        (episode(1), episode(3)),
        (episode(1, length=None), episode(2, length=None), episode(3, length=None)),
        (episode(1, length=0), episode(2, length=0)),
        (episode(1), episode(2), episode(3, quality=Quality(name="Bluray-1080p", resolution=1080))),
        (episode(1), episode(2), episode(3, quality=None)),
        (episode(1), episode(2), episode(3, id="cccccccc:episode:3")),
        (episode(1), episode(2), episode(3, ids=MediaIds(tvdb=5))),
        (episode(1, season=0), episode(2, season=0), episode(3, season=0)),
        (episode(1, season=2024), episode(2, season=2024), episode(3, season=2024)),
        (episode(1, 2, 3),),
        tuple(episode(n, ids=MediaIds()) for n in (1, 2, 3)),
        tuple(change(MATRIX, id=f"a:movie:{n}", season=1, season_episodes=3, episodes=(n,)) for n in (1, 2, 3)),
        tuple(episode(n, length=MAX_FILES + 1) for n in range(1, MAX_FILES + 2)),
    ],
    ids=lambda items: f"{len(items)} files",
)
def test_what_is_no_whole_season_is_offered_as_its_episodes_alone(items: tuple[Item, ...]):
    assert whole(*items) == []


def test_an_episode_that_was_not_on_the_air_yet_is_missing():
    assert whole(*(change(item, season_episodes=4) for item in THREE)) == []
    assert whole(change(THREE[0], season_episodes=4), *THREE[1:]) == []


def test_two_friends_halves_are_no_season():
    assert season_packs(offers(*THREE[:2]) + offers(THREE[2], peer="22222222")) == []


def test_how_long_a_season_is_may_be_known_from_another_friend():
    unknown = [change(item, season_episodes=None) for item in THREE]
    [pack] = season_packs(offers(*unknown) + offers(THREE[0], peer="22222222"))
    assert (pack.peer, len(pack.files)) == ("11111111", 3)


def test_each_friend_and_each_quality_has_a_season_of_its_own():
    hd = [change(i, id=f"{i.id}9", quality=Quality(name="WEBDL-1080p", source="web", resolution=1080)) for i in THREE]
    other = [change(item, size=item.size + 1) for item in THREE]
    packs = season_packs(offers(*THREE, *hd) + offers(*other, peer="22222222"))
    assert len({pack.guid for pack in packs}) == len(packs) == 3


def test_one_that_several_friends_have_is_there_once():
    """Their files are merged already, where they are the same; what one lacks, the other may have."""
    bob = [Source(peer="22222222", peer_name="Bob", item=f"cccccccc:episode:{n}") for n in (1, 2, 3)]
    first, second, third = offers(*THREE)
    shared = [evolve(r, others=[source], seeders=2) for r, source in zip((first, second, third), bob, strict=True)]
    [pack] = season_packs(shared)
    assert (pack.peer, pack.seeders, pack.others) == ("11111111", 2, ())
    alone = Release(item=change(THREE[2], id=bob[2].item), peer="22222222", peer_name="Bob")
    [pack] = season_packs([*shared[:2], alone])
    assert (pack.peer, pack.peer_name, pack.seeders) == ("22222222", "Bob", 1)
    assert [item.id for item in pack.files] == [source.item for source in bob]


def test_a_file_of_several_episodes_is_in_it_once():
    double = episode(2, 3)
    [pack] = whole(double, episode(1))
    assert pack.files == (episode(1), double)


def test_of_two_files_of_an_episode_the_newer_one_is_taken():
    newer = episode(2, id="bbbbbbbb:episode:999", published=PILOT.published + timedelta(days=9))
    [pack] = whole(*THREE, newer)
    assert pack.files == (THREE[0], newer, THREE[2])


# -- its title


def test_the_title_is_made_of_what_the_episodes_have_in_common():
    names = ["Some.Show.S01E01.Pilot.720p.WEB-DL.x264-GRP", "Some.Show.S01E02.The.End.720p.WEB-DL.x264-OTHER"]
    items = [episode(n, title=t, length=2) for n, t in enumerate(names, 1)]
    [pack] = whole(items[0], change(items[1], release_group="OTHER", languages=("German",)))
    assert pack.item.title == "Some.Show.S01.720p.WEB-DL"
    assert pack.item.languages == ()


@pytest.mark.parametrize("name", ["Some Show", "Law & Order: SVU", "24", "Show 2024", "The Show's End!", "Amélie"])
@pytest.mark.parametrize("title", ["", "x", "{name}.S03E{n:02d}.1080p.BluRay.x264-GRP", "[G] {name} - {n:02d}"])
def test_sonarr_reads_every_title_as_the_whole_season(name: str, title: str):
    items = [
        episode(n, season=3, name=name, title=title.format(name=name.replace(" ", "."), n=n), filename=f"{n}.mkv")
        for n in (1, 2, 3)
    ]
    [pack] = whole(*items)
    parsed = titles.parse("sonarr", pack.item.title)
    assert parsed is not None
    assert (titles.clean(parsed.title), parsed.season, parsed.episodes) == (titles.clean(name), 3, ())
    assert parsed.quality


# -- its id


@pytest.mark.parametrize("ids", [SHOW, MediaIds(imdb="tt0903747"), MediaIds(tmdb=1396)])
def test_the_id_says_what_to_look_for(ids: MediaIds):
    [pack] = whole(*(change(item, ids=ids, quality=Quality(name="WEB/ü 720p: x")) for item in THREE))
    query = season_query(pack.item.id)
    assert is_item_id(pack.item.id)
    assert query is not None
    assert (query.kind, query.season) == (Kind.EPISODE, 1)
    assert query.ids.any_in(ids)


@pytest.mark.parametrize(
    "text", ["a:movie:1", "a:season:1:1:x", "a:season:tvdb1:x:q", "a:season:tvdb1:1", "", "a:season:xtvdb1:1:q"]
)
def test_other_ids_are_no_seasons(text: str):
    assert season_query(text) is None


@pytest.mark.parametrize(
    "query",
    [Query(episode=1), Query(absolute=7), Query(aired=date(2024, 5, 17)), Query(kind=Kind.MOVIE)],
)
def test_a_question_for_one_episode_is_not_answered_with_a_season(query: Query):
    assert not may_be_season(query)
    assert may_be_season(SEASON)


# -- files of several episodes, as an original jack shows them


def test_a_file_that_is_shown_once_for_each_episode_is_united():
    shown = [episode(n, filename="x.mkv", size=5) for n in (3, 2)]
    [item] = united([*shown, shown[0]])
    assert item == change(shown[0], episodes=(2, 3))


def test_different_files_stay_apart():
    items = [*THREE, episode(1, size=7), episode(1, season=2), MATRIX, change(MATRIX, id="aaaaaaaa:movie:2")]
    assert united(items) == items


def test_whoever_has_a_season_knows_best_how_long_it_is():
    """One friend who counts otherwise, or lies, takes nobody else's season away."""
    wrong = offers(episode(1, length=4, size=9), peer="22222222")
    assert [pack.peer for pack in season_packs([*offers(*THREE), *wrong])] == ["11111111"]


def test_of_those_who_say_how_long_a_season_is_most_are_believed():
    silent = offers(*(episode(n, length=None) for n in (1, 2, 3)))
    some = [
        *offers(episode(1, size=8), episode(2, size=8), peer="22222222"),
        *offers(episode(1, length=9), peer="33333333"),
    ]
    assert [pack.peer for pack in season_packs([*silent, *some])] == ["11111111"]


def test_the_length_travels():
    sent = item_to_json(THREE[0])
    assert sent["seasonEpisodes"] == 3
    assert item_from_json(sent).season_episodes == 3
    assert "seasonEpisodes" not in item_to_json(PILOT)


def test_a_season_is_mended_when_all_its_episodes_are():
    mended = Revision(version=2, repack=True)
    one, two = (episode(n, season=3, length=2, revision=mended) for n in (1, 2))
    first = episode(1, season=3, length=2, revision=Revision())
    for files, known in (((one, two), mended), ((first, two), None)):
        [pack] = whole(*files)
        assert pack.item.revision == known
        assert ("REPACK" in pack.item.title) == (known is not None)
