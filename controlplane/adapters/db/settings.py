"""Named texts."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane.adapters.db.tables import settings


class DatabaseSettings:
    """Implements the SettingStore port."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # Both dialects spell the same upsert, each with its own construct.
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    async def load(self) -> Mapping[str, str]:
        async with self._engine.connect() as connection:
            return {row.name: row.value for row in await connection.execute(select(settings))}

    async def put(self, values: Mapping[str, str]) -> None:
        if not values:
            return
        statement = self._insert(settings)
        statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
        async with self._engine.begin() as connection:
            await connection.execute(statement, [{"name": name, "value": value} for name, value in values.items()])
