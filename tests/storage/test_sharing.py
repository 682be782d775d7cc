"""What rules permit, against their meaning written down in plain Python."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackd.model.errors import NotFound
from jackd.model.item import Item, Kind, Quality
from jackd.model.search import Query, folded, folded_pattern
from jackd.model.sharing import Facts, Policy, Rule, Rules
from jackd.ports import Batch
from jackd.storage.catalogue import CatalogueStore
from jackd.storage.database import Database
from tests.support import MATRIX, PILOT, change, result_of

A, B = "aaaaaaaa", "bbbbbbbb"
FILMS, SHOWS = Facts(folder="/media/films/The Matrix (1999)", tags=("kids", "private")), Facts(folder="/media/tv/Show")


def store_of(*stored: tuple[str, Item, Facts | None]) -> CatalogueStore:
    store = CatalogueStore(Database.in_memory())
    for number, (library, item, facts) in enumerate(stored):
        batch = Batch(group=str(number), items=[item], facts={item.id: facts} if facts else {})
        result_of(store.replace(library, batch))
    return store


def seen(store: CatalogueStore, *sharing: Rules) -> set[str]:
    """What a search lists, which is also what can be had by id."""
    listed = {item.id for item in result_of(store.search(Query(), limit=100, sharing=sharing))}
    for item in result_of(store.search(Query(), limit=100)):
        try:
            assert result_of(store.item(item.id, sharing=sharing)).id in listed
        except NotFound:
            assert item.id not in listed
    return listed


BOTH = [(A, MATRIX, FILMS), (B, PILOT, SHOWS)]
RULES = {
    "the server": Rule(servers=(A,)),
    "one of the servers": Rule(servers=("cccccccc", A)),
    "the folder": Rule(folders=("/media/films",)),
    "the folder itself": Rule(folders=("/media/films/The Matrix (1999)",)),
    "the root": Rule(folders=("/media/films", "/nowhere")),
    "a tag": Rule(tags=("private",)),
    "one of the tags": Rule(tags=("x", "kids")),
    "the quality": Rule(qualities=("bluray-*",)),
    "the title": Rule(titles=("the matrix",)),
    "the title and year": Rule(titles=("the matrix 1999",)),
    "the beginning": Rule(titles=("the m*",)),
    "the kind": Rule(kind=Kind.MOVIE),
    "at least so large": Rule(min_size=MATRIX.size),
    "several": Rule(servers=(A,), tags=("kids",), kind=Kind.MOVIE),
}
OTHERS = {
    "another server": Rule(servers=("cccccccc",)),
    "a folder that begins alike": Rule(folders=("/media/fil", "/media/films/The Matrix")),
    "a folder below": Rule(folders=("/media/films/The Matrix (1999)/x",)),
    "a tag that begins alike": Rule(tags=("privat", "ids")),
    "a word of the title": Rule(titles=("matrix",)),
    "too large": Rule(min_size=MATRIX.size + 1),
    "one of several does not hold": Rule(servers=(A,), tags=("kids",), kind=Kind.EPISODE),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_fits(name):
    """S9: hidden is not listed and not found."""
    assert MATRIX.size > PILOT.size
    store = store_of(*BOTH)
    assert seen(store, Rules(deny=(RULES[name],))) == {PILOT.id}
    assert seen(store, Rules(allow=(RULES[name],))) == {MATRIX.id}


@pytest.mark.parametrize("name", OTHERS)
def test_a_rule_that_does_not_fit(name):
    store = store_of((A, MATRIX, FILMS))
    assert seen(store, Rules(deny=(OTHERS[name],))) == {MATRIX.id}
    assert seen(store, Rules(allow=(OTHERS[name],))) == set()


def test_all_rules_must_permit():
    store = store_of(*BOTH)
    films, shows = Rule(kind=Kind.MOVIE), Rule(kind=Kind.EPISODE)
    assert seen(store, Rules(allow=())) == set()
    assert seen(store, Rules(allow=(films, shows))) == {MATRIX.id, PILOT.id}
    assert seen(store, Rules(allow=(films,)), Rules(allow=(shows,))) == set()
    assert seen(store, Rules(allow=(films, shows), deny=(Rule(tags=("private",)),))) == {PILOT.id}
    assert seen(store, Rules(), Rules(deny=(films,))) == {PILOT.id}


@pytest.mark.parametrize("rules", [Rules(deny=(Rule(tags=("x",)),)), Rules(allow=(Rule(folders=("",)),))])
def test_what_is_not_known_stays_hidden(rules):
    """Rows that an older jack wrote have no facts."""
    store = store_of((A, MATRIX, None), (B, PILOT, SHOWS))
    assert seen(store, rules) == {PILOT.id}
    assert seen(store, Rules(deny=(Rule(servers=(B,), tags=("x",)),))) == {MATRIX.id, PILOT.id}


def test_a_tag_that_is_given_or_taken_is_written():
    store = store_of((A, MATRIX, FILMS))
    rules = Rules(deny=(Rule(tags=("private",)),))
    assert seen(store, rules) == set()
    for tags, expected in (((), {MATRIX.id}), (("private",), set())):
        facts = Facts(folder=FILMS.folder, tags=tags)
        result_of(store.replace(A, Batch(group="0", items=[MATRIX], facts={MATRIX.id: facts})))
        assert seen(store, rules) == expected


def test_who_does_not_say_which_friend_he_is_gets_what_all_get():
    """S30: with the key that all of them have nobody gets around the rules for him."""
    all_, alice, bob = (Rules(deny=(Rule(tags=(tag,)),)) for tag in ("all", "alice", "bob"))
    policy = Policy(everybody=all_, friends={"a": alice, "b": bob, "c": Rules()})
    assert policy.towards("a") == (all_, alice)
    assert policy.towards("c") == policy.towards("unknown") == (all_,)
    assert set(policy.towards(None)) == {all_, alice, bob}


WORD = st.sampled_from(["the", "a", "Élite", "Star", "Wars", "*", "?", "[x]", ":", "é", "II", "'", "\0", "İ", "&"])
NAMES = st.lists(WORD, max_size=4).map(" ".join) | st.text(max_size=6)
SIZES = st.none() | st.integers(0, 5)
RULE = st.builds(
    Rule,
    servers=st.sets(st.sampled_from([A, B]), max_size=1).map(tuple),
    folders=st.sets(st.sampled_from(["/m", "/m/x", "/mm"]), max_size=2).map(tuple),
    tags=st.sets(st.sampled_from(["a", "b", "ab"]), max_size=2).map(tuple),
    qualities=st.sets(st.sampled_from(["b*", "?", "bluray-1080p"]), max_size=1).map(tuple),
    titles=st.lists(NAMES.map(folded_pattern).filter(bool), max_size=2).map(tuple),
    kind=st.none() | st.sampled_from(Kind),
    min_size=SIZES,
    max_size=SIZES,
)
LISTS = st.lists(RULE, max_size=2).map(tuple)
RULES_ST = st.builds(Rules, deny=LISTS, allow=st.none() | LISTS)
FACTS = st.builds(
    Facts,
    folder=st.sampled_from(["/m", "/m/x", "/mm/y", "/n"]),
    tags=st.sets(st.sampled_from(["a", "b", "c"])).map(sorted).map(tuple),
)
ITEMS = st.builds(
    change,
    st.just(MATRIX),
    kind=st.sampled_from(Kind),
    name=st.none() | NAMES,
    year=st.none() | st.sampled_from([1999, 2005]),
    quality=st.none() | st.sampled_from([Quality(name="Bluray-1080p"), Quality(name="x")]),
    size=st.integers(0, 5),
)


def permits(rules: Rules, library: str, item: Item, facts: Facts) -> bool:
    def fits(rule: Rule) -> bool:
        titled = folded(item.name or item.title)
        both = [titled, f"{titled} {item.year or ''}"]
        quality = item.quality.name.lower() if item.quality else ""
        folder = f"{facts.folder}/"
        return (
            (not rule.servers or library in rule.servers)
            and (not rule.folders or any(folder.startswith(f"{f}/") for f in rule.folders))
            and (not rule.tags or not {*rule.tags}.isdisjoint(facts.tags))
            and (not rule.qualities or any(fnmatchcase(quality, q) for q in rule.qualities))
            and (not rule.titles or any(fnmatchcase(t, p) for t in both for p in rule.titles))
            and rule.kind in (None, item.kind)
            and (rule.min_size is None or item.size >= rule.min_size)
            and (rule.max_size is None or item.size <= rule.max_size)
        )

    return not any(map(fits, rules.deny)) and (rules.allow is None or any(map(fits, rules.allow)))


@given(library=st.sampled_from([A, B]), item=ITEMS, facts=FACTS, sharing=st.lists(RULES_ST, max_size=2))
def test_the_index_means_what_the_rules_say(library, item, facts, sharing):
    store = store_of((library, item, facts))
    assert bool(seen(store, *sharing)) == all(permits(rules, library, item, facts) for rules in sharing)


@given(NAMES)
def test_a_title_fits_itself_however_it_is_written(title):
    plain = title.replace("*", "").replace("?", "")
    assert fnmatchcase(folded(title.upper()), folded_pattern(plain)) or folded(title.upper()) != folded(plain)
    assert folded_pattern(plain) == folded(plain)
