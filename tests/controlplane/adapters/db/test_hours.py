from dataclasses import replace

import pytest
from sqlalchemy import text

from controlplane.adapters.db.records import DatabaseRecords
from controlplane.domain.hour import HOUR
from controlplane.domain.outcome import LEASE_EXPIRED, Ending, Entry, Usage
from controlplane.policy.percentiles import bucket
from tests.controlplane.fakes import NOW, outcome

NOON = int(NOW) - int(NOW) % HOUR


@pytest.fixture
def records(engine):
    return DatabaseRecords(engine)


def entry(number, booked_at=NOON, key="key_1", cause="", first_event_ms=800, **given):
    made = outcome(f"ls_{number}", request_id=f"req_{number}", first_event_ms=first_event_ms, **given)
    made.usage = Usage(input=10, cache_read=5, cache_write=1, output=7, credits=0.25)
    return Entry(made, key, "sonnet", "acc_1", "kiro", "sonnet", booked_at, cost=0.5, cause=cause)


async def counted(records, start=NOON, end=NOON + HOUR):
    """By start, ending and bucket, but for what came to nothing."""
    found = await records.hours(start, end)
    return {(one.start, one.ending, one.bucket): one.count for one in found if one.count}


async def test_requests_are_counted_by_hour_outcome_and_wait(records):
    await records.insert([entry(1), entry(2), entry(3, first_event_ms=9000), entry(4, ending=Ending.FAILED, first_event_ms=None)], [])
    await records.insert([entry(5, key="key_2"), entry(6, booked_at=NOON + HOUR - 1), entry(7, booked_at=NOON + HOUR)], [])
    assert await counted(records) == {
        (NOON, Ending.SERVED, bucket(800)): 4,
        (NOON, Ending.SERVED, bucket(9000)): 1,
        (NOON, Ending.FAILED, 0): 1,
    }
    assert await counted(records, NOON + HOUR, NOON + 2 * HOUR) == {(NOON + HOUR, Ending.SERVED, bucket(800)): 1}


async def used(records, start=NOON, end=NOON + 2 * HOUR):
    """Tokens and cost by start."""
    found = {}
    for one in await records.hours(start, end):
        tokens, cost = found.get(one.start, (0, 0.0))
        found[one.start] = tokens + one.tokens, cost + one.cost
    return found


async def test_what_was_used_is_told_with_the_gateway_s_own(records):
    await records.insert([entry(1), entry(2, key="key_2"), entry(3, cause="req_1"), entry(4, booked_at=NOON + HOUR)], [])
    await records.insert([entry(5, booked_at=NOON + HOUR)], [])
    assert await used(records) == {NOON: (69, 1.5), NOON + HOUR: (46, 1.0)}
    assert await used(records, NOON - HOUR, NOON) == {}


async def test_what_the_gateway_asked_itself_is_no_request(records):
    await records.insert([entry(1, cause="req_9")], [entry(2, cause="req_9")])
    assert await counted(records) == {}


async def test_what_comes_twice_counts_once(records):
    await records.insert([entry(1)], [])
    await records.insert([entry(1), entry(2)], [entry(2), entry(1)])
    assert await counted(records) == {(NOON, Ending.SERVED, bucket(800)): 2}


async def test_the_end_that_was_told_late_takes_the_place_of_the_expired_one(records):
    expired = entry(1, ending=Ending.CUT, error=LEASE_EXPIRED, first_event_ms=None)
    await records.insert([expired], [])
    assert await counted(records) == {(NOON, Ending.CUT, 0): 1}
    await records.insert([], [entry(1, booked_at=NOON + HOUR)])
    assert await counted(records, NOON, NOON + 2 * HOUR) == {(NOON + HOUR, Ending.SERVED, bucket(800)): 1}
    assert (await used(records)).items() >= {NOON: (0, 0.0), NOON + HOUR: (23, 0.5)}.items()


@pytest.mark.parametrize("hour", [NOON, NOON + HOUR])
async def test_a_late_end_takes_nothing_from_where_nothing_was_counted(records, engine, hour):
    """An earlier release booked the expired one, and kept no such counts."""
    await records.insert([entry(1, ending=Ending.FAILED, error=LEASE_EXPIRED, first_event_ms=None)], [])
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM hours"))
    await records.insert([], [entry(1, booked_at=hour, ending=Ending.FAILED, first_event_ms=None)])
    assert await counted(records, NOON, NOON + 2 * HOUR) == {(hour, Ending.FAILED, 0): 1}
    assert (await used(records))[hour] == (23, 0.5)
    await records.insert([entry(2, ending=Ending.FAILED, first_event_ms=None)], [])
    assert sum((await counted(records, NOON, NOON + 2 * HOUR)).values()) == 2


async def test_no_figure_falls_below_nothing(records, engine):
    await records.insert([entry(1, ending=Ending.CUT, error=LEASE_EXPIRED, first_event_ms=None)], [])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE hours SET count = 0, tokens = 9, cost = 0.1"))
    await records.insert([], [entry(1, booked_at=NOON + HOUR)])
    assert [(one.count, one.tokens, one.cost) for one in await records.hours(NOON, NOON + HOUR)] == [(0, 0, 0)]


async def test_rows_that_are_adopted_are_counted_then(records, engine):
    await records.insert([entry(1, received_at_ms=NOON * 1000, duration_ms=5000)], [])
    async with engine.begin() as connection:
        for statement in ("UPDATE requests SET booked_at = NULL", "DELETE FROM rollups", "DELETE FROM hours"):
            await connection.execute(text(statement))
    assert (await records.adopt(10)).count == 1
    assert await counted(records) == {(NOON, Ending.SERVED, bucket(800)): 1}
    assert (await records.adopt(10)).count == 0
    assert await counted(records) == {(NOON, Ending.SERVED, bucket(800)): 1}


async def test_nothing_is_counted_of_what_was_not_written(records, engine):
    broken = entry(2)
    broken.outcome = replace(broken.outcome, received_at_ms=None)
    with pytest.raises(Exception, match="received_at_ms"):
        await records.insert([entry(1), broken], [])
    assert await records.hours(NOON, NOON + HOUR) == []
