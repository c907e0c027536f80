"""An account that is asked by force: a test wants to see what it does, however it stands."""

from dataclasses import replace

import pytest
from hypothesis import given

from controlplane.domain.account import Status
from controlplane.policy import decisions
from controlplane.policy.exclusions import Rule, excluding
from controlplane.policy.scheduling import Choice, NoCapacity, Wish, choose
from tests.controlplane.policy.pools import DAY, MODEL, NOW, candidate, cases, resting

STANDS = {
    "disabled": {"status": Status.DISABLED},
    "suspended": {"status": Status.SUSPENDED},
    "signed out": {"status": Status.NEEDS_LOGIN},
    "exhausted": {"status": Status.EXHAUSTED, "until": NOW + DAY},
    "spent": {"limit": 100.0, "left": 0.0, "resets_at": NOW + DAY},
    "cooling": {"breakers": resting(60)},
    "probed": {"breakers": resting(-1, probe="ls_1")},
    "full": {"max_concurrency": 2, "in_flight": 2},
    "at its ceiling": {"ceiling": 1, "in_flight": 1},
}
FORCED = Wish(MODEL, allowed=("a",), forced=True)


@pytest.mark.parametrize("stands", STANDS.values(), ids=STANDS)
def test_how_it_stands_does_not_matter(stands):
    pool = [candidate("a", **stands), candidate("b")]
    assert isinstance(choose(pool[:1], replace(FORCED, forced=False), NOW, 0), NoCapacity)
    made = choose(pool, FORCED, NOW, 0)
    assert isinstance(made, Choice)
    assert (made.candidate.id, made.healing) == ("a", False)


@pytest.mark.parametrize(
    ("lacks", "rule"),
    [
        ({"has_credential": False}, Rule.NO_CREDENTIAL),
        ({"offers": ()}, Rule.NOT_OFFERED),
    ],
)
def test_what_it_cannot_do_at_all_keeps_it_out(lacks, rule):
    made = choose([candidate("a", **lacks)], FORCED, NOW, 0)
    assert isinstance(made, NoCapacity)
    assert [out.rule for out in made.exclusions] == [rule]


def test_it_is_tried_once():
    made = choose([candidate("a"), candidate("b")], replace(FORCED, excluded=("a",)), NOW, 0)
    assert isinstance(made, NoCapacity)
    assert [out.rule for out in made.exclusions] == [Rule.TRIED, Rule.NOT_ALLOWED]


def test_its_breaker_is_tried_out():
    pool = [candidate("a", breakers=resting(60) | resting(60, model="other", cause="cut"))]
    made = choose(pool, FORCED, NOW, 0)
    assert [(one.cause, one.model) for one in made.probes] == [("throttled", "")]


@given(cases)
def test_force_keeps_nobody_out_whom_a_usual_choice_takes(given_case):
    for one in given_case.pool:
        if excluding(one, given_case.wish, given_case.now) is None:
            assert excluding(one, replace(given_case.wish, forced=True), given_case.now) is None


@given(cases)
def test_a_record_of_it_can_be_replayed(given_case):
    pool, wish, now, seed, mode = given_case
    wish = replace(wish, forced=True)
    text = decisions.encode([decisions.chose(pool, wish, now, seed, mode, decisions.REVISION, choose(pool, wish, now, seed, mode))])
    (again,) = decisions.replay(text)
    assert again.same, (again.recorded, again.recomputed)
    (shown,) = decisions.decode(text)
    assert shown["step"] == "chose"
    assert shown["wish"]["forced"]
    assert decisions.in_vain(decisions.chose(pool, wish, now, seed, mode, 1, choose(pool, wish, now, seed, mode))) is (
        shown["accountId"] is None
    )
