import asyncio

import pytest

from controlplane.domain.account import Counters
from controlplane.domain.errors import Invalid
from controlplane.domain.outcome import Compression, Ending, Entry, Usage
from controlplane.domain.rollup import Axis, Grain, UsageQuery
from controlplane.service import records as module
from controlplane.service.records import Records
from tests.controlplane.fakes import NOW, FakeClock, MemoryRecords, outcome


@pytest.fixture
async def store():
    return MemoryRecords()


@pytest.fixture
async def records(store):
    made = Records(store, FakeClock())
    writing = asyncio.create_task(made.run())
    yield made
    store.gate.set()
    made.close()
    await asyncio.wait_for(writing, 5)
    assert made.backlog == 0


def entry(number, key="key_1", **given):
    return Entry(outcome(f"ls_{number}.{key}", **given), key, "auto", "acc_1")


async def test_two_hundred_rows_do_not_wait(records, store, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 30)
    waits = [records.record([entry(number)]) for number in range(200)]
    await asyncio.wait_for(asyncio.gather(*waits), 5)
    assert store.batches == [200]


async def test_a_few_rows_wait_a_moment_for_more(records, store):
    first = records.record([entry(1)])
    await asyncio.sleep(0.02)
    second = records.record([entry(2)])
    assert not first.done()
    await asyncio.wait_for(asyncio.gather(first, second), 5)
    assert store.batches == [2]


async def test_nothing_is_acknowledged_before_it_is_written(records, store):
    store.gate.clear()
    durable = records.record([entry(1)])
    await asyncio.sleep(0.15)
    assert not durable.done()
    assert records.backlog == 1
    store.gate.set()
    await durable
    assert list(store.rows) == ["ls_1.key_1"]


async def test_a_failing_write_is_repeated_with_its_rows_and_counts_once(records, store):
    store.failures = 3
    await asyncio.wait_for(records.record([entry(1)], [entry(2)]), 5)
    assert len(store.rows) == 2
    assert records.key_counters("key_1").total_requests == 2


async def test_beyond_the_bound_nothing_is_taken(records, store, monkeypatch):
    monkeypatch.setattr(module, "BOUND", 3)
    store.gate.clear()
    assert records.record([entry(1), entry(2)]) is not None
    assert records.record([entry(3), entry(4)]) is None
    assert records.key_counters("key_1").total_requests == 2
    last = records.record([entry(3)])
    store.gate.set()
    await last
    assert len(store.rows) == 3


async def test_a_backlog_goes_in_transactions_of_bounded_size(records, store, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 50)
    waits = [records.record([entry(3 * number + part) for part in range(3)]) for number in range(100)]
    await asyncio.gather(*waits)
    assert sum(store.batches) == 300
    assert max(store.batches) <= 50


async def test_doubtful_entries_count_only_when_they_were_new(records, store):
    await records.record([entry(1)])
    await records.record([], [entry(1), entry(2), entry(2)])
    counters = records.key_counters("key_1")
    assert counters.total_requests == len(store.rows) == 2
    assert records.account_counters("acc_1") == records.total() == counters


async def test_sums_start_from_the_database(store):
    await store.insert([entry(1), entry(2, key="key_2")], [])
    again = Records(store, FakeClock())
    await again.load()
    assert again.key_counters("key_2").total_requests == 1
    assert again.total().total_requests == 2


async def test_how_endings_count(records):
    for number, ending in enumerate(Ending):
        await records.record([entry(number, ending=ending, usage=Usage(input=1, cache_read=2, cache_write=4, output=8, credits=0.5))])
    counters = records.total()
    assert (counters.total_requests, counters.success_requests, counters.failed_requests) == (4, 1, 2)
    assert (counters.total_credits, counters.input_tokens, counters.output_tokens) == (2.0, 28, 32)


async def test_a_summary_is_in_the_amounts_and_is_no_request(records, store):
    shortened = entry(1, compression=Compression("model", 120, 80_000, 23))
    fresh, doubtful, failed = entry(2), entry(3), entry(4, ending=Ending.FAILED, usage=Usage())
    for made in (fresh, doubtful, failed):
        made.cause = "req_1"
    await records.record([shortened, fresh, failed], [doubtful])
    counters = records.key_counters("key_1")
    assert counters == Counters(1, 1, 0, 0.75, 48, 21, 0.0, 80_000, 46)
    assert records.account_counters("acc_1") == records.total() == counters
    again = Records(store, FakeClock())
    await again.load()
    assert again.total() == counters


async def test_closing_writes_what_waits(store, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 30)
    records = Records(store, FakeClock())
    writing = asyncio.create_task(records.run())
    durable = records.record([entry(1)])
    await asyncio.sleep(0)
    records.close()
    await asyncio.wait_for(writing, 5)
    assert durable.done()
    assert len(store.rows) == 1


async def test_what_the_previous_release_wrote_is_in_the_sums(store, monkeypatch):
    monkeypatch.setattr(module, "ADOPTED_AT_ONCE", 2)
    await store.insert([entry(1)], [])
    store.foreign = [entry(number, key="key_2") for number in range(2, 7)]
    records = Records(store, FakeClock())
    await records.load()
    assert records.key_counters("key_2").total_requests == 5
    assert records.total().total_requests == records.account_counters("acc_1").total_requests == 6
    store.foreign = [entry(8, key="key_2"), entry(9)]
    assert await records.adopt() == 2
    assert await records.adopt() == 0
    assert records.key_counters("key_2").total_requests == 6
    assert records.total() == records.account_counters("acc_1")
    assert records.total().total_credits == 8 * 0.25


async def test_what_is_not_booked_yet_is_booked_now(records, store):
    late = entry(2)
    late.booked_at = 7
    await records.record([entry(1)], [late])
    assert [made.booked_at for made in store.rows.values()] == [int(NOW), 7]


@pytest.mark.parametrize(("grain", "longest"), [(Grain.HOUR, 1000 * 3600), (Grain.DAY, 1000 * 86400)])
async def test_usage_is_asked_for_in_bounds(records, store, monkeypatch, grain, longest):
    query = UsageQuery(grain, 0, longest, Axis.KEY)
    store.buckets = [object()] * 5
    assert list(await records.usage(query)) == store.buckets
    assert store.asked == [query]
    for bad, field in ((UsageQuery(grain, 0, longest + 1), "from"), (UsageQuery(grain, 5, 5), "to")):
        with pytest.raises(Invalid) as caught:
            await records.usage(bad)
        assert caught.value.field == field
    monkeypatch.setattr(module, "MOST_FIGURES", 4)
    with pytest.raises(Invalid, match="more than 4"):
        await records.usage(query)


async def test_who_books_is_told_of_what_was_new_after_all(records):
    told = []
    records.decided = lambda entries, new: told.append(([made.outcome.lease_id for made in entries], sorted(new)))
    await records.record([entry(1)], [])
    assert told == []
    await records.record([], [entry(1)])
    await records.record([], [entry(2), entry(2), entry(3)])
    assert told == [(["ls_1.key_1"], []), (["ls_2.key_1", "ls_2.key_1", "ls_3.key_1"], ["ls_2.key_1", "ls_3.key_1"])]


async def test_room_is_what_record_takes(records, store, monkeypatch):
    monkeypatch.setattr(module, "BOUND", 3)
    store.gate.clear()
    assert records.room(3)
    assert not records.room(4)
    records.record([entry(1), entry(2)])
    assert records.room(1)
    assert not records.room(2)


async def test_money_is_summed_up(records, store):
    for number in range(3):
        made = entry(number)
        made.cost = 0.25
        await records.record([made])
    assert records.key_counters("key_1").total_cost == records.total().total_cost == 0.75
    again = Records(store, FakeClock())
    await again.load()
    assert again.account_counters("acc_1").total_cost == 0.75
