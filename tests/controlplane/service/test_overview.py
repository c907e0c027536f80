import pytest

from controlplane.domain.account import Allowance, Status
from controlplane.domain.errors import LedgerAway
from controlplane.domain.hour import HOUR, HourCount
from controlplane.domain.key import KeyDraft
from controlplane.domain.limits import Caps, Limits, Period, Unit
from controlplane.domain.outcome import Ending, Entry
from controlplane.service.overview import Overview
from tests.controlplane.fakes import NOW, outcome

START = int(NOW) - int(NOW) % HOUR


async def test_an_installation_without_anything(world):
    found = await world.overview.read(24)
    assert (found.at, found.statuses, found.accounts, found.keys, found.enabled_keys) == (NOW, {}, [], 0, 0)
    assert (found.next_return, found.runs_out, found.spending, found.requests) == (None, None, (), False)
    assert [hour.start for hour in found.hours] == [START - (23 - number) * HOUR for number in range(24)]


async def test_what_it_is_made_of(world):
    world.record_store.counts = [HourCount(START, Ending.SERVED, 20, 2), HourCount(START - HOUR, Ending.SERVED, 0, 0, 50, 0.25)]
    account = await world.account("mine")
    limited, _ = await world.keys.create(KeyDraft("limited", limits=Limits(tokens=Caps(day=100))))
    await world.keys.create(KeyDraft("off", enabled=False))
    await world.records.record([Entry(outcome("ls_1"), limited.id, "m", account, "kiro", "m")])
    found = await world.overview.read(2)
    assert world.record_store.asked == [(START - HOUR, START + HOUR)]
    assert [(hour.served, hour.tokens) for hour in found.hours] == [(0, 50), (2, 0)]
    assert found.statuses == {Status.ACTIVE: 1}
    assert (found.keys, found.enabled_keys, found.requests) == (2, 1, True)
    assert [(one.key_id, one.unit, one.period, one.leaf.limit) for one in found.spending] == [(limited.id, Unit.TOKENS, Period.DAY, 100)]


async def test_the_ledger_is_asked_once_and_may_be_away(world):
    class Away:
        def __init__(self):
            self.asked = []

        def read(self, payers, now):
            self.asked.append([payer.id for payer in payers])
            raise LedgerAway("it does not answer")

    ledger = Away()
    made = Overview(world.accounts, world.keys, world.records, ledger, world.clock)
    keys = [(await world.keys.create(KeyDraft(name)))[0].id for name in ("a", "b")]
    found = await made.read(1)
    assert ledger.asked == [keys]
    assert (found.spending, found.keys) == ((), 2)


async def test_names_of_what_is_there_and_of_what_is_gone(world):
    account = await world.account("mine")
    key, _ = await world.keys.create(KeyDraft("team"))
    assert (world.names.key(key.id), world.names.key("proxy"), world.names.key("console")) == ("team", "proxy", "console")
    assert world.names.account(account) == "mine"
    await world.keys.remove(key.id)
    await world.accounts.remove(account)
    assert [world.names.key(key.id), world.names.account(account), world.names.account("")] == [None, None, None]


@pytest.mark.parametrize("limit", [0, 1000])
async def test_who_returns_first(world, limit):
    account = await world.account("mine")
    seat = world.roster.seat(account)
    seat.measure(Allowance(5, limit, resets_at=int(NOW) + 900, checked_at=int(NOW)))
    assert (await world.overview.read(1)).next_return is None
    world.standings.put(seat, Status.EXHAUSTED, "spent", int(NOW) + 900)
    found = (await world.overview.read(1)).next_return
    assert (found.account.id, found.until) == (account, int(NOW) + 900)
