import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from controlplane.adapters.db.records import DatabaseRecords
from controlplane.adapters.db.retention import DatabaseRetention
from controlplane.adapters.db.rollups import Rollups
from controlplane.domain.account import Counters
from controlplane.domain.limits import Amounts, Spent
from controlplane.domain.outcome import LEASE_EXPIRED, Compression, Ending, Entry, Source, Usage
from controlplane.domain.rollup import Axis, Bucket, Grain, UsageQuery
from controlplane.service.ports import Adopted
from tests.controlplane.fakes import outcome

USED = Usage(input=10, cache_read=5, cache_write=1, output=7, credits=0.25)


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOON = at("2027-01-15 12:30:00")


@pytest.fixture
def records(engine):
    return DatabaseRecords(engine)


@pytest.fixture
def rollups(engine):
    return Rollups(engine)


def entry(number, booked_at=NOON, key="key_1", account="acc_1", model="sonnet", counted=True, cost=0.5, cause="", **given):
    made = outcome(
        f"ls_{number}", **{"request_id": f"req_{number}", "received_at_ms": booked_at * 1000 - 1200, "usage": replace(USED), **given}
    )
    return Entry(made, key, model, account, "kiro", model, booked_at, counted, cost, cause=cause)


async def written_before(engine, *entries):
    """Rows as the previous release writes them."""
    await DatabaseRecords(engine).insert(entries, [])
    ids = ", ".join(f"'{made.outcome.lease_id}'" for made in entries)
    async with engine.begin() as connection:
        await connection.execute(
            text(f"UPDATE requests SET booked_at = NULL, counted = true, cost = 0, credits_source = 0 WHERE lease_id IN ({ids})")
        )
        await connection.execute(text("DELETE FROM rollups"))


async def stored(engine):
    """The rollups, by period, start and the rest of their place."""
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM rollups"))).all()
    return {tuple(row[:6]): tuple(row[6:]) for row in rows if any(row[6:])}


async def summed(engine):
    """The rollups as the rows say they must be."""
    found = {}
    async with engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM requests WHERE booked_at IS NOT NULL"))).mappings().all()
    for row in rows:
        for period, seconds in (("hour", 3600), ("day", 86400)):
            place = (period, row["booked_at"] // seconds * seconds, row["key_id"], row["account_id"], row["kind"], row["model"])
            served, failed = row["ending"] == "served", row["ending"] in ("failed", "cut")
            amounts = [row[name] for name in ("input", "cache_read", "cache_write", "output")]
            requests = (0, 0, 0, 0) if row["cause"] else (1, served, failed, row["counted"])
            shortening = (row["saved_tokens"], sum(amounts) if row["cause"] else 0)
            figures = (*requests, *amounts, round(row["credits"] * 1_000_000), row["cost"], *shortening)
            found[place] = tuple(one + other for one, other in zip(found.get(place, (0,) * 12), figures, strict=True))
    return found


async def test_records_are_summed_up_by_hour_and_day(records, engine):
    first, later, other, failed = entry(1), entry(2, NOON + 3600), entry(3, account=""), entry(4, ending=Ending.FAILED, counted=False)
    await records.insert([first, later, other, failed], [])
    day, hour = at("2027-01-15 00:00:00"), at("2027-01-15 12:00:00")
    assert await stored(engine) == {
        ("hour", hour, "key_1", "acc_1", "kiro", "sonnet"): (2, 1, 1, 1, 20, 10, 2, 14, 500_000, 1.0, 0, 0),
        ("hour", hour + 3600, "key_1", "acc_1", "kiro", "sonnet"): (1, 1, 0, 1, 10, 5, 1, 7, 250_000, 0.5, 0, 0),
        ("hour", hour, "key_1", "", "kiro", "sonnet"): (1, 1, 0, 1, 10, 5, 1, 7, 250_000, 0.5, 0, 0),
        ("day", day, "key_1", "acc_1", "kiro", "sonnet"): (3, 2, 1, 2, 30, 15, 3, 21, 750_000, 1.5, 0, 0),
        ("day", day, "key_1", "", "kiro", "sonnet"): (1, 1, 0, 1, 10, 5, 1, 7, 250_000, 0.5, 0, 0),
    }


async def test_a_summary_is_paid_for_and_is_no_request(records, rollups):
    shortened = entry(1, compression=Compression("model", 120, 80_000, 3000))
    summary = entry(2, cause="req_1", counted=False, usage=Usage(input=2500, cache_read=300, output=200, credits=0.5))
    failed = entry(3, cause="req_1", counted=False, ending=Ending.FAILED, usage=Usage())
    in_vain = entry(4, compression=Compression("late", spent_tokens=700))
    await records.insert([shortened, summary], [failed, in_vain])
    (day,) = await rollups.usage(UsageQuery(Grain.DAY, at("2027-01-15 00:00:00"), NOON + 1), 10)
    assert (day.requests, day.success, day.failed, day.counted) == (2, 2, 0, 2)
    assert (day.input, day.cache_read, day.output, day.credits) == (2520, 310, 214, 1_000_000)
    assert (day.saved_tokens, day.summary_tokens) == (80_000, 3000)
    totals = (await records.totals()).keys["key_1"]
    assert totals == Counters(2, 2, 0, 1.0, 2832, 214, 2.0, 80_000, 3000)
    spent = (await rollups.spent(NOON))["key_1"].total
    assert (spent.requests, spent.tokens) == (2, 3046)


async def test_a_summary_that_nobody_reported_takes_no_request_back(records):
    ruled = entry(2, ending=Ending.FAILED, error=LEASE_EXPIRED, usage=Usage(), counted=False, cause="req_1")
    await records.insert([entry(1), ruled], [])
    written = await records.insert([], [entry(2, cause="req_1", counted=False)])
    assert (written.inserted, list(written.replaced)) == ({"ls_2"}, [])
    assert (await records.totals()).keys["key_1"].total_requests == 1


async def test_the_truth_takes_the_place_of_a_rule_in_the_sums_too(records, engine):
    ruled = entry(1, NOON - 7200, ending=Ending.FAILED, error=LEASE_EXPIRED, usage=Usage(), counted=False, cost=0.0)
    await records.insert([ruled], [])
    await records.insert([], [entry(1), entry(1)])
    assert await stored(engine) == await summed(engine)
    assert (await records.totals()).keys["key_1"].failed_requests == 0


async def test_a_rule_of_the_previous_release_leaves_no_hole(records, engine):
    await written_before(engine, entry(1, ending=Ending.FAILED, error=LEASE_EXPIRED, usage=Usage()))
    await records.insert([], [entry(1)])
    assert await records.adopt(10) == Adopted()
    assert await stored(engine) == await summed(engine)


async def test_what_the_previous_release_wrote_is_taken_in_once(records, engine):
    given_back = entry(2, ending=Ending.CANCELLED, usage=Usage())
    charged = entry(3, ending=Ending.FAILED, usage=Usage(input=4, input_source=Source.UPSTREAM))
    await written_before(engine, entry(1), given_back, charged, entry(4, key="key_2", account=""))
    before = await records.totals()
    assert before.keys == {}
    parts = [await records.adopt(3) for _ in range(3)]
    assert [part.count for part in parts] == [3, 1, 0]
    assert await stored(engine) == await summed(engine)
    after = await records.totals()
    assert after.accounts.keys() == {"acc_1"}
    assert parts[0].totals.keys["key_1"] == after.keys["key_1"]
    assert parts[0].totals.accounts == after.accounts
    assert parts[1].totals == replace(parts[1].totals, keys={"key_2": after.keys["key_2"]}, accounts={})
    found = [await records.find(f"req_{number}") for number in (1, 2, 3)]
    assert [made.booked_at for made in found] == [NOON] * 3
    assert [made.counted for made in found] == [True, False, True]
    assert [made.outcome.usage.credits_source for made in found] == [Source.UPSTREAM, Source.UNKNOWN, Source.UNKNOWN]


async def test_two_who_take_in_at_once_count_once(records, engine):
    await written_before(engine, *(entry(number, NOON + number * 60) for number in range(120)))

    async def all_of_them():
        count = 0
        while taken := (await records.adopt(7)).count:
            count += taken
        return count, (await records.totals()).keys["key_1"].total_requests

    counts = await asyncio.gather(all_of_them(), all_of_them())
    assert sum(count for count, _ in counts) == 120
    # Whoever finds nothing left sees all of them: start-up relies on it.
    assert [total for _, total in counts] == [120, 120]
    assert await stored(engine) == await summed(engine)


@pytest.mark.parametrize("seed", range(2))
async def test_the_sums_are_those_of_the_rows_whatever_happens(records, engine, seed):
    chance = random.Random(seed)
    names = [f"{number}" for number in range(25)]

    def some():
        made = []
        for name in chance.choices(names, k=chance.randint(0, 6)):
            ruled = chance.random() < 0.4
            given = (
                {"error": LEASE_EXPIRED, "ending": Ending.FAILED, "usage": Usage()} if ruled else {"ending": chance.choice(list(Ending))}
            )
            booked = NOON + chance.randrange(5) * 40_000
            account = chance.choice(["acc_1", "acc_2", ""])
            given |= {"cause": chance.choice(["", "", "req_9"]), "compression": chance.choice([None, Compression("store", 40, 9000, 0)])}
            made.append(entry(name, booked, chance.choice(["key_1", "key_2"]), account, cost=0.5, counted=chance.random() < 0.8, **given))
        return made

    for _ in range(25):
        await records.insert(some(), some())
    assert await stored(engine) == await summed(engine)


async def test_sums_outlive_their_records(records, engine, rollups):
    await records.insert([entry(1)], [])
    before = await stored(engine)
    assert await DatabaseRetention(engine).drop_records(NOON * 1000, 10) == 1
    assert await records.find("req_1") is None
    assert await stored(engine) == before
    assert (await rollups.spent(NOON))["key_1"].total.requests == 1
    totals = (await records.totals()).keys["key_1"]
    assert (totals.total_requests, totals.total_cost) == (1, 0.5)


async def test_what_keys_have_spent(records, rollups):
    assert await rollups.spent(NOON) == {}
    await records.insert(
        [
            entry(1),
            entry(2, at("2027-01-15 00:00:00")),
            entry(3, at("2027-01-14 23:59:59"), account=""),
            entry(4, at("2026-12-31 23:59:59")),
            entry(5, ending=Ending.FAILED, counted=False, usage=Usage()),
            entry(6, at("2026-06-01 00:00:00"), key="key_2"),
        ],
        [],
    )
    one = Amounts(1, 23, 250_000)
    spent = await rollups.spent(NOON + 0.5)
    assert spent == {
        "key_1": Spent(NOON + 0.5, Amounts(2, 46, 500_000), Amounts(3, 69, 750_000), Amounts(4, 92, 1_000_000)),
        "key_2": Spent(NOON + 0.5, Amounts(), Amounts(), one),
    }
    december = (await rollups.spent(at("2026-12-31 23:00:00")))["key_1"]
    assert (december.day, december.month) == (one, one)


async def test_usage_over_time(records, rollups):
    await records.insert([entry(1), entry(2, NOON + 3600, model="opus"), entry(3, key="key_2", account=""), entry(4, NOON + 86400)], [])
    hour, day = at("2027-01-15 12:00:00"), at("2027-01-15 00:00:00")
    figures = (1, 1, 0, 1, 10, 5, 1, 7, 250_000, 0.5)
    twice = (2, 2, 0, 2, 20, 10, 2, 14, 500_000, 1.0)

    async def asked(grain, start, end, **given):
        return list(await rollups.usage(UsageQuery(grain, start, end, **given), 100))

    assert await asked(Grain.HOUR, hour, hour + 7200) == [Bucket(hour, "", *twice), Bucket(hour + 3600, "", *figures)]
    assert await asked(Grain.HOUR, hour, hour + 3600, by=Axis.KEY) == [Bucket(hour, "key_1", *figures), Bucket(hour, "key_2", *figures)]
    assert await asked(Grain.HOUR, hour, hour + 3600, by=Axis.ACCOUNT, key_id="key_2") == [Bucket(hour, "", *figures)]
    models = await asked(Grain.DAY, day, day + 86400, by=Axis.MODEL)
    assert models == [Bucket(day, "opus", *figures), Bucket(day, "sonnet", *twice)]
    assert await asked(Grain.DAY, day, day + 86401, account_id="acc_1", model="sonnet") == [
        Bucket(day, "", *figures),
        Bucket(day + 86400, "", *figures),
    ]
    assert await asked(Grain.DAY, 0, day) == []
    assert len(await rollups.usage(UsageQuery(Grain.DAY, day, day + 86401, Axis.MODEL), 2)) == 2


async def test_rows_and_sums_change_together_or_not_at_all(records, engine):
    ruled = entry(1, ending=Ending.FAILED, error=LEASE_EXPIRED, usage=Usage())
    await records.insert([ruled], [])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE requests SET booked_at = NULL"))
        await connection.execute(text("ALTER TABLE rollups RENAME TO elsewhere"))
    for attempt in (records.adopt(10), records.insert([], [entry(1)]), records.insert([entry(2)], [])):
        with pytest.raises(DBAPIError):
            await attempt
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO rollups"))
        rows = (await connection.execute(text("SELECT lease_id, error, booked_at FROM requests"))).all()
    assert rows == [("ls_1", LEASE_EXPIRED, None)]
