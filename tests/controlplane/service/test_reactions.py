"""What each error body of Kiro's deserves, as far as the control plane sees it (Kiro rules, 3.1)."""

from dataclasses import dataclass, replace

import pytest

from controlplane.domain.account import Allowance, Status
from controlplane.domain.errors import AccountSuspended, GrantRejected
from controlplane.domain.outcome import Ending
from controlplane.policy import breaker
from controlplane.policy.breaker import FORGIVEN_AFTER
from controlplane.policy.candidates import Wish
from controlplane.policy.cooldown import UNKNOWN_RESET
from controlplane.policy.scheduling import Choice, choose, health_now
from controlplane.service.ports import Standing
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
    Row("429, suspicious activity", "throttled", Status.COOLING, (600, 1200, 1800, 1800), retry_after=600),
    Row("no capacity for the model", "overloaded", Status.ACTIVE, (None,) * 5),
    Row("400, shape, pictures", "bad_request", Status.ACTIVE, (None,) * 5),
    Row("400, overflow", "too_long", Status.ACTIVE, (None,) * 5),
    Row("524, a gateway's timeout", "timeout", Status.COOLING, (None, None, 15, 30, 60, 120, 120)),
    Row("5xx without an explanation", "unavailable", Status.COOLING, (None, None, 15)),
]


SONNET, HAIKU = "claude-sonnet-4.5", "claude-haiku-4.5"


def tried(world, made, model=SONNET):
    """What the next request for the model probes at the account; None: it is not let in."""
    world.seat(made).recover(world.clock.time)
    choice = choose([world.seat(made).candidate], Wish(model), world.clock.time, 0)
    return choice.probes if isinstance(choice, Choice) else None


def fails(world, made, fault, retry_after=None, *, renewed=False):
    """The next request for the account's first model, which is let in and fails."""
    seat, probes = world.seat(made), tried(world, made)
    assert probes is not None
    world.standings.probe(seat, probes, "ls_1")
    world.standings.attempted(seat, attempt(made, fault, retry_after=retry_after), renewed=renewed, lease_id="ls_1")
    world.standings.release(seat, "ls_1")


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
        fails(world, made, row.fault, row.retry_after)
        if seconds is None:
            assert seat.standing.status is Status.ACTIVE
            continue
        assert seat.standing.status is row.status
        assert seat.standing.until == (FOR_EVER if seconds == FOR_EVER else int(now) + seconds)
        await world.idle()
        stored = world.account_store.stored[made].standing
        assert replace(stored, breakers=()) == seat.standing, "survives a restart"
        assert list(stored.breakers) == list(seat.candidate.breakers.values())
        world.clock.time = now + seconds
    if row.status is Status.ACTIVE:
        assert seat.candidate.health == health == 100, "nobody is to blame"


def _fields(credentials):
    return {name: getattr(credentials, name) for name in type(credentials).__slots__}


async def test_a_refused_bearer_is_renewed_first_and_marks_the_account_only_when_refused_again(world):
    made = await world.account("one")
    fails(world, made, "credential_rejected")
    assert world.seat(made).standing.status is Status.ACTIVE
    fails(world, made, "credential_rejected", renewed=True)
    assert (world.seat(made).standing.status, world.seat(made).standing.until) == (Status.NEEDS_LOGIN, FOR_EVER)


async def test_a_model_an_account_lacks_rests_shortly_for_this_account_and_model(world):
    made = await world.account("one")
    fails(world, made, "model_unknown")
    seat = world.seat(made)
    assert (seat.standing.status, seat.candidate.health) == (Status.ACTIVE, 100)
    assert seat.candidate.breakers["model_unknown", SONNET].until == NOW + 300
    assert (tried(world, made), tried(world, made, HAIKU)) == (None, [])
    world.clock.time += 300
    assert len(tried(world, made)) == 1


async def test_breakers_survive_a_restart(world):
    made = await world.account("one")
    fails(world, made, "model_unknown")
    world.standings.attempted(world.seat(made), attempt(made, "throttled", model=HAIKU, retry_after=90), renewed=False)
    await world.idle()
    await world.restart()
    seat = world.seat(made)
    assert (seat.standing.status, seat.standing.until) == (Status.COOLING, int(NOW) + 90)
    assert tried(world, made, HAIKU) is None
    world.clock.time += 90
    (probed,) = tried(world, made, HAIKU)
    world.standings.probe(seat, [probed], "ls_1")
    assert tried(world, made, HAIKU) is None
    await world.restart()
    assert len(tried(world, made, HAIKU)) == 1, "who probes ends with the process"
    assert breaker.state(world.seat(made).candidate.breakers["model_unknown", SONNET], world.clock.time) is breaker.State.OPEN


async def test_what_the_previous_release_stored_is_believed(world):
    made = await world.account("one")
    fails(world, made, "forbidden")
    await world.idle()
    (old,) = world.account_store.stored[made].standing.breakers
    # It sets how an account stands and leaves breakers that it does not know.
    for stored, seen, count in (
        (Standing(Status.ACTIVE, breakers=(old,)), Standing(), 0),
        (
            Standing(Status.COOLING, "the upstream throttles it", int(NOW) + 20, (old,)),
            Standing(Status.COOLING, "the upstream throttles it", int(NOW) + 20),
            1,
        ),
        (Standing(Status.COOLING, "its own words", int(NOW) + 20), Standing(Status.COOLING, "its own words", int(NOW) + 20), 1),
        (Standing(Status.SUSPENDED, "locked", 0, (old,)), Standing(Status.SUSPENDED, "locked"), 1),
        (Standing(Status.COOLING, "newer", 1, (replace(old, cause="newer"),)), Standing(Status.COOLING, "newer", 1), 1),
    ):
        await world.account_store.set_standing(made, stored)
        await world.restart()
        assert world.seat(made).standing == seen
        assert len(world.seat(made).candidate.breakers) == count
        assert all(one.cause != "newer" for one in world.seat(made).candidate.breakers.values())


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
    fails(world, made, "throttled", 300)
    for pause, rest in ((300 + FORGIVEN_AFTER, 20), (20 + FORGIVEN_AFTER + 1, 10)):
        world.clock.time += pause
        fails(world, made, "throttled")
        assert seat.standing.until == int(world.clock.time) + rest


async def carried(world, fault, *, accounts=3, served=False, early=True):
    """A request that meets the fault at so many accounts one after the other; then it is served by another, or ends."""
    lease, attempts = world.acquire(ask()), []
    for number in range(accounts):
        attempts.append(attempt(lease.account_id, fault, started_ms=number))
        if number < accounts - 1 or served:
            tried = tuple(each.account_id for each in attempts)
            told = tuple(attempts) if early else ()
            lease = world.acquire(ask(lease_id=lease.lease_id, excluded_account_ids=tried, failed=told))
    if served:
        attempts.append(attempt(lease.account_id, started_ms=accounts))
    world.settle([outcome(lease.lease_id, *attempts, ending=Ending.SERVED if served else Ending.FAILED)])
    return attempts


def rested(world):
    return {seat.account.label for seat in world.roster if seat.standing.status is not Status.ACTIVE}


@pytest.mark.parametrize("fault", ["forbidden", "unavailable", "corrupt"])
@pytest.mark.parametrize("early", [True, False])
async def test_one_client_s_own_requests_take_no_pool_out(world, fault, early):
    for number in range(6):
        await world.account(f"a{number}")
    for _ in range(9):
        await carried(world, fault, early=early)
    assert rested(world) == set()
    assert {round(health_now(seat.candidate, NOW)) for seat in world.roster} == {100}
    assert {tuple(seat.strikes) for seat in world.roster} == {()}
    await world.idle()
    assert {row.standing.status for row in world.account_store.stored.values()} == {Status.ACTIVE}


async def test_throttles_are_each_account_s_own(world):
    for number in range(6):
        await world.account(f"a{number}")
    tries = await carried(world, "throttled")
    assert rested(world) == {world.seat(each.account_id).account.label for each in tries}


async def test_who_forbids_what_another_account_serves_is_to_blame(world):
    for number in range(4):
        await world.account(f"a{number}")
    tries = await carried(world, "forbidden", accounts=2, served=True)
    assert rested(world) == {world.seat(each.account_id).account.label for each in tries[:2]}


async def test_the_same_account_tried_twice_is_blamed_once_and_not_pardoned(world):
    made = await world.account("one")
    lease = world.acquire(ask())
    tries = [attempt(made, "forbidden", started_ms=number) for number in range(2)]
    world.settle([outcome(lease.lease_id, *tries, ending=Ending.FAILED)])
    assert (world.seat(made).standing.until, world.seat(made).candidate.health) == (int(NOW) + 300, pytest.approx(70))
