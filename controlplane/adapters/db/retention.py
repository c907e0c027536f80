"""Deleting what is not kept for ever."""

from sqlalchemy import delete, desc, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import account_events, allowances, requests


class DatabaseRetention:
    """Implements the RetentionStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def drop_records(self, before_ms: int, limit: int) -> int:
        table = requests.c
        old = (
            select(table.id)
            .where(table.received_at_ms < before_ms, table.booked_at.is_not(None))
            .order_by(table.received_at_ms, table.id)
            .limit(limit)
        )
        async with self._engine.begin() as connection:
            return (await connection.execute(delete(requests).where(table.id.in_(old)))).rowcount

    async def drop_allowances(self, before: int, limit: int) -> int:
        table = allowances.c
        old = (
            select(table.account_id, table.checked_at)
            .where(table.checked_at < before)
            .order_by(table.account_id, table.checked_at)
            .limit(limit)
        )
        async with self._engine.begin() as connection:
            removal = delete(allowances).where(tuple_(table.account_id, table.checked_at).in_(old))
            return (await connection.execute(removal)).rowcount

    async def drop_events(self, before_ms: int, limit: int) -> int:
        table = account_events.c
        old = select(table.id).where(table.at_ms < before_ms).order_by(table.at_ms).limit(limit)
        async with self._engine.begin() as connection:
            return (await connection.execute(delete(account_events).where(table.id.in_(old)))).rowcount

    async def crop_events(self, most: int, limit: int) -> int:
        table = account_events.c
        place = func.row_number().over(partition_by=table.account_id, order_by=desc(table.id)).label("place")
        placed = select(table.id, place).subquery()
        old = select(placed.c.id).where(placed.c.place > most).limit(limit)
        async with self._engine.begin() as connection:
            return (await connection.execute(delete(account_events).where(table.id.in_(old)))).rowcount
