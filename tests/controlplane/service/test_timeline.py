"""What is kept of what happened to accounts."""

from dataclasses import replace

import pytest

from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Status
from controlplane.domain.errors import Absent, Invalid, ProviderUnavailable
from controlplane.domain.event import Decided, Kind
from controlplane.domain.outcome import Ending
from controlplane.policy import decisions
from controlplane.policy.candidates import Wish
from controlplane.policy.cooldown import Rest, Scope
from controlplane.policy.scheduling import Mode, choose
from controlplane.service.ports import Standing, StoredAccount
from controlplane.service.roster import Roster
from controlplane.service.timeline import BATCH, FAILING, LOOKED, RECENT, SPELL, TOLD, Timeline
from tests.controlplane.fakes import HOSTS, NOW, SONNET, FakeClock, MemoryAudit, MemoryTimeline
from tests.controlplane.policy.pools import candidate

THROTTLED = Rest(Status.COOLING, "the upstream throttles it", Scope.ACCOUNT, NOW + 60, cause="throttled")


class World:
    """One account and its past."""

    def __init__(self):
        self.clock, self.store, self.audit = FakeClock(), MemoryTimeline(), MemoryAudit()
        self.roster = Roster(HOSTS)
        self.seat = self.add("a")
        self.timeline = Timeline(self.store, self.audit, self.roster, self.clock)
        self.timeline.begin()

    def add(self, name, **given):
        account = Account(name, "kiro", name, AuthMethod.SOCIAL)
        return self.roster.add(StoredAccount(account, Credentials(refresh_token="r", access_token="t"), **given))

    async def told(self):
        """What was written since, in order."""
        before = len(self.store.happenings)
        await self.timeline.tend()
        return [(one.kind, one.status, one.reason, one.until) for one in self.store.happenings[before:]]


@pytest.fixture
def world():
    return World()


def status(name, reason="", until=0):
    return Kind.STATUS, name, reason, until


async def test_how_it_stands_is_kept_when_it_changes(world):
    assert await world.told() == []
    world.seat.rest(THROTTLED, "", NOW)
    assert await world.told() == [status("cooling", THROTTLED.reason, NOW + 60)]
    assert await world.told() == []
    assert [one.at_ms for one in world.store.happenings] == [int(NOW * 1000)]
    world.clock.time += 61  # its rest is over by time alone
    assert await world.told() == [status("active")]
    world.seat.stand(Standing(Status.SUSPENDED, "the provider locked it"))
    assert await world.told() == [status("suspended", "the provider locked it")]
    world.seat.stand(Standing(Status.NEEDS_LOGIN, "sign in again"))
    assert await world.told() == [status("needs-login", "sign in again")]
    world.clock.time += SPELL
    world.seat.stand(Standing())
    assert await world.told() == [status("active")]


async def test_who_is_counted_down_to_nothing_is_exhausted(world):
    world.seat.measure(Allowance(50, 50, resets_at=int(NOW) + 100, checked_at=int(NOW)))
    assert [one[1] for one in await world.told()] == ["exhausted"]


async def test_a_model_that_rests_alone_is_named(world):
    rest = replace(THROTTLED, scope=Scope.MODEL)
    world.seat.rest(rest, SONNET.id, NOW)
    assert await world.told() == [status("cooling", f"{SONNET.id}: {rest.reason}", NOW + 60)]
    assert await world.told() == []
    world.seat.close(next(iter(world.seat.candidate.breakers.values())))
    assert await world.told() == [status("active", f"{SONNET.id}: rests no more")]
    assert await world.told() == []


async def test_one_that_comes_and_goes_is_not_written_every_second(world):
    for second in range(60):
        world.seat.stand(Standing(Status.SUSPENDED, "locked") if second % 2 == 0 else Standing())
        await world.told()
        world.clock.time += 1
    assert len(world.store.happenings) <= 2 * 60 / SPELL + 2
    # Whatever was left out, in the end the last line is true.
    world.seat.stand(Standing(Status.SUSPENDED, "locked"))
    for _ in range(int(SPELL) + 1):
        await world.told()
        world.clock.time += 1
    assert world.store.happenings[-1].status == "suspended"


async def test_what_was_so_at_the_start_is_no_news_but_of_a_new_account_it_is(world):
    world.add("b", standing=Standing(Status.SUSPENDED, "locked"))
    world.timeline.begin()
    assert await world.told() == []
    world.add("c", standing=Standing(Status.SUSPENDED, "locked"))
    world.add("d")
    assert await world.told() == [status("suspended", "locked")]
    world.roster.remove("c")
    assert await world.told() == []


async def test_refreshes(world):
    world.timeline.renewed(world.seat, None)
    world.timeline.renewed(world.seat, ProviderUnavailable("no answer"))
    await world.timeline.tend()
    assert [(one.kind, one.ok, one.reason) for one in world.store.happenings] == [
        (Kind.REFRESH, True, ""),
        (Kind.REFRESH, False, "no answer"),
    ]
    # The same again and again, as in an outage, is told once in a while.
    for _ in range(int(FAILING)):
        world.clock.time += 1
        world.timeline.renewed(world.seat, ProviderUnavailable("no answer"))
        await world.timeline.tend()
    assert len(world.store.happenings) == 3


async def test_callers_own_accounts_have_no_timeline(world):
    stranger = Roster(HOSTS).add(StoredAccount(Account("own", "kiro", "own", AuthMethod.SOCIAL), Credentials()))
    world.timeline.renewed(stranger, None)
    assert await world.told() == []


async def test_while_the_database_is_away_all_waits_in_order(world, caplog):
    world.store.away = True
    for number in range(BATCH + 1):
        world.timeline.renewed(world.seat, ProviderUnavailable(str(number)))
        if number % 100 == 0:
            await world.timeline.tend()
    assert not world.store.happenings
    assert caplog.text.count("could not be written") == 1
    world.store.away = False
    await world.timeline.tend()
    assert [one.reason for one in world.store.happenings] == [str(number) for number in range(BATCH + 1)]


async def test_there_is_nothing_of_an_account_that_is_none(world):
    for reading in (world.timeline.page("x", 10, None), world.timeline.decisions("x")):
        with pytest.raises(Absent):
            await reading


@pytest.mark.parametrize("cursor", ["", "x", "1.1", "1.1.", "1.1.1.1", "-1.1.1", "\u0661.1.1", "9" * 18 + ".0.1"])
async def test_cursors_that_are_none(world, cursor):
    with pytest.raises(Invalid):
        await world.timeline.page("a", 10, cursor)


def request(number, *names, at=NOW):
    pool = [candidate(name, offers={"m"}) for name in names]
    wish = Wish("m")
    step = decisions.chose(pool, wish, NOW, 0, Mode.SMART, 1, choose(pool, wish, NOW, 0, Mode.SMART))
    return Decided(f"req_{number}", int(at * 1000), "m", Ending.SERVED, decisions.encode([step]))


async def test_decisions_are_of_the_newest_requests_that_had_the_account_in_mind(world):
    world.store.requests = [request(number, "a" if number % 2 else "b", "c") for number in range(LOOKED + 50)]
    found = await world.timeline.decisions("a")
    assert [one.request_id for one, _ in found] == [f"req_{number}" for number in range(1, 2 * TOLD, 2)]
    world.store.requests = [request(number, "b") for number in range(LOOKED)] + [request("late", "a")]
    assert await world.timeline.decisions("a") == []
    world.store.requests = [request(1, "a", at=NOW - RECENT - 1), request(2, "a", at=NOW - RECENT)]
    assert [one.request_id for one, _ in await world.timeline.decisions("a")] == ["req_2"]
