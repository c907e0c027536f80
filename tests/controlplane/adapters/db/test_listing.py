"""The request list: every filter finds what it says, from its index, in order, at any depth."""

import random
from itertools import combinations

import pytest
from sqlalchemy import text

from controlplane.adapters.db import listing
from controlplane.adapters.db.records import DatabaseRecords
from controlplane.domain.outcome import Ending, Entry, EntryQuery
from tests.controlplane.fakes import NOW, outcome

START = int(NOW) * 1000
FILTERS = {
    "key_id": ("key_1", "key_9"),
    "account_id": ("acc_1",),
    "model": ("m1", "m1-latest", "m9"),
    "kind": ("kiro", "openai"),
    "ending": (Ending.SERVED, Ending.FAILED),
    "status": (200, 502, 404),
    "internal": (True, False),
    "cause": ("req_1",),
    "request_id": ("req_5",),
    "begin_ms": (START + 40,),
    "end_ms": (START + 80,),
}
# Which index each filter is read from.
INDEXES = {
    "key_id": "ix_requests_by_key",
    "account_id": "ix_requests_by_account",
    "model": "ix_requests_by_model",
    "kind": "ix_requests_by_kind",
    "ending": "ix_requests_by_ending",
    "status": "ix_requests_by_status",
    "internal": "ix_requests_internal",
    "begin_ms": "ix_requests_received_at_ms_id",
    "request_id": "ix_requests_request_id",
    "cause": "ix_requests_caused",
}
# Few rows, that nobody minds to sort: two pages of them at most where it is two lists.
SORTED = {"request_id", "cause", "model"}


def history(count=120):
    chance, made = random.Random(1), []
    for number in range(count):
        model, failed = chance.choice(("m1", "m2", "m3")), chance.random() < 0.2
        end = (Ending.FAILED, 502) if failed else (Ending.SERVED, 200)
        # Some are received in the same millisecond.
        done = outcome(f"ls_{number}", request_id=f"req_{number}", received_at_ms=START + number // 2 * 2, ending=end[0], status=end[1])
        asked = chance.choice((model, f"{model}-latest", "m1"))
        key, account = chance.choice(("key_1", "key_2")), chance.choice(("acc_1", "acc_2", ""))
        entry = Entry(done, key, asked, account, "kiro" if account else "", model, booked_at=int(NOW))
        entry.cause = chance.choice(("", "", "", "req_1", "req_2"))
        made.append(entry)
    return made


def fits(entry, query):
    done, wanted = entry.outcome, query
    return all(
        (
            wanted.get("key_id") in (None, entry.key_id),
            wanted.get("account_id") in (None, entry.account_id),
            wanted.get("model") in (None, entry.model, entry.asked_model),
            wanted.get("kind") in (None, entry.kind),
            wanted.get("ending") in (None, done.ending),
            wanted.get("status") in (None, done.status),
            wanted.get("internal") in (None, bool(entry.cause)),
            wanted.get("cause") in (None, entry.cause),
            wanted.get("request_id") in (None, done.request_id),
            wanted.get("begin_ms", 0) <= done.received_at_ms < wanted.get("end_ms", START * 2),
        )
    )


async def test_filters_alone_and_in_pairs(engine):
    records, rows = DatabaseRecords(engine), history()
    await records.insert(rows, [])
    queries = [{name: value} for name, values in FILTERS.items() for value in values]
    for one, other in combinations(FILTERS, 2):
        queries += [{one: first, other: second} for first in FILTERS[one] for second in FILTERS[other]]
    for query in queries:
        wanted = [entry.outcome.request_id for entry in reversed(rows) if fits(entry, query)]
        page = await records.page(EntryQuery(**query, limit=500))
        assert [entry.outcome.request_id for entry in page.entries] == wanted, query


@pytest.mark.parametrize("query", [{}, {"model": "m1"}, {"key_id": "key_1"}, {"ending": Ending.FAILED}, {"kind": "kiro", "model": "m2"}])
async def test_pages_neither_repeat_nor_leave_out(engine, query):
    records, rows = DatabaseRecords(engine), history()
    await records.insert(rows, [])
    seen, cursor = [], None
    while True:
        page = await records.page(EntryQuery(**query, limit=7, cursor=cursor))
        seen += [entry.outcome.request_id for entry in page.entries]
        if page.cursor is None:
            break
        cursor = page.cursor
    assert seen == [entry.outcome.request_id for entry in reversed(rows) if fits(entry, query)]


@pytest.mark.parametrize("cursor", [None, f"{START}.7"], ids=["first", "deep"])
@pytest.mark.parametrize("name", sorted(INDEXES))
async def test_each_filter_is_read_from_its_index_in_order(engine, name, cursor):
    query = EntryQuery(**{name: True if name == "internal" else Ending.FAILED if name == "ending" else FILTERS[name][-1]}, cursor=cursor)
    plan = await planned(engine, query, sorting=name in SORTED)
    assert INDEXES[name] in plan
    if name == "model":
        assert "ix_requests_by_asked_model" in plan
        assert not postgres(engine) or plan.count("Backward") == 2
        assert postgres(engine) or plan.count("TEMP B-TREE") == 2, "of what the two lists gave"
    if name not in SORTED:
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan
    assert "SCAN requests" not in plan or name == "internal" or "USING INDEX" in plan


async def test_of_two_filters_one_leads_and_the_index_tells_about_the_other(engine):
    plan = await planned(engine, EntryQuery(account_id="acc_1", model="m9"), sorting=True)
    if not postgres(engine):
        assert "ix_requests_by_account (account_id=?)" in plan
        return
    conditions = [line for line in plan.split("('") if "Index Cond" in line]
    assert plan.count("ix_requests_by_account") == len(conditions) == 2
    assert all("m9" in condition for condition in conditions)


async def test_what_most_requests_are_is_read_from_the_list_itself(engine):
    for query in (EntryQuery(), EntryQuery(ending=Ending.SERVED), EntryQuery(status=200), EntryQuery(internal=False)):
        plan = await planned(engine, query)
        assert "ix_requests_received_at_ms_id" in plan, query
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


def postgres(engine):
    return engine.dialect.name == "postgresql"


async def planned(engine, query, *, sorting=False):
    """How the database would read the page, with what is true of it, as text."""
    asked = listing.page(query, postgres=postgres(engine)).compile(dialect=engine.dialect)
    values = tuple(asked.params[name] for name in asked.positiontup)
    async with engine.connect() as connection:
        if postgres(engine):
            # A table without rows is read from end to end; and what is prepared gets a plan for any value.
            for setting in (
                "enable_seqscan = off",
                "enable_bitmapscan = off",
                f"enable_sort = {'on' if sorting else 'off'}",
                "plan_cache_mode = force_generic_plan",
            ):
                await connection.execute(text(f"SET LOCAL {setting}"))
        explain = "EXPLAIN" if postgres(engine) else "EXPLAIN QUERY PLAN"
        return str((await connection.exec_driver_sql(f"{explain} {asked}", values)).all())
