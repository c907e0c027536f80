import asyncio

import pytest

from controlplane.domain.outcome import Ending, Entry, Usage
from controlplane.service import ledger as module
from controlplane.service.ledger import Ledger
from tests.controlplane.fakes import FakeClock, MemoryLedger, outcome


@pytest.fixture
async def store():
    return MemoryLedger()


@pytest.fixture
async def ledger(store):
    made = Ledger(store, FakeClock())
    writing = asyncio.create_task(made.run())
    yield made
    store.gate.set()
    made.close()
    await asyncio.wait_for(writing, 5)
    assert made.backlog == 0


def entry(number, key="key_1", **given):
    return Entry(outcome(f"ls_{number}.{key}", **given), key, "auto", "acc_1")


async def test_two_hundred_rows_do_not_wait(ledger, store, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 30)
    waits = [ledger.record([entry(number)]) for number in range(200)]
    await asyncio.wait_for(asyncio.gather(*waits), 5)
    assert store.batches == [200]


async def test_a_few_rows_wait_a_moment_for_more(ledger, store):
    first = ledger.record([entry(1)])
    await asyncio.sleep(0.02)
    second = ledger.record([entry(2)])
    assert not first.done()
    await asyncio.wait_for(asyncio.gather(first, second), 5)
    assert store.batches == [2]


async def test_nothing_is_acknowledged_before_it_is_written(ledger, store):
    store.gate.clear()
    durable = ledger.record([entry(1)])
    await asyncio.sleep(0.15)
    assert not durable.done()
    assert ledger.backlog == 1
    store.gate.set()
    await durable
    assert list(store.rows) == ["ls_1.key_1"]


async def test_a_failing_write_is_repeated_with_its_rows_and_counts_once(ledger, store):
    store.failures = 3
    await asyncio.wait_for(ledger.record([entry(1)], [entry(2)]), 5)
    assert len(store.rows) == 2
    assert ledger.key_counters("key_1").total_requests == 2


async def test_beyond_the_bound_nothing_is_taken(ledger, store, monkeypatch):
    monkeypatch.setattr(module, "BOUND", 3)
    store.gate.clear()
    assert ledger.record([entry(1), entry(2)]) is not None
    assert ledger.record([entry(3), entry(4)]) is None
    assert ledger.key_counters("key_1").total_requests == 2
    last = ledger.record([entry(3)])
    store.gate.set()
    await last
    assert len(store.rows) == 3


async def test_a_backlog_goes_in_transactions_of_bounded_size(ledger, store, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 50)
    waits = [ledger.record([entry(3 * number + part) for part in range(3)]) for number in range(100)]
    await asyncio.gather(*waits)
    assert sum(store.batches) == 300
    assert max(store.batches) <= 50


async def test_doubtful_entries_count_only_when_they_were_new(ledger, store):
    await ledger.record([entry(1)])
    await ledger.record([], [entry(1), entry(2), entry(2)])
    counters = ledger.key_counters("key_1")
    assert counters.total_requests == len(store.rows) == 2
    assert ledger.account_counters("acc_1") == ledger.total() == counters


async def test_sums_start_from_the_database(store):
    await store.insert([entry(1), entry(2, key="key_2")], [])
    again = Ledger(store, FakeClock())
    await again.load()
    assert again.key_counters("key_2").total_requests == 1
    assert again.total().total_requests == 2


async def test_how_endings_count(ledger):
    for number, ending in enumerate(Ending):
        await ledger.record([entry(number, ending=ending, usage=Usage(input=1, cache_read=2, cache_write=4, output=8, credits=0.5))])
    counters = ledger.total()
    assert (counters.total_requests, counters.success_requests, counters.failed_requests) == (4, 1, 2)
    assert (counters.total_credits, counters.input_tokens, counters.output_tokens) == (2.0, 28, 32)


async def test_closing_writes_what_waits(store, monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 30)
    ledger = Ledger(store, FakeClock())
    writing = asyncio.create_task(ledger.run())
    durable = ledger.record([entry(1)])
    await asyncio.sleep(0)
    ledger.close()
    await asyncio.wait_for(writing, 5)
    assert durable.done()
    assert len(store.rows) == 1
