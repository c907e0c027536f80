import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.account import Status
from controlplane.policy.scheduling import Candidate, Choice, Lack, NoCapacity, Rule, Wish, choose

NOW = 1000.0
MODEL = "m"


def candidate(id="a", **given):
    return Candidate(id, "kiro", **{"offers": {MODEL}, **given})


def exclusion(one, **wish):
    made = choose([one], Wish(MODEL, **wish), NOW, 0)
    assert isinstance(made, NoCapacity)
    (found,) = made.exclusions
    return made, found


@pytest.mark.parametrize(
    ("given", "wish", "rule", "lack", "retry_at"),
    [
        ({"status": Status.DISABLED}, {}, Rule.DISABLED, Lack.NO_ACCOUNT, None),
        ({"status": Status.SUSPENDED}, {}, Rule.SUSPENDED, Lack.NO_ACCOUNT, None),
        ({"status": Status.NEEDS_LOGIN}, {}, Rule.NEEDS_LOGIN, Lack.NO_ACCOUNT, None),
        ({"status": Status.EXHAUSTED, "until": 9000}, {}, Rule.EXHAUSTED, Lack.EXHAUSTED, 9000),
        ({"status": Status.COOLING, "until": 1030}, {}, Rule.COOLING, Lack.BUSY, 1030),
        ({"resting": {MODEL: 1200}}, {}, Rule.COOLING_MODEL, Lack.BUSY, 1200),
        ({"offers": {"other"}}, {}, Rule.NOT_OFFERED, Lack.NO_ACCOUNT, None),
        ({"max_concurrency": 2, "in_flight": 2}, {}, Rule.FULL, Lack.BUSY, 1001),
        ({}, {"excluded": ["a"]}, Rule.TRIED, Lack.BUSY, 1001),
        ({"status": Status.COOLING, "until": 1030}, {"excluded": ["a"]}, Rule.COOLING, Lack.BUSY, 1030),
        ({}, {"allowed": ["b"]}, Rule.NOT_ALLOWED, Lack.NO_ACCOUNT, None),
        ({"status": Status.COOLING, "until": 1030}, {"allowed": ["b"]}, Rule.NOT_ALLOWED, Lack.NO_ACCOUNT, None),
        ({}, {"account_id": "b"}, Rule.PINNED, Lack.NO_ACCOUNT, None),
        ({}, {"kind": "openai"}, Rule.PINNED, Lack.NO_ACCOUNT, None),
        ({"has_credential": False}, {}, Rule.NO_CREDENTIAL, Lack.NO_ACCOUNT, None),
    ],
)
def test_each_rule_that_puts_an_account_out(given, wish, rule, lack, retry_at):
    made, found = exclusion(candidate(**given), **wish)
    assert found.rule is rule
    assert (made.reason, made.retry_at) == (lack, retry_at)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"status": Status.COOLING, "until": 1000},
        {"status": Status.EXHAUSTED, "until": 999},
        {"resting": {MODEL: 1000, "other": 5000}},
        {"max_concurrency": 2, "in_flight": 1},
    ],
)
def test_accounts_that_may_serve(given):
    assert isinstance(choose([candidate(**given)], Wish(MODEL), NOW, 0), Choice)


def test_nobody_at_all():
    assert choose([], Wish(MODEL), NOW, 0) == NoCapacity(Lack.NO_ACCOUNT, None, [])


def test_the_most_hopeful_reason_and_the_earliest_time_are_told():
    pool = [
        candidate("a", status=Status.EXHAUSTED, until=9000),
        candidate("b", status=Status.COOLING, until=1060),
        candidate("c", status=Status.COOLING, until=1020),
        candidate("d", status=Status.SUSPENDED),
    ]
    made = choose(pool, Wish(MODEL), NOW, 0)
    assert (made.reason, made.retry_at) == (Lack.BUSY, 1020)
    assert choose(pool[:1] + pool[3:], Wish(MODEL), NOW, 0).reason is Lack.EXHAUSTED


def chosen(pool, seed=0, **wish):
    return choose(pool, Wish(MODEL, **wish), NOW, seed).candidate.id


def test_the_idle_the_healthy_the_preferred_and_the_warm_win():
    assert chosen([candidate("a", in_flight=1), candidate("b")]) == "b"
    assert chosen([candidate("a", health=60), candidate("b")]) == "b"
    assert chosen([candidate("a"), candidate("b", priority=1)]) == "b"
    assert chosen([candidate("a", warm_until=10), candidate("b")]) == "b"
    # half of two places weighs more than half of eight
    assert chosen([candidate("a", in_flight=1, max_concurrency=2), candidate("b", in_flight=1)]) == "b"


def test_equals_are_told_apart_by_the_seed_only():
    pool = [candidate("a"), candidate("b"), candidate("c")]
    assert [chosen(pool, seed) for seed in range(4)] == ["a", "b", "c", "a"]


def test_a_session_in_which_the_model_reasons_stays_under_load_that_moves_others():
    home = chosen([candidate("a"), candidate("b")], session="s")
    busy = [candidate(name, in_flight=20 if name == home else 0) for name in "ab"]
    assert chosen(busy, session="s") != home
    assert chosen(busy, session="s", sticky=True) == home
    flooded = [candidate(name, in_flight=60 if name == home else 0) for name in "ab"]
    assert chosen(flooded, session="s", sticky=True) != home
    full = [candidate(name, in_flight=1, max_concurrency=1 if name == home else 0) for name in "ab"]
    assert chosen(full, session="s", sticky=True) != home


def test_a_session_stays_where_it_is_until_that_is_worse():
    pool = [candidate(name) for name in "abcdef"]
    homes = {session: chosen(pool, seed=1, session=session) for session in map(str, range(60))}
    assert len(set(homes.values())) == 6
    for session, home in homes.items():
        assert chosen(pool, seed=99, session=session) == home
        # others leaving or joining does not move it
        smaller = [one for one in pool if one.id in (home, "a", "f")]
        assert chosen(smaller, session=session) == home
    home = next(one for one in pool if one.id == homes["0"])
    home.in_flight = 3
    assert chosen(pool, session="0") == home.id
    home.in_flight = 5
    assert chosen(pool, session="0") != home.id


def test_the_record_names_every_account_and_adds_up():
    pool = [candidate("a"), candidate("b", status=Status.DISABLED), candidate("c", in_flight=2)]
    made = choose(pool, Wish(MODEL), NOW, 0)
    assert [score.account_id for score in made.scores] == ["a", "c"]
    assert [(one.account_id, one.rule) for one in made.exclusions] == [("b", Rule.DISABLED)]
    assert made.scores[0].sum == 2.0
    assert made.scores[1].sum == 1.75


candidates = st.builds(
    Candidate,
    id=st.sampled_from("abcdefgh"),
    kind=st.just("kiro"),
    priority=st.integers(-50, 50),
    max_concurrency=st.integers(0, 3),
    status=st.sampled_from(Status),
    until=st.sampled_from([0.0, 500.0, 1000.0, 2000.0]),
    health=st.floats(0, 100),
    in_flight=st.integers(0, 4),
    offers=st.sets(st.sampled_from(["m", "n"])),
    resting=st.dictionaries(st.sampled_from(["m", "n"]), st.sampled_from([500.0, 2000.0])),
    has_credential=st.booleans(),
    warm_until=st.sampled_from([0.0, 2000.0]),
)
pools = st.lists(candidates, max_size=8, unique_by=lambda one: one.id)
wishes = st.builds(
    Wish,
    model=st.sampled_from(["m", "n"]),
    session=st.sampled_from(["", "s1", "s2"]),
    excluded=st.sets(st.sampled_from("abc")),
    allowed=st.sets(st.sampled_from("abcdefgh")),
)


@given(pools, wishes, st.integers(0, 2**16))
def test_never_an_excluded_one_and_always_the_same_for_a_seed(pool, wish, seed):
    made = choose(pool, wish, NOW, seed)
    assert made == choose(pool, wish, NOW, seed)
    out = {one.account_id for one in made.exclusions}
    if isinstance(made, NoCapacity):
        assert out == {one.id for one in pool}
        assert made.retry_at is None or made.retry_at > NOW or any(one.until == 0 for one in made.exclusions)
        return
    picked = made.candidate
    assert picked.id not in out
    assert {score.account_id for score in made.scores} | out == {one.id for one in pool}
    assert wish.model in picked.offers
    assert picked.id not in wish.excluded
    assert not wish.allowed or picked.id in wish.allowed
    assert picked.status not in (Status.DISABLED, Status.SUSPENDED, Status.NEEDS_LOGIN)
    assert picked.has_credential
    assert not picked.max_concurrency or picked.in_flight < picked.max_concurrency
    best = max(score.sum for score in made.scores)
    assert next(score.sum for score in made.scores if score.account_id == picked.id) == best
