"""What each error body of Kiro's deserves, as far as the control plane sees it (Kiro rules, 3.1)."""

from dataclasses import dataclass

import pytest

from controlplane.domain.account import Allowance, Status
from controlplane.domain.errors import AccountSuspended, GrantRejected
from controlplane.domain.lease import Lease
from controlplane.domain.outcome import Ending
from controlplane.policy.cooldown import FORGIVEN_AFTER, UNKNOWN_RESET
from tests.controlplane.fakes import NOW, ask, attempt, outcome

NEXT_MONTH = int(NOW) + 20 * 86_400
FOR_EVER = 0


@dataclass(frozen=True)
class Row:
    """`seconds`: how long each fault in a row rests the account, None not at all, FOR_EVER until somebody acts."""

    name: str
    fault: str
    status: Status
    seconds: tuple[int | None, ...]
    retry_after: int | None = None
    resets_at: int = 0
    api_key: bool = False


ROWS = [
    Row("API key: bearer refused", "credential_rejected", Status.NEEDS_LOGIN, (FOR_EVER,), api_key=True),
    Row("sign-in family and profile do not fit", "forbidden", Status.COOLING, (300, 600)),
    Row("temporarily suspended", "suspended", Status.SUSPENDED, (FOR_EVER,)),
    Row("feature not supported", "forbidden", Status.COOLING, (300, 600, 1200)),
    Row("not authorized, no subscription", "forbidden", Status.COOLING, (300, 600, 1200, 2400, 4800, 9600, 19_200, 21_600, 21_600)),
    Row("402, plan spent, reset known", "quota_exhausted", Status.EXHAUSTED, (20 * 86_400,), resets_at=NEXT_MONTH),
    Row("402, plan spent, reset unknown", "quota_exhausted", Status.EXHAUSTED, (UNKNOWN_RESET, UNKNOWN_RESET)),
    Row("402, conversation too long", "too_long", Status.ACTIVE, (None, None, None)),
    Row("429, quota in the clothes of a throttle", "quota_exhausted", Status.EXHAUSTED, (UNKNOWN_RESET,), retry_after=5),
    Row("429, asked too often", "throttled", Status.COOLING, (10, 20, 40, 80, 120, 120)),
    Row("429, asked too often, says how long", "throttled", Status.COOLING, (8, 8), retry_after=8),
    Row("429, says a wild time", "throttled", Status.COOLING, (3600,), retry_after=10**6),
    Row("429, burns credits too fast", "throttled", Status.COOLING, (300, 300), retry_after=300),
    Row("429, service-wide", "overloaded", Status.ACTIVE, (None,) * 5, retry_after=30),
    Row("429, suspicious activity", "throttled", Status.COOLING, (600,), retry_after=600),
    Row("no capacity for the model", "overloaded", Status.ACTIVE, (None,) * 5),
    Row("400, shape, pictures", "bad_request", Status.ACTIVE, (None,) * 5),
    Row("400, overflow", "too_long", Status.ACTIVE, (None,) * 5),
    Row("524, a gateway's timeout", "timeout", Status.COOLING, (None, None, 15, 30, 60, 120, 120)),
    Row("5xx without an explanation", "unavailable", Status.COOLING, (None, None, 15)),
]


async def fails(world, made, fault, retry_after=None):
    lease = world.leasing.acquire(ask(), "worker-1")
    assert isinstance(lease, Lease), lease
    failed = attempt(made, fault, retry_after=retry_after)
    await world.leasing.settle([outcome(lease.lease_id, failed, ending=Ending.FAILED)])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_what_a_fault_does_to_the_account(world, row):
    given = {"api_key": "ksk_key", "refresh_token": "", "access_token": "", "expires_at": 0} if row.api_key else {}
    made = await world.account("one")
    if given:
        await world.accounts.update(made, given)
        await world.idle()
    seat = world.seat(made)
    seat.allowance = Allowance(50, 50, row.resets_at)
    for seconds in row.seconds:
        health, now = seat.candidate.health, world.clock.time
        # Only how long the account rests is looked at here: the token of an hour is good for ever.
        seat.credentials = type(seat.credentials)(**{**_fields(seat.credentials), "expires_at": 0})
        await fails(world, made, row.fault, row.retry_after)
        if seconds is None:
            assert seat.standing.status is Status.ACTIVE
            continue
        assert seat.standing.status is row.status
        assert seat.standing.until == (FOR_EVER if seconds == FOR_EVER else int(now) + seconds)
        await world.idle()
        assert world.account_store.stored[made].standing == seat.standing, "survives a restart"
        world.clock.time = now + seconds
    if row.status is Status.ACTIVE:
        assert seat.candidate.health == health == 100, "nobody is to blame"


def _fields(credentials):
    return {name: getattr(credentials, name) for name in type(credentials).__slots__}


async def test_a_refused_bearer_is_renewed_first_and_marks_the_account_only_when_refused_again(world):
    made = await world.account("one")
    await fails(world, made, "credential_rejected")
    assert world.seat(made).standing.status is Status.ACTIVE
    lease = world.leasing.acquire(ask(), "worker-1")
    assert (await world.leasing.fetch(lease.lease_id, lease.bearer.access_token)).access_token == "access-1"
    tries = (attempt(made, "credential_rejected", started_ms=1), attempt(made, "credential_rejected", started_ms=2))
    await world.leasing.settle([outcome(lease.lease_id, *tries, ending=Ending.FAILED)])
    assert (world.seat(made).standing.status, world.seat(made).standing.until) == (Status.NEEDS_LOGIN, FOR_EVER)


async def test_a_model_an_account_lacks_rests_shortly_for_this_account_and_model(world):
    made = await world.account("one")
    await fails(world, made, "model_unknown")
    seat = world.seat(made)
    assert (seat.standing.status, seat.candidate.health) == (Status.ACTIVE, 100)
    assert seat.candidate.resting == {"claude-sonnet-4.5": NOW + 300}
    assert isinstance(world.leasing.acquire(ask("claude-haiku-4.5"), "worker-1"), Lease)
    world.clock.time += 300
    assert isinstance(world.leasing.acquire(ask(), "worker-1"), Lease)


@pytest.mark.parametrize(("error", "status"), [(GrantRejected("dead"), Status.NEEDS_LOGIN), (AccountSuspended("locked"), Status.SUSPENDED)])
async def test_a_dead_grant_or_a_lock_told_by_the_refresh_lasts_until_somebody_acts(world, error, status):
    made = await world.account("one")
    world.provider.failure = error
    with pytest.raises(type(error)):
        await world.refreshing.refresh(world.seat(made))
    await world.idle()
    assert (world.seat(made).standing.status, world.seat(made).standing.until) == (status, FOR_EVER)
    for _ in range(3):
        world.clock.time += 86_400
        await world.care.tend(world.seat(made))
    assert world.seat(made).standing.status is status, "nothing heals it by itself"


async def test_a_throttled_account_is_forgiven_some_time_after_its_rest_and_not_within_it(world):
    made = await world.account("one")
    seat = world.seat(made)
    seat.credentials = type(seat.credentials)(**{**_fields(seat.credentials), "expires_at": 0})
    await fails(world, made, "throttled", 3000)
    for pause, rest in ((3000 + FORGIVEN_AFTER, 20), (20 + FORGIVEN_AFTER + 1, 10)):
        world.clock.time += pause
        await fails(world, made, "throttled")
        assert seat.standing.until == int(world.clock.time) + rest
