import json
import math
from dataclasses import replace

import pytest
from sqlalchemy import text

from controlplane.adapters.db.records import DatabaseRecords
from controlplane.domain.account import Counters
from controlplane.domain.errors import Invalid
from controlplane.domain.outcome import LEASE_EXPIRED, Attempt, Compression, Ending, EndpointFault, Entry, EntryQuery, Source, Usage
from controlplane.service.ports import Written
from tests.controlplane.fakes import NOW, outcome


@pytest.fixture
def records(engine):
    return DatabaseRecords(engine)


def entry(number, key="key_1", account="acc_1", **given):
    values = {"request_id": f"req_{number}", "received_at_ms": int(NOW * 1000) + number}
    made = outcome(f"ls_{number}.{key}", **{**values, **given})
    return Entry(made, key, "claude-sonnet-4-5", account, "kiro", "claude-sonnet-4.5", booked_at=int(NOW) + number)


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
        usage=Usage(1, 2, 3, 4, 5, 0.125, Source.UPSTREAM, Source.ESTIMATED, 2, Source.ESTIMATED),
        compression=Compression("incremental", 120, 80_000, 3000),
    )
    full.outcome.attempts = [
        Attempt("acc_2", "kiro", "m", 1, 20, "throttled", 429, 30, "slow down \0 é"),
        Attempt(
            "acc_1",
            "kiro",
            "m",
            21,
            400,
            endpoint="https://two.test",
            endpoints=(EndpointFault("https://one.test", "unreachable"), EndpointFault("https://nil.test", "throttled", 8)),
            learned={"profileArn": "arn:1"},
        ),
    ]
    full.counted, full.cost, full.decision, full.cause = False, 0.25, '[{"step": "chose"}]', "req_0"
    bare = entry(2, first_event_ms=None)
    assert await records.insert([full, bare], []) == Written()
    assert await records.find("req_1") == full
    found = await records.find("req_2")
    assert (found.outcome.first_event_ms, list(found.outcome.attempts), list(found.outcome.dropped)) == (None, [], [])
    assert await records.find("req_3") is None


async def test_lists_leave_out_how_accounts_were_chosen(records):
    one = entry(1)
    one.decision, one.outcome.attempts, one.outcome.dropped = "[1]", [], []
    await records.insert([one], [])
    (listed,) = (await records.page(EntryQuery())).entries
    assert listed == replace(one, decision="")
    assert (await records.find("req_1")).decision == "[1]"


async def test_the_previous_release_reads_attempts(records, engine):
    """It makes an Attempt of what is stored, whatever the names."""
    one = entry(1)
    one.outcome.attempts = [Attempt("a", "kiro", "m", endpoints=(EndpointFault("u", "f", 3),), learned={"x": "y"}, endpoint="e")]
    await records.insert([one], [])
    async with engine.connect() as connection:
        (stored,) = json.loads((await connection.execute(text("SELECT attempts FROM requests"))).scalar())
    assert Attempt(**stored).endpoints == [{"url": "u", "fault": "f", "retry_after": 3}]


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


async def test_a_batch_that_was_committed_unheard_counts_once(records):
    await records.insert([entry(1), entry(2)], [])
    assert await records.insert([entry(1), entry(2), entry(3), entry(3)], []) == Written()
    assert (await records.totals()).keys["key_1"].total_requests == 3
    assert len((await records.page(EntryQuery())).entries) == 3


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


async def test_filters(records):
    rows = [entry(1), entry(2, key="key_2"), entry(3, account="acc_2"), entry(4, ending=Ending.CANCELLED), entry(5, status=503)]
    await records.insert(rows, [])
    for query, found in (
        ({"key_id": "key_2"}, [2]),
        ({"account_id": "acc_2"}, [3]),
        ({"ending": Ending.CANCELLED}, [4]),
        ({"status": 503}, [5]),
        ({"model": "claude-sonnet-4-5", "limit": 2}, [5, 4]),
        ({"model": "claude-sonnet-4.5", "key_id": "key_2"}, [2]),
        ({"model": "none"}, []),
    ):
        page = await records.page(EntryQuery(**query))
        assert [one.outcome.request_id for one in page.entries] == [f"req_{number}" for number in found], query


async def test_what_the_gateway_asked_itself_is_told_apart(records):
    made = [entry(number) for number in range(1, 6)]
    made[1].cause = made[3].cause = "req_1"
    made[4].cause = "req_3"
    await records.insert(made[:3], made[3:])
    for query, found in (
        ({"cause": "req_1"}, [4, 2]),
        ({"cause": "req_3", "internal": True}, [5]),
        ({"cause": "req_3", "internal": False}, []),
        ({"cause": "req_2"}, []),
        ({"cause": ""}, []),
        ({"internal": True}, [5, 4, 2]),
        ({"internal": False}, [3, 1]),
        ({}, [5, 4, 3, 2, 1]),
    ):
        page = await records.page(EntryQuery(**query))
        assert [one.outcome.request_id for one in page.entries] == [f"req_{number}" for number in found], query


async def test_a_cursor_that_is_none(records):
    for cursor in ("", "x", "1", "1.", ".1", "1.2.3", "-1.2", "1e3.1", "9" * 30 + ".1", "١.١"):
        with pytest.raises(Invalid):
            await records.page(EntryQuery(cursor=cursor))


async def test_no_row_can_hold_up_the_others(records):
    odd = entry(
        1,
        status=2**32 - 1,
        duration_ms=2**32 - 1,
        first_event_ms=2**32 - 1,
        finish_reason="\0",
        usage=Usage(input=2**64 - 1, output=2**64 - 1, credits=math.nan),
        compression=Compression("\0", 2**32 - 1, 2**32 - 1, 2**32 - 1),
    )
    await records.insert([replace(odd, asked_model="a\0b" * 1000)], [])
    for number, credit in enumerate((math.inf, -1.0, 1e300), 2):
        await records.insert([], [entry(number, key="key_2", usage=Usage(credits=credit))])
    found = await records.find("req_1")
    assert found.asked_model.startswith("abab")
    assert found.outcome.usage.input == 2**40
    assert (await records.totals()).keys["key_1"].total_requests == 1
    assert (await records.totals()).keys["key_2"].total_credits == 0


async def test_samples_are_what_upstreams_told(records):
    told = [entry(number, usage=Usage(output=1, credits=number / 4, credits_source=Source.UPSTREAM)) for number in range(4)]
    others = [
        entry(10, usage=Usage(output=1, credits=9, credits_source=Source.ESTIMATED)),
        entry(11, usage=Usage(output=0, credits=9, credits_source=Source.UPSTREAM)),
    ]
    await records.insert([*told, *others], [])
    assert list(await records.samples(5)) == [("claude-sonnet-4.5", 0.25), ("claude-sonnet-4.5", 0.5), ("claude-sonnet-4.5", 0.75)]
