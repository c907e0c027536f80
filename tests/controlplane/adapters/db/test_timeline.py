"""What happened to accounts, on both databases."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from controlplane.adapters.db import pasts
from controlplane.adapters.db.accounts import DatabaseAccounts
from controlplane.adapters.db.records import DatabaseRecords
from controlplane.adapters.db.retention import DatabaseRetention
from controlplane.adapters.db.timeline import DatabaseTimeline
from controlplane.adapters.vault import FileVault
from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Reading
from controlplane.domain.event import Decided, Happening, Kind
from controlplane.domain.outcome import Ending, Entry
from controlplane.service.ports import Past
from tests.controlplane.fakes import outcome


@pytest.fixture
async def accounts(engine):
    store = DatabaseAccounts(engine, FileVault(b"k" * 32))
    for name in "ab":
        await store.add(Account(name, "kiro", name, AuthMethod.SOCIAL), Credentials())
    return store


@pytest.fixture
def timeline(engine, accounts):
    return DatabaseTimeline(engine)


def cooling(at_ms, account_id="a", **given):
    return Happening(account_id, at_ms, Kind.STATUS, "cooling", "it throttles", 1_800_000_060, **given)


async def times(timeline, account_id="a"):
    return [one.at_ms for one in await timeline.page(account_id, None, 1000)]


async def test_what_happened_is_read_as_it_was_written(timeline):
    written = [cooling(1_800_000_000_123), Happening("a", 1_800_000_000_124, Kind.REFRESH, ok=False, reason="gone"), cooling(5, "b")]
    await timeline.add(written)
    newer, older = await timeline.page("a", None, 10)
    assert newer.id > older.id > 0
    assert [replace(one, id=0) for one in (older, newer)] == written[:2]


async def test_pages_go_back_in_time_and_miss_nothing_of_one_moment(timeline):
    await timeline.add([cooling(number // 3) for number in range(7)])
    seen, before = [], None
    while page := await timeline.page("a", before, 2):
        seen += [one.id for one in page]
        before = page[-1].at_ms, page[-1].id
        await timeline.add([cooling(99)])
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 7


async def test_accounts_that_are_gone_have_no_past_and_spoil_nothing(timeline, accounts):
    await timeline.add([cooling(1)])
    await accounts.remove("a")
    await timeline.add([cooling(2), cooling(3, "b")])
    assert (await times(timeline), await times(timeline, "b")) == ([], [3])
    await timeline.add([cooling(2)])


async def test_the_past_goes_with_an_account_and_returns_with_it(timeline, accounts):
    await timeline.add([cooling(number // 2) for number in range(4)] + [cooling(9, "b")])
    for checked_at in (5, 6):
        await accounts.set_allowance("a", Allowance(checked_at, 50, checked_at=checked_at), reading=True)
    before = await timeline.page("a", None, 10)
    past = await accounts.remove("a")
    assert (await times(timeline), await accounts.readings(0)) == ([], {})
    await timeline.add([cooling(7, "b")])
    await accounts.add(Account("a", "kiro", "a", AuthMethod.SOCIAL), Credentials(), past)
    await timeline.add([cooling(1)])
    assert [replace(one, id=0) for one in (await timeline.page("a", None, 10))[1:]] == [replace(one, id=0) for one in before]
    assert await accounts.readings(0) == {"a": [Reading(5, 5, 50), Reading(6, 6, 50)]}
    assert await accounts.remove("nobody") == Past([], [])


async def test_of_a_long_past_the_newest_is_kept(timeline, accounts, monkeypatch):
    monkeypatch.setattr(pasts, "MOST_EVENTS", 2)
    await timeline.add([cooling(number) for number in range(5)])
    assert [one.at_ms for one in (await accounts.remove("a")).happenings] == [3, 4]


async def test_what_is_old_goes(timeline, engine):
    await timeline.add([cooling(number) for number in (3, 1, 2, 5)])
    retention = DatabaseRetention(engine)
    assert await retention.drop_events(4, 2) == 2
    assert await times(timeline) == [5, 3]
    assert await retention.drop_events(4, 2) == 1
    assert await times(timeline) == [5]


async def test_of_each_account_the_newest_stay(timeline, engine):
    await timeline.add([cooling(number) for number in range(5)] + [cooling(number, "b") for number in range(3)])
    retention = DatabaseRetention(engine)
    assert await retention.crop_events(3, 1) == 1
    assert await retention.crop_events(3, 5) == 1
    assert await retention.crop_events(3, 5) == 0
    assert (await times(timeline), await times(timeline, "b")) == ([4, 3, 2], [2, 1, 0])


async def test_a_page_is_read_by_an_index(timeline, engine):
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads few rows without an index")
    async with engine.connect() as connection:
        plan = (await connection.execute(text("EXPLAIN QUERY PLAN SELECT * FROM account_events WHERE account_id = 'a'"))).all()
    assert "ix_account_events_account_id_id" in str(plan)


async def test_requests_and_their_decisions_the_newest_first(timeline, engine):
    records = DatabaseRecords(engine)

    def entry(number, decision):
        made = outcome(f"ls_{number}", request_id=f"req_{number}", received_at_ms=1000 + number, ending=Ending.CUT)
        return Entry(made, "key", "sonnet", booked_at=1, decision=decision)

    await records.insert([entry(2, "[2]"), entry(1, "[1]"), entry(4, "[4]"), entry(3, ""), entry(5, "[5]")], [])
    assert await timeline.decided(1002, 2) == [
        Decided("req_5", 1005, "sonnet", Ending.CUT, "[5]"),
        Decided("req_4", 1004, "sonnet", Ending.CUT, "[4]"),
    ]
    assert [one.request_id for one in await timeline.decided(1002, 9)] == ["req_5", "req_4", "req_2"]
