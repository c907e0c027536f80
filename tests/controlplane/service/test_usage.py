"""What keys are told of their limits, over a ledger of books made up."""

import asyncio
import json

import pytest

from controlplane.domain.errors import LedgerAway
from controlplane.domain.key import KeyDraft
from controlplane.domain.limits import MILLION, Amounts, Budget, Caps, Leaf, Limits, Period, Unit
from controlplane.domain.outcome import Entry
from controlplane.rest.schemas import Counts
from controlplane.service.usage import KeyUsage
from tests.controlplane.fakes import NOW, outcome

DAY = NOW - NOW % 86400 + 86400


class BookedLedger:
    """The part of the Ledger that reads. `slow`: answers after a moment, as a remote one does."""

    def __init__(self, slow):
        self.slow = slow
        self.asked = []

    def read(self, payers, now):
        self.asked.append([payer.id for payer in payers])
        found = [self.budget(payer.limits) for payer in payers]
        return self.later(found) if self.slow else found

    async def later(self, found):
        await asyncio.sleep(0)
        return found

    def budget(self, limits):
        leaves = []
        for unit in Unit:
            for period in Period:
                cap = getattr(getattr(limits, unit), period)
                used, reserved = (1_500_000, 250_000) if unit is Unit.CREDITS else (15, 2)
                if cap is None and period is Period.MINUTE:
                    continue
                left = None if cap is None else cap - used - reserved
                leaves.append((unit, period, Leaf(used, reserved, 1, cap, left, 0 if period is Period.TOTAL else DAY - 0.5)))
        return Budget(leaves, Leaf(3, 0, 0, limits.concurrency, None, 0), Amounts(0, 7, 500_000))


@pytest.fixture(params=[False, True], ids=["at once", "later"])
def ledger(request):
    return BookedLedger(request.param)


@pytest.fixture
def usage(world, ledger):
    return KeyUsage(world.keys, ledger, world.records, world.clock)


async def test_limits_usage_and_sums_of_a_key(world, usage):
    limits = Limits(Caps(minute=60), credits=Caps(total=10 * MILLION), concurrency=5)
    key, _ = await world.keys.create(KeyDraft("team", limits=limits))
    found = await usage.of(key.id)
    assert found == json.loads(json.dumps(found))
    assert found["limits"] == {"requests": {"minute": 60}, "credits": {"total": 10.0}, "concurrency": 5}
    spent = {"used": 15, "reserved": 2, "standby": 1, "limit": None, "left": None}
    told = found["usage"]
    assert told["requests"]["minute"] == {**spent, "limit": 60, "left": 43, "resetsAt": "2027-01-16T00:00:00Z"}
    assert told["requests"]["total"] == {**spent, "resetsAt": None}
    assert told["tokens"]["minute"] is None
    assert told["tokens"]["day"] == {**spent, "resetsAt": "2027-01-16T00:00:00Z"}
    assert told["credits"]["total"] == {"used": 1.5, "reserved": 0.25, "standby": 1e-06, "limit": 10.0, "left": 8.25, "resetsAt": None}
    assert told["concurrency"] == {"used": 3, "reserved": 0, "standby": 0, "limit": 5, "left": None, "resetsAt": None}
    assert told["overrun"] == {"requests": 0, "tokens": 7, "credits": 0.5}
    assert found["stats"]["totalRequests"] == 0


@pytest.mark.parametrize("key_id", ["proxy", "own_1", "gone"])
async def test_who_has_no_limits_is_told_what_was_used(usage, key_id):
    found = await usage.of(key_id)
    assert found["limits"] == {}
    for unit in Unit:
        assert found["usage"][unit]["minute"] is None
        for period in (Period.DAY, Period.MONTH, Period.TOTAL):
            leaf = found["usage"][unit][period]
            assert leaf["used"] > 0
            assert leaf["limit"] is leaf["left"] is None
    assert found["usage"]["concurrency"]["limit"] is None


async def test_sums_are_those_of_the_records(world, usage):
    world.records.record([Entry(outcome("ls_1.proxy"), "proxy", "sonnet", cost=0.5)])
    assert (await usage.of("proxy"))["stats"] == {
        "totalRequests": 1,
        "successRequests": 1,
        "failedRequests": 0,
        "totalCredits": 0.25,
        "totalCost": 0.5,
        "inputTokens": 16,
        "outputTokens": 7,
        "savedTokens": 0,
        "summaryTokens": 0,
    }


async def test_sums_of_money_are_told_without_the_errors_of_binary_fractions(world, usage):
    for lease_id, cost in (("ls_1.proxy", 0.1), ("ls_2.proxy", 0.2)):
        world.records.record([Entry(outcome(lease_id), "proxy", "sonnet", cost=cost)])
    assert world.records.key_counters("proxy").total_cost != 0.3
    assert (await usage.of("proxy"))["stats"]["totalCost"] == 0.3
    assert Counts.of(world.records.total()).total_cost == 0.3


@pytest.mark.parametrize("late", [False, True])
async def test_limits_and_sums_are_told_while_the_ledger_is_away(world, usage, ledger, monkeypatch, late):
    def away(_payers, _now):
        raise LedgerAway("Redis does not answer")

    async def away_later(payers, now):
        away(payers, now)

    monkeypatch.setattr(ledger, "read", away_later if late else away)
    key, _ = await world.keys.create(KeyDraft("team", limits=Limits(concurrency=5)))
    found = await usage.of(key.id)
    assert (found["limits"], found["usage"], found["stats"]["totalRequests"]) == ({"concurrency": 5}, None, 0)


async def test_many_keys_are_one_question(world, usage, ledger):
    keys = [(await world.keys.create(KeyDraft(name, limits=Limits(concurrency=place + 1))))[0] for place, name in enumerate("abc")]
    found = await usage.all([key.id for key in keys])
    assert [one["limits"]["concurrency"] for one in found] == [1, 2, 3]
    assert ledger.asked == [[key.id for key in keys]]
    assert await usage.all(()) == ()
    assert len(ledger.asked) == 1
