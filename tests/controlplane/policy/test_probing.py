"""Half open breakers, and rests that are cut short when nobody fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.account import Status
from controlplane.policy.scheduling import Choice, Lack, Mode, NoCapacity, Wish, choose
from tests.controlplane.policy.pools import MODEL, NOW, candidate, cases, resting


def test_a_half_open_breaker_is_handed_out_to_be_probed():
    breakers = {**resting(-1, cause="cut"), **resting(-5, model=MODEL), **resting(90, model="other")}
    made = choose([candidate(breakers=breakers)], Wish(MODEL), NOW, 0)
    assert made.probes == [breakers["cut", ""], breakers["throttled", MODEL]]
    assert not made.healing
    assert choose([candidate()], Wish(MODEL), NOW, 0).probes == ()


@given(st.integers(1, 4), st.integers(2, 10), st.sampled_from(Mode))
def test_half_open_is_given_to_one_request_at_a_time(count, requests, mode):
    pool = [candidate(f"acc_{place}", breakers=resting(-1)) for place in range(count)]
    given_out = []
    for turn in range(requests):
        made = choose(pool, Wish(MODEL), NOW, turn, mode)
        if isinstance(made, NoCapacity):
            assert (made.reason, made.retry_at) == (Lack.BUSY, NOW + 1)
            continue
        for one in made.probes:
            assert not one.probe
            one.probe = f"ls_{turn}"
        given_out.append(made.candidate.id)
    assert len(set(given_out)) == len(given_out) == min(count, requests)


def healed(pool, **wish):
    made = choose(pool, Wish(MODEL, **wish), NOW, 0)
    return (made.candidate.id, made.healing) if isinstance(made, Choice) else made.reason


def test_when_nobody_fits_the_rest_that_ends_first_is_cut_short():
    pool = [
        candidate("a", breakers=resting(90, since=30)),
        candidate("b", breakers=resting(20, since=10)),
        candidate("c", status=Status.SUSPENDED),
    ]
    made = choose(pool, Wish(MODEL), NOW, 0)
    assert (made.candidate.id, made.healing) == ("b", True)
    assert made.probes == list(pool[1].breakers.values())
    assert [one.account_id for one in made.exclusions] == ["a", "c"]
    assert [score.account_id for score in made.scores] == ["b"]
    # somebody fits: nothing is cut short
    assert healed([*pool, candidate("d", health=1)]) == ("d", False)


@pytest.mark.parametrize(
    ("given", "wish"),
    [
        ({"breakers": resting(10, since=4.9)}, {}),
        ({"breakers": resting(90, since=20)}, {}),  # less than a fifth of its rest
        ({"breakers": resting(20, since=10, asked=True)}, {}),
        ({"breakers": resting(200, since=101)}, {}),  # a long one
        ({"breakers": {**resting(20, since=10), **resting(10, since=1, cause="cut")}}, {}),
        ({"breakers": {**resting(20, since=10), **resting(-1, cause="cut", probe="ls_1")}}, {}),
        ({"breakers": resting(20, since=10), "status": Status.DISABLED}, {}),
        ({"breakers": resting(20, since=10), "status": Status.SUSPENDED}, {}),
        ({"breakers": resting(20, since=10), "status": Status.NEEDS_LOGIN}, {}),
        ({"breakers": resting(20, since=10), "status": Status.EXHAUSTED, "until": NOW + 60}, {}),
        ({"breakers": resting(20, since=10), "status": Status.COOLING, "until": NOW + 60}, {}),
        ({"breakers": resting(20, since=10), "limit": 5, "left": 0}, {}),
        ({"breakers": resting(20, since=10), "has_credential": False}, {}),
        ({"breakers": resting(20, since=10), "max_concurrency": 1, "in_flight": 1}, {}),
        ({"breakers": resting(20, since=10), "offers": ()}, {}),
        ({"breakers": resting(20, since=10)}, {"excluded": ["a"]}),
        ({"breakers": resting(20, since=10)}, {"allowed": ["b"]}),
        ({"breakers": resting(20, since=10)}, {"kind": "openai"}),
    ],
)
def test_what_is_never_healed_early(given, wish):
    assert isinstance(healed([candidate(**given)], **wish), Lack)


def test_nobody_is_healed_while_a_suitable_account_is_probed():
    ripe = candidate("a", breakers=resting(20, since=10))
    assert healed([ripe]) == ("a", True)
    for probed in (resting(-1, probe="ls_1"), resting(60, since=30, probe="ls_1"), resting(60, since=30, model=MODEL, probe="ls_1")):
        assert healed([ripe, candidate("b", breakers=probed)]) is Lack.BUSY
    # one that could not serve this request anyway does not count
    assert healed([ripe, candidate("b", breakers=resting(60, probe="ls_1"), offers=())]) == ("a", True)
    assert healed([ripe, candidate("b", breakers=resting(60, model="other", probe="ls_1"), max_concurrency=1, in_flight=1)]) == ("a", True)


@given(cases, st.lists(st.sampled_from(Mode), min_size=2, max_size=8))
def test_healing_never_has_two_at_once(case, modes):
    """However many ask while nobody's probe ends, at most one of them cuts a rest short."""
    healing = 0
    for turn, mode in enumerate(modes):
        made = choose(case.pool, case.wish, NOW, turn, mode)
        if isinstance(made, Choice):
            healing += made.healing
            for one in made.probes:
                one.probe = f"ls_{turn}"
            # It is full now, so that the next must look elsewhere.
            made.candidate.in_flight += 1
            made.candidate.max_concurrency = made.candidate.in_flight
    assert healing <= 1
