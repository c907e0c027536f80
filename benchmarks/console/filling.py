"""A history into a database: rows in bulk, the sums of them by the code that sums up real ones."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.console.history import Names, changes, requests
from controlplane.adapters.db import hours, rollups, tables
from controlplane.adapters.db.hours import Counts, Hours
from controlplane.adapters.db.rollups import Rollups, Sums
from controlplane.adapters.db.rows import COLUMNS, summed

AT_ONCE = 20_000
AUDIT = ("at_ms", "actor", "address", "action", "target", "target_name", "before", "after")
# What the upstream of an account said is left.
ALLOWANCE = '{{"used": {used}, "limit": 1000, "resets_at": {resets_at}, "unit": "credit", "plan": "PRO", "checked_at": {now}}}'


async def fill(engine: AsyncEngine, names: Names, count: int, audit: int, now: int) -> None:
    """Requests, the sums of them, the audit log and allowances, as they are at `now`."""
    sums: Sums = {}
    counts: Counts = {}
    async with engine.begin() as connection:
        await connection.run_sync(_indexes, tables.requests, "drop")
        rows = requests(names, count, now)
        while batch := list(islice(rows, AT_ONCE)):
            facts = list(map(summed, batch))
            rollups.add(sums, facts)
            hours.add(counts, facts)
            await _insert(connection, "requests", COLUMNS, batch)
        await connection.run_sync(_indexes, tables.requests, "create")
        await Rollups(engine).write(connection, sums)
        await Hours(engine).write(connection, counts)
        targets = [*names.keys, *(account for account, _ in names.accounts)]
        await _insert(connection, "audit", AUDIT, changes(audit, now, targets))
        for place, (account, kind) in enumerate(names.accounts):
            if kind == "kiro":
                left = ALLOWANCE.format(used=100 * place, resets_at=now + 86_400 * 9, now=now)
                await connection.execute(text("UPDATE accounts SET allowance = :left WHERE id = :id"), {"left": left, "id": account})
    await _settle(engine)


def _indexes(connection: Connection, table: Table, act: str) -> None:
    """Made once over all rows, they take a tenth of the time."""
    for index in table.indexes:
        getattr(index, act)(connection)


async def _insert(connection: AsyncConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    if connection.dialect.name == "postgresql":
        raw: Any = (await connection.get_raw_connection()).driver_connection
        await raw.copy_records_to_table(table, records=rows, columns=columns)
        return
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"
    await connection.exec_driver_sql(statement, [tuple(row) for row in rows])


async def _settle(engine: AsyncEngine) -> None:
    """What PostgreSQL does by itself within minutes."""
    if engine.dialect.name == "postgresql":
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text("VACUUM ANALYZE"))
