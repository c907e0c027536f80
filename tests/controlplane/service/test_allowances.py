"""What is left of accounts at their upstreams."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from benchmarks.scheduling.loop import START, SimulatedClock, simulate
from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Forecast, Status
from controlplane.domain.errors import AccessRejected, AccountSuspended, CallForbidden, GrantRejected, ProviderUnavailable
from controlplane.domain.lease import Reason
from controlplane.jobs import TEND_EVERY, every
from controlplane.policy.cooldown import LATE_RESET
from controlplane.policy.polling import HELD, USUAL, soon
from controlplane.service.allowances import GAP, READ_EVERY, Allowances
from controlplane.service.background import Background
from controlplane.service.learning import Learning
from controlplane.service.ports import StoredAccount
from controlplane.service.refreshing import Refreshing
from controlplane.service.roster import Roster
from controlplane.service.standing import Standings
from tests.controlplane.fakes import HOSTS, NOW, MemoryAccounts, ask, attempt

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


async def test_what_was_used_before_a_reset_is_not_the_rate_after_it(world, seat, allowances):
    world.provider.left = Allowance(5, 50, int(NOW) + 1800)
    for used, reset in ((5, 1800), (5, 1800), (30, MONTH), (31, MONTH), (32, MONTH)):
        world.provider.left = Allowance(used, 50, int(NOW) + reset)
        await allowances.ask(seat)
        world.clock.time += 1200
    assert seat.began_at == int(NOW) + 1800
    assert world.accounts.get(seat.account.id).forecast.per_hour == pytest.approx(3)


async def test_of_who_is_asked_no_more_nothing_is_foretold(world, seat, allowances):
    for used in (5, 10):
        world.provider.left = Allowance(used, 50, int(NOW) + MONTH)
        await allowances.ask(seat)
        world.clock.time += 1200
    assert world.accounts.get(seat.account.id).forecast is not None
    world.clock.time += 3600
    assert world.accounts.get(seat.account.id).forecast is None


async def test_who_was_counted_down_to_nothing_is_shown_as_requests_are_told(world, seat, allowances):
    world.provider.left = Allowance(49.9, 50, int(NOW) + DAY)
    await allowances.ask(seat)
    allowances.spent(seat, 0.25)
    seen = world.accounts.get(seat.account.id)
    assert (seen.status, seen.reason, seen.until) == (Status.EXHAUSTED, "its allowance is spent", int(NOW) + DAY)
    assert world.acquire(ask()).reason is Reason.ACCOUNTS_EXHAUSTED
    world.clock.time += DAY
    assert world.accounts.get(seat.account.id).status is Status.ACTIVE
    await world.accounts.disable(seat.account.id)
    world.clock.time = NOW
    assert world.accounts.get(seat.account.id).status is Status.DISABLED


async def test_a_moment_after_a_reset_nobody_is_told_to_come_back_in_hours(world, seat, allowances):
    world.provider.left = Allowance(50, 50, int(NOW) + 100)
    await allowances.ask(seat)
    world.clock.time += 106
    await allowances.ask(seat)
    said = world.acquire(ask())
    assert (said.reason, said.retry_after) == (Reason.ACCOUNTS_EXHAUSTED, LATE_RESET)
    world.provider.left = Allowance(0, 50, int(NOW) + MONTH)
    await tended(world, allowances, seat, world.clock.time + 130)
    assert seat.standing.status is Status.ACTIVE


class Large:
    """A pool of so many accounts in simulated time, some with little left; when each was asked."""

    def __init__(self, accounts, scarce):
        self.background, self.clock, self.roster = Background(), SimulatedClock(), Roster(HOSTS)
        self.asked = {f"acc_{number:04}": [] for number in range(accounts)}
        self.scarce = set(sorted(self.asked)[:scarce])
        self.silent = set()
        store = MemoryAccounts()
        standings = Standings(store, self.clock, self.background)
        refreshing = Refreshing(store, {"kiro": self}, standings, Learning(store, standings, self.background), self.clock)
        self.allowances = Allowances(self.roster, store, {"kiro": self}, refreshing, standings, self.clock, self.background)
        for name in self.asked:
            self.roster.add(StoredAccount(Account(name, "kiro", name, AuthMethod.SOCIAL), Credentials("refresh", "access")))

    async def allowance(self, account, bearer):
        self.asked[account.id].append(self.clock.now() - START)
        await asyncio.sleep(15 if account.id in self.silent else 0.3)
        if account.id in self.silent:
            raise ProviderUnavailable("no answer")
        return Allowance(980 if account.id in self.scarce else 100, 1000, int(START) + MONTH)

    async def play(self, seconds):
        polling = asyncio.create_task(every(TEND_EVERY, "poll", self.allowances.poll))
        await asyncio.sleep(seconds)
        polling.cancel()
        await self.background.close()

    def gaps(self, names, until):
        """The longest wait of each, the end included."""
        return [max(later - earlier for earlier, later in pairwise([*self.asked[name], until])) for name in names]


@pytest.mark.parametrize(("accounts", "scarce"), [(50, 0), (200, 60), (500, 80), (500, 500)])
def test_whoever_is_in_a_hurry_nobody_waits_much_longer_than_meant(accounts, scarce):
    pool = Large(accounts, scarce)
    simulate(pool.play(4000))
    gap = min(GAP, USUAL / 2 / accounts)
    times = sorted(time for each in pool.asked.values() for time in each)
    assert min(later - earlier for earlier, later in pairwise(times)) > gap - 1e-6, "one after the other"
    assert all(pool.asked.values())
    plenty = set(pool.asked) - pool.scarce
    assert max(pool.gaps(plenty, 4000), default=0) <= 1.3 * USUAL
    # The first round of all, when nobody's allowance is known, takes as long as it takes.
    assert max(pool.gaps(pool.scarce, 4000), default=0) <= 2 * 2 * soon(scarce, gap) + USUAL / 2


def test_a_provider_that_is_silent_for_some_holds_up_no_others():
    pool = Large(100, 0)
    pool.silent = set(sorted(pool.asked)[:40])
    simulate(pool.play(7200))
    assert max(pool.gaps(set(pool.asked) - pool.silent, 7200)) <= 1.3 * USUAL


async def test_an_account_that_was_removed_while_it_stood_in_line_is_not_asked(world, seat):
    await world.account("two")
    world.provider.calls.clear()
    polling = asyncio.create_task(world.allowances.poll())
    await asyncio.sleep(0)
    for made in tuple(world.roster):
        await world.accounts.remove(made.account.id)
    await polling
    await world.idle()
    assert world.provider.calls.count("allowance") <= 1


def test_who_is_most_overdue_is_asked_first():
    pool = Large(20, 0)
    names = sorted(pool.asked)
    for place, name in enumerate(names):
        # The last of the roster was asked longest ago.
        pool.roster.seat(name).measure(Allowance(1, 1000, int(START) + MONTH, checked_at=int(START) - 2000 - 200 * place))
    simulate(pool.play(60))
    assert sorted(names, key=lambda name: pool.asked[name][0]) == names[::-1]
