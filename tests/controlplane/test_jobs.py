"""The jobs as they run by the clock, in simulated time: whom a silent provider holds up, and whom not."""

import asyncio
from itertools import pairwise
from types import SimpleNamespace

import pytest

from benchmarks.scheduling.loop import START, SimulatedClock, simulate
from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Tokens
from controlplane.domain.errors import LedgerAway, ProviderUnavailable
from controlplane.jobs import TEND_EVERY, every, loops
from controlplane.policy import refresh
from controlplane.service.ports import StoredAccount
from controlplane.service.roster import Roster
from controlplane.service.rounds import AT_A_TIME, MOST_SILENT, Rounds
from tests.controlplane import fakes
from tests.controlplane.fakes import HOSTS, SONNET, World

TIME_LIMIT = 15.0
HOUR = 3600.0


class Provider(fakes.FakeProvider):
    """One of whose endpoints those in `silent` say nothing until the caller gives up, as long as `until`."""

    def __init__(self):
        super().__init__()
        self.silent, self.until = set(), 0.0
        self.renewed = {}

    async def _pass(self, call):
        now = asyncio.get_running_loop().time()
        if call in self.silent and now < self.until:
            await asyncio.sleep(TIME_LIMIT)
            raise ProviderUnavailable("no answer")
        await asyncio.sleep(0.3)

    async def refresh(self, account, credentials):
        await self._pass("refresh")
        self.renewed.setdefault(account.id, []).append(asyncio.get_running_loop().time())
        return Tokens(f"access-{account.id}", 3600, "")

    async def models(self, account, bearer):
        await self._pass("models")
        return [SONNET]

    async def allowance(self, account, bearer):
        await self._pass("allowance")
        return Allowance(10, 1000, int(START) + 30 * 86_400)


@pytest.fixture
def simulated(monkeypatch):
    monkeypatch.setattr(fakes, "FakeClock", SimulatedClock)
    monkeypatch.setattr(fakes, "FakeProvider", Provider)


async def hour(accounts, silent, until):
    """An hour of a pool whose tokens all fall due within it; the longest time between two visits of anybody's
    breakers, and when each account's token was renewed.
    """
    world = World()
    for number in range(accounts):
        account = Account(f"acc_{number:03}", "kiro", f"a{number}", AuthMethod.SOCIAL)
        credentials = Credentials("refresh", "access", expires_at=int(START) + 3000)
        world.account_store.stored[account.id] = StoredAccount(account, credentials)
    await world.parts.load()
    world.provider.silent, world.provider.until = silent, until
    visits, tend = {}, world.standings.tend

    def noted(seat):
        visits.setdefault(seat.account.id, [0.0]).append(asyncio.get_running_loop().time())
        tend(seat)

    world.standings.tend = noted
    running = [asyncio.create_task(loop) for _, loop in loops(world.parts, SimpleNamespace(prune=lambda: asyncio.sleep(0)))]
    await asyncio.sleep(HOUR)
    for job in running:
        job.cancel()
    await world.close()
    longest = max(later - earlier for times in visits.values() for earlier, later in pairwise(times))
    return longest, world.provider.renewed


@pytest.mark.parametrize("silent", [{"models", "allowance"}, {"refresh", "models", "allowance"}])
def test_a_silent_provider_keeps_neither_breakers_nor_tokens_waiting(simulated, silent):
    longest, renewed = simulate(hour(100, silent, until=2700 if "refresh" in silent else HOUR))
    assert longest <= TEND_EVERY + 0.1
    assert len(renewed) == 100
    if "refresh" not in silent:
        assert max(times[0] for times in renewed.values()) <= 3000 - refresh.AHEAD + 2 * TEND_EVERY
    else:
        assert max(times[0] for times in renewed.values()) <= 2700 + TIME_LIMIT + refresh.BACKOFF + 4 * TEND_EVERY


class Visits:
    """Accounts in a roster, and what comes of a visit to each."""

    def __init__(self, count):
        self.roster, self.said, self.visited = Roster(HOSTS), {}, []
        for number in range(count):
            account = Account(f"acc_{number:02}", "kiro", f"a{number}", AuthMethod.SOCIAL)
            self.roster.add(StoredAccount(account, Credentials("refresh")))
        self.rounds = Rounds(self.roster, self.visit)

    async def visit(self, seat):
        self.visited.append(seat.account.id)
        await asyncio.sleep(0)
        said = self.said.get(seat.account.id, True)
        if isinstance(said, Exception):
            raise said
        return said

    @property
    def names(self):
        return [seat.account.id for seat in self.roster]


async def test_a_round_visits_everybody_once():
    visits = Visits(30)
    await visits.rounds.go()
    assert sorted(visits.visited) == visits.names


async def test_a_round_in_which_nobody_answers_is_cut_short_and_continued():
    visits = Visits(40)
    visits.said = dict.fromkeys(visits.names, False)
    for most in (1, 2, 3, 4):
        await visits.rounds.go()
        assert len(visits.visited) <= most * (MOST_SILENT + AT_A_TIME)
    assert set(visits.visited) == set(visits.names), "each has its turn"


async def test_single_silences_cut_nothing_short():
    visits = Visits(40)
    visits.said = {name: place % 4 == 0 for place, name in enumerate(visits.names)}
    await visits.rounds.go()
    assert len(visits.visited) == 40


async def test_who_was_not_asked_says_nothing_about_the_provider():
    visits = Visits(60)
    visits.said = {name: None if place % 2 else False for place, name in enumerate(visits.names)}
    await visits.rounds.go()
    assert len(visits.visited) < 60


async def test_what_befalls_one_account_befalls_no_other(caplog):
    visits = Visits(10)
    visits.said["acc_03"] = OSError("the database is away")
    await visits.rounds.go()
    assert sorted(visits.visited) == visits.names
    assert "acc_03" in caplog.text


async def test_an_account_that_is_removed_meanwhile_is_not_visited():
    visits = Visits(AT_A_TIME + 1)
    visit = visits.rounds._visit

    async def removing(seat):
        if "acc_08" in visits.names:
            visits.roster.remove("acc_08")
        return await visit(seat)

    visits.rounds._visit = removing
    await visits.rounds.go()
    assert "acc_08" not in visits.visited


def test_a_job_that_fails_is_done_again(caplog):
    failures = [LedgerAway("away"), OSError("away")]
    times = []

    async def work():
        times.append(asyncio.get_running_loop().time())
        if failures:
            raise failures.pop()

    async def run():
        job = asyncio.create_task(every(5.0, "work", work))
        await asyncio.sleep(12)
        job.cancel()

    simulate(run())
    assert times == [0, 5, 10]
    assert caplog.text.count("job failed name=work") == 2
