"""The measuring of the console: the history is the same every time and consistent, the table tells what is slow."""

import pytest
from sqlalchemy import text

from benchmarks.console.calls import CALLS, Call
from benchmarks.console.filling import fill
from benchmarks.console.history import DAY_SECONDS, DAYS, Names, requests
from benchmarks.console.measure import Figures
from benchmarks.console.report import BEGIN, END, markdown, refreshed
from controlplane.adapters.db import engine as database
from controlplane.adapters.db.records import DatabaseRecords
from controlplane.adapters.db.rows import COLUMNS
from controlplane.domain.outcome import EntryQuery

NAMES = Names(["key_1", "key_2"], [("acc_1", "kiro"), ("acc_2", "openai")])
NOW = 1_800_000_000


def test_a_history_is_the_same_for_its_seed_and_fills_its_month():
    rows = list(requests(NAMES, 3000, NOW))
    assert rows == list(requests(NAMES, 3000, NOW)) != list(requests(NAMES, 3000, NOW, seed=5))
    assert len(rows) == 3000
    times = [row[COLUMNS.index("received_at_ms")] for row in rows]
    assert times == sorted(times)
    assert (NOW - DAYS * DAY_SECONDS) * 1000 <= times[0] < times[-1] < NOW * 1000
    endings = [row[COLUMNS.index("ending")] for row in rows]
    assert 0.02 < endings.count("failed") / len(rows) < 0.04


async def test_what_is_filled_in_is_consistent(tmp_path):
    engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    await database.migrate(engine)
    await fill(engine, NAMES, 500, 20, NOW)
    records = DatabaseRecords(engine)
    totals = (await records.totals()).keys
    counted = sum(one.count for one in await records.hours(0, NOW * 2))
    page = await records.page(EntryQuery(internal=False, limit=500))
    assert len(page.entries) == counted == sum(one.total_requests for one in totals.values()) > 450
    async with engine.connect() as connection:
        indexes = (await connection.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'ix_requests_by_key'"))).scalar()
        changes = (await connection.execute(text("SELECT count(*) FROM audit"))).scalar()
    await engine.dispose()
    assert (indexes, changes) == (1, 20)


def test_the_table_tells_what_is_slow_and_leaves_out_what_is_not_there():
    calls = (Call("Home", "overview", "/a"), Call("Keys", "list", "/b"), Call("Keys", "gone", "/c"))
    found = {"SQLite": {"Home: overview": Figures(1, 2), "Keys: list": Figures(9, 250)}, "PostgreSQL": {"Keys: list": Figures(1, 2)}}
    table = markdown(calls, found, 1000, 10)
    assert "| Home | overview | 1.0 | 2.0 | | |" in table
    assert "| Keys | list | 9.0 | **250.0** | 1.0 | 2.0 |" in table
    assert "gone" not in table
    assert refreshed(f"a{BEGIN}old{END}b", table) == f"a{BEGIN}\n\n{table}\n\n{END}b"
    with pytest.raises(ValueError, match="no"):
        refreshed("a", table)


def test_every_call_is_told_apart():
    assert len({(call.page, call.name) for call in CALLS}) == len(CALLS)
