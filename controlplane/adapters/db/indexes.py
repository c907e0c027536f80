"""Indexes of tables that others write meanwhile, on PostgreSQL: made without a lock that holds up writers.

That cannot be done within a migration's transaction, so it follows it: whatever index of the tables is not there yet is
made. One whose making was broken off is there and not valid; it is made anew.
"""

import logging

from sqlalchemy import Index, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateIndex

from controlplane.adapters.db.tables import metadata

log = logging.getLogger(__name__)

# One control plane at a time; the number only has to be ours.
INDEX_LOCK = 4_874_921_008
# What earlier releases found by these they find by wider ones.
SUPERSEDED = ("ix_requests_key_id_received_at_ms",)


async def complete(engine: AsyncEngine) -> None:
    """Make what is missing, drop what has had its time. Where another control plane is at it, it is left to that one:
    whoever waited would hold up the making, which waits for every transaction that began before it.
    """
    if engine.dialect.name != "postgresql":
        return
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        if not (await connection.execute(text(f"SELECT pg_try_advisory_lock({INDEX_LOCK})"))).scalar():
            return
        try:
            await _complete(connection)
        finally:
            await connection.execute(text(f"SELECT pg_advisory_unlock({INDEX_LOCK})"))


async def _complete(connection: AsyncConnection) -> None:
    valid = {found.relname: found.indisvalid for found in await connection.execute(text(FOUND))}
    for index in sorted((index for table in metadata.tables.values() for index in table.indexes), key=lambda one: str(one.name)):
        name = str(index.name)
        if valid.get(name):
            continue
        if name in valid:
            await _drop(connection, name)
        await _make(connection, index)
    for name in SUPERSEDED:
        if name in valid:
            await _drop(connection, name)


async def _make(connection: AsyncConnection, index: Index) -> None:
    log.info("an index is being made name=%s", index.name)
    statement = str(CreateIndex(index).compile(dialect=connection.dialect))
    await connection.execute(text(statement.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1)))


async def _drop(connection: AsyncConnection, name: str) -> None:
    await connection.execute(text(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"'))


FOUND = """
SELECT pg_class.relname, pg_index.indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = pg_index.indexrelid
WHERE pg_class.relnamespace = current_schema()::regnamespace
"""
