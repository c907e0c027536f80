import pytest

from controlplane.domain.account import Status
from controlplane.policy.cooldown import (
    LATE_RESET,
    LONGEST_RESET,
    OWN,
    SHORTEST_SPENT,
    SUSPICIOUS_FROM,
    TABLE,
    UNKNOWN_RESET,
    Fault,
    Rest,
    Scope,
    after,
    blames,
    carried,
    cause_of,
    counts,
    outweighs,
    reset,
)
from controlplane.policy.polling import STALE_PERIOD
from dataplane.errors import Cause

NOW = 1000.0


def until(cause, **given):
    rest = after(Fault(cause, **given), NOW)
    return None if rest is None else rest.until - NOW


def test_every_cause_of_the_contract_has_a_row_and_no_row_is_unknown():
    assert set(TABLE) == {cause.value for cause in Cause} | OWN
    assert not OWN & {cause.value for cause in Cause}


def test_a_cause_without_a_row_is_an_error():
    with pytest.raises(KeyError):
        after(Fault("invented"), NOW)


@pytest.mark.parametrize(
    ("cause", "given", "status", "scope", "seconds"),
    [
        ("throttled", {}, Status.COOLING, Scope.ACCOUNT, 10),
        ("throttled", {"strikes": 1}, Status.COOLING, Scope.ACCOUNT, 20),
        ("throttled", {"strikes": 3}, Status.COOLING, Scope.ACCOUNT, 80),
        ("throttled", {"strikes": 4}, Status.COOLING, Scope.ACCOUNT, 120),
        ("throttled", {"strikes": 500}, Status.COOLING, Scope.ACCOUNT, 120),
        ("throttled", {"retry_after": 300}, Status.COOLING, Scope.ACCOUNT, 300),
        ("throttled", {"retry_after": 0}, Status.COOLING, Scope.ACCOUNT, 1),
        ("throttled", {"retry_after": 10**6}, Status.COOLING, Scope.ACCOUNT, 3600),
        ("suspicious", {}, Status.COOLING, Scope.ACCOUNT, 600),
        ("suspicious", {"retry_after": 600, "strikes": 1}, Status.COOLING, Scope.ACCOUNT, 1200),
        ("suspicious", {"retry_after": 600, "strikes": 9}, Status.COOLING, Scope.ACCOUNT, 1800),
        ("suspicious", {"retry_after": 3000}, Status.COOLING, Scope.ACCOUNT, 3000),
        ("unrenewed", {"strikes": 9}, Status.COOLING, Scope.ACCOUNT, 300),
        ("quota_exhausted", {}, Status.EXHAUSTED, Scope.ACCOUNT, UNKNOWN_RESET),
        ("quota_exhausted", {"resets_at": 5000}, Status.EXHAUSTED, Scope.ACCOUNT, 4000),
        ("quota_exhausted", {"resets_at": 10}, Status.EXHAUSTED, Scope.ACCOUNT, LATE_RESET),
        ("quota_exhausted", {"retry_after": 600}, Status.EXHAUSTED, Scope.ACCOUNT, 600),
        ("quota_exhausted", {"retry_after": 1}, Status.EXHAUSTED, Scope.ACCOUNT, SHORTEST_SPENT),
        ("quota_exhausted", {"retry_after": 10**6}, Status.EXHAUSTED, Scope.ACCOUNT, UNKNOWN_RESET),
        ("quota_exhausted", {"retry_after": 600, "resets_at": 5000}, Status.EXHAUSTED, Scope.ACCOUNT, 4000),
        ("forbidden", {}, Status.COOLING, Scope.ACCOUNT, 300),
        ("model_unknown", {}, Status.COOLING, Scope.MODEL, 300),
        ("unavailable", {"strikes": 2}, Status.COOLING, Scope.ACCOUNT, 15),
        ("cut", {"strikes": 3}, Status.COOLING, Scope.ACCOUNT, 30),
    ],
)
def test_what_rests_and_for_how_long(cause, given, status, scope, seconds):
    rest = after(Fault(cause, **given), NOW)
    assert (rest.status, rest.scope, rest.until - NOW) == (status, scope, seconds)


@pytest.mark.parametrize("cause", ["overloaded", "bad_request", "too_long", "empty"])
def test_causes_that_no_account_is_to_blame_for(cause):
    assert until(cause, strikes=100, retry_after=60) is None
    assert not blames(cause)
    assert not counts(cause)


@pytest.mark.parametrize("cause", ["unavailable", "unreachable", "timeout", "cut", "corrupt"])
def test_single_mishaps_pass(cause):
    assert until(cause) is None
    assert until(cause, strikes=1) is None
    assert until(cause, strikes=2) == 15
    assert until(cause, strikes=9) == 120


def test_suspension_and_a_refused_renewed_token_last_until_somebody_acts():
    assert after(Fault("suspended"), NOW) == Rest(Status.SUSPENDED, "the upstream suspended it", Scope.ACCOUNT, 0, "suspended")
    assert after(Fault("credential_rejected"), NOW) is None
    assert after(Fault("credential_rejected", renewed=True), NOW).status is Status.NEEDS_LOGIN


def test_the_graver_and_the_longer_rest_wins():
    cooling, exhausted = Rest(Status.COOLING, "", Scope.ACCOUNT, 50), Rest(Status.EXHAUSTED, "", Scope.ACCOUNT, 10)
    suspended = Rest(Status.SUSPENDED, "", Scope.ACCOUNT, 0)
    assert outweighs(cooling, Status.ACTIVE, 0)
    assert outweighs(exhausted, Status.COOLING, 100)
    assert not outweighs(cooling, Status.EXHAUSTED, 10)
    assert outweighs(cooling, Status.COOLING, 40)
    assert not outweighs(cooling, Status.COOLING, 60)
    assert outweighs(suspended, Status.EXHAUSTED, 10**9)
    assert not outweighs(exhausted, Status.SUSPENDED, 0)


@pytest.mark.parametrize(
    ("cause", "heals"),
    [(cause, cause in {"throttled", "unavailable", "unreachable", "timeout", "cut", "corrupt"}) for cause in TABLE],
)
def test_which_rests_may_be_cut_short(cause, heals):
    assert TABLE[cause].heals is heals


def test_a_throttle_that_asks_for_long_is_suspicion():
    assert cause_of("throttled", None) == cause_of("throttled", SUSPICIOUS_FROM - 1) == "throttled"
    assert cause_of("throttled", SUSPICIOUS_FROM) == "suspicious"
    assert cause_of("quota_exhausted", 10**6) == "quota_exhausted"


def test_what_the_upstream_itself_asked_for_is_marked():
    assert after(Fault("throttled", retry_after=30), NOW).asked
    assert not after(Fault("throttled"), NOW).asked


def test_a_reset_that_cannot_be_is_not_waited_for():
    year = LONGEST_RESET
    assert reset(1000 + year, 1000) == 1000 + year
    now = 2 * STALE_PERIOD
    for nonsense in (0, 999, now - STALE_PERIOD, now + 1 + year, 10**12):
        assert reset(nonsense, now) == now + UNKNOWN_RESET


def test_an_upstream_that_begins_its_period_late_is_waited_for_shortly():
    now = 2 * STALE_PERIOD
    for passed in (0, 1, 60, STALE_PERIOD - 1):
        assert reset(now - passed, now) == now + LATE_RESET


def test_which_faults_may_speak_for_the_request_that_carries_them_around():
    passing = {"unavailable", "unreachable", "timeout", "cut", "corrupt"}
    assert {cause for cause in TABLE if carried(cause)} == passing | {"forbidden"}
    assert not carried("invented")
