from dataclasses import replace

import pytest

from controlplane.adapters.db.records import DatabaseRecords
from controlplane.domain.account import Counters
from controlplane.domain.errors import Invalid
from controlplane.domain.outcome import LEASE_EXPIRED, Attempt, Ending, Entry, EntryQuery, Source, Usage
from controlplane.service.ports import Written
from tests.controlplane.fakes import NOW, outcome


@pytest.fixture
def records(engine):
    return DatabaseRecords(engine)


def entry(number, key="key_1", account="acc_1", **given):
    values = {"request_id": f"req_{number}", "received_at_ms": int(NOW * 1000) + number}
    return Entry(outcome(f"ls_{number}.{key}", **{**values, **given}), key, "claude-sonnet-4-5", account, "kiro", "claude-sonnet-4.5")


async def test_every_field_comes_back(records):
    full = entry(
        1,
        ending=Ending.CUT,
        status=200,
        streamed=False,
        error="upstream_error",
        finish_reason="length",
        first_event_ms=812,
        dropped=["a.b", "c[0]"],
        usage=Usage(1, 2, 3, 4, 5, 0.125, Source.UPSTREAM, Source.ESTIMATED, 2),
    )
    full.outcome.attempts = [
        Attempt("acc_2", "kiro", "m", 1, 20, "throttled", 429, 30, "slow down \0 é"),
        Attempt("acc_1", "kiro", "m", 21, 400),
    ]
    bare = entry(2, first_event_ms=None)
    assert await records.insert([full, bare], []) == Written()
    assert await records.find("req_1") == full
    found = await records.find("req_2")
    assert (found.outcome.first_event_ms, list(found.outcome.attempts), list(found.outcome.dropped)) == (None, [], [])
    assert await records.find("req_3") is None


async def test_a_row_is_written_once(records):
    await records.insert([entry(1), entry(2)], [])
    await records.insert([entry(1, status=500)], [])
    written = await records.insert([entry(3)], [entry(2), entry(3), entry(4), entry(4)])
    assert written == Written(frozenset({"ls_4.key_1"}))
    page = await records.page(EntryQuery())
    assert [one.outcome.lease_id for one in page.entries] == [f"ls_{number}.key_1" for number in (4, 3, 2, 1)]
    assert page.entries[-1].outcome.status == 200


async def test_the_truth_takes_the_place_of_a_record_written_by_rule(records):
    ruled = entry(1, ending=Ending.FAILED, error=LEASE_EXPIRED)
    await records.insert([ruled], [])
    assert await records.insert([], [ruled]) == Written()
    assert await records.insert([], [entry(1)]) == Written(frozenset({"ls_1.key_1"}), (("key_1", "acc_1"),))
    assert await records.insert([], [entry(1)]) == Written()
    assert await records.insert([], [ruled]) == Written()
    assert (await records.find("req_1")).outcome.ending is Ending.SERVED


async def test_totals(records):
    assert (await records.totals()).keys == {}
    await records.insert([entry(1), entry(2, ending=Ending.CUT), entry(3, key="key_2", account=""), entry(4, ending=Ending.CANCELLED)], [])
    totals = await records.totals()
    assert totals.keys == {"key_1": Counters(3, 1, 1, 0.75, 48, 21), "key_2": Counters(1, 1, 0, 0.25, 16, 7)}
    assert totals.accounts == {"acc_1": Counters(3, 1, 1, 0.75, 48, 21)}


async def test_pages_meet_without_gap_or_overlap_while_rows_arrive(records):
    # several requests of the same millisecond: only time and id together tell rows apart
    await records.insert([entry(number, received_at_ms=int(NOW * 1000) + number // 4) for number in range(23)], [])
    seen, cursor = [], None
    while True:
        page = await records.page(EntryQuery(limit=5, cursor=cursor))
        seen += [one.outcome.lease_id for one in page.entries]
        await records.insert([entry(100 + len(seen))], [])
        if page.cursor is None:
            break
        cursor = page.cursor
    assert seen == [f"ls_{number}.key_1" for number in reversed(range(23))]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"key_id": "key_2"}, [2]),
        ({"account_id": "acc_2"}, [3]),
        ({"ending": Ending.CANCELLED}, [4]),
        ({"status": 503}, [5]),
        ({"model": "claude-sonnet-4-5", "limit": 2}, [5, 4]),
        ({"model": "claude-sonnet-4.5", "key_id": "key_2"}, [2]),
        ({"model": "none"}, []),
    ],
)
async def test_filters(records, query, found):
    rows = [entry(1), entry(2, key="key_2"), entry(3, account="acc_2"), entry(4, ending=Ending.CANCELLED), entry(5, status=503)]
    await records.insert(rows, [])
    page = await records.page(EntryQuery(**query))
    assert [one.outcome.request_id for one in page.entries] == [f"req_{number}" for number in found]


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.", ".1", "1.2.3", "-1.2", "1e3.1", "9" * 30 + ".1", "١.١"])
async def test_a_cursor_that_is_none(records, cursor):
    with pytest.raises(Invalid):
        await records.page(EntryQuery(cursor=cursor))


async def test_no_row_can_hold_up_the_others(records):
    odd = entry(
        1,
        status=2**32 - 1,
        duration_ms=2**32 - 1,
        first_event_ms=2**32 - 1,
        finish_reason="\0",
        usage=Usage(input=2**64 - 1, output=2**64 - 1),
    )
    await records.insert([replace(odd, asked_model="a\0b" * 1000)], [])
    found = await records.find("req_1")
    assert found.asked_model.startswith("abab")
    assert found.outcome.usage.input == 2**53
    assert (await records.totals()).keys["key_1"].total_requests == 1
