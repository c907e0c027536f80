"""What summaries cost each key in a UTC day, in tokens. Days that are over stay for a week, for whoever wonders."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from summarizer.store.engine import reached
from summarizer.store.tables import spending

DAY_MS = 24 * 60 * 60 * 1000
DAYS = 7


class SqlSpending:
    """Implements the Spending port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def spent(self, key_id: str, now: int) -> int:
        statement = select(spending.c.tokens).where(spending.c.key_id == key_id, spending.c.day == now // DAY_MS)
        async with reached(), self._engine.connect() as connection:
            tokens: int | None = (await connection.execute(statement)).scalar_one_or_none()
        return tokens or 0

    async def add(self, key_id: str, tokens: int, now: int) -> None:
        construct: Any = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        row = construct(spending).values(key_id=key_id, day=now // DAY_MS, tokens=tokens)
        more = {"tokens": spending.c.tokens + row.excluded.tokens}
        async with reached(), self._engine.begin() as connection:
            await connection.execute(row.on_conflict_do_update(index_elements=["key_id", "day"], set_=more))

    async def prune(self, now: int) -> int | None:
        """Take away what was spent more than a week ago; of how many keys and days. None: nothing was."""
        over = delete(spending).where(spending.c.day < now // DAY_MS - DAYS)
        async with reached(), self._engine.begin() as connection:
            return (await connection.execute(over)).rowcount or None
