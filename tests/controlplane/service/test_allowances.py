"""What is left of accounts at their upstreams."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from controlplane.domain.account import Allowance, Forecast, Status
from controlplane.domain.errors import AccessRejected, AccountSuspended, CallForbidden, GrantRejected, ProviderUnavailable
from controlplane.policy.polling import HELD, USUAL
from controlplane.service.allowances import GAP, READ_EVERY, Allowances
from tests.controlplane.fakes import NOW, attempt

DAY = 86_400
MONTH = 30 * DAY


@pytest.fixture
async def seat(world):
    made = world.seat(await world.account("one"))
    made.credentials = replace(made.credentials, expires_at=0)  # good for ever: only allowances are looked at
    world.provider.left = Allowance(10, 50, int(NOW) + MONTH, plan="Pro")
    world.provider.calls.clear()
    return made


@pytest.fixture
def allowances(world):
    return world.allowances


async def tended(world, allowances, seat, until, step=5):
    """Visits until then; at what times the provider was asked."""
    asked = []
    while world.clock.time < until:
        before = world.provider.calls.count("allowance")
        await allowances.tend(seat)
        if world.provider.calls.count("allowance") > before:
            asked.append(world.clock.time)
        world.clock.time += step
    await world.idle()
    return asked


async def test_an_account_is_asked_at_once_and_then_now_and_then(world, seat, allowances):
    asked = await tended(world, allowances, seat, NOW + 4 * 3600)
    assert asked[0] == NOW
    assert len(asked) in range(14, 19)
    assert all(0.9 * USUAL <= later - earlier <= 1.1 * USUAL + 5 for earlier, later in pairwise(asked))
    assert (seat.candidate.plan, seat.candidate.left, seat.candidate.limit, seat.candidate.resets_at) == ("pro", 40, 50, NOW + MONTH)
    assert world.account_store.stored[seat.account.id].allowance == seat.allowance


async def test_what_was_used_since_is_counted_down(world, seat, allowances):
    allowances.spent(seat, 3.0)
    assert (seat.candidate.left, seat.candidate.limit) == (0, 0), "unknown stays unknown"
    await allowances.ask(seat)
    allowances.spent(seat, 3.5)
    assert seat.candidate.left == 36.5
    await allowances.ask(seat)
    assert seat.candidate.left == 40


async def test_with_little_left_it_is_asked_more_often(world, seat, allowances):
    await allowances.tend(seat)
    allowances.spent(seat, 38.0)
    world.clock.time += 120
    asked = await tended(world, allowances, seat, NOW + 180)
    assert asked == [NOW + 120]


async def test_overage_is_shown_and_bounds_nothing(world, seat, allowances):
    world.provider.left = replace(world.provider.left, used=60, overage=True)
    await allowances.tend(seat)
    assert (seat.candidate.limit, seat.candidate.left) == (0, 0)
    seen = world.accounts.get(seat.account.id)
    assert (seen.status, seen.allowance.used, seen.allowance.limit, seen.forecast) == (Status.ACTIVE, 60, 50, None)


async def test_a_spent_account_is_parked_until_its_reset_and_asked_then(world, seat, allowances):
    world.provider.left = Allowance(50, 50, int(NOW) + 7200)
    await allowances.tend(seat)
    assert (seat.standing.status, seat.standing.until) == (Status.EXHAUSTED, int(NOW) + 7200)
    await world.idle()
    assert world.account_store.stored[seat.account.id].standing.status is Status.EXHAUSTED
    await tended(world, allowances, seat, NOW + 7200)
    assert seat.standing.status is Status.EXHAUSTED
    world.provider.left = Allowance(0, 50, int(NOW) + 7200 + MONTH)
    asked = await tended(world, allowances, seat, NOW + 7200 + 70)
    assert len(asked) == 1
    assert (seat.standing.status, seat.candidate.left) == (Status.ACTIVE, 50)


async def test_an_upstream_that_begins_its_period_late_is_watched(world, seat, allowances):
    world.provider.left = Allowance(50, 50, int(NOW) + 600)
    await tended(world, allowances, seat, NOW + 600)
    asked = await tended(world, allowances, seat, NOW + 900)
    assert 2 <= len(asked) <= 6
    assert seat.standing.status is Status.EXHAUSTED
    assert seat.standing.until > world.clock.time


async def test_an_account_that_a_request_found_exhausted_is_asked_for_its_reset(world, seat, allowances):
    await allowances.tend(seat)
    world.clock.time += 100
    world.standings.attempted(seat, attempt(seat.account.id, "quota_exhausted"), renewed=False)
    world.provider.left = replace(world.provider.left, used=50)
    await tended(world, allowances, seat, world.clock.time + 10)
    assert (seat.standing.status, seat.standing.until) == (Status.EXHAUSTED, int(NOW) + MONTH)


async def test_figures_that_say_otherwise_free_no_exhausted_account_before_ten_minutes(world, seat, allowances):
    world.standings.attempted(seat, attempt(seat.account.id, "quota_exhausted"), renewed=False)
    assert seat.standing.status is Status.EXHAUSTED
    asked = await tended(world, allowances, seat, NOW + HELD)
    assert asked == [NOW]
    assert seat.standing.status is Status.EXHAUSTED
    await tended(world, allowances, seat, NOW + HELD + 10)
    assert seat.standing.status is Status.ACTIVE


async def test_what_rested_it_besides_still_does_when_it_returns(world, seat, allowances):
    world.provider.left = Allowance(50, 50, int(NOW) + 900)
    await allowances.tend(seat)
    world.standings.attempted(seat, attempt(seat.account.id, "throttled", retry_after=590), renewed=False)
    world.provider.left = Allowance(0, 50, int(NOW) + MONTH)
    await allowances.ask(seat)
    assert (seat.standing.status, seat.standing.until) == (Status.COOLING, int(NOW) + 590)


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.NEEDS_LOGIN])
async def test_who_only_an_administrator_can_help_is_neither_asked_nor_freed(world, seat, allowances, status):
    world.standings.put(seat, status, "gone")
    assert await tended(world, allowances, seat, NOW + 3600) == []
    world.provider.left = Allowance(50, 50)
    await allowances.ask(seat)
    assert seat.standing.status is status


async def test_who_is_switched_off_or_has_no_token_is_not_asked(world, seat, allowances):
    await world.accounts.disable(seat.account.id)
    assert await tended(world, allowances, seat, NOW + 3600, 60) == []
    await world.accounts.enable(seat.account.id)
    seat.credentials = replace(seat.credentials, expires_at=int(NOW))
    assert await tended(world, allowances, seat, NOW + 7200, 60) == []


async def test_after_failures_the_provider_is_left_alone_for_longer_each_time(world, seat, allowances):
    world.provider.failure, world.provider.for_ever = ProviderUnavailable("503"), True
    asked = await tended(world, allowances, seat, NOW + 3 * 3600)
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses == [60, 120, 240, 480, 960, 1800, 1800, 1800, 1800]
    world.provider.failure = None
    asked = await tended(world, allowances, seat, NOW + 4 * 3600 + 100)
    assert asked[1] - asked[0] < USUAL * 1.1 + 5, "a success forgives"


@pytest.mark.parametrize("error", [AccessRejected("401"), CallForbidden("not in its plan"), ProviderUnavailable("later", 10**9)])
async def test_what_will_not_pass_soon_is_asked_rarely(world, seat, allowances, error):
    world.provider.failure, world.provider.for_ever = error, True
    seat.credentials = replace(seat.credentials, refresh_token="")
    assert await tended(world, allowances, seat, NOW + 1800 - 5) == [NOW]


async def test_a_refused_token_is_renewed_once(world, seat, allowances):
    world.provider.failure = AccessRejected("401")
    assert (await allowances.ask(seat)).limit == 50
    assert world.provider.traded == ["refresh-one"]


@pytest.mark.parametrize("refused_first", [False, True])
async def test_a_suspension_found_on_the_way_is_kept(world, seat, allowances, refused_first):
    answers = [AccessRejected("401")] * refused_first + [AccountSuspended("locked")]

    async def allowance(account, bearer):
        raise answers.pop(0)

    world.provider.allowance = allowance
    await allowances.tend(seat)
    assert (seat.standing.status, seat.standing.reason) == (Status.SUSPENDED, "locked")


async def test_a_dead_grant_found_on_the_way_is_kept(world, seat, allowances):
    async def allowance(account, bearer):
        world.provider.failure = GrantRejected("the refresh token is dead")
        raise AccessRejected("401")

    world.provider.allowance = allowance
    await allowances.tend(seat)
    assert seat.standing.status is Status.NEEDS_LOGIN


async def test_a_database_that_is_away_makes_nobody_ask_again_at_once(world, seat, allowances):
    world.account_store.down = True
    with pytest.raises(OSError, match="away"):
        await allowances.tend(seat)
    assert await tended(world, allowances, seat, NOW + 55) == []
    assert seat.allowance is None
    world.account_store.down = False
    assert await tended(world, allowances, seat, NOW + 70) == [NOW + 60]


async def test_readings_are_kept_now_and_then_and_make_a_forecast(world, seat, allowances):
    for _ in range(24):
        await allowances.ask(seat)
        world.clock.time += 300
        world.provider.left = replace(world.provider.left, used=world.provider.left.used + 0.5)
    kept = world.account_store.kept[seat.account.id]
    assert len(kept) == 12
    assert all(later.at - earlier.at >= READ_EVERY for earlier, later in pairwise(kept))
    seen = world.accounts.get(seat.account.id)
    assert seen.forecast == Forecast(pytest.approx(6), pytest.approx(int(NOW) + 40 / 6 * 3600, abs=60))
    await world.restart()
    assert world.accounts.get(seat.account.id).forecast == seen.forecast
    assert world.seat(seat.account.id).candidate.left == 50 - 21.5


async def test_fifty_accounts_are_asked_one_after_the_other(world):
    """Visits as the job makes them: every five seconds, eight at a time, on a clock that runs by itself."""
    for number in range(50):
        made = world.seat(await world.account(f"a{number}"))
        made.credentials = replace(made.credentials, expires_at=0)
    clock = Running()
    asked: dict[str, list[float]] = {}

    async def allowance(account, bearer):
        asked.setdefault(account.id, []).append(clock.now())
        return Allowance(1, 50, int(NOW) + MONTH)

    world.provider.allowance = allowance
    allowances = Allowances(world.roster, world.account_store, {"kiro": world.provider}, world.refreshing, world.standings, clock)
    while clock.time < NOW + 3600:
        await clock.run([allowances.tend(seat) for seat in world.roster])
        clock.time += 5
    times = sorted(time for each in asked.values() for time in each)
    assert len({int(time) for time in times}) == len(times), "no two in the same second"
    assert all(later - earlier >= GAP for earlier, later in pairwise(times))
    assert all(len(each) in (4, 5) for each in asked.values())
    assert len(asked) == 50


class Running:
    """Many sleep at a time; when all do, the time of the first to wake has come."""

    def __init__(self) -> None:
        self.time = NOW
        self.asleep: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        event = asyncio.Event()
        self.asleep.append((self.time + seconds, event))
        await event.wait()

    async def run(self, visits) -> None:
        work = asyncio.gather(*visits)
        while not work.done():
            for _ in range(5):
                await asyncio.sleep(0)
            if self.asleep and not work.done():
                self.asleep.sort(key=lambda one: one[0])
                self.time, event = self.asleep.pop(0)
                event.set()
        await work
