"""What summaries cost, in both databases. Time is an argument."""

import asyncio

import pytest

from summarizer.errors import StoreAway
from summarizer.store.spending import DAY_MS, DAYS, SqlSpending

NOON = DAY_MS // 2


pytestmark = pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)


def spending(opened):
    return SqlSpending(opened[1])


@pytest.fixture
def store(opened):
    return spending(opened)


async def test_each_key_pays_for_itself_and_each_day_begins_anew(store):
    assert await store.spent("k1", NOON) == 0
    for key, tokens, now in (("k1", 100, NOON), ("k1", 2**40, DAY_MS - 1), ("k2", 5, NOON), ("k1", 7, DAY_MS)):
        await store.add(key, tokens, now)
    assert [await store.spent(key, at) for key in ("k1", "k2") for at in (0, DAY_MS)] == [100 + 2**40, 7, 5, 0]


async def test_nothing_that_is_spent_at_once_is_lost(store):
    await asyncio.gather(*(store.add("k", 10, NOON) for _ in range(20)))
    assert await store.spent("k", NOON) == 200


async def test_where_nobody_is_it_is_told(nowhere):
    store = spending(nowhere)
    with pytest.raises(StoreAway):
        await store.spent("k", 0)
    with pytest.raises(StoreAway):
        await store.add("k", 1, 0)


async def test_days_long_past_are_taken_away(store):
    for day in range(3):
        await store.add("k", 1, day * DAY_MS)
    assert await store.prune((DAYS + 2) * DAY_MS) == 2
    assert await store.prune((DAYS + 2) * DAY_MS) is None
    assert [await store.spent("k", day * DAY_MS) for day in range(3)] == [0, 0, 1]
